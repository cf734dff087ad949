//! Environments that are used elsewhere: in the root of an image, and by an interpreter that need not be here.

use std::fmt;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;

use super::{Error, Session};
use crate::environment;
use crate::interpreter::Interpreter;
use crate::platform::file::set_date_at;

/// The mode of the folders above an environment in an image.
const PARENT_MODE: u32 = 0o755;

/// Gives the folders above `root`, up to the root of the image, the modes and dates that they have each time.
pub(super) fn settle_parents(session: &Session, root: &Path) -> Result<(), Error> {
    let Some(below) = &session.settings.image_root else {
        return Ok(());
    };
    for folder in root.ancestors().skip(1) {
        if !folder.starts_with(below) {
            break;
        }
        let settled = fs::set_permissions(folder, Permissions::from_mode(PARENT_MODE))
            .and_then(|()| set_date_at(folder, session.date()));
        settled.map_err(environment::Error::from)?;
    }
    Ok(())
}

/// Checks that the interpreter which will run an environment fits `interpreter`, for which it is made: by its answer, where it is
/// here, and by its name otherwise.
pub(super) fn check_python(python: &Path, interpreter: &Interpreter) -> Result<(), Error> {
    let refused = |found: String| Error::RuntimePython {
        path: python.to_owned(),
        found,
        wanted: full_name(interpreter),
    };
    if !python.is_absolute() {
        return Err(Error::RuntimePythonNotAbsolute(python.to_owned()));
    }
    if python.exists() {
        let found = Interpreter::query(python).map_err(Error::RuntimePythonUnusable)?;
        let is_fitting = found.version.0 == interpreter.version.0
            && found.version.1 == interpreter.version.1
            && found.bytecode.cache_tag == interpreter.bytecode.cache_tag
            && found.target.tags == interpreter.target.tags;
        return if is_fitting {
            Ok(())
        } else {
            Err(refused(full_name(&found)))
        };
    }
    let facts = &interpreter.target.marker_environment;
    match NamedPython::of(python) {
        Some(named) if !named.can_be(&facts.implementation_name, interpreter.version) => {
            Err(refused(named.to_string()))
        }
        Some(_) | None => Ok(()),
    }
}

/// Returns implementation and version, such as `CPython 3.12.1`.
fn full_name(interpreter: &Interpreter) -> String {
    let facts = &interpreter.target.marker_environment;
    let implementation = &facts.platform_python_implementation;
    format!("{implementation} {}", facts.python_full_version)
}

/// What the name of an interpreter says of it: `python3.12`, `python3.12.1`, `pypy3`, `python`.
#[derive(Debug, PartialEq, Eq)]
struct NamedPython {
    is_pypy: bool,
    /// The major and the minor version, as far as they are named. The micro version matters to no environment.
    version: Vec<u32>,
}

impl NamedPython {
    /// Reads the name, unless it is neither `python` nor `pypy`, with or without a version.
    fn of(python: &Path) -> Option<Self> {
        let name = python.file_name()?.to_str()?;
        let is_pypy = name.starts_with("pypy");
        let rest = name
            .strip_prefix("python")
            .or_else(|| name.strip_prefix("pypy"))?;
        // Builds of one version have names such as `python3.13t` and `python3.12-dbg`.
        let is_of_version = |character: char| character.is_ascii_digit() || character == '.';
        let numbers = rest.split(|character| !is_of_version(character)).next()?;
        let numbers = numbers
            .split('.')
            .take(2)
            .map_while(|part| part.parse().ok());
        Some(Self {
            is_pypy,
            version: numbers.collect(),
        })
    }

    /// Tells whether an interpreter of that implementation and version can have the name. `PyPy` is called `python` as well.
    fn can_be(&self, implementation: &str, (major, minor, _): (u32, u32, u32)) -> bool {
        let is_version = [major, minor].starts_with(&self.version);
        is_version && (!self.is_pypy || implementation == "pypy")
    }
}

impl fmt::Display for NamedPython {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_pypy { "PyPy" } else { "Python" })?;
        for (n_before, number) in self.version.iter().enumerate() {
            let separator = if n_before == 0 { ' ' } else { '.' };
            write!(formatter, "{separator}{number}")?;
        }
        Ok(())
    }
}

/// Returns the place of the environment `root`, an absolute path, in the root of an image.
pub(super) fn place_below(image_root: &Path, root: &Path) -> PathBuf {
    let mut inside = PathBuf::new();
    for part in root.components() {
        match part {
            Component::Normal(name) => inside.push(name),
            // Above the root is the root.
            Component::ParentDir => drop(inside.pop()),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    image_root.join(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_is_outside_the_root_of_the_image() {
        let place = |root: &str| place_below(Path::new("/image"), Path::new(root));
        assert_eq!(place("/app/.venv"), Path::new("/image/app/.venv"));
        assert_eq!(
            place("/../../app/x/../.venv"),
            Path::new("/image/app/.venv")
        );
    }

    #[test]
    fn names_tell_implementation_and_version() {
        let named = |name: &str| NamedPython::of(&Path::new("/usr/bin").join(name));
        let says = |name: &str| named(name).map(|named| named.to_string());
        for (name, expected) in [
            ("python", "Python"),
            ("python3", "Python 3"),
            ("python3.12", "Python 3.12"),
            ("python3.11.9", "Python 3.11"),
            ("python3.13t", "Python 3.13"),
            ("python3.12-dbg", "Python 3.12"),
            ("pypy3", "PyPy 3"),
            ("pypy3.11", "PyPy 3.11"),
            ("pypy3.11-c", "PyPy 3.11"),
        ] {
            assert_eq!(says(name).as_deref(), Some(expected));
        }
        assert_eq!(says("interpreter"), None);
    }

    #[test]
    fn a_name_fits_what_can_have_it() {
        let fits = |name: &str, implementation: &str| {
            let named = NamedPython::of(Path::new(name)).unwrap();
            named.can_be(implementation, (3, 11, 2))
        };
        for name in ["python", "python3", "python3.11", "python3.11.9"] {
            assert!(fits(name, "cpython") && fits(name, "pypy"), "{name}");
        }
        for name in ["python2", "python3.1", "python3.12.11", "pypy3.10"] {
            assert!(!fits(name, "cpython") && !fits(name, "pypy"), "{name}");
        }
        for name in ["pypy", "pypy3", "pypy3.11"] {
            assert!(!fits(name, "cpython") && fits(name, "pypy"), "{name}");
        }
    }
}
