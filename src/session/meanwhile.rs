//! Wheels that other processes unpack into the cache while this one fetches.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::fetch::Unpacked;
use crate::install::Finder;
use crate::plan::{Distribution, DistributionId};
use crate::store::KeptWheel;

/// Looks for wheels again, and keeps what was found until it is installed.
pub(super) struct Meanwhile {
    finder: Option<Finder>,
    found: Mutex<BTreeMap<DistributionId, KeptWheel>>,
}

impl Meanwhile {
    pub(super) fn new(finder: Option<Finder>) -> Self {
        Self {
            finder,
            found: Mutex::default(),
        }
    }

    /// Hands over what was found for a distribution.
    pub(super) fn remove(&self, id: DistributionId) -> Option<KeptWheel> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.remove(&id)
    }
}

impl Unpacked for Meanwhile {
    fn take(&self, distribution: &Distribution) -> bool {
        let finder = self.finder.as_ref();
        let Some(wheel) = finder.and_then(|finder| finder.find(distribution)) else {
            return false;
        };
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.insert(distribution.id, wheel);
        true
    }
}
