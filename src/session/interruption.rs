//! What is undone when the process is asked to end, by Ctrl-C or because its container is stopped.
//!
//! Whoever handles the signal calls [`Interruption::come`], and ends the process when that returns. By then everything is
//! removed that was being filled in secret: the folder of a new environment, or the staging folder of an existing one, and what
//! builds and git work in. An
//! existing environment is changed distribution by distribution, so it is left as it is: the next run completes it. What
//! is being published is not secret any more: that act is completed first.
//!
//! The session itself ends with [`Interrupted`], whatever else went wrong: that is then a consequence.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::platform::removal;
use crate::process::{Stop, WeakStop};

/// Other threads create files until the session ends; none can once the folder's root is gone.
const MOST_ATTEMPTS: usize = 100;

/// Whether the process was asked to end, and what has to be removed before. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Interruption {
    shared: Arc<Shared>,
}

/// The process was asked to end, and everything that had to be removed is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

#[derive(Debug, Default)]
struct Shared {
    has_come: AtomicBool,
    duties: Mutex<Duties>,
    are_done: Condvar,
}

#[derive(Debug, Default)]
struct Duties {
    /// What ends the programs that are running.
    stops: Vec<WeakStop>,
    /// The folders to be removed.
    folders: Vec<PathBuf>,
    are_done: bool,
}

impl Interruption {
    /// Removes what has to be removed. Nothing more is begun after that; the process can end.
    pub fn come(&self) {
        self.shared.has_come.store(true, Ordering::SeqCst);
        let mut duties = self.lock();
        let stops = duties.stops.iter().filter_map(WeakStop::upgrade);
        let stops: Vec<Stop> = stops.collect();
        stops.iter().for_each(Stop::stop);
        let worked_in = stops.iter().flat_map(Stop::folders);
        worked_in.for_each(|folder| remove(&folder));
        duties.folders.iter().for_each(|folder| remove(folder));
        duties.are_done = true;
        self.shared.are_done.notify_all();
    }

    /// Returns what ends programs that are started with it, which an interruption does as well.
    pub(super) fn stop(&self) -> Stop {
        let stop = Stop::default();
        let mut duties = self.lock();
        if self.has_come() {
            stop.stop();
        }
        duties.stops.retain(|stop| stop.upgrade().is_some());
        duties.stops.push(stop.downgrade());
        stop
    }

    /// Does `make`, and takes on the removal of the `folder` that it makes.
    ///
    /// An interruption that comes meanwhile waits until the folder is known: none is left behind.
    pub(super) fn while_making<T, E: From<Interrupted>>(
        &self,
        make: impl FnOnce() -> Result<T, E>,
        folder: impl FnOnce(&T) -> PathBuf,
    ) -> Result<T, E> {
        let mut duties = self.lock_unless_come()?;
        let made = make()?;
        duties.folders.push(folder(&made));
        Ok(made)
    }

    /// Publishes the `folder` that was filled in secret, if no interruption came before.
    ///
    /// One that comes meanwhile waits for the act, and then does not remove that folder: it is the environment now. What
    /// other sessions are filling stays its duty.
    pub(super) fn while_publishing<T>(
        &self,
        folder: &Path,
        act: impl FnOnce() -> T,
    ) -> Result<T, Interrupted> {
        let mut duties = self.lock_unless_come()?;
        duties.folders.retain(|duty| duty != folder);
        let result = act();
        drop(duties);
        self.check().map(|()| result)
    }

    /// Checks that no interruption came; otherwise waits until everything is removed.
    pub(super) fn check(&self) -> Result<(), Interrupted> {
        if !self.has_come() {
            return Ok(());
        }
        let mut duties = self.lock();
        while !duties.are_done {
            let woken = self.shared.are_done.wait(duties);
            duties = woken.unwrap_or_else(PoisonError::into_inner);
        }
        Err(Interrupted)
    }

    fn has_come(&self) -> bool {
        self.shared.has_come.load(Ordering::SeqCst)
    }

    fn lock_unless_come(&self) -> Result<MutexGuard<'_, Duties>, Interrupted> {
        let duties = self.lock();
        if !self.has_come() {
            return Ok(duties);
        }
        drop(duties);
        self.check()?;
        Err(Interrupted)
    }

    fn lock(&self) -> MutexGuard<'_, Duties> {
        let duties = self.shared.duties.lock();
        duties.unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove(folder: &Path) {
    for _ in 0..MOST_ATTEMPTS {
        if removal::remove(folder).is_ok() || !folder.exists() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread::{self, ScopedJoinHandle};

    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Fault {
        #[error(transparent)]
        Io(#[from] std::io::Error),
        #[error(transparent)]
        Interrupted(#[from] Interrupted),
    }

    /// A folder that is being filled, and the interruption that has to remove it.
    fn with_duty() -> (Interruption, tempfile::TempDir) {
        let (interruption, place) = (Interruption::default(), tempfile::tempdir().unwrap());
        let folder = place.path().join("draft");
        make(&interruption, &folder).unwrap();
        (interruption, place)
    }

    fn make(interruption: &Interruption, folder: &Path) -> Result<(), Fault> {
        let make = || Ok(fs::create_dir(folder)?);
        interruption.while_making(make, |()| folder.to_owned())
    }

    /// Has the interruption come from another thread, as far as it can come now.
    fn come<'scope>(
        interruption: &'scope Interruption,
        scope: &'scope thread::Scope<'scope, '_>,
    ) -> ScopedJoinHandle<'scope, ()> {
        let handler = scope.spawn(|| interruption.come());
        while !interruption.has_come() {
            thread::yield_now();
        }
        handler
    }

    #[test]
    fn what_comes_while_publishing_removes_nothing() {
        let (interruption, place) = with_duty();
        let published = thread::scope(|scope| {
            let draft = place.path().join("draft");
            interruption.while_publishing(&draft, || {
                drop(come(&interruption, scope));
                assert!(place.path().join("draft").exists());
            })
        });
        assert_eq!(published, Err(Interrupted));
        assert!(place.path().join("draft").exists());
    }

    #[test]
    fn what_is_made_when_an_interruption_comes_is_removed() {
        let (interruption, place) = (Interruption::default(), tempfile::tempdir().unwrap());
        let folder = place.path().join("draft");
        thread::scope(|scope| {
            let make = || {
                drop(come(&interruption, scope));
                Ok::<_, Fault>(fs::create_dir(&folder)?)
            };
            let made = interruption.while_making(make, |()| folder.clone());
            made.unwrap();
            assert_eq!(interruption.check(), Err(Interrupted));
        });
        assert!(!folder.exists());
        let late = make(&interruption, &folder);
        assert!(matches!(late, Err(Fault::Interrupted(_))));
        assert!(!folder.exists());
    }

    #[test]
    fn what_comes_before_publishing_removes_the_draft_and_nothing_is_published() {
        let (interruption, place) = with_duty();
        interruption.come();
        assert!(!place.path().join("draft").exists());
        let draft = place.path().join("draft");
        let published = interruption.while_publishing(&draft, || panic!("published"));
        assert_eq!(published, Err(Interrupted));
    }

    #[test]
    fn what_another_session_fills_is_removed_although_one_has_published() {
        let (interruption, place) = with_duty();
        let other = place.path().join("other");
        make(&interruption, &other).unwrap();
        let published = interruption.while_publishing(&place.path().join("draft"), || ());
        assert_eq!(published, Ok(()));
        interruption.come();
        assert!(place.path().join("draft").exists() && !other.exists());
    }

    #[test]
    fn who_checks_waits_until_everything_is_removed() {
        let (interruption, place) = with_duty();
        thread::scope(|scope| {
            let duties = interruption.lock();
            drop(come(&interruption, scope));
            let checked = scope.spawn(|| {
                let checked = interruption.check();
                (checked, place.path().join("draft").exists())
            });
            drop(duties);
            assert_eq!(checked.join().unwrap(), (Err(Interrupted), false));
        });
    }

    #[test]
    fn programs_are_ended() {
        let interruption = Interruption::default();
        let before = interruption.stop();
        assert!(!before.is_stopped());
        interruption.come();
        assert!(before.is_stopped() && interruption.stop().is_stopped());
        // What a session has done with is not kept.
        assert_eq!(interruption.lock().stops.len(), 2);
        interruption.stop();
        assert_eq!(interruption.lock().stops.len(), 2);
    }

    #[test]
    fn what_cannot_be_made_leaves_nothing_to_remove() {
        let (interruption, place) = with_duty();
        let again = make(&interruption, &place.path().join("draft"));
        assert!(matches!(again, Err(Fault::Io(_))));
        assert_eq!(interruption.lock().folders.len(), 1);
    }
}
