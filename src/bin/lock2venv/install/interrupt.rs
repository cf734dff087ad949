//! What happens on Ctrl-C and when a container is stopped.
//!
//! The process ends at once with 130, after what it was filling in secret is removed: the folder of a new environment, or
//! the staging folder of an existing one. An existing environment is changed distribution by distribution, so it is left
//! as it is: the next run completes it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnose;
use crate::report::print_line;

/// Other threads create files until the process ends; none can once the folder's root is gone.
const MOST_ATTEMPTS: usize = 100;

/// Watches for an interruption from now on.
pub(super) struct Interrupt {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    has_come: AtomicBool,
    duties: Mutex<Vec<Box<dyn Fn() + Send>>>,
}

impl Interrupt {
    pub(super) fn watch() -> Self {
        let shared = Arc::new(Shared::default());
        let for_handler = Arc::clone(&shared);
        // Without a handler the process ends at once, and the next run removes what it left.
        let _ = ctrlc::set_handler(move || {
            for_handler.has_come.store(true, Ordering::SeqCst);
            for duty in lock(&for_handler.duties).iter() {
                duty();
            }
            print_line("interrupted");
            std::process::exit(diagnose::INTERRUPTED);
        });
        Self { shared }
    }

    /// Does `duty`, too, before the process ends.
    pub(super) fn before_end(&self, duty: impl Fn() + Send + 'static) {
        lock(&self.shared.duties).push(Box::new(duty));
    }

    /// Removes `folder`, too, before the process ends.
    pub(super) fn remove_before_end(&self, folder: PathBuf) {
        self.before_end(move || remove(&folder));
    }

    /// Returns unless an interruption came. Whatever else went wrong is then its consequence, and nothing to tell: waits for
    /// the end.
    pub(super) fn check(&self) {
        while self.shared.has_come.load(Ordering::SeqCst) {
            std::thread::park();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remove(folder: &Path) {
    for _ in 0..MOST_ATTEMPTS {
        if std::fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
    }
}
