//! A file on its way into a store.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::backend::{Backend, Unkept};
use super::claim::Claims;
use super::draft::Draft;
use super::error::Error;
use super::layout::{Key, Kind};
use super::proof::DigestCheck;
use super::verified::VerifiedFile;
use super::warnings::Warnings;
use crate::digest::Digest;

/// A file on its way into the cache (or, without one, into a file without a name). Dropped unfinished, it leaves nothing.
#[derive(Debug)]
pub struct Writer<'a> {
    /// What keeps it.
    pub(super) home: Option<&'a Arc<dyn Backend>>,
    pub(super) draft: Draft,
    pub(super) check: DigestCheck<'a>,
    pub(super) scratch: &'a Path,
    pub(super) claims: &'a Claims,
    pub(super) warnings: &'a Warnings,
}

impl Writer<'_> {
    /// Adds `data`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], for one when the disk is full.
    pub fn write(&mut self, data: &[u8]) -> Result<(), Error> {
        let written = self.draft.write(data);
        written.map_err(|cause| self.io(cause))?;
        self.check.update(data);
        self.claims.touch();
        Ok(())
    }

    /// Returns how many bytes were added.
    pub fn n_bytes(&self) -> u64 {
        self.check.n_bytes()
    }

    /// Takes back everything that was added.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn restart(&mut self) -> Result<(), Error> {
        let emptied = self.draft.restart();
        emptied.map_err(|cause| self.io(cause))?;
        self.check.restart();
        Ok(())
    }

    /// Proves the file and puts it into its place.
    ///
    /// # Errors
    ///
    /// [`Error::Mismatch`] when it has none of the digests; it is removed then.
    pub fn finish(self) -> Result<VerifiedFile, Error> {
        let digest = self.check.finish()?;
        let Some(home) = self.home else {
            return Ok(unkept(self.draft, digest));
        };
        match home.put(Kind::Archives, &Key::of(&digest), self.draft) {
            Ok(blob) => Ok(VerifiedFile::new(blob, digest).kept_by(Arc::clone(home))),
            // It is proven and open: it can be used for this once.
            Err(failed) => {
                let Unkept { draft, path, cause } = *failed;
                self.warnings.add_not_written(&path, &cause);
                Ok(unkept(draft, digest))
            }
        }
    }

    fn io(&self, cause: io::Error) -> Error {
        Error::io(self.draft.path().unwrap_or(self.scratch), cause)
    }
}

fn unkept(draft: Draft, digest: Digest) -> VerifiedFile {
    let (blob, share) = draft.into_blob();
    VerifiedFile::new(blob, digest).with_share(share)
}
