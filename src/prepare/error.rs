//! Why wheels could not be prepared.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::name::PackageName;
use crate::project_wheel;
use crate::store::{self, Mismatch};
use crate::url::Url;
use crate::version::Version;
use crate::{builder, configuration, git, index, wheelhouse};

/// Why wheels could not be prepared.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// An index or file server did not answer as it should.
    #[error(transparent)]
    Index(#[from] index::Error),
    /// What came is not what was locked.
    #[error("`{file}` is not the file that was locked")]
    Mismatch {
        /// The package.
        package: PackageName,
        /// The file.
        file: String,
        /// Where from.
        place: Place,
        /// What was locked, and what came.
        #[source]
        source: Box<Mismatch>,
    },
    /// The lock has no digest that could prove the file.
    #[error("poetry.lock has no digest that proves `{file}`")]
    Unproven {
        /// The package.
        package: PackageName,
        /// The file.
        file: String,
    },
    /// Files are neither in the cache nor on this machine, and the network may not be used.
    #[error("{} of the locked files are not in the cache, and the network may not be used", missing.len())]
    Offline {
        /// Each of them, in the order of the plan.
        missing: Vec<Missing>,
    },
    /// A local archive cannot be read.
    #[error("cannot read the file of `{package}`")]
    Local {
        /// The package.
        package: PackageName,
        /// The cause, with the path.
        #[source]
        source: store::Error,
    },
    /// The cache, or the folder that replaces it, cannot be used.
    #[error(transparent)]
    Cache(#[from] store::Error),
    /// A file cannot be put into the wheelhouse.
    #[error(transparent)]
    Wheelhouse(#[from] wheelhouse::Error),
    /// No thread can be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// The repository of a package could not be checked out.
    #[error("the repository of `{package}` cannot be checked out")]
    Git {
        /// The package.
        package: PackageName,
        /// The cause.
        source: Box<git::Error>,
    },
    /// A setting of Poetry's makes no sense.
    #[error(transparent)]
    Configuration(#[from] configuration::Error),
    /// The wheel of a folder could not be built.
    #[error("the wheel of `{package}` cannot be built")]
    Build {
        /// The package.
        package: PackageName,
        /// The cause.
        source: Box<project_wheel::Error>,
    },
    /// A build backend could not build a wheel, or its build environment could not be made.
    #[error("the wheel of `{package}` {version} cannot be built")]
    SourceBuild {
        /// The package.
        package: PackageName,
        /// The locked version.
        version: Version,
        /// The cause.
        source: Box<builder::Error>,
    },
    /// A build backend would have to build a wheel, and that is not wanted.
    #[error("a build backend has to build `{package}`")]
    NeedsBuild {
        /// The package.
        package: PackageName,
    },
    /// Another process removed a file from the cache while we were using it.
    #[error("`{file}` was removed from the cache meanwhile")]
    Vanished {
        /// The package.
        package: PackageName,
        /// The file.
        file: String,
    },
    /// Several things at once, in the order of the plan.
    #[error("{} {}", errors.len(), cannot(errors))]
    Several {
        /// What.
        errors: Vec<Error>,
    },
}

/// Where the bytes of a file came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A server.
    Url(Url),
    /// This machine.
    Path(PathBuf),
    /// A wheelhouse on this machine.
    Wheelhouse(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => url.fmt(formatter),
            Self::Path(path) | Self::Wheelhouse(path) => path.display().fmt(formatter),
        }
    }
}

/// A file that would have to be downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The package.
    pub package: PackageName,
    /// Its version.
    pub version: Version,
    /// The file.
    pub file: String,
}

impl Error {
    /// Tells whether it is but an effect of having ended the work.
    pub(super) fn is_cancellation(&self) -> bool {
        let is_request = matches!(self, Self::Index(error) if error.is_cancelled());
        let is_build = matches!(self, Self::SourceBuild { source, .. } if source.is_interruption());
        let is_git =
            matches!(self, Self::Git { source, .. } if matches!(**source, git::Error::Interrupted));
        is_request || is_build || is_git
    }
}

fn cannot(errors: &[Error]) -> &'static str {
    let has_build = errors
        .iter()
        .any(|error| matches!(error, Error::Build { .. } | Error::SourceBuild { .. }));
    if has_build {
        "wheels cannot be prepared"
    } else {
        "files cannot be fetched"
    }
}
