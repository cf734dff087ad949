//! Putting files in place in one step.

use std::io;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;

use fs_err as fs;

use super::uninstall::remove_if_there;
use crate::install::Error;
use crate::platform::file::set_date_at;

/// The name of drafts in the folder of what they become.
pub(crate) const DRAFT: &str = ".lock2venv-draft";

/// Puts `text` at `path` in one step, by way of `draft`.
pub(crate) fn replace(draft: &Path, path: &Path, text: &[u8]) -> Result<(), Error> {
    fs::write(draft, text).map_err(|cause| Error::io("write", draft, cause))?;
    put(draft, path)
}

/// Moves the file at `draft` to `path`, in place of what is there. The library of a Python itself may be a disk of its own.
pub(crate) fn put(draft: &Path, path: &Path) -> Result<(), Error> {
    match fs::rename(draft, path) {
        Err(cause) if cause.kind() == io::ErrorKind::CrossesDevices => put_copy(draft, path),
        moved => moved.map_err(|cause| Error::io("rename", draft, cause)),
    }
}

/// As [`put`], by way of a copy beside `path`.
fn put_copy(draft: &Path, path: &Path) -> Result<(), Error> {
    let beside = path.with_file_name(DRAFT);
    remove_if_there(&beside)?;
    let copied = copy(draft, &beside).and_then(|()| fs::rename(&beside, path));
    copied.map_err(|cause| Error::io("copy", draft, cause))?;
    remove_if_there(draft)
}

/// Copies a file or a link, with its mode and date.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(from)?;
    if found.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
    } else {
        fs::copy(from, to)?;
    }
    set_date_at(to, found.mtime())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_copy_is_what_a_move_is() {
        let folder = tempfile::tempdir().unwrap();
        let [draft, path] = ["draft", "there/acme"].map(|name| folder.path().join(name));
        fs::create_dir(folder.path().join("there")).unwrap();
        fs::write(&draft, "new").unwrap();
        fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o751)).unwrap();
        set_date_at(&draft, 7).unwrap();
        fs::write(&path, "old").unwrap();
        fs::write(path.with_file_name(DRAFT), "of a run that was killed").unwrap();
        put_copy(&draft, &path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        let found = fs::metadata(&path).unwrap();
        assert_eq!((found.mode() & 0o777, found.mtime()), (0o751, 7));
        symlink("nowhere", &draft).unwrap();
        put_copy(&draft, &path).unwrap();
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("nowhere"));
        assert!(fs::symlink_metadata(&draft).is_err());
        assert_eq!(
            fs::read_dir(folder.path().join("there")).unwrap().count(),
            1
        );
    }
}
