//! What the surroundings of the process say about a build: `SOURCE_DATE_EPOCH`, and the user's own file of patterns that git
//! ignores, which poetry-core applies because the git that it asks does.
//!
//! Git's own configuration is read for `core.excludesFile` alone ([git-config]), from the files that git reads without a
//! repository: the system's, the user's in `$XDG_CONFIG_HOME/git`, and `~/.gitconfig`. Files that these include are not read.
//!
//! [git-config]: https://git-scm.com/docs/git-config

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::BuildOptions;

/// The user's own file of patterns that git ignores (`core.excludesFile`, usually `~/.config/git/ignore`).
#[derive(Clone, Debug, Default)]
pub enum GitExcludes {
    /// There is none.
    #[default]
    None,
    /// This one, absolute.
    File(PathBuf),
    /// The one that git finds with these variables, looked for when a folder is built.
    OfUser(BTreeMap<String, String>),
}

/// The variables that lead git to its configuration.
const GIT_VARIABLES: [&str; 5] = [
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "HOME",
    "XDG_CONFIG_HOME",
];

impl GitExcludes {
    /// Keeps those of `variables` that lead to the file.
    fn of_user(variables: &BTreeMap<String, String>) -> Self {
        let kept = GIT_VARIABLES.iter().filter_map(|name| {
            let (name, value) = variables.get_key_value(*name)?;
            Some((name.clone(), value.clone()))
        });
        Self::OfUser(kept.collect())
    }

    /// Returns the path of the file if it can be read; git passes it by otherwise.
    pub(super) fn find(&self) -> Option<PathBuf> {
        match self {
            Self::None => None,
            Self::File(path) => Some(path.clone()),
            Self::OfUser(variables) => Surroundings { variables }.git_excludes(),
        }
    }
}

/// Where git keeps the configuration of the system.
const SYSTEM_CONFIGURATION: &str = "/etc/gitconfig";

impl BuildOptions {
    /// Reads what concerns builds out of the variables of the process and the files that they lead to.
    pub fn from_surroundings(variables: &BTreeMap<String, String>) -> Self {
        let surroundings = Surroundings { variables };
        Self {
            source_date_epoch: surroundings.source_date_epoch(),
            git_excludes: GitExcludes::of_user(variables),
            local_version: None,
            outside: Vec::new(),
        }
    }
}

/// The variables of the process.
struct Surroundings<'a> {
    variables: &'a BTreeMap<String, String>,
}

impl Surroundings<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// What is not a whole number counts as not set, as in poetry-core.
    fn source_date_epoch(&self) -> Option<i64> {
        self.value("SOURCE_DATE_EPOCH")?.trim().parse().ok()
    }

    /// Finds the file, which git passes by where it cannot be read.
    fn git_excludes(&self) -> Option<PathBuf> {
        let files = self.configurations();
        let named = files.iter().rev().find_map(|file| {
            let text = fs::read(file).ok()?;
            excludes_file(&String::from_utf8_lossy(&text))
        });
        let file = match named {
            Some(named) => self.expand(&named)?,
            None => self.git_folder()?.join("ignore"),
        };
        fs::File::open(&file).is_ok().then_some(file)
    }

    /// Lists the files of git's configuration, the one that counts most last.
    fn configurations(&self) -> Vec<PathBuf> {
        let system = match self.value("GIT_CONFIG_NOSYSTEM") {
            Some("0" | "false" | "no" | "off") | None => {
                let named = self.value("GIT_CONFIG_SYSTEM");
                Some(PathBuf::from(named.unwrap_or(SYSTEM_CONFIGURATION)))
            }
            Some(_) => None,
        };
        if let Some(named) = self.variables.get("GIT_CONFIG_GLOBAL") {
            return system.into_iter().chain([PathBuf::from(named)]).collect();
        }
        let of_user = self.git_folder().map(|folder| folder.join("config"));
        let at_home = self.home().map(|home| home.join(".gitconfig"));
        system.into_iter().chain(of_user).chain(at_home).collect()
    }

    fn home(&self) -> Option<&Path> {
        self.value("HOME").map(Path::new)
    }

    /// The user's folder for git.
    fn git_folder(&self) -> Option<PathBuf> {
        let configuration = match self.value("XDG_CONFIG_HOME") {
            Some(folder) => PathBuf::from(folder),
            None => self.home()?.join(".config"),
        };
        Some(configuration.join("git"))
    }

    /// `~/` is the home folder; what is relative then counts from no folder that is known here.
    fn expand(&self, path: &str) -> Option<PathBuf> {
        let path = match path.strip_prefix("~/") {
            Some(below) => self.home()?.join(below),
            None => PathBuf::from(path),
        };
        path.is_absolute().then_some(path)
    }
}

/// Finds the last value of `core.excludesFile`.
fn excludes_file(text: &str) -> Option<String> {
    let joined = text.replace("\\\r\n", "").replace("\\\n", "");
    let mut is_core = false;
    let mut found = None;
    for line in joined.lines().map(str::trim) {
        let rest = match line.strip_prefix('[') {
            Some(header) => {
                let (section, rest) = header.split_once(']').unwrap_or((header, ""));
                is_core = section.trim().eq_ignore_ascii_case("core");
                rest.trim()
            }
            None => line,
        };
        let Some((key, written)) = rest.split_once('=').filter(|_| is_core) else {
            continue;
        };
        if key.trim().eq_ignore_ascii_case("excludesFile") {
            found = Some(value(written.trim()));
        }
    }
    found
}

/// Reads a value: quotes and escapes are taken away, and a comment outside quotes ends it.
fn value(written: &str) -> String {
    let (mut value, mut n_kept, mut is_quoted) = (String::new(), 0, false);
    let mut characters = written.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => is_quoted = !is_quoted,
            '#' | ';' if !is_quoted => break,
            '\\' => value.extend(characters.next().map(escaped)),
            other => value.push(other),
        }
        if is_quoted || !value.ends_with(char::is_whitespace) {
            n_kept = value.len();
        }
    }
    value.truncate(n_kept);
    value
}

fn escaped(character: char) -> char {
    match character {
        'n' => '\n',
        't' => '\t',
        'b' => '\u{8}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn names(text: &str, expected: Option<&str>) {
        assert_eq!(excludes_file(text).as_deref(), expected, "{text}");
    }

    #[test]
    fn git_configuration_names_the_file() {
        names("", None);
        names("[core]\n\texcludesFile = ~/.ignored\n", Some("~/.ignored"));
        names("[CORE] EXCLUDESFILE=/a", Some("/a"));
        names("[user]\nexcludesFile = /a\n", None);
        names("[core \"sub\"]\nexcludesFile = /a\n", None);
        names(
            "[core]\nexcludesFile = /a\nexcludesFile = /b ; old\n",
            Some("/b"),
        );
        names("[core]\nexcludesFile = \"/a b;c\" # why\n", Some("/a b;c"));
        names("[core]\nexcludesFile = /a\\\n/b\n", Some("/a/b"));
        names("[core]\n# excludesFile = /a\n", None);
        names("[core]\nexcludesFile =\n", Some(""));
    }

    /// A home folder with these files, and the variables that lead to it.
    fn home(files: &[(&str, &str)]) -> (tempfile::TempDir, BTreeMap<String, String>) {
        let home = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let folder = home.path().to_str().unwrap().to_owned();
        let variables = [("HOME", folder.as_str()), ("GIT_CONFIG_NOSYSTEM", "1")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        (home, variables.into())
    }

    #[track_caller]
    fn takes(files: &[(&str, &str)], expected: Option<&str>) {
        let (home, variables) = home(files);
        let expected = expected.map(|path| home.path().join(path));
        let options = BuildOptions::from_surroundings(&variables);
        assert_eq!(options.git_excludes.find(), expected, "{files:?}");
    }

    #[test]
    fn the_users_own_file_is_where_git_looks_for_it() {
        let named = ("named", "*.a");
        let at_home = (".gitconfig", "[core]\nexcludesFile = ~/named\n");
        let usual = (".config/git/ignore", "*.b");
        takes(&[], None);
        takes(&[usual], Some(".config/git/ignore"));
        takes(&[usual, named, at_home], Some("named"));
        takes(&[usual, at_home], None);
        let of_user = (".config/git/config", "[core]\nexcludesFile = ~/named\n");
        takes(&[usual, named, of_user], Some("named"));
        let none = (".gitconfig", "[core]\nexcludesFile =\n");
        takes(&[usual, named, of_user, none], None);
    }

    #[track_caller]
    fn dates(written: &str, expected: Option<i64>) {
        let variables = [("SOURCE_DATE_EPOCH".to_owned(), written.to_owned())];
        let options = BuildOptions::from_surroundings(&variables.into());
        assert_eq!(options.source_date_epoch, expected, "{written}");
    }

    #[test]
    fn a_date_that_is_no_whole_number_counts_for_nothing() {
        dates("1700000000", Some(1_700_000_000));
        dates(" 0 ", Some(0));
        dates("-1", Some(-1));
        dates("", None);
        dates("today", None);
        dates("1.5", None);
    }
}
