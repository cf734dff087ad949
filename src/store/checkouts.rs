//! Check-outs of repositories: folders that are filled as drafts and kept under the key of what was asked for.
//!
//! A check-out is proved as a whole when it is found, by a digest that is kept with it. That digest is nobody's secret, so check-outs
//! are used where nobody else may write to the cache, and nowhere else.
//! Where nothing can be kept, a check-out lives as long as its [`Cache`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cache::Cache;
use super::claim::{Claiming, Mark};
use super::disk::Disk;
use super::error::Error;
use super::layout::{Key, Kind, Layout};
use super::locked::lock;
use super::tree_proof;
use super::usage::mark;
use super::work_folder::WorkFolder;
use crate::platform::removal;
use crate::platform::tree::copy_into;

impl Cache {
    /// Finds the check-out that is kept under `key`. One that a power loss or a disk damaged is removed.
    pub fn checkout(&self, key: &Key) -> Option<PathBuf> {
        let path = self.own_layout()?.place(Kind::Checkouts, key);
        let gate = self.disk.as_ref()?.gate();
        let _inside = gate.pass();
        match tree_proof::is_true(&path) {
            Ok(true) => {
                mark(&path);
                Some(path)
            }
            Ok(false) => {
                if self.is_written() {
                    drop(removal::remove(&path));
                }
                None
            }
            Err(_) => None,
        }
    }

    /// Keeps a check-out under `key`, unless another process was quicker, and returns where it is.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it can be put nowhere.
    pub fn keep_checkout(&self, draft: WorkFolder, key: &Key) -> Result<PathBuf, Error> {
        let Some(layout) = self.written_layout() else {
            return Ok(self.hold_checkout(draft));
        };
        let path = layout.place(Kind::Checkouts, key);
        tree_proof::write(draft.path()).map_err(|cause| Error::io(draft.path(), cause))?;
        match draft.publish(&path) {
            Ok(()) => Ok(path),
            Err(_) if path.is_dir() => Ok(path),
            Err(cause) => Err(Error::io(&path, cause)),
        }
    }

    /// Keeps a check-out as long as this value lives, for one that a later run might make in another way.
    pub fn hold_checkout(&self, draft: WorkFolder) -> PathBuf {
        let path = draft.path().to_owned();
        lock(&self.rooms).push(draft);
        path
    }

    /// Copies the files of a check-out into `draft`, for whoever writes into them. The copy lives as long as this value.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn copy_checkout(&self, files: &Path, draft: WorkFolder) -> Result<PathBuf, Error> {
        let copied = copy_into(files, draft.path());
        copied.map_err(|cause| Error::io(files, cause))?;
        Ok(self.hold_checkout(draft))
    }

    /// Asks whether we or another process shall make what is kept under `key`, as [`Cache::claim`] does for files.
    pub fn claim_key(&self, key: &Key) -> Claiming {
        match self.written_layout() {
            Some(layout) => self.claims.claim(&layout.claim(key)),
            None => Claiming::Unknown,
        }
    }

    /// As [`Cache::claim_key`], but passes by the process whose claim is still at `mark`.
    pub fn take_over_key(&self, key: &Key, mark: Mark) -> Claiming {
        match self.written_layout() {
            Some(layout) => self.claims.take_over(&layout.claim(key), mark),
            None => Claiming::Unknown,
        }
    }

    /// The folders of a cache that nobody else writes to.
    fn own_layout(&self) -> Option<&Layout> {
        let disk = self.disk.as_ref().filter(|disk| !is_shared(disk))?;
        Some(disk.layout())
    }

    /// The same, where we may write.
    pub(super) fn written_layout(&self) -> Option<&Layout> {
        self.own_layout().filter(|_| self.is_written())
    }
}

fn is_shared(disk: &Arc<Disk>) -> bool {
    use super::backend::Backend as _;
    disk.is_shared()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(draft: &WorkFolder) {
        std::fs::write(draft.path().join("file"), "here").unwrap();
    }

    #[test]
    fn a_check_out_is_found_by_its_key_in_a_later_run() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Cache::open(&folder.path().join("cache"), folder.path()).unwrap();
        let (key, other) = (Key::of_question(b"one"), Key::of_question(b"other"));
        let cache = open();
        assert_eq!(cache.checkout(&key), None);
        let draft = cache.work_folder().unwrap();
        fill(&draft);
        let path = cache.keep_checkout(draft, &key).unwrap();
        // Another process that was slower.
        let draft = cache.work_folder().unwrap();
        fill(&draft);
        assert_eq!(cache.keep_checkout(draft, &key).unwrap(), path);
        drop(cache);
        let cache = open();
        assert_eq!(cache.checkout(&key), Some(path.clone()));
        assert_eq!(cache.checkout(&other), None);
        assert!(path.join("file").exists());
        let drafts = std::fs::read_dir(folder.path().join("cache/v1/tmp")).unwrap();
        assert_eq!(drafts.count(), 0);
    }

    #[test]
    fn a_check_out_that_was_changed_is_removed_by_verify() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("cache"), folder.path()).unwrap();
        let draft = cache.work_folder().unwrap();
        fill(&draft);
        let key = Key::of_question(b"one");
        let path = cache.keep_checkout(draft, &key).unwrap();
        assert!(cache.verify().unwrap().is_empty());
        std::fs::write(path.join("file"), "Here").unwrap();
        assert_eq!(cache.verify().unwrap(), std::slice::from_ref(&path));
        assert!(!path.exists());
    }

    #[test]
    fn where_nothing_is_kept_a_check_out_goes_with_the_cache() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::disabled(folder.path());
        let key = Key::of_question(b"one");
        let draft = cache.work_folder().unwrap();
        fill(&draft);
        let path = cache.keep_checkout(draft, &key).unwrap();
        assert!(path.join("file").exists());
        assert_eq!(cache.checkout(&key), None);
        drop(cache);
        assert!(!path.exists());
    }

    #[test]
    fn one_process_makes_a_check_out() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Cache::open(&folder.path().join("cache"), folder.path()).unwrap();
        let (one, other) = (open(), open());
        let key = Key::of_question(b"one");
        let claim = one.claim_key(&key);
        assert!(matches!(claim, Claiming::Ours(_)));
        assert!(matches!(other.claim_key(&key), Claiming::Others(_)));
        drop(claim);
        assert!(matches!(other.claim_key(&key), Claiming::Ours(_)));
    }
}
