//! Why a pyproject.toml could not be read.

use std::path::PathBuf;

use super::POETRY_VERSION;
use super::position::{merge_conflict, position};
use crate::name::PackageName;
use crate::url::shown;
use crate::version;

/// Why a pyproject.toml could not be read. The text is Poetry's where Poetry has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not TOML.
    #[error("pyproject.toml is not valid TOML: line {line}, column {column}: {message}")]
    Toml {
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What the TOML reader says.
        message: String,
    },
    /// A merge left its conflict markers.
    #[error("pyproject.toml has a merge conflict: line {line}, column 1")]
    MergeConflict {
        /// The line of the first marker, from 1.
        line: usize,
    },
    /// The project wants another Poetry.
    #[error("This project requires Poetry {0}, but you are using Poetry {POETRY_VERSION}")]
    RequiresPoetry(String),
    /// Values have the wrong shape.
    #[error("The Poetry configuration is invalid:\n{}", list(faults))]
    Invalid {
        /// The faults.
        faults: Vec<String>,
    },
    /// The project's version is not one.
    #[error("Invalid version '{version}' on package {name}")]
    Version {
        /// What stands there.
        version: String,
        /// The project.
        name: PackageName,
    },
    /// A version constraint cannot be read.
    #[error("Could not parse version constraint: {0}")]
    Constraint(String),
    /// A requirement in standard form cannot be read.
    #[error("the requirement `{requirement}` is invalid: {reason}")]
    Requirement {
        /// The requirement.
        requirement: String,
        /// What is wrong.
        reason: String,
    },
    /// A dependency cannot be read.
    #[error("the dependency `{name}` is invalid: {reason}")]
    Dependency {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// `[tool.poetry.dependencies.python]` allows what `requires-python` does not.
    #[error(
        "The Python constraint in [tool.poetry.dependencies] \"{python}\" is not a subset of \"requires-python\" in [project] \"{requires_python}\""
    )]
    PythonNotSubset {
        /// The former.
        python: String,
        /// The latter.
        requires_python: String,
    },
    /// No Python satisfies the project's constraint.
    #[error("no Python satisfies the constraint `{0}` of the project")]
    NoPython(String),
    /// A group includes one that is not there.
    #[error("Group '{group}' includes group '{included}' which is not defined.")]
    UnknownInclude {
        /// The group.
        group: String,
        /// The one that is not there.
        included: String,
    },
    /// A group includes another twice.
    #[error("Dependency group {0} is already included")]
    IncludedTwice(String),
    /// `[project]` and `[tool.poetry]` name different places for one dependency.
    #[error("Cannot enrich dependency with different sources: {standard} and {poetry}")]
    DifferentSources {
        /// The dependency in `[project]`.
        standard: String,
        /// The dependency in `[tool.poetry]`.
        poetry: String,
    },
    /// No version satisfies both `[project]` and `[tool.poetry]`.
    #[error("Cannot enrich dependency with incompatible constraints: {standard} and {poetry}")]
    IncompatibleConstraints {
        /// The dependency in `[project]`.
        standard: String,
        /// The dependency in `[tool.poetry]`.
        poetry: String,
    },
    /// Two sources have one name.
    #[error("A repository with name {0} was already added.")]
    DuplicateSource(String),
    /// PyPI was given an address.
    #[error("The PyPI repository cannot be configured with a custom url.")]
    PypiWithUrl,
    /// A source has no address.
    #[error("Missing [url] in source '{0}'.")]
    SourceWithoutUrl(String),
    /// No source is ever asked.
    #[error("At least one source must not be configured as 'explicit'.")]
    OnlyExplicitSources,
    /// The license file is not there.
    #[error("Poetry: license file '{}' not found", .0.display())]
    LicenseFile(PathBuf),
    /// Another rule of poetry-core about metadata is broken.
    #[error("{0}")]
    Metadata(MetadataFault),
}

/// A rule about metadata that poetry-core checks while it reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataFault {
    /// `license` is a table and `license-files` is there as well.
    #[error("[project.license] must be of type string if [project.license-files] is defined.")]
    LicenseTable,
    /// An entry of `license-files` has a backslash.
    #[error(
        "Invalid entry in [project.license-files]: '{0}' (Path delimiters must be forward slashes.)"
    )]
    LicenseBackslash(String),
    /// An entry of `license-files` leaves its folder.
    #[error("Invalid entry in [project.license-files]: '{0}' ('..' must not be used.)")]
    LicenseParent(String),
    /// A group of entry points has a reserved name.
    #[error("Group '{0}' is reserved and cannot be used as a custom entry-point group.")]
    ReservedEntryPoints(String),
}

fn list(faults: &[String]) -> String {
    let lines: Vec<String> = faults
        .iter()
        .map(|fault| format!("  - {fault}\n"))
        .collect();
    lines.concat()
}

impl Error {
    pub(super) fn dependency(name: &str, reason: &str) -> Self {
        Self::Dependency {
            name: name.to_owned(),
            reason: shown(reason),
        }
    }

    pub(super) fn constraint(error: version::Error) -> Self {
        match error {
            version::Error::InvalidConstraint { text }
            | version::Error::InvalidVersion { text } => Self::Constraint(shown(&text)),
            version::Error::TooLong { .. } => Self::Constraint(error.to_string()),
        }
    }

    pub(super) fn requirement(requirement: &str, reason: &str) -> Self {
        Self::Requirement {
            requirement: shown(requirement),
            reason: shown(reason),
        }
    }
}

pub(super) fn toml_error(text: &str, error: &toml::de::Error) -> Error {
    let (line, column) = position(text, error.span().map_or(0, |span| span.start));
    if let Some(line) = merge_conflict(text, line) {
        return Error::MergeConflict { line };
    }
    Error::Toml {
        line,
        column,
        message: error.message().to_owned(),
    }
}
