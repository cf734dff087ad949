//! What a test needs of the machine and does not find.

use std::env;

/// Says that a test, or a part of one, does not run because the machine lacks `what`.
///
/// # Panics
///
/// If `LOCK2VENV_REQUIRE` is `all`, as it is in `.ci/run`, or `machine`: there nothing may be missing that can be installed.
#[track_caller]
pub(crate) fn missing(what: &str) {
    skip(what, &["all", "machine"]);
}

/// Says that a test does not run because the data that it needs are not part of the repository.
///
/// # Panics
///
/// If `LOCK2VENV_REQUIRE` is `all`.
#[track_caller]
pub(crate) fn missing_data(what: &str) {
    skip(what, &["all"]);
}

/// Says that a test does not run because the machine lacks `what`, which nothing requires: it is large, or slow to start.
#[track_caller]
pub(crate) fn missing_option(what: &str) {
    skip(what, &[]);
}

#[track_caller]
#[allow(
    clippy::print_stderr,
    reason = "a test that leaves something out says so"
)]
fn skip(what: &str, forbidden_by: &[&str]) {
    let required = env::var("LOCK2VENV_REQUIRE").unwrap_or_default();
    assert!(
        !forbidden_by.contains(&required.as_str()),
        "`LOCK2VENV_REQUIRE={required}`, and there is no {what}"
    );
    eprintln!("skipped: there is no {what}");
}
