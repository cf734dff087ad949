//! What to do when a wheel is refused: it was locked like this, or its copy in the cache is damaged.
//!
//! The cache is believed by name and size, for hashing everything again would cost more than an install from it. So a copy
//! that a failing disk or a power cut changed is found out only when it does not unpack, or is copied. Then it goes, with
//! all others that are damaged, and the install begins again: nobody has seen what it did so far.

use std::path::Path;

use lock2venv::digest::Digest;
use lock2venv::install;
use lock2venv::plan::Distribution;
use lock2venv::store::{self, Cache, Trust};

use crate::diagnose::Failure;

/// Why an install stops.
pub(super) enum Stop {
    /// Files could not be put in place.
    Install(install::Error),
    /// Something else.
    Other(Failure),
}

impl From<install::Error> for Stop {
    fn from(error: install::Error) -> Self {
        Self::Install(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

impl Stop {
    /// Removes from the cache what is not what its name says, if the install may have stopped for that; returns the names of
    /// what was damaged. Where one copy is damaged all others of the install are looked at, too.
    pub(super) fn remove_damaged(
        &self,
        distributions: &[&Distribution],
        cache: Option<Cache>,
        trees: Option<&Path>,
    ) -> Vec<String> {
        use install::Error;
        match self {
            Self::Install(
                Error::Wheel { .. } | Error::RecordDiffers { .. } | Error::Several(_),
            ) => cache.map_or_else(Vec::new, |cache| damaged_archives(distributions, cache)),
            Self::Install(Error::Damaged { path }) => {
                if let Some(trees) = trees {
                    store::verify_wheels_of(
                        trees,
                        distributions
                            .iter()
                            .flat_map(|distribution| distribution.origin.remote_digests()),
                    );
                }
                vec![path.clone()]
            }
            Self::Install(_) | Self::Other(_) => Vec::new(),
        }
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Install(error) => error.into(),
            Stop::Other(failure) => failure,
        }
    }
}

fn damaged_archives(distributions: &[&Distribution], cache: Cache) -> Vec<String> {
    let files = distributions.iter().filter_map(|distribution| {
        let digests = distribution.origin.remote_digests();
        let is_kept = !digests.is_empty() && matches!(cache.find(digests), Ok(Some(_)));
        Some((distribution.file_name().filter(|_| is_kept)?, digests))
    });
    let files: Vec<_> = files.collect();
    let cache = cache.with_trust(Trust::Nothing);
    let is_damaged = |(_, digests): &(_, &[Digest])| matches!(cache.find(digests), Ok(None));
    let damaged = files.into_iter().filter(is_damaged);
    damaged.map(|(file, _)| file.to_owned()).collect()
}
