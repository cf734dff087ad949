//! Every call to the operating system that differs between Unix systems or is a trick: one verb for each, and the only place
//! that names `rustix`.
//!
//! What `std` does well is not here. A path that is opened once is never walked again: verbs that touch many files work
//! relative to an open folder (`folder`, `handle`). What systems do differently is one file a system: `linux` is compiled and run
//! by the tests; `other` (macOS and the BSDs) was written by reading, and never run.
//!
//! Nothing here knows what a wheel, a cache or an environment is.

pub(crate) mod file;
pub(crate) mod folder;
pub(crate) mod group;
pub(crate) mod handle;
pub(crate) mod link;
pub(crate) mod lock;
pub mod machine;
mod mount;
pub(crate) mod orphans;
pub(crate) mod owner;
pub(crate) mod poll;
pub(crate) mod publish;
pub mod removal;
pub(crate) mod scratch;
pub(crate) mod tree;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "other.rs"]
mod system;
