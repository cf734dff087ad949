//! What a store needs of the place that it is in: blobs, each kept under its kind and key.
//!
//! Whoever gets a blob proves it, by its digest or by the seal that is in it; a backend proves nothing, and may lose
//! anything. Only what needs a file system (links out of unpacked wheels, claims, packs that are read in pieces) goes
//! past this trait, to [`Disk`](super::disk::Disk) alone.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::blob::Blob;
use super::draft::Draft;
use super::error::Error;
use super::layout::{Key, Kind};

/// A finished draft that could not be kept.
#[derive(Debug)]
pub(super) struct Unkept {
    pub(super) draft: Draft,
    pub(super) path: PathBuf,
    pub(super) cause: io::Error,
}

/// A place that keeps blobs.
pub(super) trait Backend: fmt::Debug + Send + Sync {
    /// Finds what is kept under `key`.
    fn get(&self, kind: Kind, key: &Key) -> Result<Option<Blob>, Error>;

    /// Starts a blob.
    fn draft(&self) -> Result<Draft, Error>;

    /// Keeps a finished draft under `key`, in place of what is kept there.
    fn put(&self, kind: Kind, key: &Key, draft: Draft) -> Result<Blob, Box<Unkept>>;

    /// Removes what is kept under `key`, if anything is.
    fn remove(&self, kind: Kind, key: &Key) -> Result<(), Error>;

    /// Tells whether anything new is kept.
    fn is_written(&self) -> bool;

    /// Tells whether users other than ourselves and root may have put blobs there.
    fn is_shared(&self) -> bool;
}

/// Reads the small blob under `key`; `None` when there is none that can be read.
pub(super) fn read(backend: &dyn Backend, kind: Kind, key: &Key) -> Option<Vec<u8>> {
    backend.get(kind, key).ok()??.read().ok()
}

/// Keeps `bytes` under `key`, as far as that can be done.
pub(super) fn write(backend: &dyn Backend, kind: Kind, key: &Key, bytes: &[u8]) {
    let Ok(mut draft) = backend.draft() else {
        return;
    };
    if draft.write(bytes).is_ok() {
        drop(backend.put(kind, key, draft));
    }
}
