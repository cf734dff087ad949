//! Why a wheelhouse cannot be used.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::project_wheel;

/// Why a wheelhouse cannot be read or filled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused.
    #[error("cannot use `{}`", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Something else is there.
    #[error("`{}` is not a folder", path.display())]
    NotAFolder {
        /// The place.
        path: PathBuf,
    },
    /// The lock names a file that leads out of any folder.
    #[error("`{file}` is not the name of a file")]
    Name {
        /// As it is locked.
        file: String,
    },
    /// A wheel could not be written.
    #[error(transparent)]
    Wheel(#[from] Box<project_wheel::Error>),
}

impl Error {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
