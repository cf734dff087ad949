//! Why there is no wheel.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};

use crate::build::{self, Output};
use crate::name::PackageName;
use crate::store::Mismatch;
use crate::url::Url;
use crate::version::Version;
use crate::{
    archive, configuration, environment, git, index, install, resolve, sdist, store, wheel,
};

/// Why there is no wheel. The caller adds what was to be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The archive is refused.
    #[error("`{file}` is not a source distribution that can be built")]
    Unpack {
        /// Its name.
        file: String,
        /// What is wrong with it.
        source: sdist::Error,
    },
    /// The folder of the project is not in the archive, or leads out of it.
    #[error("`{file}` has no folder `{subdirectory}`")]
    Subdirectory {
        /// The name of the archive.
        file: String,
        /// The folder.
        subdirectory: String,
    },
    /// No build requirements can be chosen.
    #[error("the build requirements {} cannot be resolved", listing(requirements))]
    Requirements {
        /// What is required.
        requirements: Vec<String>,
        /// Why not.
        source: Box<resolve::Error<Infallible>>,
    },
    /// A package has to be built to be built.
    #[error("building {} needs itself: {}", names[0], circle(names))]
    Cycle {
        /// Each is built of source and needed to build the one before; the last is the first.
        names: Vec<PackageName>,
    },
    /// The network may not be used, and no build requirements can be chosen of what the cache has.
    #[error(
        "the cache does not have what the build requirements {} need, and the network may not be used",
        listing(requirements)
    )]
    Offline {
        /// What is required.
        requirements: Vec<String>,
        /// Why not.
        source: Box<resolve::Error<Infallible>>,
    },
    /// The network may not be used, and this file of a build requirement is not in the cache.
    #[error("the build requirement `{file}` is not in the cache, and the network may not be used")]
    NotCached {
        /// The file.
        file: String,
    },
    /// A build requirement has a URL of a kind that cannot be fetched here.
    #[error(
        "a build requirement is at `{url}`, and only git repositories, files at http, https and file URLs, and folders of this machine are supported"
    )]
    UnsupportedUrl {
        /// Where it is.
        url: Url,
    },
    /// A setting of Poetry's makes no sense.
    #[error(transparent)]
    Configuration(#[from] configuration::Error),
    /// The repository of a build requirement could not be checked out.
    #[error("the repository of the build requirement `{name}` cannot be checked out")]
    Git {
        /// The package.
        name: PackageName,
        /// Why not.
        source: Box<git::Error>,
    },
    /// An index or file server did not answer as it should.
    #[error(transparent)]
    Index(#[from] index::Error),
    /// A file of a build requirement does not have the digest that its index gives.
    #[error("`{file}` is not the file that its index lists")]
    Mismatch {
        /// The file.
        file: String,
        /// Where from.
        url: Url,
        /// What was listed, and what came.
        #[source]
        source: Box<Mismatch>,
    },
    /// A build requirement without a wheel cannot be built.
    #[error("the build requirement `{name}` {version} cannot be built")]
    Nested {
        /// The package.
        name: PackageName,
        /// Its version.
        version: Version,
        /// Why not.
        source: Box<Error>,
    },
    /// The wheel of a build requirement cannot be read.
    #[error("the wheel `{file}` cannot be read")]
    Wheel {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: archive::Error,
    },
    /// The wheel of a build requirement has no METADATA.
    #[error("the wheel `{file}` has no METADATA")]
    NoMetadata {
        /// The file.
        file: String,
    },
    /// The backend failed, its pyproject.toml is not right, or it built something else.
    #[error(transparent)]
    Backend(#[from] build::Error),
    /// What was built is no wheel that can be installed.
    #[error("`{file}` was built, which cannot be installed")]
    BadWheel {
        /// The wheel.
        file: String,
        /// What is wrong with it.
        source: Box<wheel::Error>,
    },
    /// What was built cannot be used by the interpreter that built it.
    #[error("`{file}` was built, which does not fit {target}")]
    Unfit {
        /// The wheel.
        file: String,
        /// The target, in words.
        target: String,
    },
    /// The build environment cannot be made.
    #[error("the build environment cannot be made")]
    Environment(#[from] environment::Error),
    /// The build environment cannot be filled.
    #[error("the build environment cannot be filled")]
    Install(#[from] install::Error),
    /// The cache, or the folder that replaces it, cannot be used.
    #[error(transparent)]
    Cache(#[from] store::Error),
    /// A file or folder could not be read or written.
    #[error("cannot {act} `{}`", path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// No thread can be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// [`Stop::stop`](build::Stop::stop) was called.
    #[error("the build was interrupted")]
    Interrupted,
}

impl Error {
    pub(super) fn io(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { act, path, source }
    }

    /// The same, where there was but the cache to choose from.
    pub(super) fn offline(self) -> Self {
        let Self::Requirements {
            requirements,
            source,
        } = self
        else {
            return self;
        };
        Self::Offline {
            requirements,
            source,
        }
    }

    /// The same, where the source tree in the folder `tree` is shown as `name`: the folder is a temporary one.
    #[must_use]
    pub fn with_tree_shown(self, tree: &Path, name: &str) -> Self {
        if let Self::Backend(error) = self {
            return error.with_tree_shown(tree, name).into();
        }
        self
    }

    /// Returns what the backend that failed wrote; that of a build requirement where its build did.
    pub fn output(&self) -> Option<&Output> {
        if let Self::Backend(error) = self.innermost() {
            return error.output();
        }
        None
    }

    /// Returns the build requirement whose build failed; `None` where that of the package itself did.
    pub fn nested(&self) -> Option<(&PackageName, &Version)> {
        let Self::Nested {
            name,
            version,
            source,
        } = self
        else {
            return None;
        };
        source.nested().or(Some((name, version)))
    }

    /// Returns why the innermost build failed: the error itself, or that of a build requirement.
    pub fn innermost(&self) -> &Self {
        let mut error = self;
        while let Self::Nested { source, .. } = error {
            error = source;
        }
        error
    }

    /// Tells whether the work was ended from outside.
    pub fn is_interruption(&self) -> bool {
        let error = self.innermost();
        if let Self::Index(error) = error {
            return error.is_cancelled();
        }
        if let Self::Git { source, .. } = error {
            return matches!(**source, git::Error::Interrupted);
        }
        matches!(
            error,
            Self::Interrupted | Self::Backend(build::Error::Interrupted)
        )
    }
}

fn listing(requirements: &[String]) -> String {
    let quoted: Vec<String> = requirements
        .iter()
        .map(|requirement| format!("`{requirement}`"))
        .collect();
    quoted.join(", ")
}

fn circle(names: &[PackageName]) -> String {
    let names: Vec<&str> = names.iter().map(PackageName::as_str).collect();
    names.join(" needs ")
}
