//! What git ignores, read from the repository itself ([gitignore]): poetry-core leaves such files out of a wheel.
//!
//! poetry-core asks `git ls-files --others --ignored --exclude-standard`. Here no program is run: a repository's configuration may name
//! programs for git to run, git may be missing where images are built, and it refuses repositories of other users. So a wheel is
//! the same with and without git, where poetry-core includes ignored files when git cannot answer.
//!
//! Read are `.gitignore` files from the repository's root down, `info/exclude`, the user's own file, and the index, for a tracked file
//! is not ignored. Not read is git's configuration: `core.ignoreCase` and a `core.excludesFile` inside the repository have no effect.
//!
//! [gitignore]: https://git-scm.com/docs/gitignore

mod index;
mod pattern;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use index::TrackedFiles;
use pattern::Patterns;

/// A repository that a project lies in.
#[derive(Debug)]
pub(super) struct Repository {
    root: PathBuf,
    tracked: TrackedFiles,
    /// Of lowest rank first: the user's file, then `info/exclude`. They count from the root.
    general: Vec<Patterns>,
    /// The folders that were looked at, relative to the root.
    folders: HashMap<PathBuf, Folder>,
}

/// What matters about a folder of the working tree.
#[derive(Debug)]
struct Folder {
    /// Those of its `.gitignore`.
    patterns: Patterns,
    /// Whether it is the root of another repository of which nothing is tracked here, or a submodule: git does not look into
    /// those.
    is_nested: bool,
}

impl Repository {
    /// Finds the repository that `folder` (absolute) lies in. `None` when there is none, and when it ignores the whole folder
    /// with nothing tracked in it: then poetry-core takes all files.
    ///
    /// # Errors
    ///
    /// When a file of the repository cannot be read, and [`io::ErrorKind::InvalidData`] for an index in a form that is not known.
    pub(super) fn find(folder: &Path, user_excludes: Option<&Path>) -> io::Result<Option<Self>> {
        let Some((root, git_folder)) = discover(folder)? else {
            return Ok(None);
        };
        let common = common_folder(&git_folder)?;
        let mut general = Vec::new();
        if let Some(file) = user_excludes {
            general.push(Patterns::read(file)?);
        }
        general.push(Patterns::read(&common.join("info/exclude"))?);
        let mut repository = Self {
            tracked: TrackedFiles::read(&git_folder.join("index"), uses_sha256(&common)?)?,
            general,
            folders: HashMap::new(),
            root,
        };
        let within = folder
            .strip_prefix(&repository.root)
            .unwrap_or(Path::new(""))
            .to_owned();
        let is_matched =
            repository.matches_folder(&within)? || repository.matches(&within, Kind::Inside)?;
        let is_ignored = is_matched && !repository.tracked.has_below(&within);
        Ok((!is_ignored).then_some(repository))
    }

    /// Tells whether git ignores the file at `path` (absolute): a pattern matches it or a folder above it, and it is not tracked.
    pub(super) fn ignores(&mut self, path: &Path) -> io::Result<bool> {
        let Ok(within) = path.strip_prefix(&self.root).map(Path::to_owned) else {
            return Ok(false);
        };
        let is_gits_own = within.iter().any(|part| part == ".git");
        if is_gits_own || self.tracked.has(&within) {
            return Ok(false);
        }
        for folder in within.ancestors().skip(1) {
            if self.folder(folder)?.is_nested {
                return Ok(false);
            }
        }
        let folder = within.parent().unwrap_or(Path::new(""));
        Ok(self.matches_folder(folder)? || self.matches(&within, Kind::File)?)
    }

    fn matches_folder(&mut self, within: &Path) -> io::Result<bool> {
        let mut folders: Vec<_> = within.ancestors().collect();
        folders.pop();
        for folder in folders.into_iter().rev() {
            if self.matches(folder, Kind::Folder)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Applies the patterns to one path, those of the nearest folder first; folders above it are known not to match.
    fn matches(&mut self, within: &Path, kind: Kind) -> io::Result<bool> {
        let n_own = usize::from(kind != Kind::Inside);
        for folder in within.ancestors().skip(n_own) {
            let path = kind.text(within.strip_prefix(folder).unwrap_or(within));
            if let Some(is_ignored) = self.folder(folder)?.patterns.decide(&path, kind) {
                return Ok(is_ignored);
            }
        }
        let path = kind.text(within);
        let mut general = self.general.iter().rev();
        let decision = general.find_map(|patterns| patterns.decide(&path, kind));
        Ok(decision.unwrap_or(false))
    }

    fn folder(&mut self, within: &Path) -> io::Result<&Folder> {
        if !self.folders.contains_key(within) {
            let path = self.root.join(within);
            let is_repository = path != self.root && git_folder_of(&path)?.is_some();
            let folder = Folder {
                patterns: Patterns::read(&path.join(".gitignore"))?,
                is_nested: self.tracked.lists(within)
                    || is_repository && !self.tracked.has_below(within),
            };
            self.folders.insert(within.to_owned(), folder);
        }
        Ok(&self.folders[within])
    }
}

/// What is asked about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The file of that name.
    File,
    /// The folder of that name: some patterns are for folders alone.
    Folder,
    /// The folder seen from inside, as `git check-ignore .` asks: a path that ends with `/`, so that its last name is empty.
    Inside,
}

impl Kind {
    fn text(self, path: &Path) -> Vec<u8> {
        let mut text = path.as_os_str().as_encoded_bytes().to_owned();
        if self == Self::Inside && !text.is_empty() {
            text.push(b'/');
        }
        text
    }
}

/// Finds the root of the working tree and the folder of the repository's data, from `folder` up.
fn discover(folder: &Path) -> io::Result<Option<(PathBuf, PathBuf)>> {
    for root in folder.ancestors() {
        if let Some(git_folder) = git_folder_of(root)? {
            return Ok(Some((root.to_owned(), git_folder)));
        }
    }
    Ok(None)
}

/// Finds the data of the repository whose working tree has this root. In submodules and further working trees a file says
/// where they are.
fn git_folder_of(root: &Path) -> io::Result<Option<PathBuf>> {
    let entry = root.join(".git");
    let git_folder = if entry.is_file() {
        let text = fs::read_to_string(&entry)?;
        root.join(text.trim_end().strip_prefix("gitdir: ").unwrap_or_default())
    } else {
        entry
    };
    Ok(is_git_folder(&git_folder).then_some(git_folder))
}

fn is_git_folder(folder: &Path) -> bool {
    let has_store = folder.join("objects").is_dir() && folder.join("refs").is_dir();
    folder.join("HEAD").exists() && (has_store || folder.join("commondir").is_file())
}

/// Finds what the working trees of one repository share.
fn common_folder(git_folder: &Path) -> io::Result<PathBuf> {
    let file = git_folder.join("commondir");
    if !file.is_file() {
        return Ok(git_folder.to_owned());
    }
    Ok(git_folder.join(fs::read_to_string(file)?.trim_end()))
}

fn uses_sha256(common: &Path) -> io::Result<bool> {
    let config = read_if_present(&common.join("config"))?;
    let config = String::from_utf8_lossy(&config).to_lowercase();
    Ok(config.lines().any(|line| {
        let setting = line.split_once('=');
        setting.is_some_and(|(key, value)| key.trim() == "objectformat" && value.trim() == "sha256")
    }))
}

fn read_if_present(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(Vec::new())
        }
        content => content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = include_str!("../../../fixtures/wheel-projects/ignored.tsv");

    fn repository(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for part in [".git/objects", ".git/refs", ".git/info"] {
            fs::create_dir_all(folder.path().join(part)).unwrap();
        }
        write(&folder, ".git/HEAD", "ref: refs/heads/main\n");
        let index = include_bytes!("../../../fixtures/wheel-projects/indexes/one-file");
        write(&folder, ".git/index", index);
        for file in files {
            write(&folder, file, "");
        }
        folder
    }

    fn write(folder: &tempfile::TempDir, file: &str, content: impl AsRef<[u8]>) {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn ignored<'a>(folder: &Path, files: &[&'a str]) -> Vec<&'a str> {
        let mut repository = Repository::find(folder, None).unwrap().unwrap();
        let mut ignored = files.to_owned();
        ignored.retain(|file| repository.ignores(&folder.join(file)).unwrap());
        ignored
    }

    fn unescape(text: &str) -> String {
        let mut characters = text.chars();
        let mut plain = String::new();
        while let Some(character) = characters.next() {
            plain.push(match character {
                '\\' => match characters.next() {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    other => other.unwrap(),
                },
                character => character,
            });
        }
        plain
    }

    #[test]
    fn patterns_ignore_what_git_ignores() {
        let rows = RECORDED.lines().filter_map(|row| row.split_once('\t'));
        let rows: Vec<_> = rows
            .map(|(patterns, files)| (unescape(patterns), files))
            .collect();
        let (_, all) = rows.iter().find(|(patterns, _)| patterns == "*").unwrap();
        let files: Vec<&str> = all.split('|').collect();
        let folder = repository(&files);
        let mut wrong = Vec::new();
        for (patterns, expected) in &rows {
            write(&folder, ".gitignore", patterns);
            let ignored = ignored(folder.path(), &files).join("|");
            if ignored != *expected {
                wrong.push(format!("{patterns:?}\n  git {expected}\n  we  {ignored}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
