//! Answers of interpreters, for [`crate::fuzz`].

use std::path::Path;

use super::{Interpreter, Said, answer};

/// Reads what a program printed that was asked as an interpreter, and what is kept of an answer.
pub fn interpreter_answer(stdout: &[u8]) -> Option<Interpreter> {
    let _ = serde_json::from_slice::<Interpreter>(stdout);
    let said = Said {
        stdout: String::from_utf8_lossy(stdout).into_owned(),
        stderr: String::new(),
    };
    answer::read(Path::new("/usr/bin/python3"), &said).ok()
}
