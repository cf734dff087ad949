//! Digests of what is read: of the files of a wheel, as RECORD has them, and of the archive once more.

use std::io;

use sha2::{Digest as _, Sha256};

use crate::archive::Source;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::store::VerifiedFile;

const PIECE_BYTES: usize = 128 << 10;

/// The digest that goes to RECORD, and the one that RECORD has if that is of another algorithm.
pub(in crate::install) struct Sum {
    sha256: Sha256,
    other: Option<Hasher>,
}

impl Sum {
    pub(in crate::install) fn new(recorded: Option<&Digest>) -> Self {
        let algorithm = recorded.map(Digest::algorithm);
        let other = algorithm.filter(|algorithm| *algorithm != Algorithm::Sha256);
        Self {
            sha256: Sha256::new(),
            other: other.map(Hasher::new),
        }
    }

    pub(in crate::install) fn update(&mut self, piece: &[u8]) {
        self.sha256.update(piece);
        if let Some(other) = &mut self.other {
            other.update(piece);
        }
    }

    /// Returns the SHA-256, and whether the digest that RECORD has, if it has one, is that of the same bytes.
    pub(in crate::install) fn finish(self, recorded: Option<&Digest>) -> ([u8; 32], bool) {
        let bytes: [u8; 32] = self.sha256.finalize().into();
        let fits = match (recorded, self.other.map(Hasher::finish)) {
            (None, _) => true,
            (Some(recorded), Some(other)) => other == *recorded,
            (Some(recorded), None) => recorded.bytes() == bytes,
        };
        (bytes, fits)
    }
}

/// Hashes the archive again: a cache gives an archive by its name, so only now is it certain that this is what was locked.
pub(in crate::install) fn is_as_locked(file: &VerifiedFile) -> bool {
    digest(file.source(), file.digest().algorithm()).is_ok_and(|digest| digest == *file.digest())
}

fn digest(source: &Source, algorithm: Algorithm) -> io::Result<Digest> {
    let mut hasher = Hasher::new(algorithm);
    let mut buffer = vec![0; PIECE_BYTES];
    let (mut offset, end) = (0, source.n_bytes()?);
    while offset < end {
        let n_left = usize::try_from(end - offset).unwrap_or(usize::MAX);
        let piece = &mut buffer[..n_left.min(PIECE_BYTES)];
        source.read_exact_at(piece, offset)?;
        hasher.update(piece);
        offset += piece.len() as u64;
    }
    Ok(hasher.finish())
}
