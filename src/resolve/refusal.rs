//! Why a version of a package is not a candidate.

use std::fmt;

use crate::name::PackageName;

/// Why a version of a package is not a candidate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Refusal {
    /// It is for other versions of Python.
    RequiresPython(String),
    /// No wheel of it fits the target, and there is no source distribution.
    NoFile,
    /// A constraint excludes it.
    Constraint(String),
    /// It has only a source distribution, and builds are forbidden.
    BuildForbidden,
    /// It has only a source distribution, which would be needed to build itself.
    BuildCycle,
    /// It was withdrawn, and no requirement pins it.
    Yanked,
    /// It is a pre-release, no requirement names one, and there are stable versions.
    Prerelease,
    /// Its metadata has a requirement that cannot be read.
    InvalidDependency(String),
    /// Its metadata requires a package by URL, which only what is itself required by URL may do.
    DirectReference(PackageName),
    /// Its metadata could not be read or made; the caller knows why.
    NoMetadata,
}

/// Completes a sentence of which the version is the subject.
impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RequiresPython(python) => write!(formatter, "requires Python {python}"),
            Self::NoFile => {
                formatter.write_str("has no wheel for the target and no source distribution")
            }
            Self::Constraint(text) => write!(formatter, "is excluded by constraint `{text}`"),
            Self::BuildForbidden => formatter.write_str("has to be built, which is forbidden"),
            Self::BuildCycle => {
                formatter.write_str("has to be built, and is needed for its own build")
            }
            Self::Yanked => formatter.write_str("is yanked"),
            Self::Prerelease => formatter.write_str("is a pre-release"),
            Self::InvalidDependency(text) => {
                write!(formatter, "has a requirement that cannot be read: `{text}`")
            }
            Self::DirectReference(name) => write!(formatter, "requires `{name}` by URL"),
            Self::NoMetadata => formatter.write_str("has no readable metadata"),
        }
    }
}
