//! What to say when a wheel is refused: it was locked like this, or its copy in the cache is damaged.
//!
//! The cache is believed by name and size, for hashing everything again would cost more than an install from it. So a copy
//! that a failing disk or a power cut changed is found out only when it does not unpack. Then it is hashed, and goes.

use lock2venv::cache::{Cache, Trust};
use lock2venv::install;
use lock2venv::plan::{Distribution, Origin};

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
    /// Explains the stop, and removes from `cache` what is not what its name says.
    pub(super) fn explain(self, distributions: &[&Distribution], cache: Option<Cache>) -> Failure {
        let error = match self {
            Self::Install(error) => error,
            Self::Other(failure) => return failure,
        };
        let (install::Error::Wheel { file: refused, .. }
        | install::Error::RecordDiffers { file: refused, .. }) = &error
        else {
            return error.into();
        };
        let is_damaged = cache.is_some_and(|cache| is_damaged(refused, distributions, cache));
        if is_damaged {
            return Failure::text(format!("the copy of `{refused}` in the cache was damaged"))
                .detail("it was not the file that was locked any more, and was removed")
                .hint("run the same command again: the file is fetched anew");
        }
        error.into()
    }
}

fn is_damaged(refused: &str, distributions: &[&Distribution], cache: Cache) -> bool {
    let digests = distributions
        .iter()
        .find_map(|distribution| match &distribution.origin {
            Origin::Index { file, digests, .. } | Origin::Url { file, digests, .. }
                if file == refused =>
            {
                Some(digests)
            }
            Origin::Index { .. }
            | Origin::Url { .. }
            | Origin::File { .. }
            | Origin::Directory { .. } => None,
        });
    let Some(digests) = digests else { return false };
    let is_there = matches!(cache.find(digests), Ok(Some(_)));
    let cache = cache.with_trust(Trust::Nothing);
    is_there && matches!(cache.find(digests), Ok(None))
}
