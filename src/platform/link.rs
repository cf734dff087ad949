//! One set of bytes under two names: clones (reflinks), which are changed apart, and hard links, which are changed together.
//!
//! Whether two folders can share files is tried once for the two, with files that are removed at once: a dozen system calls.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::owner::{NewFiles, Owner};
use super::system;

/// Makes `target`, an empty file, share the bytes of `source` until one of the two is changed.
pub(crate) fn clone(source: &File, target: &File) -> io::Result<()> {
    Ok(system::clone(source, target)?)
}

/// Tries whether a file of one folder can be cloned into the other.
pub(crate) fn can_clone(from: &Path, to: &Path) -> bool {
    let probe = || {
        let mut source = tempfile::tempfile_in(from)?;
        let target = tempfile::tempfile_in(to)?;
        source.write_all(b"probe")?;
        clone(&source, &target)
    };
    probe().is_ok()
}

/// Tries whether a file of one folder can be linked into the other: two mounts of one device do not allow it, and where
/// others may write to new files, they could write through one name into another. Returns how new files are.
pub(crate) fn can_link(from: &Path, to: &Path) -> Option<NewFiles> {
    let source = tempfile::NamedTempFile::new_in(from).ok()?;
    let folder = tempfile::tempdir_in(to).ok()?;
    let new = new_files_beside_link(source.path(), folder.path());
    // The folder is part of an environment: it is removed now, and not only tried to.
    let path = folder.path().to_owned();
    drop(folder.close().or_else(|_| super::removal::remove(&path)));
    new.filter(|new| !new.are_writable_by_others())
}

/// Links `source` into `folder`, and returns how new files there are.
fn new_files_beside_link(source: &Path, folder: &Path) -> Option<NewFiles> {
    std::fs::hard_link(source, folder.join("probe")).ok()?;
    let permissions_of_new = |name, asked| {
        let mut file = OpenOptions::new();
        let file = file.write(true).create_new(true).mode(asked);
        let file = file.open(folder.join(name)).ok()?;
        Some(Owner::from(&file.metadata().ok()?).permissions())
    };
    Some(NewFiles {
        plain: permissions_of_new("plain", 0o666)?,
        program: permissions_of_new("program", 0o777)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_folder_can_be_linked() {
        let folder = tempfile::tempdir().unwrap();
        let new = can_link(folder.path(), folder.path());
        assert!(new.is_some_and(|new| new.permissions(true) & 0o100 != 0));
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0, "what was tried is removed");
        assert!(can_link(folder.path(), &folder.path().join("absent")).is_none());
    }
}
