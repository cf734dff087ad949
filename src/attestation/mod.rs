//! Attestations of files: signed statements of who published or built them, which an index offers beside a file
//! ([PEP 740](https://peps.python.org/pep-0740/)).
//!
//! [`Provenance`] is what an index offers for one file, and [`Provenance::verify`] proves it offline against a [`TrustedRoot`] of
//! Sigstore: the signature, the certificate's chain at the time of signing, its entry in a certificate log, the entry in a
//! transparency log with its inclusion proof and signed checkpoint, the file's name and digest, and that the certificate is the
//! publisher's whom the index names. A [`Record`] keeps the identities of publishers, so that a later change of one is noticed.
//! Where something comes from, and what a change means, is decided elsewhere.
//!
//! Cryptography is that of the crate `sigstore-verify`, with `ring` below it. It is large: without the Cargo feature
//! `attestations` everything is here but [`TrustedRoot::parse`] fails. Beside the rule for pure modules, `sigstore-verify` looks at
//! the clock to refuse entries of logs that come from the future.

mod fault;
mod identity;
mod provenance;
mod publisher;
mod record;
mod signed;
mod statement;

#[cfg(feature = "attestations")]
mod crypto;
#[cfg(feature = "attestations")]
mod root;
#[cfg(not(feature = "attestations"))]
mod without;
#[cfg(not(feature = "attestations"))]
use without as root;

/// Whether this build can verify: it has the feature `attestations`.
pub const IS_BUILT: bool = cfg!(feature = "attestations");

pub use fault::{Fault, RootError, SigstoreError};
pub use identity::Identity;
pub(crate) use provenance::MAX_ATTESTATIONS;
pub use provenance::Provenance;
pub use record::{Record, RecordError, Recorded};
pub use root::TrustedRoot;
