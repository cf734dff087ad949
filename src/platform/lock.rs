//! Locks on open files and folders (`flock`). The kernel drops a lock with the process that holds it, however that ends.
//!
//! A lock belongs to the open file, not to the path: whoever gets one asks [`is_still`] whether the path still leads there.
//! Two openings of one file exclude each other within one process as well. Some network file systems have no such locks.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Whether [`try_lock`] got the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Yes,
    ByOther,
    NoLocksHere,
}

/// An open file whose lock, if it has one, is released when this is dropped.
///
/// Closing the file would release it later: a program that another thread is about to start has the file for a moment, too.
#[derive(Debug)]
pub(crate) struct Locked(pub(crate) File);

impl Drop for Locked {
    fn drop(&mut self) {
        // Where there are no locks, there is nothing to release.
        drop(self.0.unlock());
    }
}

/// Locks `file` unless someone else has.
pub(crate) fn try_lock(file: &File) -> io::Result<Held> {
    match file.try_lock() {
        Ok(()) => Ok(Held::Yes),
        Err(TryLockError::WouldBlock) => Ok(Held::ByOther),
        Err(TryLockError::Error(error)) if is_unsupported(&error) => Ok(Held::NoLocksHere),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Network file systems refuse locks in several ways.
pub(crate) fn is_unsupported(error: &io::Error) -> bool {
    use rustix::io::Errno;
    const REFUSALS: [Errno; 6] = [
        Errno::BADF,
        Errno::INVAL,
        Errno::NOLCK,
        Errno::NOSYS,
        Errno::NOTSUP,
        Errno::OPNOTSUPP,
    ];
    let number = error.raw_os_error().map(Errno::from_raw_os_error);
    number.is_some_and(|number| REFUSALS.contains(&number))
}

/// Tells whether the open file is still what `path` names.
///
/// # Errors
///
/// When that cannot be known. A path that names nothing is no error.
pub(crate) fn is_still(file: &File, path: &Path) -> io::Result<bool> {
    let open = file.metadata()?;
    match fs_err::metadata(path) {
        Ok(there) => Ok((open.dev(), open.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_cannot_be_looked_at_is_not_taken_for_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = File::create(&path).unwrap();
        assert!(is_still(&file, &path).unwrap());
        assert!(!is_still(&file, folder.path()).unwrap());
        assert!(!is_still(&file, &folder.path().join("gone")).unwrap());
        assert!(is_still(&file, &path.join("below")).is_err());
    }

    #[test]
    fn a_copy_in_another_process_does_not_hold_the_lock() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let locked = Locked(file.reopen().unwrap());
        assert_eq!(try_lock(&locked.0).unwrap(), Held::Yes);
        let copy = locked.0.try_clone().unwrap();
        drop(locked);
        assert_eq!(try_lock(file.as_file()).unwrap(), Held::Yes);
        drop(copy);
    }

    #[test]
    fn two_openings_exclude_each_other() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(try_lock(file.as_file()).unwrap(), Held::Yes);
        let other = File::open(file.path()).unwrap();
        assert_eq!(try_lock(&other).unwrap(), Held::ByOther);
        drop(file);
        assert_eq!(try_lock(&other).unwrap(), Held::Yes);
    }
}
