//! Who fetches a file, of all processes that want it: the one that holds its claim.
//!
//! A claim is a lock on an empty file below `v1/claims` that is named after the digest. The kernel drops it with its
//! process, so nobody waits for a dead one; whoever has it touches its file while bytes arrive, so that others can tell
//! one that works from one that is stuck. It is a courtesy, and proves nothing: where there are no locks, or no folder
//! to make them in, each process fetches for itself.
//!
//! A claim costs eight system calls a file that is fetched; they are given back one by one. One that was not, of a
//! killed process, is taken by the next that wants the file, or removed after a day.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::locked::lock;
use crate::platform::file::{create_cautiously, touch};
use crate::platform::lock::{Held, Locked, is_still, try_lock};
use crate::platform::owner::create_private_folder;

/// Each claim keeps a file open, and many systems let a process have 1,024. What goes beyond is fetched without.
const MOST_CLAIMS: usize = 256;

/// How often files of claims are touched.
const TOUCHING: Duration = Duration::from_secs(1);

/// Files that others make and remove at the same moment are opened again.
const MOST_TRIES: usize = 16;

/// What became of asking for a claim.
#[derive(Debug)]
pub enum Claiming {
    /// It is ours: until it is dropped, others wait for us.
    Ours(Claim),
    /// Another process has it.
    Others(Mark),
    /// There are no claims here.
    Unknown,
}

/// How far a claim of another process has come; it differs when there was progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    inode: u64,
    modified: (i64, i64),
}

/// The claim to fetch a file; given back when dropped.
#[derive(Debug)]
pub struct Claim {
    held: Arc<HeldFile>,
    claims: Arc<Claims>,
}

#[derive(Debug)]
struct HeldFile {
    file: Locked,
    path: PathBuf,
}

/// All claims of a cache.
#[derive(Debug)]
pub(super) struct Claims {
    held: Mutex<Vec<Arc<HeldFile>>>,
    touched: Mutex<Instant>,
}

impl Default for Claims {
    fn default() -> Self {
        Self {
            held: Mutex::default(),
            touched: Mutex::new(Instant::now()),
        }
    }
}

impl Claims {
    /// Asks for the claim at `path`.
    pub(super) fn claim(self: &Arc<Self>, path: &Path) -> Claiming {
        let held = lock(&self.held);
        // A lock may give one digest to two packages: nobody waits for himself.
        let is_own = held.iter().any(|held| held.path == path);
        if is_own || held.len() >= MOST_CLAIMS {
            return Claiming::Unknown;
        }
        drop(held);
        for _ in 0..MOST_TRIES {
            match self.try_claim(path) {
                Ok(Some(claiming)) => return claiming,
                Ok(None) => {}
                Err(_) => break,
            }
        }
        Claiming::Unknown
    }

    /// `None` when the file was removed between two steps.
    fn try_claim(self: &Arc<Self>, path: &Path) -> io::Result<Option<Claiming>> {
        let file = open(path)?;
        match try_lock(&file)? {
            Held::NoLocksHere => return Ok(Some(Claiming::Unknown)),
            Held::ByOther => {
                let metadata = file.metadata()?;
                return Ok(Some(Claiming::Others(Mark {
                    inode: metadata.ino(),
                    modified: (metadata.mtime(), metadata.mtime_nsec()),
                })));
            }
            Held::Yes if !is_still(&file, path)? => return Ok(None),
            Held::Yes => {}
        }
        let held = Arc::new(HeldFile {
            file: Locked(file),
            path: path.to_owned(),
        });
        lock(&self.held).push(Arc::clone(&held));
        let claims = Arc::clone(self);
        Ok(Some(Claiming::Ours(Claim { held, claims })))
    }

    /// Asks again for a claim whose holder came no further than `mark`: it is passed by.
    pub(super) fn take_over(self: &Arc<Self>, path: &Path, mark: Mark) -> Claiming {
        let is_same = std::fs::symlink_metadata(path).is_ok_and(|there| there.ino() == mark.inode);
        if is_same {
            // Whoever still has the old file locked no longer keeps anybody waiting.
            let _ = std::fs::remove_file(path);
        }
        self.claim(path)
    }

    /// Lets others see that there is progress, of whichever file.
    pub(super) fn touch(&self) {
        let Ok(mut touched) = self.touched.try_lock() else {
            return;
        };
        if touched.elapsed() < TOUCHING {
            return;
        }
        *touched = Instant::now();
        drop(touched);
        for held in lock(&self.held).iter() {
            let _ = touch(&held.file.0);
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Not when another has passed us by, or the cache was cleared.
        let HeldFile { file, path } = &*self.held;
        if matches!(is_still(&file.0, path), Ok(true)) {
            let _ = std::fs::remove_file(path);
        }
        lock(&self.claims.held).retain(|held| !Arc::ptr_eq(held, &self.held));
    }
}

fn open(path: &Path) -> io::Result<File> {
    match create_cautiously(path) {
        // The first claim of this cache, or it was cleared.
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            create_private_folder(path.parent().unwrap_or(path))?;
            create_cautiously(path)
        }
        file => file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        folder: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            Self {
                folder: tempfile::tempdir().unwrap(),
            }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("claims/one")
        }

        /// As another process would.
        fn claim(&self) -> Claiming {
            Arc::new(Claims::default()).claim(&self.path())
        }
    }

    #[track_caller]
    fn ours(claiming: Claiming) -> Claim {
        match claiming {
            Claiming::Ours(claim) => claim,
            other @ (Claiming::Others(_) | Claiming::Unknown) => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn mark(claiming: Claiming) -> Mark {
        match claiming {
            Claiming::Others(mark) => mark,
            other @ (Claiming::Ours(_) | Claiming::Unknown) => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_has_the_claim_until_it_is_dropped_and_nothing_is_left() {
        let place = Place::new();
        let first = ours(place.claim());
        assert_eq!(mark(place.claim()), mark(place.claim()));
        drop(first);
        assert!(!place.path().exists());
        drop(ours(place.claim()));
    }

    #[test]
    fn nobody_waits_for_himself() {
        let place = Place::new();
        let claims = Arc::new(Claims::default());
        let _claim = ours(claims.claim(&place.path()));
        assert!(matches!(claims.claim(&place.path()), Claiming::Unknown));
    }

    #[test]
    fn a_file_that_a_dead_process_left_is_taken() {
        let place = Place::new();
        std::fs::create_dir(place.folder.path().join("claims")).unwrap();
        std::fs::write(place.path(), "").unwrap();
        drop(ours(place.claim()));
        assert!(!place.path().exists());
    }

    #[test]
    fn progress_shows() {
        let place = Place::new();
        let claims = Arc::new(Claims::default());
        let _claim = ours(claims.claim(&place.path()));
        let old = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        lock(&claims.held)[0].file.0.set_modified(old).unwrap();
        let before = mark(place.claim());
        claims.touch();
        assert_eq!(mark(place.claim()), before, "touched too often");
        *lock(&claims.touched) -= TOUCHING;
        claims.touch();
        assert_ne!(mark(place.claim()), before);
    }

    #[test]
    fn who_is_passed_by_takes_nothing_from_the_next() {
        let place = Place::new();
        let stuck = ours(place.claim());
        let mark_of_stuck = mark(place.claim());
        let claims = Arc::new(Claims::default());
        let next = ours(claims.take_over(&place.path(), mark_of_stuck));
        // A third, which had waited as long, meets the new holder.
        let third = Arc::new(Claims::default()).take_over(&place.path(), mark_of_stuck);
        assert_ne!(mark(third), mark_of_stuck);
        drop(stuck);
        assert_ne!(mark(place.claim()), mark_of_stuck);
        drop(next);
        assert!(!place.path().exists());
    }

    #[test]
    fn there_are_so_many_claims_and_no_more() {
        let place = Place::new();
        let claims = Arc::new(Claims::default());
        let path = |number: usize| place.folder.path().join(format!("claims/{number}"));
        let mut held: Vec<Claim> = (0..MOST_CLAIMS)
            .map(|number| ours(claims.claim(&path(number))))
            .collect();
        assert!(matches!(claims.claim(&path(999)), Claiming::Unknown));
        held.pop();
        drop(ours(claims.claim(&path(999))));
    }
}
