//! What a test needs of the machine and does not find.

use std::env;

/// Says that a test, or a part of one, does not run because the machine lacks `what`.
///
/// # Panics
///
/// If `LOCK2VENV_REQUIRE` is `all`, as it is in `.ci/run`: there nothing may be missing.
#[track_caller]
#[allow(
    clippy::print_stderr,
    reason = "a test that leaves something out says so"
)]
pub(crate) fn missing(what: &str) {
    let is_required = env::var_os("LOCK2VENV_REQUIRE").is_some_and(|value| value == "all");
    assert!(
        !is_required,
        "`LOCK2VENV_REQUIRE=all`, and the machine lacks {what}"
    );
    eprintln!("skipped: the machine lacks {what}");
}
