//! Answers of interpreters, one file for each: a text, and the digest of it, so that no changed bit is believed.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::digest::{Algorithm, Digest, sealed, unsealed};
use crate::platform::publish::DraftFile;

/// The folder of answers.
#[derive(Clone, Debug)]
pub(crate) struct Answers<'a> {
    folder: &'a Path,
}

impl<'a> Answers<'a> {
    /// Takes `folder`, which is made when the first answer is kept.
    pub(crate) fn at(folder: &'a Path) -> Self {
        Self { folder }
    }

    /// Reads the answer of `executable`; `None` when there is none that is whole.
    pub(crate) fn read(&self, executable: &Path) -> Option<String> {
        read(&self.path(executable))
    }

    /// Keeps the answer of `executable`.
    pub(crate) fn write(&self, executable: &Path, answer: String) -> io::Result<()> {
        let mut draft = DraftFile::create_in(self.folder)?;
        draft.write_all(sealed(answer).as_bytes())?;
        let published = draft.publish(&self.path(executable));
        published.map(drop).map_err(|unpublished| unpublished.cause)
    }

    fn path(&self, executable: &Path) -> PathBuf {
        let name = Digest::of(Algorithm::Sha256, executable.as_os_str().as_encoded_bytes());
        self.folder.join(format!("{}.json", &name.hex()[..32]))
    }
}

fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    unsealed(&text).map(str::to_owned)
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
