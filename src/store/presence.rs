//! Whether other processes use a cache, so that what a killed one left can be told from what a living one makes.
//!
//! Each process that writes to a cache holds a shared lock (`flock`) on its folder; the system drops the lock with the
//! process, however that ends. Who gets the lock alone knows that every draft is a dead one's. Costs an open and two locks.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::platform::lock::Locked;

/// The sign that we are here; goes when dropped.
#[derive(Debug)]
pub(super) struct Presence {
    /// Held for its lock alone.
    _folder: Locked,
}

/// Who else uses the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    None,
    /// Some do, or the file system cannot tell.
    Some,
}

impl Presence {
    /// Does `tidy`, which is told who else is there, and is there from then on. `None` where there are no locks.
    pub(super) fn enter(folder: &Path, tidy: impl FnOnce(Others)) -> Option<Self> {
        let opened = File::open(folder).ok();
        let locked = opened.as_ref().map(File::try_lock);
        match locked {
            Some(Ok(())) => tidy(Others::None),
            Some(Err(TryLockError::WouldBlock | TryLockError::Error(_))) | None => {
                tidy(Others::Some);
            }
        }
        // Nobody else starts to tidy up between the two locks but to find nothing of ours.
        let folder = Locked(opened?);
        folder.0.lock_shared().ok()?;
        Some(Self { _folder: folder })
    }
}
