//! Why there is no solution.

use super::candidates::Question;
use super::dependency::InvalidDependency;
use super::fact::Fact;
use crate::name::PackageName;

/// Why there is no solution; `E` is why [`Candidates`](super::Candidates) could not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error<E> {
    /// What was to be resolved cannot be read.
    #[error(transparent)]
    Input(#[from] InvalidInput),
    /// No versions satisfy all requirements.
    #[error("no versions satisfy all requirements")]
    Conflict(Conflict),
    /// A question could not be answered.
    #[error("a request of the resolver failed")]
    Candidates(E),
    /// The answers do not answer the questions.
    #[error("{0:?} was not answered")]
    Unanswered(Box<Question>),
    /// The solver gave up.
    #[error("the requirements are too complex: no solution after {limit} steps")]
    TooComplex {
        /// How many steps it may take.
        limit: usize,
    },
}

/// What was to be resolved cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidInput {
    /// A requirement cannot be read.
    #[error("a requirement cannot be read")]
    Requirement(#[source] InvalidDependency),
    /// A constraint cannot be read.
    #[error("a constraint cannot be read")]
    Constraint(#[source] InvalidDependency),
    /// A constraint names extras or a URL.
    #[error("the constraint on `{0}` has an extra or a URL; it can only name versions")]
    NoConstraint(PackageName),
    /// Two requirements have different URLs for one package.
    #[error("`{0}` is required from two URLs")]
    TwoUrls(PackageName),
}

/// Facts that together rule out every solution, from the requirements down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The first facts; each is one line.
    pub beginning: Vec<Fact>,
    /// How many there are between.
    pub n_omitted: usize,
    /// The last facts; none where all are in the beginning.
    pub end: Vec<Fact>,
}
