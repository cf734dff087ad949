//! Files that have Python run code of an environment whenever it starts, before the first line of any program.
//!
//! These are `.pth` files with lines that begin with `import` ([`site`]), `.start` files ([PEP 829], Python 3.15), and the modules
//! `sitecustomize` and `usercustomize`, at the top of a library folder or in a folder that a `.pth` file adds to the path. Nothing is
//! run or imported to find them, and what is found here is listed for every version of Python: one that ignores it now may be
//! followed by one that does not. Lines are parted as generously as any version does it.
//!
//! [`site`]: https://docs.python.org/3/library/site.html
//! [PEP 829]: https://peps.python.org/pep-0829/

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use fs_err as fs;

use super::{Layout, is_absent};
use crate::installed::StartupFile;

/// The modules that `site` imports when they are there.
const CUSTOMIZATIONS: [&str; 2] = ["sitecustomize", "usercustomize"];

/// What files end with whose lines are folders, or run; `site` tells the case apart.
const PATHS: &str = ".pth";

/// What files end with whose lines name functions that are called.
const ENTRY_POINTS: &str = ".start";

/// What modules end with.
const MODULE_ENDINGS: [&str; 4] = [".py", ".pyc", ".so", ".pyd"];

/// What a `.pth` or `.start` file may hold; Python has no limit, and none that is meant for it is a thousandth of this.
const MOST_BYTES: u64 = 16 << 20;

/// The folders whose files count, relative to the environment.
#[derive(Debug)]
pub(crate) struct StartupFolders {
    libraries: BTreeSet<String>,
    /// What `.pth` files add to the path: only modules count there.
    added: BTreeSet<String>,
}

impl StartupFolders {
    pub(crate) fn new(layout: &Layout) -> Self {
        let libraries = [&layout.purelib, &layout.platlib];
        let libraries = libraries.map(|library| library.to_string_lossy().into_owned());
        Self {
            libraries: libraries.into(),
            added: BTreeSet::new(),
        }
    }

    /// Finds what runs at the start in the environment at `root`; costs a look at its library folders. Whose it is, is not known
    /// here.
    ///
    /// # Errors
    ///
    /// What the system says of a folder or file that cannot be read.
    pub(crate) fn find(&mut self, root: &Path) -> io::Result<Vec<StartupFile>> {
        let mut found = Vec::new();
        for library in self.libraries.clone() {
            for path in names_in(root, &library)? {
                found.extend(self.read(root, &path)?);
            }
        }
        for folder in self.libraries.union(&self.added) {
            for path in names_in(root, folder)? {
                let is_package = CUSTOMIZATIONS.contains(&split(&path).1);
                let inside = is_package.then(|| names_in(root, &path)).transpose()?;
                let paths = [path].into_iter().chain(inside.unwrap_or_default());
                found.extend(paths.filter_map(|path| self.module(&path)));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Reads the file at `path` below `root` if it is one with lines, and notes the folders that it adds to the path; `None` if it
    /// runs nothing.
    ///
    /// # Errors
    ///
    /// What the system says of a file that cannot be read.
    pub(crate) fn read(&mut self, root: &Path, path: &str) -> io::Result<Option<StartupFile>> {
        if !self.has_lines(path) {
            return Ok(None);
        }
        let lines = match content(&root.join(path))? {
            Some(content) => self.lines(path, &content),
            None => Vec::new(),
        };
        Ok((!lines.is_empty()).then(|| StartupFile {
            path: path.to_owned(),
            distribution: None,
            lines,
        }))
    }

    /// Returns the file at `path` if it is a module that is imported.
    pub(crate) fn module(&self, path: &str) -> Option<StartupFile> {
        self.is_module(path).then(|| StartupFile {
            path: path.to_owned(),
            distribution: None,
            lines: Vec::new(),
        })
    }

    /// Tells whether a file at `path` may hold lines that are run, or add folders in which modules count.
    fn has_lines(&self, path: &str) -> bool {
        let (folder, name) = split(path);
        let has_ending = name.ends_with(PATHS) || name.ends_with(ENTRY_POINTS);
        has_ending && self.libraries.contains(folder)
    }

    /// Tells whether the file at `path` is a module that is imported, or belongs to a package that is.
    fn is_module(&self, path: &str) -> bool {
        let (folder, name) = split(path);
        let is_ended = MODULE_ENDINGS.iter().any(|ending| name.ends_with(ending));
        let stem = name.split('.').next().unwrap_or_default();
        let (module, folder) = match stem {
            "__init__" => (split(folder).1, split(folder).0),
            stem => (stem, folder),
        };
        let is_searched = || self.libraries.contains(folder) || self.added.contains(folder);
        is_ended && CUSTOMIZATIONS.contains(&module) && is_searched()
    }

    /// Returns the lines of a file that are run.
    fn lines(&mut self, path: &str, content: &[u8]) -> Vec<String> {
        let text = String::from_utf8_lossy(content);
        let lines = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let lines = lines.split(is_line_end).map(str::trim_end);
        if path.ends_with(ENTRY_POINTS) {
            let lines = lines.map(str::trim_start);
            let specifications = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
            return specifications.map(str::to_owned).collect();
        }
        let is_run = |line: &&str| line.starts_with("import ") || line.starts_with("import\t");
        let (run, added): (Vec<&str>, Vec<&str>) = lines.partition(is_run);
        let library = split(path).0;
        let added = added.into_iter().filter(|line| !line.starts_with('#'));
        let folders = added.filter_map(|line| joined(library, line));
        self.added.extend(folders);
        run.into_iter().map(str::to_owned).collect()
    }
}

/// Reads a file of an environment; `None` for one that is gone, is not a file, or is too large to be read.
fn content(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() && found.len() <= MOST_BYTES => fs::read(path).map(Some),
        Ok(_) => Ok(None),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The paths in a folder, sorted, relative to the environment; those that are not UTF-8 have no meaning for `site` either.
fn names_in(root: &Path, folder: &str) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        if let Some(name) = entry?.file_name().to_str() {
            paths.push(joined_name(folder, name));
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn joined_name(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        return name.to_owned();
    }
    format!("{folder}/{name}")
}

/// The folder that a line adds to the path, if it is below the environment.
fn joined(library: &str, line: &str) -> Option<String> {
    if line.is_empty() || line.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = library.split('/').collect();
    for part in line.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The ends of lines as files and as `str.splitlines` know them.
fn is_line_end(character: char) -> bool {
    matches!(
        character,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn folders() -> StartupFolders {
        StartupFolders {
            libraries: ["lib/site".to_owned()].into(),
            added: BTreeSet::new(),
        }
    }

    #[track_caller]
    fn runs(name: &str, content: &str, lines: &[&str]) {
        let path = format!("lib/site/{name}");
        let mut folders = folders();
        assert!(folders.has_lines(&path), "{path}");
        assert_eq!(
            folders.lines(&path, content.as_bytes()),
            lines,
            "{content:?}"
        );
    }

    #[test]
    fn lines_of_pth_files_that_begin_with_import_run() {
        runs("a.pth", "../x\n# import no\n\n import no\nimportant\n", &[]);
        runs("a.pth", "import os; os.x()\n", &["import os; os.x()"]);
        runs("a.pth", "\u{feff}import\tos", &["import\tos"]);
        runs(
            ".hidden.pth",
            "x\r\nimport a\rimport b",
            &["import a", "import b"],
        );
        runs(
            "a.pth",
            "x\u{c}import a\u{2028}import b",
            &["import a", "import b"],
        );
    }

    #[test]
    fn entry_points_of_start_files_run() {
        runs(
            "a.start",
            "# no\n\n  acme.hook:run  \nother:x\n",
            &["acme.hook:run", "other:x"],
        );
        runs("a.start", "", &[]);
    }

    #[test]
    fn modules_count_where_they_are_imported() {
        let mut folders = folders();
        for path in [
            "lib/site/sitecustomize.py",
            "lib/site/usercustomize.cpython-312-x86_64-linux-gnu.so",
            "lib/site/sitecustomize/__init__.py",
            "lib/site/sitecustomize.pyc",
        ] {
            assert!(folders.is_module(path), "{path}");
        }
        for path in [
            "lib/site/acme/sitecustomize.py",
            "lib/sitecustomize.py",
            "lib/site/sitecustomize/other.py",
            "lib/site/sitecustomize.txt",
        ] {
            assert!(!folders.is_module(path), "{path}");
        }
        assert!(folders.lines("lib/site/a.pth", b"acme/./x/..\n").is_empty());
        assert!(folders.is_module("lib/site/acme/sitecustomize.py"));
    }

    #[test]
    fn an_environment_is_looked_through() {
        let root = tempfile::tempdir().unwrap();
        let site = root.path().join("lib/site");
        for (path, content) in [
            ("acme/sitecustomize.py", ""),
            ("plain.pth", "acme"),
            ("evil.pth", "import evil"),
            ("usercustomize/__init__.py", ""),
            ("evil/usercustomize.py", ""),
        ] {
            fs::create_dir_all(site.join(path).parent().unwrap()).unwrap();
            fs::write(site.join(path), content).unwrap();
        }
        let library = PathBuf::from("lib/site");
        let layout = Layout {
            purelib: library.clone(),
            platlib: library,
            scripts: PathBuf::from("bin"),
            data: PathBuf::new(),
            headers: PathBuf::from("include"),
            python_name: "python".to_owned(),
            python_version: (3, 12),
        };
        let found = StartupFolders::new(&layout).find(root.path()).unwrap();
        let found: Vec<String> = found
            .iter()
            .map(|file| format!("{}: {}", file.path, file.code()))
            .collect();
        assert_eq!(
            found,
            [
                "lib/site/acme/sitecustomize.py: the module is imported",
                "lib/site/evil.pth: import evil",
                "lib/site/usercustomize/__init__.py: the module is imported",
            ]
        );
    }
}
