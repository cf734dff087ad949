//! Answers kept from before, one JSON file for each interpreter.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::{Interpreter, PROBE};
use crate::digest::{Algorithm, Digest};

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
        let text = fs::read_to_string(&self.file).ok()?;
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
        let Ok(text) = serde_json::to_string(&kept) else {
            return;
        };
        // For ourselves alone, for we may be the first to use the cache folder that this is in.
        let mut folders = std::fs::DirBuilder::new();
        folders.recursive(true).mode(0o700);
        let written = folders.create(&self.folder).and_then(|()| {
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            file.write_all(text.as_bytes())?;
            file.persist(&self.file).map_err(|error| error.error)
        });
        drop(written);
    }
}

fn is_script(path: &Path) -> Option<bool> {
    let mut start = [0; 2];
    fs::File::open(path).ok()?.read_exact(&mut start).ok()?;
    Some(start == *b"#!")
}
