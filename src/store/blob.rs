//! Bytes that a backend keeps.

use std::io;
use std::path::{Path, PathBuf};

use super::error::Error;
use crate::archive::Source;
use crate::digest::{Digest, Hasher};

const PIECE_BYTES: usize = 256 << 10;

/// Bytes that are kept, not yet proven.
#[derive(Clone, Debug)]
pub(super) struct Blob {
    pub(super) source: Source,
    pub(super) n_bytes: u64,
    /// Where they are, in a backend that has places.
    pub(super) path: Option<PathBuf>,
}

impl Blob {
    /// Reads a small blob.
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        let n_bytes = usize::try_from(self.n_bytes).map_err(io::Error::other)?;
        let mut bytes = vec![0; n_bytes];
        self.source.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    /// Returns what to call the blob in a message.
    pub(super) fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new("memory"))
    }

    /// Hands over the bytes piece by piece; `path` names them in an error.
    pub(super) fn for_each_piece(
        &self,
        path: &Path,
        mut take: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut buffer = vec![0; PIECE_BYTES];
        let mut offset = 0;
        while offset < self.n_bytes {
            let n_left = usize::try_from(self.n_bytes - offset).unwrap_or(PIECE_BYTES);
            let piece = &mut buffer[..n_left.min(PIECE_BYTES)];
            let read = self.source.read_exact_at(piece, offset);
            read.map_err(|cause| Error::io(path, cause))?;
            take(piece)?;
            offset += piece.len() as u64;
        }
        Ok(())
    }

    /// Hashes the bytes.
    pub(super) fn has_digest(&self, digest: &Digest) -> Result<bool, Error> {
        let mut hasher = Hasher::new(digest.algorithm());
        self.for_each_piece(self.path(), |piece| {
            hasher.update(piece);
            Ok(())
        })?;
        Ok(hasher.finish() == *digest)
    }
}
