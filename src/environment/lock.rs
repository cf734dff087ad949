//! The right to change an environment, and the place to prepare changes in.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::partial::{self, Partial};
use super::{Error, is_absent, takeover};
use crate::platform::lock::{self, Held, Locked};

/// The name of staging folders.
const STAGING: &str = "staging";

/// Proof that nobody else changes an environment: a lock on its folder, released when dropped.
#[derive(Debug)]
pub struct EnvironmentLock {
    root: PathBuf,
    /// Held for its lock alone.
    _folder: Locked,
}

/// A hidden folder inside an environment, so on its file system; removed when dropped.
///
/// Files are written here and renamed to their places.
#[derive(Debug)]
pub struct Staging {
    partial: Partial,
}

impl EnvironmentLock {
    /// Waits for the lock, and removes what interrupted runs left.
    pub(super) fn acquire(root: &Path) -> Result<Self, Error> {
        loop {
            let folder = Locked(fs_err::File::open(root)?.into_file());
            wait_for(&folder.0)?;
            // While we waited, the environment may have been replaced by a new one.
            if lock::is_still(&folder.0, root)? {
                clean(root);
                return Ok(Self {
                    root: root.to_owned(),
                    _folder: folder,
                });
            }
        }
    }

    /// As [`EnvironmentLock::acquire`], but `None` at once when someone else holds the lock.
    pub(super) fn try_acquire(root: &Path) -> Result<Option<Self>, Error> {
        let folder = Locked(fs_err::File::open(root)?.into_file());
        if lock::try_lock(&folder.0)? == Held::ByOther {
            return Ok(None);
        }
        if !lock::is_still(&folder.0, root)? {
            // Our own lock on what was there must not be what we wait for.
            drop(folder);
            return Self::acquire(root).map(Some);
        }
        clean(root);
        Ok(Some(Self {
            root: root.to_owned(),
            _folder: folder,
        }))
    }

    /// Returns the folder of the environment.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes a place to prepare changes in.
    ///
    /// # Errors
    ///
    /// [`Error::Unwritable`].
    pub fn staging(&self) -> Result<Staging, Error> {
        takeover::finish(&self.root);
        match Partial::create(&self.root, OsStr::new(STAGING)) {
            Ok(partial) => Ok(Staging { partial }),
            Err(Error::Io(source)) => Err(Error::Unwritable {
                path: self.root.clone(),
                source,
            }),
            Err(error) => Err(error),
        }
    }
}

impl Staging {
    /// Returns the folder, absolute.
    pub fn folder(&self) -> &Path {
        self.partial.path()
    }
}

/// Removes what interrupted runs left in the environment at `root`, and beside it.
fn clean(root: &Path) {
    partial::clean(root, OsStr::new(STAGING));
    partial::clean_probes(root);
    if let (Some(folder), Some(name)) = (root.parent(), root.file_name()) {
        partial::clean(folder, name);
        partial::clean(root, name);
    }
}

fn wait_for(folder: &File) -> Result<(), Error> {
    match lock::try_lock(folder)? {
        Held::Yes | Held::NoLocksHere => Ok(()),
        Held::ByOther => match folder.lock() {
            Err(error) if !lock::is_unsupported(&error) && !is_absent(&error) => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_to_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("environment");
        fs_err::create_dir(&root).unwrap();
        let lock = EnvironmentLock::acquire(&root).unwrap();
        fs_err::remove_dir(&root).unwrap();
        let refused = lock.staging().unwrap_err();
        let text = format!("cannot write to `{}`", root.display());
        assert_eq!(refused.to_string(), text);
    }
}
