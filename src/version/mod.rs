//! Versions and version constraints, as Poetry reads, combines and prints them ([version specifiers], PEP 440, and
//! Poetry's own operators `^` and `~`).
//!
//! The text of a constraint and the outcome of every set operation are those of poetry-core 2.5, faults included, because
//! exports are compared byte for byte. Where Poetry raises an exception we return an [`Error`]; nothing here panics.
//!
//! [version specifiers]: https://packaging.python.org/en/latest/specifications/version-specifiers/

mod constraint;
mod pep440;
mod region;
mod space;

pub use constraint::{Bound, Interval, Range, VersionConstraint};
pub(crate) use constraint::{CONDITION_LIMIT, n_conditions, split_alternatives};
pub use pep440::Version;
pub use region::regions;
pub(crate) use space::{is_space, trim};

/// Why a version or a version constraint could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not a version of PEP 440.
    #[error("`{text}` is not a version")]
    InvalidVersion {
        /// What was read.
        text: String,
    },
    /// The text is not a version constraint.
    #[error("`{text}` is not a version constraint")]
    InvalidConstraint {
        /// The part that could not be read.
        text: String,
    },
    /// There are more conditions than anyone would write.
    #[error("the version constraint has more than {limit} conditions")]
    TooLong {
        /// How many conditions there may be.
        limit: usize,
    },
}
