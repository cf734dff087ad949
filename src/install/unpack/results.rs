//! What became of the wheels of a run.

use std::collections::{BTreeMap, HashSet};

use super::placed_wheel::PlacedWheel;
use crate::install::Error;
use crate::plan::{DistributionId, Plan};

/// What became of the wheels that arrived.
#[derive(Debug, Default)]
pub(super) struct Results<'a> {
    pub(super) placed: Vec<PlacedWheel<'a>>,
    /// Wheels that are refused; the others are looked at even so, that all are named.
    refused: BTreeMap<DistributionId, Error>,
    /// What ended everything.
    failure: Option<Error>,
}

impl<'a> Results<'a> {
    /// Notes that a wheel is refused; tells whether that is news.
    pub(super) fn refuse(&mut self, id: DistributionId, error: Error) -> bool {
        let is_new = !self.is_refused(id);
        self.refused.entry(id).or_insert(error);
        is_new
    }

    pub(super) fn is_refused(&self, id: DistributionId) -> bool {
        self.refused.contains_key(&id)
    }

    /// Notes what ended everything; the first cause counts.
    pub(super) fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }

    /// Returns the wheels of `plan` in its order; `taken` is how the arrival of them ended.
    pub(super) fn finish<E: From<Error>>(
        mut self,
        plan: &Plan,
        taken: Result<(), E>,
    ) -> Result<Vec<PlacedWheel<'a>>, E> {
        if let Some(error) = Error::join(self.refused.into_values().collect()) {
            return Err(error.into());
        }
        taken?;
        if let Some(error) = self.failure {
            return Err(error.into());
        }
        self.placed.sort_unstable_by_key(PlacedWheel::id);
        check_complete(plan, &self.placed)?;
        Ok(self.placed)
    }
}

fn check_complete(plan: &Plan, placed: &[PlacedWheel<'_>]) -> Result<(), Error> {
    let arrived: HashSet<DistributionId> = placed.iter().map(PlacedWheel::id).collect();
    let mut planned = plan.distributions();
    match planned.find(|planned| !arrived.contains(&planned.id)) {
        None => Ok(()),
        Some(distribution) => Err(Error::NotArrived {
            name: distribution.name.clone(),
        }),
    }
}
