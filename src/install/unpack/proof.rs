//! Digests of what is read: of the files of a wheel, as RECORD has them, and of the archive once more.

use sha2::{Digest as _, Sha256};

use crate::digest::{Algorithm, Digest, Hasher};
use crate::store::VerifiedFile;

/// Compares a file with the digest that the wheel's RECORD has of it, while it computes the one that is installed.
pub(super) struct DigestCheck<'r> {
    recorded: Option<&'r Digest>,
    sha256: Sha256,
    /// Computes the digest that RECORD has, where that is of another algorithm.
    other: Option<Hasher>,
}

/// What came of a [`DigestCheck`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CheckedDigest {
    pub(super) sha256: [u8; 32],
    /// Whether RECORD has this digest, or none.
    pub(super) is_as_recorded: bool,
}

impl<'r> DigestCheck<'r> {
    pub(super) fn new(recorded: Option<&'r Digest>) -> Self {
        let algorithm = recorded.map(Digest::algorithm);
        let other = algorithm.filter(|algorithm| *algorithm != Algorithm::Sha256);
        Self {
            recorded,
            sha256: Sha256::new(),
            other: other.map(Hasher::new),
        }
    }

    pub(super) fn update(&mut self, piece: &[u8]) {
        self.sha256.update(piece);
        if let Some(other) = &mut self.other {
            other.update(piece);
        }
    }

    pub(super) fn finish(self) -> CheckedDigest {
        let sha256: [u8; 32] = self.sha256.finalize().into();
        let is_as_recorded = match (self.recorded, self.other.map(Hasher::finish)) {
            (None, _) => true,
            (Some(recorded), Some(other)) => other == *recorded,
            (Some(recorded), None) => recorded.bytes() == sha256,
        };
        CheckedDigest {
            sha256,
            is_as_recorded,
        }
    }
}

/// Hashes the archive again: a cache gives an archive by its name, so only now is it certain that this is what was locked.
pub(crate) fn is_as_locked(file: &VerifiedFile) -> bool {
    file.has_its_digest()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn checks(recorded: Option<&Digest>, expected: bool) {
        let mut check = DigestCheck::new(recorded);
        check.update(b"a");
        check.update(b"b");
        let checked = check.finish();
        assert_eq!(checked.is_as_recorded, expected);
        assert_eq!(
            checked.sha256,
            *Digest::of(Algorithm::Sha256, b"ab").bytes()
        );
    }

    #[test]
    fn a_file_is_compared_with_whatever_digest_record_has() {
        checks(None, true);
        for algorithm in [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
            checks(Some(&Digest::of(algorithm, b"ab")), true);
            checks(Some(&Digest::of(algorithm, b"ba")), false);
        }
    }
}
