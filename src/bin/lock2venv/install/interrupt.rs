//! What happens on Ctrl-C and when a container is stopped.
//!
//! The half-filled folder of a new environment is removed and the process ends at once with 130. An existing environment is
//! changed distribution by distribution, so it is left as it is: the next run completes it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::diagnose::Failure;
use crate::report::print_line;

/// The exit code of a run that was interrupted.
const INTERRUPTED: i32 = 130;

/// Other threads create files until the process ends; none can once the folder's root is gone.
const MOST_ATTEMPTS: usize = 100;

/// Watches for an interruption while it lives.
pub(super) struct Interrupt {
    has_come: Arc<AtomicBool>,
}

impl Interrupt {
    pub(super) fn watch(partial: Option<PathBuf>) -> Self {
        let has_come = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&has_come);
        let handler = move || {
            flag.store(true, Ordering::SeqCst);
            if let Some(folder) = &partial {
                remove(folder);
            }
            print_line("interrupted");
            std::process::exit(INTERRUPTED);
        };
        // Without a handler the process ends at once, and the next run removes what it left.
        let _ = ctrlc::set_handler(handler);
        Self { has_come }
    }

    /// Ends the watch. When an interruption came, whatever else failed is its consequence: waits for the end.
    pub(super) fn is_over(self) -> Result<(), Failure> {
        while self.has_come.load(Ordering::SeqCst) {
            std::thread::park();
        }
        Ok(())
    }
}

fn remove(folder: &std::path::Path) {
    for _ in 0..MOST_ATTEMPTS {
        if std::fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
    }
}
