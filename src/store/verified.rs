//! Files that are proven.

use std::path::Path;
use std::sync::Arc;

use super::backend::Backend;
use super::blob::Blob;
use super::claim::Claim;
use super::memory::Share;
use crate::archive::Source;
use crate::digest::Digest;

/// An archive whose bytes have a locked digest, or any where the lock has none of it; only this module makes one.
#[derive(Debug)]
pub struct VerifiedFile {
    blob: Blob,
    pub(super) digest: Digest,
    /// What keeps it.
    pub(super) home: Option<Arc<dyn Backend>>,
    /// Whether it was proven by an earlier run, and since then by its name alone.
    pub(super) is_from_before: bool,
    /// Gives the memory back when the file is no longer needed.
    _share: Option<Share>,
    /// Others that want the file wait for what becomes of it.
    _claim: Option<Claim>,
}

impl VerifiedFile {
    /// Takes what a blob is proven to have.
    pub(super) fn new(blob: Blob, digest: Digest) -> Self {
        Self {
            blob,
            digest,
            home: None,
            is_from_before: false,
            _share: None,
            _claim: None,
        }
    }

    /// Returns the same file once more.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            blob: self.blob.clone(),
            digest: self.digest.clone(),
            home: self.home.clone(),
            is_from_before: self.is_from_before,
            _share: None,
            _claim: None,
        }
    }

    /// The same, which `home` keeps.
    pub(super) fn kept_by(self, home: Arc<dyn Backend>) -> Self {
        let home = Some(home);
        Self { home, ..self }
    }

    /// The same, which an earlier run proved.
    pub(super) fn of_an_earlier_run(self) -> Self {
        Self {
            is_from_before: true,
            ..self
        }
    }

    /// The same, which gives `share` back when it is no longer needed.
    pub(super) fn with_share(self, share: Option<Share>) -> Self {
        Self {
            _share: share,
            ..self
        }
    }

    /// Returns the bytes, for reading at positions.
    pub fn source(&self) -> &Source {
        &self.blob.source
    }

    /// Returns its size.
    pub fn n_bytes(&self) -> u64 {
        self.blob.n_bytes
    }

    /// Returns the digest that was proven.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Hashes it once more: the name alone may have proven it, and a disk may have changed it since.
    pub fn has_its_digest(&self) -> bool {
        self.blob.has_digest(&self.digest).is_ok_and(|has| has)
    }

    /// Keeps `claim` for as long as the file is used, unless the cache has it: what others wait for is then there already.
    #[must_use]
    pub fn with_claim(self, claim: Option<Claim>) -> Self {
        Self {
            _claim: claim.filter(|_| self.home.is_none()),
            ..self
        }
    }

    /// Returns where the cache keeps it; `None` for a file that is not in the cache (a local one, or one that is gone when
    /// it is closed).
    pub fn path(&self) -> Option<&Path> {
        self.blob.path.as_deref()
    }
}
