//! Shims of pyenv, resolved without running them.
//!
//! A shim is a script that starts pyenv, which is a script that looks up which Python is meant here and starts that: a tenth of
//! a second in all, each time, because what it answers cannot be kept. Its rules are few: `PYENV_VERSION`, else the nearest
//! `.python-version` at or above the working directory, else the `version` file of pyenv; of the versions named there the
//! first that has the program counts. Whatever is not that plain (`system`, `3.11` for the newest 3.11) is left to the shim.

use std::path::{Path, PathBuf};

use fs_err as fs;

/// What the choice of a shim depends on besides files.
#[derive(Clone, Copy, Debug)]
pub struct Shims<'a> {
    /// The value of `PYENV_VERSION`.
    pub pyenv_version: Option<&'a str>,
    /// The working directory, absolute.
    pub working_folder: &'a Path,
}

/// Returns the program that the shim at `path` would start, when it is one and that is plain.
pub(super) fn resolve(path: &Path, shims: Shims<'_>) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| folder.ends_with("shims"))?;
    let root = folder.parent()?;
    let program = path.file_name()?;
    if !is_shim(path) {
        return None;
    }
    let versions = match shims.pyenv_version {
        Some(versions) => versions.to_owned(),
        None => versions_here(shims.working_folder, root)?,
    };
    for version in names(&versions) {
        let version = root.join("versions").join(version);
        if !version.is_dir() {
            return None;
        }
        let candidate = version.join("bin").join(program);
        if candidate.is_file() {
            return Some(candidate);
        }
    }
    None
}

fn is_shim(path: &Path) -> bool {
    let text = fs::read(path).unwrap_or_default();
    text.starts_with(b"#!") && memchr::memmem::find(&text, b"pyenv\" exec ").is_some()
}

fn versions_here(working_folder: &Path, root: &Path) -> Option<String> {
    let local = working_folder.ancestors();
    let mut local =
        local.filter_map(|folder| fs::read_to_string(folder.join(".python-version")).ok());
    local
        .next()
        .or_else(|| fs::read_to_string(root.join("version")).ok())
}

/// The versions that a text names, without comments. Names that lead elsewhere are no names.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    let words = lines.flat_map(|line| line.split([' ', '\t', ':']));
    words.filter(|word| !word.is_empty() && !word.contains('/') && !word.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIM: &str = "#!/usr/bin/env bash\nset -e\nprogram=\"${0##*/}\"\nexec \"/usr/bin/pyenv\" exec \"$program\" \"$@\"\n";

    struct Pyenv(tempfile::TempDir);

    impl Pyenv {
        fn new(global: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let pyenv = Self(folder);
            pyenv.write("shims/python3.11", SHIM);
            pyenv.write("version", global);
            for version in ["3.11.7", "3.12.1"] {
                let (minor, _) = version.rsplit_once('.').unwrap();
                pyenv.write(&format!("versions/{version}/bin/python{minor}"), "");
            }
            pyenv.write("work/deep/x", "");
            pyenv
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        #[track_caller]
        fn resolves(&self, variable: Option<&str>, expected: Option<&str>) {
            let root = self.0.path();
            let shims = Shims {
                pyenv_version: variable,
                working_folder: &root.join("work/deep"),
            };
            let expected =
                expected.map(|version| root.join("versions").join(version).join("bin/python3.11"));
            assert_eq!(resolve(&root.join("shims/python3.11"), shims), expected);
        }
    }

    #[test]
    fn the_first_version_with_the_program_counts() {
        Pyenv::new("3.12.1\n# the old one\n3.11.7 # too\n").resolves(None, Some("3.11.7"));
        Pyenv::new("3.12.1\n").resolves(None, None);
        Pyenv::new("3.12.1\n").resolves(Some("3.12.1:3.11.7"), Some("3.11.7"));
    }

    #[test]
    fn a_local_version_comes_before_the_global_one() {
        let pyenv = Pyenv::new("3.12.1\n");
        pyenv.write("work/.python-version", "3.11.7\n");
        pyenv.resolves(None, Some("3.11.7"));
        pyenv.resolves(Some("3.12.1"), None);
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_shim() {
        Pyenv::new("system\n3.11.7\n").resolves(None, None);
        Pyenv::new("3.11\n").resolves(None, None);
        Pyenv::new("../versions/3.11.7\n").resolves(None, None);
        let pyenv = Pyenv::new("3.11.7\n");
        pyenv.write("shims/python3.11", "#!/bin/sh\nexec python3.11 \"$@\"\n");
        pyenv.resolves(None, None);
    }
}
