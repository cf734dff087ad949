//! What can be wrong with attestations.

use std::error::Error;
use std::fmt;

use crate::filename;

/// Why the attestations of a file prove nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The document is not a provenance object.
    #[error("its provenance cannot be read")]
    Provenance(#[source] serde_json::Error),
    /// The document, or an attestation in it, has another version than 1.
    #[error("its provenance has version {0}, and only 1 is known")]
    Version(u64),
    /// There is no attestation in it.
    #[error("its provenance holds no attestation")]
    Empty,
    /// There are too many of them.
    #[error("its provenance holds {n_attestations} attestations, and {limit} are allowed")]
    TooMany {
        /// How many there are.
        n_attestations: usize,
        /// How many may be there.
        limit: usize,
    },
    /// The document is too large.
    #[error("its provenance is larger than {limit} bytes")]
    TooLarge {
        /// How large it may be.
        limit: usize,
    },
    /// The publisher is of a kind that is not known, so nothing says which certificates are its own.
    #[error("publishers of kind `{0}` are not known")]
    PublisherKind(String),
    /// A publisher is not described in full.
    #[error("its publisher of kind `{kind}` has no `{field}`")]
    PublisherField {
        /// The kind.
        kind: String,
        /// What is missing.
        field: &'static str,
    },
    /// The lock has no SHA-256, which is what attestations are about.
    #[error("poetry.lock has no SHA-256 of it")]
    NotLocked,
    /// The lock has several files of that name, and one of them has no attestation.
    #[error("none of its attestations is about sha256:{0}, which poetry.lock has as well")]
    Unattested(String),
    /// The locked name is not that of a distribution.
    #[error("its name is not that of a distribution")]
    FileName(#[source] filename::Error),
    /// Bytes are not written as base64.
    #[error("an attestation is not base64")]
    Base64(#[source] base64::DecodeError),
    /// The signature, the certificate, or its entries in logs are not what the trusted root makes valid.
    #[error("an attestation cannot be verified")]
    Sigstore(#[source] SigstoreError),
    /// What was signed is not an in-toto statement.
    #[error("an attestation signs no in-toto statement")]
    Statement(#[source] serde_json::Error),
    /// It is a statement of another kind.
    #[error("an attestation signs a statement of type `{0}`")]
    StatementType(String),
    /// It is not about exactly one file.
    #[error("an attestation is about {0} files")]
    Subjects(usize),
    /// It is about a file with another name.
    #[error("an attestation is about another file, `{0}`")]
    OtherName(String),
    /// It is about a file with other bytes.
    #[error("an attestation is about other bytes, {}", shown_digest(.0.as_deref()))]
    OtherDigest(Option<String>),
    /// It says something else than who published or built the file.
    #[error("an attestation has the unknown predicate `{0}`")]
    Predicate(String),
    /// The certificate is not one of the publisher that the index names.
    #[error("the certificate's {claim} is {}, not `{expected}`, as the index says", shown(found.as_deref()))]
    OtherPublisher {
        /// What differs.
        claim: &'static str,
        /// What the publisher's certificates say.
        expected: String,
        /// What this certificate says.
        found: Option<String>,
    },
}

fn shown(text: Option<&str>) -> String {
    text.map_or_else(|| "missing".to_owned(), |text| format!("`{text}`"))
}

fn shown_digest(digest: Option<&str>) -> String {
    digest.map_or_else(
        || "without a SHA-256".to_owned(),
        |digest| format!("sha256:{digest}"),
    )
}

/// Why a trusted root cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RootError {
    /// It is not one.
    #[error("not a trusted root of Sigstore")]
    Invalid(#[source] SigstoreError),
    /// The program was built without the feature `attestations`.
    #[error("attestations are not part of this build")]
    NotBuilt,
}

/// An error of the crate that verifies.
pub struct SigstoreError(Box<dyn Error + Send + Sync>);

#[cfg_attr(
    not(feature = "attestations"),
    allow(dead_code, reason = "nothing verifies without the feature")
)]
impl SigstoreError {
    pub(super) fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

impl fmt::Debug for SigstoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for SigstoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Error for SigstoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
