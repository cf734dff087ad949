//! Answers of interpreters, for [`crate::fuzz`].

use std::path::Path;

use super::{Interpreter, answer};

/// Reads what a program printed that was asked as an interpreter, and what is kept of an answer.
pub fn interpreter_answer(stdout: &[u8]) -> Option<Interpreter> {
    let _ = serde_json::from_slice::<Interpreter>(stdout);
    answer::read(Path::new("/usr/bin/python3"), stdout, String::new()).ok()
}
