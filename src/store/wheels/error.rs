//! Why a file does not get out of a cached wheel.

use std::io;

use thiserror::Error;

use crate::platform::folder;

/// Why a file of a cached wheel did not get into its place. Paths are relative to the environment.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// Its place cannot be had.
    #[error(transparent)]
    Place(#[from] folder::Error),
    /// It cannot be read.
    #[error("cannot read `{path}`")]
    Read { path: String, source: io::Error },
    /// It cannot be written.
    #[error("cannot write `{path}`")]
    Write { path: String, source: io::Error },
    /// It changed between the look at it and its use.
    #[error("the cache's copy of `{path}` was changed meanwhile")]
    Changed { path: String },
    /// It does not hold what was unpacked, though its size and time are right. The wheel was removed.
    #[error("the cache's copy of `{path}` is damaged")]
    Damaged { path: String },
}

impl Error {
    pub(super) fn read(path: &str, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::Read { path, source }
    }

    pub(super) fn write(path: &str, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::Write { path, source }
    }

    pub(super) fn changed(path: &str) -> Self {
        let path = path.to_owned();
        Self::Changed { path }
    }
}
