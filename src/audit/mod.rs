//! Whether what indexes offer, and what an environment contains, is what was locked. Nothing is changed and nothing is kept.
//!
//! [`verify`] holds a lock against its indexes. What is not as it was locked is a value in a report, never an error: all of it
//! is reported, in the order of the lock.

pub mod check;
pub mod verify;
