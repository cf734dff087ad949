//! Answers of interpreters, one file for each: a text, and the digest of it, so that no changed bit is trusted.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::layout::{Key, Kind, Layout};
use crate::digest::{sealed, unsealed};
use crate::platform::publish::DraftFile;

/// The answers that a private cache keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answers<'a> {
    layout: &'a Layout,
}

impl<'a> Answers<'a> {
    pub(super) fn new(layout: &'a Layout) -> Self {
        Self { layout }
    }

    /// Reads the answer of `executable`; `None` when there is none that is whole.
    pub(crate) fn read(self, executable: &Path) -> Option<String> {
        read(&self.path(executable))
    }

    /// Keeps the answer of `executable`.
    pub(crate) fn write(self, executable: &Path, answer: String) -> io::Result<()> {
        let mut draft = DraftFile::create_in(&self.layout.drafts())?;
        draft.write_all(sealed(answer).as_bytes())?;
        let published = draft.publish(&self.path(executable));
        published.map(drop).map_err(|unpublished| unpublished.cause)
    }

    /// Reads every answer, and returns the paths of those that are not as they were written.
    pub(super) fn damaged(self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.layout.folder(Kind::Interpreters));
        let paths = entries.into_iter().flatten().flatten();
        let paths = paths.map(|entry| entry.path());
        let answers = paths.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
        answers.filter(|path| read(path).is_none()).collect()
    }

    fn path(self, executable: &Path) -> PathBuf {
        let key = Key::of_question(executable.as_os_str().as_encoded_bytes());
        self.layout.place(Kind::Interpreters, &key)
    }
}

fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    unsealed(&text).map(str::to_owned)
}
