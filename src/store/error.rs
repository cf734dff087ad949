//! Why a store cannot keep or prove a file.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::digest::Digest;

/// Why a file could not be kept or proven.
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
    /// Something else stands where a folder of the cache has to be.
    #[error("`{}` must be a folder, not a link to one", path.display())]
    NotAFolder {
        /// The place.
        path: PathBuf,
    },
    /// The folder holds other things, and no cache of ours.
    #[error("`{}` is not a cache of lock2venv", path.display())]
    NotACache {
        /// The folder.
        path: PathBuf,
    },
    /// A process uses the cache that may not write to it, so nobody knows what of it.
    #[error("`{}` is used by a process that may only read it", path.display())]
    CacheInUse {
        /// The cache.
        path: PathBuf,
    },
    /// The file system has no locks, so nobody knows who uses the cache.
    #[error("the file system of `{}` has no locks", path.display())]
    NoLocks {
        /// The cache.
        path: PathBuf,
    },
    /// Something else stands where an archive has to be.
    #[error("`{}` is not a file", path.display())]
    NotAFile {
        /// The place.
        path: PathBuf,
    },
    /// The bytes have none of the locked digests.
    #[error(transparent)]
    Mismatch(Box<Mismatch>),
    /// There is no locked digest that could prove anything.
    #[error("no locked digest is a sha256, sha384 or sha512")]
    NoDigest,
}

/// Bytes that have none of the locked digests.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("received {n_bytes} bytes with the digest {received}")]
pub struct Mismatch {
    /// The locked digests.
    pub locked: Vec<Digest>,
    /// The digest of what was received, by the algorithm of the first locked one.
    pub received: Digest,
    /// How many bytes were received.
    pub n_bytes: u64,
}

impl Error {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
