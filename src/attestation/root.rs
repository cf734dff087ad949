//! What is trusted, and the verification of one attestation against it.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::json;
use sigstore_verify::crypto::{CertificateInfo, SubjectAltName, install_default_provider};
use sigstore_verify::types::{Bundle, Sha256Hash};
use sigstore_verify::{VerificationPolicy, Verifier, trust_root};

use super::crypto::RING;
use super::fault::{Fault, RootError, SigstoreError};
use super::publisher::Claims;
use super::signed::Attestation;

/// The authorities and logs of a Sigstore instance, with the times in which each is trusted: its `trusted_root.json`.
pub struct TrustedRoot(Verifier);

impl TrustedRoot {
    /// Reads a `trusted_root.json`.
    ///
    /// # Errors
    ///
    /// When it is none, or the program was built without the feature `attestations`.
    pub fn parse(text: &str) -> Result<Self, RootError> {
        // Who installed another before trusts that one.
        let _ = install_default_provider(&RING);
        let invalid = |error| RootError::Invalid(error);
        let root = trust_root::TrustedRoot::from_json(text);
        let root = root.map_err(|error| invalid(SigstoreError::new(error)))?;
        let verifier = Verifier::new(&root).map_err(|error| invalid(SigstoreError::new(error)))?;
        Ok(Self(verifier))
    }

    /// Verifies the signature, the certificate, and its entries in logs; returns what the certificate says.
    pub(super) fn verify(
        &self,
        attestation: &Attestation<'_>,
        sha256: &str,
    ) -> Result<Claims, Fault> {
        let bundle = bundle(attestation).map_err(Fault::Sigstore)?;
        let digest = Sha256Hash::from_hex(sha256).map_err(sigstore)?;
        // Who may sign is the publisher's affair, which is checked next.
        let policy = VerificationPolicy::any_identity();
        let verified = self.0.verify(digest, &bundle, &policy);
        let verified = verified.map_err(sigstore)?;
        let certificate = verified.certificate();
        let is_whole =
            verified.certificate_verified() && verified.sct_verified() && verified.tlog_verified();
        match certificate {
            Some(certificate) if is_whole => Ok(claims(certificate)),
            Some(_) | None => Err(sigstore("not everything was verified")),
        }
    }
}

impl fmt::Debug for TrustedRoot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TrustedRoot")
            .finish_non_exhaustive()
    }
}

/// Writes an attestation as the bundle that it was made from, as PEP 740 says.
fn bundle(attestation: &Attestation<'_>) -> Result<Bundle, SigstoreError> {
    let base64 = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": base64(&attestation.certificate)},
            "tlogEntries": attestation.log_entries,
        },
        "dsseEnvelope": {
            "payload": base64(&attestation.statement),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": base64(&attestation.signature)}],
        },
    });
    Bundle::from_json(&bundle.to_string()).map_err(SigstoreError::new)
}

fn claims(certificate: &CertificateInfo) -> Claims {
    let ci = &certificate.ci_claims;
    let email = match &certificate.identity {
        Some(SubjectAltName::Email(email)) => Some(email.clone()),
        Some(_) | None => None,
    };
    Claims {
        issuer: certificate.issuer.clone(),
        email,
        repository: ci.source_repository_uri.clone(),
        repository_id: ci.source_repository_identifier.clone(),
        owner_id: ci.source_repository_owner_identifier.clone(),
        commit: ci.source_repository_digest.clone(),
        git_ref: ci.source_repository_ref.clone(),
        build_config: ci.build_config_uri.clone(),
        build_signer: ci.build_signer_uri.clone(),
    }
}

fn sigstore(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::Sigstore(SigstoreError::new(error))
}
