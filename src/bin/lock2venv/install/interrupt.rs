//! What happens on Ctrl-C and when a container is stopped.
//!
//! The process ends at once with 130, after what it was filling in secret is removed: the folder of a new environment, or
//! the staging folder of an existing one. An existing environment is changed distribution by distribution, so it is left
//! as it is: the next run completes it. What is being published is no secret any more: that act is completed first.
//!
//! Only then is anything said, and nobody waits for it: a terminal that was stopped or a pipe that nobody reads takes no word.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lock2venv::fetch;
use lock2venv::platform::removal;

use crate::diagnose::{self, Failure};
use crate::report::print_line;

/// Other threads create files until the process ends; none can once the folder's root is gone.
const MOST_ATTEMPTS: usize = 100;

/// Saying that it ends may take this long.
const MOST_SPEECH: Duration = Duration::from_secs(1);

/// Watches for an interruption from now on.
pub(super) struct Interrupt {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    has_come: AtomicBool,
    duties: Mutex<Vec<Box<dyn Fn() + Send>>>,
    /// What is done last, and may be given up.
    last_words: Mutex<Vec<Box<dyn Fn() + Send>>>,
}

impl Interrupt {
    /// An error when the thread that watches cannot be started: signals would be lost.
    pub(super) fn watch() -> Result<Self, Failure> {
        let shared = Arc::new(Shared::default());
        let for_handler = Arc::clone(&shared);
        let handled = ctrlc::set_handler(move || {
            for_handler.come();
            for_handler.end()
        });
        match handled {
            Ok(()) => Ok(Self { shared }),
            Err(ctrlc::Error::System(cause)) => Err(fetch::Error::Thread(cause).into()),
            Err(error) => Err(Failure::new(&error)),
        }
    }

    /// Also does `act`, once every duty is done, unless it takes too long.
    pub(super) fn before_last_words(&self, act: impl Fn() + Send + 'static) {
        lock(&self.shared.last_words).push(Box::new(act));
    }

    /// Does `make`, and removes the `folder` that it makes before the process ends.
    ///
    /// An interruption that comes meanwhile waits until the folder is known: none is left behind.
    pub(super) fn while_making<T, E>(
        &self,
        make: impl FnOnce() -> Result<T, E>,
        folder: impl FnOnce(&T) -> PathBuf,
    ) -> Result<T, E> {
        let made = self.shared.with_duty(make, folder);
        made.unwrap_or_else(|| wait_for_end())
    }

    /// Publishes what was filled in secret, if no interruption came before.
    ///
    /// One that comes meanwhile waits for the act, and then finds no duties: what was to be removed is the environment now.
    pub(super) fn while_publishing<T>(&self, act: impl FnOnce() -> T) -> T {
        let result = self.shared.without_duties(act);
        self.check();
        // Always there, for what came before the act does not return from the check.
        result.unwrap_or_else(|| wait_for_end())
    }

    /// Returns unless an interruption came. Whatever else went wrong is then its consequence, and nothing to tell: waits for
    /// the end.
    pub(super) fn check(&self) {
        if self.shared.has_come.load(Ordering::SeqCst) {
            wait_for_end();
        }
    }
}

impl Shared {
    /// Does what has to be done before the process ends.
    fn come(&self) {
        self.has_come.store(true, Ordering::SeqCst);
        for duty in lock(&self.duties).iter() {
            duty();
        }
    }

    /// Says the last words, and ends the process.
    fn end(&self) -> ! {
        let watchdog = std::thread::Builder::new().spawn(|| {
            std::thread::sleep(MOST_SPEECH);
            std::process::exit(diagnose::INTERRUPTED)
        });
        if watchdog.is_ok() {
            for act in lock(&self.last_words).iter() {
                act();
            }
            print_line("interrupted");
        }
        std::process::exit(diagnose::INTERRUPTED)
    }

    /// Does `make` and takes on the removal of what it made, before whatever comes meanwhile looks for duties; `None` when it
    /// came before.
    fn with_duty<T, E>(
        &self,
        make: impl FnOnce() -> Result<T, E>,
        folder: impl FnOnce(&T) -> PathBuf,
    ) -> Option<Result<T, E>> {
        let mut duties = lock(&self.duties);
        if self.has_come.load(Ordering::SeqCst) {
            return None;
        }
        let made = make();
        if let Ok(made) = &made {
            let folder = folder(made);
            duties.push(Box::new(move || remove(&folder)));
        }
        Some(made)
    }

    /// Forgets all duties and does `act`, before whatever comes meanwhile looks for duties; `None` when it came before.
    fn without_duties<T>(&self, act: impl FnOnce() -> T) -> Option<T> {
        let mut duties = lock(&self.duties);
        if self.has_come.load(Ordering::SeqCst) {
            return None;
        }
        duties.clear();
        Some(act())
    }
}

fn wait_for_end() -> ! {
    loop {
        std::thread::park();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
    use super::*;

    fn with_duty() -> (Arc<Shared>, Arc<AtomicBool>) {
        let shared = Arc::new(Shared::default());
        let is_done = Arc::new(AtomicBool::new(false));
        let for_duty = Arc::clone(&is_done);
        let duty = move || for_duty.store(true, Ordering::SeqCst);
        lock(&shared.duties).push(Box::new(duty));
        (shared, is_done)
    }

    #[test]
    fn what_comes_while_publishing_removes_nothing() {
        let (shared, is_done) = with_duty();
        std::thread::scope(|scope| {
            let published = shared.without_duties(|| {
                let handler = scope.spawn(|| shared.come());
                while !shared.has_come.load(Ordering::SeqCst) {
                    std::thread::yield_now();
                }
                // It has come, and cannot have got past the lock.
                assert!(!is_done.load(Ordering::SeqCst));
                handler
            });
            published.unwrap().join().unwrap();
        });
        assert!(!is_done.load(Ordering::SeqCst));
    }

    #[test]
    fn what_is_made_when_an_interruption_comes_is_removed() {
        let shared = Shared::default();
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("draft");
        std::thread::scope(|scope| {
            let made = shared.with_duty(
                || {
                    let handler = scope.spawn(|| shared.come());
                    while !shared.has_come.load(Ordering::SeqCst) {
                        std::thread::yield_now();
                    }
                    std::fs::create_dir(&folder)?;
                    Ok::<_, std::io::Error>(handler)
                },
                |_| folder.clone(),
            );
            made.unwrap().unwrap().join().unwrap();
        });
        assert!(!folder.exists());
        let late = shared.with_duty(|| std::fs::create_dir(&folder), |()| folder.clone());
        assert!(late.is_none() && !folder.exists());
    }

    #[test]
    fn what_comes_before_publishing_does_its_duty_and_nothing_is_published() {
        let (shared, is_done) = with_duty();
        shared.come();
        assert!(is_done.load(Ordering::SeqCst));
        assert_eq!(shared.without_duties(|| ()), None);
    }
}
