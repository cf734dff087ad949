//! Proving bytes by the locked digests.

use super::error::{Error, Mismatch};
use crate::digest::{Algorithm, Digest, Hasher};

/// Hashes by each algorithm that the locked digests use; one, as a rule. Where nothing is locked, whatever comes is right.
#[derive(Debug)]
pub(super) struct DigestCheck<'a> {
    locked: &'a [Digest],
    hashers: Vec<Hasher>,
    n_bytes: u64,
}

impl<'a> DigestCheck<'a> {
    pub(super) fn new(locked: &'a [Digest]) -> Result<Self, Error> {
        if locked.is_empty() {
            return Err(Error::NoDigest);
        }
        Ok(Self {
            locked,
            hashers: new_hashers(locked),
            n_bytes: 0,
        })
    }

    /// Proves nothing: where no digest is locked, one is taken of what comes.
    pub(super) fn of_anything() -> Self {
        Self {
            locked: &[],
            hashers: vec![Hasher::new(Algorithm::Sha256)],
            n_bytes: 0,
        }
    }

    pub(super) fn restart(&mut self) {
        self.hashers = match self.locked {
            [] => Self::of_anything().hashers,
            locked => new_hashers(locked),
        };
        self.n_bytes = 0;
    }

    pub(super) fn update(&mut self, data: &[u8]) {
        for hasher in &mut self.hashers {
            hasher.update(data);
        }
        self.n_bytes += data.len() as u64;
    }

    pub(super) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Returns the locked digest that the bytes have, or their own where none is locked.
    pub(super) fn finish(self) -> Result<Digest, Error> {
        let received: Vec<Digest> = self.hashers.into_iter().map(Hasher::finish).collect();
        let is_right = |digest: &&Digest| self.locked.is_empty() || self.locked.contains(digest);
        if let Some(proven) = received.iter().find(is_right) {
            return Ok(proven.clone());
        }
        let first = received.into_iter().next().ok_or(Error::NoDigest)?;
        Err(Error::Mismatch(Box::new(Mismatch {
            locked: self.locked.to_vec(),
            received: first,
            n_bytes: self.n_bytes,
        })))
    }
}

fn new_hashers(locked: &[Digest]) -> Vec<Hasher> {
    let mut algorithms: Vec<Algorithm> = Vec::with_capacity(1);
    for digest in locked {
        if !algorithms.contains(&digest.algorithm()) {
            algorithms.push(digest.algorithm());
        }
    }
    algorithms.into_iter().map(Hasher::new).collect()
}
