//! Answers of interpreters, one file for each: a text, and the digest of it, so that no changed bit is trusted.

use std::io;
use std::path::{Path, PathBuf};

use super::layout::{Key, Kind, Layout};
use super::record;

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
        record::use_at(&self.path(executable))
    }

    /// Keeps the answer of `executable`.
    pub(crate) fn write(self, executable: &Path, answer: String) -> io::Result<()> {
        record::write(self.layout, &self.path(executable), answer)
    }

    /// Reads every answer, and returns the paths of those that are not as they were written.
    pub(super) fn damaged(self) -> Vec<PathBuf> {
        let paths = record::list(&self.layout.folder(Kind::Interpreters));
        let answers = paths
            .into_iter()
            .filter(|path| path.extension().is_some_and(|ending| ending == "json"));
        answers
            .filter(|path| record::read(path).is_none())
            .collect()
    }

    fn path(self, executable: &Path) -> PathBuf {
        let key = Key::of_question(executable.as_os_str().as_encoded_bytes());
        self.layout.place(Kind::Interpreters, &key)
    }
}
