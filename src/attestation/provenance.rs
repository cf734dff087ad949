//! What an index offers for one file: a
//! [provenance object](https://packaging.python.org/en/latest/specifications/index-hosted-attestations/), with the attestations of
//! each publisher.

use std::collections::BTreeSet;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Deserialize;
use serde_json::Value;

use super::fault::Fault;
use super::identity::Identity;
use super::publisher::WrittenPublisher;
use super::root::TrustedRoot;
use super::signed::Attestation;
use super::statement;
use crate::filename::DistributionFilename;

/// The only version there is, of the object and of attestations.
const VERSION: u64 = 1;

/// Far more than any file has: PyPI takes one attestation of each predicate.
pub(crate) const MAX_ATTESTATIONS: usize = 32;

/// The attestations of one file, read and not yet verified.
#[derive(Debug, Deserialize)]
pub struct Provenance {
    version: u64,
    attestation_bundles: Vec<Bundle>,
}

#[derive(Debug, Deserialize)]
struct Bundle {
    publisher: WrittenPublisher,
    attestations: Vec<WrittenAttestation>,
}

#[derive(Debug, Deserialize)]
struct WrittenAttestation {
    version: u64,
    verification_material: Material,
    envelope: Envelope,
}

#[derive(Debug, Deserialize)]
struct Material {
    certificate: String,
    transparency_entries: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Envelope {
    statement: String,
    signature: String,
}

impl Provenance {
    /// Reads a provenance object. Whatever more it says is passed over.
    ///
    /// # Errors
    ///
    /// When it is none, has another version, or too many attestations or none.
    pub fn parse(text: &[u8]) -> Result<Self, Fault> {
        let provenance: Self = serde_json::from_slice(text).map_err(Fault::Provenance)?;
        let written = provenance.attestations();
        let versions: Vec<u64> = written.map(|(_, written)| written.version).collect();
        let n_attestations = versions.len();
        let mut versions = [provenance.version].into_iter().chain(versions);
        if let Some(version) = versions.find(|version| *version != VERSION) {
            return Err(Fault::Version(version));
        }
        match n_attestations {
            0 => Err(Fault::Empty),
            1..=MAX_ATTESTATIONS => Ok(provenance),
            _ => Err(Fault::TooMany {
                n_attestations,
                limit: MAX_ATTESTATIONS,
            }),
        }
    }

    /// Verifies every attestation against `root`, and that it is about the file of this name and SHA-256 (64 hexadecimal digits,
    /// small); returns who made them.
    ///
    /// # Errors
    ///
    /// What is wrong with the first that proves nothing. One that is wrong makes the others worth nothing, too: an index
    /// that honestly passes on what it was given checked all.
    pub fn verify(
        &self,
        file: &str,
        sha256: &str,
        root: &TrustedRoot,
    ) -> Result<BTreeSet<Identity>, Fault> {
        let file = DistributionFilename::parse(file).map_err(Fault::FileName)?;
        let identities = self.attestations().map(|(publisher, written)| {
            let attestation = written.decode()?;
            let claims = root.verify(&attestation, sha256)?;
            statement::check(&attestation.statement, &file, sha256)?;
            publisher.identity(&claims)
        });
        identities.collect()
    }

    fn attestations(&self) -> impl Iterator<Item = (&WrittenPublisher, &WrittenAttestation)> {
        let bundles = self.attestation_bundles.iter();
        bundles.flat_map(|bundle| {
            let attestations = bundle.attestations.iter();
            attestations.map(|attestation| (&bundle.publisher, attestation))
        })
    }
}

impl WrittenAttestation {
    fn decode(&self) -> Result<Attestation<'_>, Fault> {
        Ok(Attestation {
            certificate: decode(&self.verification_material.certificate)?,
            statement: decode(&self.envelope.statement)?,
            signature: decode(&self.envelope.signature)?,
            log_entries: &self.verification_material.transparency_entries,
        })
    }
}

/// Decodes base64, in which Python's encoder ends lines.
fn decode(text: &str) -> Result<Vec<u8>, Fault> {
    let mut text = text.to_owned();
    text.retain(|character| !character.is_ascii_whitespace());
    BASE64_STANDARD.decode(text).map_err(Fault::Base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        Provenance::parse(text.as_bytes()).unwrap_err().to_string()
    }

    fn bundle(attestations: &str) -> String {
        format!(
            r#"{{"version":1,"attestation_bundles":[{{"publisher":{{"kind":"x"}},"attestations":[{attestations}]}}]}}"#
        )
    }

    const ATTESTATION: &str = r#"{"version":1,"verification_material":{"certificate":"","transparency_entries":[]},"envelope":{"statement":"","signature":""}}"#;

    #[test]
    fn odd_documents_are_refused() {
        for odd in [
            "",
            "null",
            "[]",
            "{}",
            "{",
            r#"{"version":"1"}"#,
            &"[".repeat(100_000),
        ] {
            assert_eq!(fault(odd), "its provenance cannot be read");
        }
        assert_eq!(fault(&bundle("")), "its provenance holds no attestation");
        let none = r#"{"version":1,"attestation_bundles":[]}"#;
        assert_eq!(fault(none), "its provenance holds no attestation");
        let version = none.replace('1', "2");
        assert_eq!(
            fault(&version),
            "its provenance has version 2, and only 1 is known"
        );
        let inner = bundle(&ATTESTATION.replace(":1", ":3"));
        assert_eq!(
            fault(&inner),
            "its provenance has version 3, and only 1 is known"
        );
        let many = bundle(&vec![ATTESTATION; 33].join(","));
        assert_eq!(
            fault(&many),
            "its provenance holds 33 attestations, and 32 are allowed"
        );
        assert!(Provenance::parse(bundle(ATTESTATION).as_bytes()).is_ok());
    }
}
