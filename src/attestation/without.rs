//! In place of what verifies, for a program that was built without the feature `attestations`.

use std::convert::Infallible;

use super::fault::{Fault, RootError};
use super::publisher::Claims;
use super::signed::Attestation;

/// The authorities and logs of a Sigstore instance. There is none in this build.
#[derive(Debug)]
pub struct TrustedRoot(Infallible);

impl TrustedRoot {
    /// Fails, as the program was built without the feature `attestations`.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn parse(_: &str) -> Result<Self, RootError> {
        Err(RootError::NotBuilt)
    }

    pub(super) fn verify(&self, _: &Attestation<'_>, _: &str) -> Result<Claims, Fault> {
        match self.0 {}
    }
}
