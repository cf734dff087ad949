//! Which versions satisfy requirements together: build requirements, which no lock holds.
//!
//! Requirements and versions are read as the standards have them ([dependency specifiers], [version specifiers]: PEP 508,
//! 440), not as Poetry does. Candidates are chosen as pip does, with one difference: a version with a wheel comes before a
//! newer one without (`project` says why). `PubGrub` (the crate `pubgrub`) finds a solution where there is one, and facts
//! that exclude one where there is none. The outcome depends on nothing but the [`Problem`] and the answers.
//!
//! What an index has is asked through [`Candidates`], in few rounds of many [`Question`]s each, so that the caller can ask
//! the network in parallel. When something is not known the solver stops, all that it will probably need is asked, and it
//! starts again: a run takes microseconds, a question milliseconds.
//!
//! [dependency specifiers]: https://packaging.python.org/en/latest/specifications/dependency-specifiers/
//! [version specifiers]: https://packaging.python.org/en/latest/specifications/version-specifiers/

mod candidates;
mod dependency;
mod error;
mod explain;
mod fact;
mod goal;
mod grants;
mod known;
mod metadata;
mod prefetch;
mod project;
mod provider;
mod refusal;
mod release_set;
mod solution;
mod solve;
mod specifier;

pub use candidates::{Answer, Builds, Candidates, Problem, ProjectFile, Question};
pub use dependency::{DependencySpecifier, InvalidDependency};
pub use error::{Conflict, Error, InvalidInput};
pub use fact::{Fact, Run, Versions};
pub use metadata::{CandidateMetadata, DynamicDependencies};
pub use refusal::Refusal;
pub use solution::{Requirer, ResolvedPackage, ResolvedSource, Solution};
pub use solve::resolve;
pub use specifier::{InvalidSpecifier, Specifiers};
