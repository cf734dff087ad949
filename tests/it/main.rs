//! Integration tests of the library and the program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::similar_names,
    missing_docs,
    reason = "a test that cannot go on fails"
)]

mod architecture;
mod bytecode;
mod environment;
mod export;
mod interpreter;
mod marker_algebra;
