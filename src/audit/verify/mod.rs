//! Holds every file of a lock against what its index offers under that name.
//!
//! [`VerifyPlan::new`] decides which index is asked for what, and [`VerifyPlan::run`] asks, with one request for each package
//! of each index, and with [`Proof::Bytes`] one more for each file, whose bytes are hashed as they arrive. Answers come from
//! indexes alone: no cache is read or written.
//!
//! [`VerifyPlan::attest`] then verifies the attestations (PEP 740) that indexes offer beside files, and holds who made them against
//! a [`Record`](crate::attestation::Record), which [`read_record`] and [`write_record`] keep.
//!
//! An index that cannot be asked is reported with the packages that are locked from it; the others are still asked.

mod ask;
mod assembly;
mod attest;
mod attestation;
mod causes;
mod downloads;
mod json;
mod json_attestation;
mod judge;
mod question;
mod reach;
mod record_file;
mod recording;
mod report;
mod run;
mod workers;

pub use attest::AttestOptions;
pub use attestation::{Attestation, AttestationCounts};
pub use question::VerifyPlan;
pub use record_file::{RECORD_FILE, RecordFileError, read_record, write_record};
pub use recording::Extent;
pub use report::{
    Bytes, LockedFile, Offer, Origin, PageFailure, Verdict, VerdictCounts, VerifiedPackage,
    VerifyReport,
};
pub use run::{Proof, VerifyOptions};
