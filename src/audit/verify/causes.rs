//! An error in one line.

use std::error::Error;

use crate::index;

/// Returns what an error says, with its causes.
pub(super) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Says why something could not be fetched; without an error of its own because of another's.
pub(super) fn fetch_problem(error: Option<&index::Error>) -> String {
    error.map_or_else(
        || "the server could not be reached for another file".to_owned(),
        |error| with_causes(error),
    )
}
