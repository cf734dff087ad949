//! Holds an environment against a lock, and every file in it against the RECORD of its distribution.
//!
//! [`CheckPlan::new`] reads the environment: which distributions it has, what their RECORDs list, and what is there besides. All
//! of that is compared at once; [`CheckPlan::run`] then hashes the listed files, on several threads. Nothing is written, no lock
//! is taken, and nothing in the environment is run: what is asked for its version is the interpreter that it was made of.
//!
//! RECORD is not signed, and no index is asked: who changes a file can change RECORD with it. Bytecode that is not listed is
//! known when the source of the same name is listed, and is not proven.
//!
//! A file costs an open, a look at its size, its reads and a close; a folder one read.

mod expected;
mod hash;
mod json;
mod listed;
mod plan;
mod report;
mod runtime;
mod subject;
mod walk;

pub use expected::Allowed;
pub use plan::{CheckOptions, CheckPlan, stale_lock};
pub use report::{Actual, CheckReport, Error, Problem};
pub use runtime::RuntimeFault;
