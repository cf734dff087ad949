//! Wheels that other processes unpack into the cache while this one fetches.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use lock2venv::fetch::Unpacked;
use lock2venv::install::{Finder, UnpackedWheel};
use lock2venv::plan::Distribution;

/// Looks for wheels again, and keeps what was found until it is installed.
pub(super) struct Meanwhile<'a> {
    distributions: &'a [&'a Distribution],
    finder: Option<Finder>,
    /// By position among the distributions.
    found: Mutex<BTreeMap<usize, UnpackedWheel>>,
}

impl<'a> Meanwhile<'a> {
    pub(super) fn new(distributions: &'a [&'a Distribution], finder: Option<Finder>) -> Self {
        Self {
            distributions,
            finder,
            found: Mutex::default(),
        }
    }

    /// Hands over what was found for the distribution at `position`.
    pub(super) fn remove(&self, position: usize) -> Option<UnpackedWheel> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.remove(&position)
    }
}

impl Unpacked for Meanwhile<'_> {
    fn take(&self, position: usize) -> bool {
        let finder = self.finder.as_ref();
        let Some(wheel) = finder.and_then(|finder| finder.find(self.distributions[position]))
        else {
            return false;
        };
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.insert(position, wheel);
        true
    }
}
