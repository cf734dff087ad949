//! Integration tests of the library and the program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

mod cache;
mod fetch;
mod index;
mod support;
