//! Finds the interpreter to use, in the order that people expect.

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::managed::Managed;
use super::shim::{self, Shims};
use super::{Error, Interpreter};
use crate::store::PrivateCache;
use crate::version::{Version, VersionConstraint};

/// The newest minor version of Python 3 that is looked for by name, far ahead of what exists.
const NEWEST_MINOR: u32 = 40;

/// The oldest minor version that can be asked.
const OLDEST_MINOR: u32 = 6;

/// The interpreter that a person asked for (`--python`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterpreterRequest {
    /// A file, or an environment's folder.
    Path(PathBuf),
    /// A version, whole or in part: `3`, `3.12`, `3.12.1`.
    Version(String),
    /// The name of a program, such as `python3.12` or `pypy3`.
    Name(String),
}

impl InterpreterRequest {
    /// Reads what was typed: digits and dots are a version, a word is a program, and what has a `/` is a path.
    pub fn parse(text: &str) -> Self {
        let is_version = |character: char| character.is_ascii_digit() || character == '.';
        if text.contains(['/', '\\']) || text == "." || text == ".." {
            Self::Path(PathBuf::from(text))
        } else if text.starts_with(|character: char| character.is_ascii_digit())
            && text.chars().all(is_version)
        {
            Self::Version(text.trim_end_matches('.').to_owned())
        } else {
            Self::Name(text.to_owned())
        }
    }
}

impl fmt::Display for InterpreterRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(formatter),
            Self::Version(text) | Self::Name(text) => formatter.write_str(text),
        }
    }
}

/// Where to look for an interpreter. Nothing is read from the process's own surroundings.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    /// The interpreter asked for.
    pub request: Option<&'a InterpreterRequest>,
    /// The value of `VIRTUAL_ENV`.
    pub virtual_env: Option<&'a Path>,
    /// The value of `PATH`.
    pub path: Option<&'a OsStr>,
    /// The folders in which version managers keep Pythons: [`managed_folders`](super::managed_folders).
    pub managed: &'a [PathBuf],
    /// The versions of Python that the project allows.
    pub requires_python: &'a VersionConstraint,
    /// The cache that keeps answers, where they may be kept.
    pub cache: Option<&'a PrivateCache>,
    /// What shims of pyenv are resolved by; without it they are run.
    pub shims: Option<Shims<'a>>,
}

/// An interpreter that was looked at and not taken.
#[derive(Debug)]
pub struct Tried {
    /// The file.
    pub path: PathBuf,
    /// Its version, or why it has none.
    pub found: Result<String, Box<Error>>,
}

impl Search<'_> {
    /// Finds the interpreter.
    ///
    /// One asked for by path is taken or refused, and of those that have the name asked for the first that works.
    /// Otherwise the first that fits counts: the active environment's, `python3` on `PATH`, then `python3.N` from the
    /// newest down, each in the order of the folders in `PATH` and then among those that version managers keep. What fits
    /// is a version that the project allows; or, when a version was asked for, that one, and it is an error if the project
    /// does not allow it.
    ///
    /// Poetry looks at the same places. Of two that differ in the micro version alone it takes the newer, wherever that is;
    /// here `PATH` comes first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] with everything that was tried; for a request by path, why it cannot be used;
    /// [`Error::Unsuitable`] when what was asked for is not what the project allows.
    pub fn find(&self) -> Result<Interpreter, Error> {
        let managed = LazyCell::new(|| Managed::read(self.managed));
        match self.request {
            Some(InterpreterRequest::Path(path)) => self.suitable(self.query(&program(path))?),
            Some(InterpreterRequest::Name(name)) => {
                let named = [name].into_iter().flat_map(|name| managed.named(name));
                let found = self.first(self.on_path(name).chain(named), |_| true);
                self.suitable(found.map_err(|tried| not_found(name.clone(), tried))?)
            }
            Some(InterpreterRequest::Version(wanted)) => {
                let names = version_names(wanted);
                let named = names.iter().filter(|name| name.contains('.'));
                let named = named.flat_map(|name| managed.named(name));
                let on_path = names.iter().flat_map(|name| self.on_path(name));
                let candidates = self.active().chain(on_path).chain(named);
                let found = self.first(candidates, |found| has_version(found, wanted));
                self.suitable(found.map_err(|tried| not_found(wanted.clone(), tried))?)
            }
            None => {
                let names: Vec<String> = newest_first().collect();
                let newest = names
                    .iter()
                    .flat_map(|name| self.on_path(name).chain(managed.named(name)));
                let candidates = self.active().chain(self.on_path("python3"));
                let candidates = candidates.chain(newest);
                let found = self.first(candidates, |found| self.allows(found));
                found.map_err(|tried| not_found(self.requires_python.to_string(), tried))
            }
        }
    }

    /// The interpreter of the active environment.
    fn active(&self) -> impl Iterator<Item = PathBuf> {
        let active = self.virtual_env.map(program).into_iter();
        active.filter(|path| path.is_file())
    }

    fn first(
        &self,
        candidates: impl Iterator<Item = PathBuf>,
        fits: impl Fn(&Interpreter) -> bool,
    ) -> Result<Interpreter, Vec<Tried>> {
        let mut tried: Vec<Tried> = Vec::new();
        let mut seen = BTreeSet::new();
        for path in candidates {
            if !seen.insert(fs::canonicalize(&path).unwrap_or_else(|_| path.clone())) {
                continue;
            }
            let found = match self.query(&path) {
                Ok(interpreter) if fits(&interpreter) => return Ok(interpreter),
                Ok(interpreter) => Ok(full_version(&interpreter).to_owned()),
                Err(error) => Err(Box::new(error)),
            };
            tried.push(Tried { path, found });
        }
        Err(tried)
    }

    fn query(&self, path: &Path) -> Result<Interpreter, Error> {
        let resolved = self.shims.and_then(|shims| shim::resolve(path, shims));
        let path = resolved.as_deref().unwrap_or(path);
        match self.cache {
            Some(cache) => Interpreter::query_once(path, cache),
            None => Interpreter::query(path),
        }
    }

    fn suitable(&self, interpreter: Interpreter) -> Result<Interpreter, Error> {
        if self.allows(&interpreter) {
            return Ok(interpreter);
        }
        Err(Error::Unsuitable {
            version: full_version(&interpreter).to_owned(),
            path: interpreter.executable,
            requires: self.requires_python.to_string(),
        })
    }

    fn allows(&self, interpreter: &Interpreter) -> bool {
        let version = Version::parse(full_version(interpreter));
        version.is_ok_and(|version| self.requires_python.allows(&version))
    }

    fn on_path(&self, name: &str) -> impl Iterator<Item = PathBuf> {
        let folders = self.path.map(std::env::split_paths).into_iter().flatten();
        let candidates = folders.filter(|folder| folder.is_absolute());
        candidates
            .map(move |folder| folder.join(name))
            .filter(|path| path.is_file())
    }
}

/// A folder stands for the environment that it holds.
fn program(path: &Path) -> PathBuf {
    let name = if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    };
    if path.is_dir() {
        path.join(name)
    } else {
        path.to_owned()
    }
}

fn newest_first() -> impl Iterator<Item = String> {
    (OLDEST_MINOR..=NEWEST_MINOR)
        .rev()
        .map(|minor| format!("python3.{minor}"))
}

/// `3.12.1` can be what `python3.12`, `python3` or `python` starts.
fn version_names(wanted: &str) -> Vec<String> {
    let parts: Vec<&str> = wanted.split('.').collect();
    let lengths = (0..=parts.len().min(2)).rev();
    let mut names: Vec<String> = lengths
        .map(|length| format!("python{}", parts[..length].join(".")))
        .collect();
    if wanted == "3" {
        names.extend(newest_first());
    }
    names
}

fn has_version(interpreter: &Interpreter, wanted: &str) -> bool {
    let (major, minor, micro) = interpreter.version;
    let has = [major, minor, micro].map(|number| number.to_string());
    let wanted: Vec<&str> = wanted.split('.').collect();
    wanted.len() <= has.len() && wanted.iter().zip(&has).all(|(wanted, has)| wanted == has)
}

fn full_version(interpreter: &Interpreter) -> &str {
    &interpreter.target.marker_environment.python_full_version
}

fn not_found(wanted: String, tried: Vec<Tried>) -> Error {
    Error::NotFound { wanted, tried }
}

/// The one line of what was tried; the command line shows more.
pub(super) fn summary(tried: &[Tried]) -> String {
    let text = |tried: &Tried| match &tried.found {
        Ok(version) => format!("`{}` is {version}", tried.path.display()),
        Err(_) => format!("`{}` does not work", tried.path.display()),
    };
    let texts: Vec<String> = tried.iter().map(text).collect();
    match texts.as_slice() {
        [] => String::new(),
        texts => format!(" ({})", texts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart() {
        let version = |text: &str| InterpreterRequest::Version(text.to_owned());
        assert_eq!(InterpreterRequest::parse("3.12"), version("3.12"));
        assert_eq!(InterpreterRequest::parse("3"), version("3"));
        assert_eq!(
            InterpreterRequest::parse("python3.12"),
            InterpreterRequest::Name("python3.12".to_owned())
        );
        assert_eq!(
            InterpreterRequest::parse("pypy3"),
            InterpreterRequest::Name("pypy3".to_owned())
        );
        assert_eq!(
            InterpreterRequest::parse("./python"),
            InterpreterRequest::Path("./python".into())
        );
        assert_eq!(
            InterpreterRequest::parse("."),
            InterpreterRequest::Path(".".into())
        );
    }

    #[test]
    fn version_is_looked_for_under_its_own_name_first() {
        assert_eq!(version_names("3.12.1"), ["python3.12", "python3", "python"]);
        assert_eq!(version_names("3.12"), ["python3.12", "python3", "python"]);
        assert_eq!(version_names("3")[..3], ["python3", "python", "python3.40"]);
    }
}
