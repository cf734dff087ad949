//! Why a lock could not be used, and what is odd about one.

use crate::pyproject::{merge_conflict, position};
use crate::url::WrittenUrl;

/// Why a lock could not be used. The text is Poetry's where Poetry has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not TOML.
    #[error("poetry.lock is not valid TOML: line {line}, column {column}: {message}")]
    Toml {
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What the TOML reader says.
        message: String,
    },
    /// A merge left its conflict markers.
    #[error("poetry.lock has a merge conflict: line {line}, column 1")]
    MergeConflict {
        /// The line of the first marker, from 1.
        line: usize,
    },
    /// The lock belongs to another state of pyproject.toml.
    #[error(
        "pyproject.toml changed significantly since poetry.lock was last generated. Run `poetry lock` to fix the lock file."
    )]
    Stale {
        /// The content hash in the lock.
        locked: Option<String>,
        /// The content hash of pyproject.toml.
        current: Option<String>,
    },
    /// The lock has no `[metadata]`.
    #[error(
        "The lock file does not have a metadata entry.\nRegenerate the lock file with the `poetry lock` command."
    )]
    NoMetadata,
    /// The lock does not tell its version.
    #[error(
        "The lock file is not compatible with the current version of Poetry.\nRegenerate the lock file with the `poetry lock` command."
    )]
    NoVersion,
    /// The lock has no list of packages, not even an empty one.
    #[error("poetry.lock has no `package`")]
    NoPackages,
    /// The lock has a version that cannot be read.
    #[error(
        "The lock file is not compatible with the current version of Poetry.\nUpgrade Poetry to be able to read the lock file or, alternatively, regenerate the lock file with the `poetry lock` command."
    )]
    UnknownVersion {
        /// The version.
        version: String,
        /// Its line, from 1.
        line: usize,
        /// Its column in characters, from 1.
        column: usize,
    },
    /// The lock does not list the groups of packages, and there is no pyproject.toml to find them by.
    #[error(
        "poetry.lock is older than version 2.1, which is the first that lists the groups of packages"
    )]
    NoGroups,
    /// The Pythons that the lock is for cannot be read.
    #[error("poetry.lock has invalid `python-versions`: `{0}`")]
    PythonVersions(String),
    /// A package cannot be read.
    #[error("poetry.lock, line {line}: the package `{name}` {fault}")]
    Package {
        /// The line of its `[[package]]`, from 1.
        line: usize,
        /// Its name, as far as it has one.
        name: String,
        /// What is wrong.
        fault: PackageFault,
    },
}

/// What is wrong with a package of a lock.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackageFault {
    /// A field is missing or of the wrong type.
    #[error("has no valid `{0}`")]
    Field(&'static str),
    /// The version is not one.
    #[error("has the invalid version `{0}`")]
    Version(String),
    /// `python-versions` cannot be read.
    #[error("has invalid `python-versions`: `{0}`")]
    PythonVersions(String),
    /// A marker cannot be read.
    #[error("has an invalid marker: `{0}`")]
    Marker(String),
    /// The type of its source is unknown.
    #[error("has a source of the unknown type `{0}`")]
    SourceType(String),
    /// The address of its git repository cannot be read.
    #[error("has a source that is not a git URL: `{0}`")]
    GitUrl(WrittenUrl),
    /// One of its dependencies cannot be read.
    #[error("has an invalid dependency: {0}")]
    Dependency(Box<crate::pyproject::Error>),
}

/// What is odd about a lock, but does not stop anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockWarning {
    /// The format is newer than what is known here.
    #[error(
        "The lock file might not be compatible with the current version of Poetry.\nUpgrade Poetry to ensure the lock file is read properly or, alternatively, regenerate the lock file with the `poetry lock` command."
    )]
    Newer,
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
