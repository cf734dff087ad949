//! Environments that are used elsewhere: in the root of an image, and by an interpreter that need not be here.

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
        wanted: full_version(interpreter).to_owned(),
    };
    if !python.is_absolute() {
        return Err(Error::RuntimePythonNotAbsolute(python.to_owned()));
    }
    if python.exists() {
        let found = Interpreter::query(python)?;
        let is_fitting = found.version.0 == interpreter.version.0
            && found.version.1 == interpreter.version.1
            && found.bytecode.cache_tag == interpreter.bytecode.cache_tag
            && found.target.tags == interpreter.target.tags;
        return if is_fitting {
            Ok(())
        } else {
            Err(refused(full_version(&found).to_owned()))
        };
    }
    let (major, minor, _) = interpreter.version;
    match version_in_name(python) {
        Some((named_major, named_minor))
            if named_major != major || named_minor.is_some_and(|named| named != minor) =>
        {
            let minor = named_minor.map(|minor| format!(".{minor}"));
            Err(refused(format!(
                "{named_major}{}",
                minor.unwrap_or_default()
            )))
        }
        Some(_) | None => Ok(()),
    }
}

fn full_version(interpreter: &Interpreter) -> &str {
    &interpreter.target.marker_environment.python_full_version
}

/// Reads the version off a name such as `python3.12` or `pypy3`.
fn version_in_name(python: &Path) -> Option<(u32, Option<u32>)> {
    let name = python.file_name()?.to_str()?;
    let version = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let (major, minor) = match version.split_once('.') {
        Some((major, minor)) => (major, Some(minor)),
        None => (version, None),
    };
    let minor = minor.map(|minor| minor.trim_end_matches('t').parse());
    Some((major.parse().ok()?, minor.transpose().ok()?))
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
    fn names_tell_versions() {
        let version = |name: &str| version_in_name(&Path::new("/usr/bin").join(name));
        assert_eq!(version("python3.12"), Some((3, Some(12))));
        assert_eq!(version("python3.13t"), Some((3, Some(13))));
        assert_eq!(version("pypy3"), Some((3, None)));
        assert_eq!(version("python"), None);
    }
}
