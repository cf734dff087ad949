//! Holds every file of a lock against what its index offers under that name.
//!
//! [`VerifyPlan::new`] decides which index is asked for what, and [`VerifyPlan::run`] asks, with one request for each package
//! of each index, and with [`Proof::Bytes`] one more for each file, whose bytes are hashed as they arrive. Answers come from
//! indexes alone: no cache is read or written.
//!
//! An index that cannot be asked is reported with the packages that are locked from it; the others are still asked.

mod ask;
mod assembly;
mod downloads;
mod json;
mod judge;
mod question;
mod report;
mod run;
mod workers;

pub use question::VerifyPlan;
pub use report::{
    Bytes, LockedFile, Offer, Origin, PageFailure, Verdict, VerdictCounts, VerifiedPackage,
    VerifyReport,
};
pub use run::{Proof, VerifyOptions};
