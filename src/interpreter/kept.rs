//! Answers kept from before, as JSON, each with what it depends on.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::{Interpreter, PROBE};
use crate::digest::{Algorithm, Digest};
use crate::platform::machine::kernel;
use crate::store::{Answers, PrivateCache};

/// What an answer depends on; it holds as long as all of it is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    executable: PathBuf,
    resolved: PathBuf,
    n_bytes: u64,
    modified: (i64, i64),
    /// Markers may ask for the release of the kernel, and the cache may be on another machine than before.
    system: [String; 3],
    probe: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    key: Key,
    interpreter: Interpreter,
}

/// The place of the answer of one interpreter.
pub(super) struct AnswerPlace<'a> {
    answers: Answers<'a>,
    key: Key,
}

impl<'a> AnswerPlace<'a> {
    /// Finds the place in `cache` for the answer of `executable`.
    ///
    /// `None` when an answer must not be kept: a script that stands for an interpreter may start another one tomorrow.
    pub(super) fn of(executable: &Path, cache: &'a PrivateCache) -> Option<Self> {
        let executable = std::path::absolute(executable).ok()?;
        let resolved = fs::canonicalize(&executable).ok()?;
        let metadata = fs::metadata(&resolved).ok()?;
        if is_script(&resolved)? {
            return None;
        }
        Some(Self {
            answers: cache.answers(),
            key: Key {
                resolved,
                n_bytes: metadata.len(),
                modified: (metadata.mtime(), metadata.mtime_nsec()),
                system: kernel(),
                probe: Digest::of(Algorithm::Sha256, PROBE.as_bytes()).hex(),
                executable,
            },
        })
    }

    /// Reads the answer, when one is there, is whole and still holds.
    pub(super) fn read(&self) -> Option<Interpreter> {
        let text = self.answers.read(&self.key.executable)?;
        let kept: Kept = serde_json::from_str(&text).ok()?;
        let is_usable = kept.key == self.key && kept.interpreter.base_executable.is_file();
        is_usable.then_some(kept.interpreter)
    }

    /// Keeps the answer; when that cannot be done, it will be asked for again.
    pub(super) fn write(&self, interpreter: &Interpreter) {
        let kept = Kept {
            key: self.key.clone(),
            interpreter: interpreter.clone(),
        };
        if let Ok(text) = serde_json::to_string(&kept) {
            drop(self.answers.write(&self.key.executable, text));
        }
    }
}

fn is_script(path: &Path) -> Option<bool> {
    let mut start = [0; 2];
    fs::File::open(path).ok()?.read_exact(&mut start).ok()?;
    Some(start == *b"#!")
}
