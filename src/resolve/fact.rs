//! What makes a solution impossible, as facts.

use std::fmt;

use super::refusal::Refusal;
use crate::name::{ExtraName, PackageName};
use crate::version::Version;

/// One fact of many that together rule out every solution.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fact {
    /// This was to be resolved.
    Required(String),
    /// Versions of a package require something.
    Dependency {
        /// The package that requires it.
        package: PackageName,
        /// The extra of it that does, if it is one.
        extra: Option<ExtraName>,
        /// The versions that do.
        versions: Versions,
        /// What they require; where they differ, the newest one's words.
        requirement: String,
        /// How many other requirements on the same package the other versions have.
        n_others: usize,
    },
    /// Versions of a package are not candidates.
    Refused {
        /// The package.
        package: PackageName,
        /// The versions.
        versions: Versions,
        /// Why.
        refusal: Refusal,
    },
    /// The index has versions of a package, and none that satisfies.
    NoneMatches {
        /// The requirement.
        requirement: String,
        /// The newest version there is.
        newest: Version,
    },
    /// The index has the project, and no file that can be installed.
    NoReleases(PackageName),
    /// The index does not have the project.
    NoProject(PackageName),
    /// What is at the address that is required cannot be used.
    NoDirect {
        /// The package.
        package: PackageName,
        /// Why.
        refusal: Refusal,
    },
}

/// Some of a package's versions, in as few words as the others allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Versions {
    /// All that are candidates.
    All,
    /// Runs of versions with no other version between them, newest first.
    Runs {
        /// The first ones.
        runs: Vec<Run>,
        /// How many runs there are beyond those.
        n_omitted: usize,
    },
}

/// Versions that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// One version.
    One(Version),
    /// From one version to another.
    Between(Version, Version),
    /// This one and all that are older.
    UpTo(Version),
    /// This one and all that are newer.
    From(Version),
}

impl fmt::Display for Fact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required(requirement) => write!(formatter, "`{requirement}` is required"),
            Self::Dependency {
                package,
                extra,
                versions,
                requirement,
                n_others,
            } => {
                let extra = extra.as_ref().map(|extra| format!("[{extra}]"));
                let extra = extra.unwrap_or_default();
                write!(
                    formatter,
                    "`{package}{extra}`{versions} requires `{requirement}`"
                )?;
                if *n_others > 0 {
                    formatter
                        .write_str(" in its newest version, and other versions of it in others")?;
                }
                Ok(())
            }
            Self::Refused {
                package,
                versions,
                refusal,
            } => write!(formatter, "`{package}`{versions} {refusal}"),
            Self::NoneMatches {
                requirement,
                newest,
            } => write!(
                formatter,
                "no version satisfies `{requirement}`; the newest is {newest}"
            ),
            Self::NoReleases(package) => {
                write!(formatter, "`{package}` has no files that can be installed")
            }
            Self::NoProject(package) => write!(formatter, "`{package}` is not in the index"),
            Self::NoDirect { package, refusal } => {
                write!(
                    formatter,
                    "`{package}` at the URL that is required {refusal}"
                )
            }
        }
    }
}

/// Begins with a space, unless it says nothing.
impl fmt::Display for Versions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Runs { runs, n_omitted } = self else {
            return Ok(());
        };
        for (place, run) in runs.iter().enumerate() {
            let before = if place == 0 { " " } else { ", " };
            write!(formatter, "{before}{run}")?;
        }
        match n_omitted {
            0 => Ok(()),
            more => write!(formatter, " and {more} more"),
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(version) => write!(formatter, "{version}"),
            Self::Between(first, last) => write!(formatter, "{first} to {last}"),
            Self::UpTo(last) => write!(formatter, "{last} and older"),
            Self::From(first) => write!(formatter, "{first} and newer"),
        }
    }
}
