//! What is wrong with a store, as far as it could be worked around.

use std::io;
use std::path::Path;
use std::sync::Mutex;

use super::locked::lock;
use crate::event::Warning;

/// Warnings that were not taken yet.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    all: Mutex<Vec<Warning>>,
}

impl From<Vec<Warning>> for Warnings {
    fn from(all: Vec<Warning>) -> Self {
        Self {
            all: Mutex::new(all),
        }
    }
}

impl Warnings {
    pub(super) fn take(&self) -> Vec<Warning> {
        std::mem::take(&mut *lock(&self.all))
    }

    /// Notes that a file could not be kept.
    pub(super) fn add_not_written(&self, path: &Path, cause: &io::Error) {
        let mut all = lock(&self.all);
        let is_told = |warning: &Warning| matches!(warning, Warning::CacheNotWritten { .. });
        // What keeps one file out keeps others out: one example will do.
        if !all.iter().any(is_told) {
            all.push(Warning::CacheNotWritten {
                path: path.to_owned(),
                cause: cause.to_string(),
            });
        }
    }
}
