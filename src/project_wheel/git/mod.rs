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
    /// The `.gitignore` of each folder that was looked at, relative to the root.
    of_folders: HashMap<PathBuf, Patterns>,
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
            of_folders: HashMap::new(),
            root,
        };
        let within = folder
            .strip_prefix(&repository.root)
            .unwrap_or(Path::new(""))
            .to_owned();
        let is_ignored =
            repository.matches_folder(&within)? && !repository.tracked.has_below(&within);
        Ok((!is_ignored).then_some(repository))
    }

    /// Tells whether git ignores the file at `path` (absolute): a pattern matches it or a folder above it, and it is not tracked.
    pub(super) fn ignores(&mut self, path: &Path) -> io::Result<bool> {
        let Ok(within) = path.strip_prefix(&self.root).map(Path::to_owned) else {
            return Ok(false);
        };
        if self.tracked.has(&within) {
            return Ok(false);
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
        for folder in within.ancestors().skip(1) {
            if !self.of_folders.contains_key(folder) {
                let patterns = Patterns::read(&self.root.join(folder).join(".gitignore"))?;
                self.of_folders.insert(folder.to_owned(), patterns);
            }
            let relative = within.strip_prefix(folder).unwrap_or(within);
            let patterns = &self.of_folders[folder];
            if let Some(is_ignored) = patterns.decide(relative, kind) {
                return Ok(is_ignored);
            }
        }
        let mut general = self.general.iter().rev();
        let decision = general.find_map(|patterns| patterns.decide(within, kind));
        Ok(decision.unwrap_or(false))
    }
}

/// Whether a path is a folder: some patterns are for folders alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

/// Finds the root of the working tree and the folder of the repository's data, from `folder` up.
fn discover(folder: &Path) -> io::Result<Option<(PathBuf, PathBuf)>> {
    for root in folder.ancestors() {
        let entry = root.join(".git");
        if entry.is_dir() && is_git_folder(&entry) {
            return Ok(Some((root.to_owned(), entry)));
        }
        if entry.is_file() {
            let text = fs::read_to_string(&entry)?;
            let target = text.trim_end().strip_prefix("gitdir: ").unwrap_or_default();
            let git_folder = root.join(target);
            return Ok(is_git_folder(&git_folder).then(|| (root.to_owned(), git_folder)));
        }
    }
    Ok(None)
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
