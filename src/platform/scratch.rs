//! Folders for a while, among the temporary files of everybody.
//!
//! Each is locked (`flock`) as long as it is used, and the system drops the lock with the process, however that ends: so
//! what a killed one left is told from what is in use, and removed by the next that makes a folder there. Where there
//! are no locks, it stays.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::file::open_cautiously;
use super::lock::{Held, is_still, try_lock};
use super::owner::Owner;
use super::removal;

/// How the name of each begins.
const PREFIX: &str = "lock2venv-work-";

/// Others may take a folder for a dead one's before it is locked; then another is made.
const MOST_TRIES: usize = 16;

/// A folder that nobody else may look into; it goes when dropped.
#[derive(Debug)]
pub(crate) struct ScratchFolder {
    path: PathBuf,
    /// Held for its lock alone.
    _lock: Option<File>,
}

impl ScratchFolder {
    /// Makes one in `folder`, which exists, and removes those of dead processes.
    pub(crate) fn create_in(folder: &Path) -> io::Result<Self> {
        remove_dead(folder);
        for _ in 0..MOST_TRIES {
            let made = tempfile::Builder::new()
                .prefix(PREFIX)
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(folder)?;
            if let Some(lock) = lock_new(made.path())? {
                return Ok(Self {
                    path: made.keep(),
                    _lock: lock,
                });
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Returns where it is, absolute if what it was made in is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        // What cannot be removed is left to the next process.
        let _ = removal::remove(&self.path);
    }
}

/// Locks a folder that was just made. `None` when another process was quicker; in it, `None` where there are no locks.
#[expect(
    clippy::option_option,
    reason = "that there is no lock to be had and that another has it are two things"
)]
fn lock_new(path: &Path) -> io::Result<Option<Option<File>>> {
    let file = match open_cautiously(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    match try_lock(&file)? {
        Held::Yes => Ok(is_still(&file, path)?.then_some(Some(file))),
        Held::ByOther => Ok(None),
        Held::NoLocksHere => Ok(Some(None)),
    }
}

/// Removes the folders in `folder` that no living process holds. What cannot be removed is in nobody's way.
pub(crate) fn remove_dead(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            let _ = remove_if_dead(&entry.path());
        }
    }
}

fn remove_if_dead(path: &Path) -> io::Result<()> {
    let file = open_cautiously(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() && Owner::from(&metadata).is_own() && try_lock(&file)? == Held::Yes {
        removal::remove(path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n_folders(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn what_a_dead_process_left_goes_and_what_is_used_stays() {
        let folder = tempfile::tempdir().unwrap();
        let used = ScratchFolder::create_in(folder.path()).unwrap();
        std::fs::write(used.path().join("file"), "").unwrap();
        let dead = folder.path().join("lock2venv-work-dead");
        std::fs::create_dir_all(dead.join("below")).unwrap();
        std::fs::write(folder.path().join("lock2venv-work-file"), "").unwrap();
        std::fs::create_dir(folder.path().join("other")).unwrap();
        let other = ScratchFolder::create_in(folder.path()).unwrap();
        assert!(!dead.exists() && used.path().join("file").exists());
        assert_eq!(n_folders(folder.path()), 4);
        drop((used, other));
        assert_eq!(n_folders(folder.path()), 2);
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        std::fs::create_dir(&target).unwrap();
        let link = folder.path().join("lock2venv-work-link");
        std::os::unix::fs::symlink(&target, link).unwrap();
        remove_dead(folder.path());
        assert_eq!(n_folders(folder.path()), 2);
    }
}
