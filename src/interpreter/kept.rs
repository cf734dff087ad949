//! Answers kept from before, one file for each interpreter: JSON, and the digest of it, so that no changed bit is believed.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::{Interpreter, PROBE};
use crate::digest::{Algorithm, Digest, sealed, unsealed};

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
pub(super) struct Place {
    folder: PathBuf,
    file: PathBuf,
    key: Key,
}

impl Place {
    /// Finds the place in `folder` for the answer of `executable`.
    ///
    /// `None` when an answer must not be kept: a script that stands for an interpreter may start another one tomorrow.
    pub(super) fn of(executable: &Path, folder: &Path) -> Option<Self> {
        let executable = std::path::absolute(executable).ok()?;
        let resolved = fs::canonicalize(&executable).ok()?;
        let metadata = fs::metadata(&resolved).ok()?;
        if is_script(&resolved)? {
            return None;
        }
        let system = rustix::system::uname();
        let text = |value: &std::ffi::CStr| value.to_string_lossy().into_owned();
        let name = Digest::of(Algorithm::Sha256, executable.as_os_str().as_encoded_bytes());
        Some(Self {
            folder: folder.to_owned(),
            file: folder.join(format!("{}.json", &name.hex()[..32])),
            key: Key {
                resolved,
                n_bytes: metadata.len(),
                modified: (metadata.mtime(), metadata.mtime_nsec()),
                system: [system.machine(), system.release(), system.version()].map(text),
                probe: Digest::of(Algorithm::Sha256, PROBE.as_bytes()).hex(),
                executable,
            },
        })
    }

    /// Reads the answer, when one is there, is whole and still holds.
    pub(super) fn read(&self) -> Option<Interpreter> {
        let kept = read(&self.file)?;
        let is_usable = kept.key == self.key && kept.interpreter.base_executable.is_file();
        is_usable.then_some(kept.interpreter)
    }

    /// Keeps the answer; when that cannot be done, it will be asked for again.
    pub(super) fn write(&self, interpreter: &Interpreter) {
        let kept = Kept {
            key: self.key.clone(),
            interpreter: interpreter.clone(),
        };
        let Ok(text) = serde_json::to_string(&kept) else {
            return;
        };
        // For ourselves alone, for we may be the first to use the cache folder that this is in.
        let mut folders = std::fs::DirBuilder::new();
        folders.recursive(true).mode(0o700);
        let written = folders.create(&self.folder).and_then(|()| {
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            file.write_all(sealed(text).as_bytes())?;
            file.persist(&self.file).map_err(|error| error.error)
        });
        drop(written);
    }
}

fn read(path: &Path) -> Option<Kept> {
    let text = fs::read_to_string(path).ok()?;
    serde_json::from_str(unsealed(&text)?).ok()
}

/// Reads every answer that `folder` keeps, and removes those that are not as they were written; returns their paths.
///
/// A folder that is not there keeps nothing. A file that cannot be removed is among the paths all the same.
pub fn verify_answers(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let answers = paths.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let damaged: Vec<PathBuf> = answers.filter(|path| read(path).is_none()).collect();
    for path in &damaged {
        let _ = fs::remove_file(path);
    }
    damaged
}

fn is_script(path: &Path) -> Option<bool> {
    let mut start = [0; 2];
    fs::File::open(path).ok()?.read_exact(&mut start).ok()?;
    Some(start == *b"#!")
}
