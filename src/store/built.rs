//! Which wheel came of a source that was built here before: one file for each, a text and the digest of it.
//!
//! The wheel itself is an archive like any other, kept by its own digest.

use std::io;
use std::path::PathBuf;

use super::layout::{Key, Kind, Layout};
use super::record;

/// The records of wheels that were built here, in a private cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BuiltWheels<'a> {
    layout: &'a Layout,
}

impl<'a> BuiltWheels<'a> {
    pub(super) fn new(layout: &'a Layout) -> Self {
        Self { layout }
    }

    /// Reads what is recorded for `key`; `None` when there is nothing that is whole.
    pub(crate) fn read(self, key: &Key) -> Option<String> {
        record::read(&self.layout.place(Kind::Built, key))
    }

    /// Records `text` for `key`, in place of what was there.
    pub(crate) fn write(self, key: &Key, text: String) -> io::Result<()> {
        record::write(self.layout, &self.layout.place(Kind::Built, key), text)
    }

    /// Reads every record, and returns the paths of those that are not as they were written.
    pub(super) fn damaged(self) -> Vec<PathBuf> {
        let paths = record::list(&self.layout.folder(Kind::Built));
        let damaged = |path: &PathBuf| record::read(path).is_none();
        paths.into_iter().filter(damaged).collect()
    }
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;

    #[test]
    fn a_record_is_read_as_long_as_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::at(folder.path());
        let built = BuiltWheels::new(&layout);
        let key = Key::of_question(b"a source, and what builds it");
        assert_eq!(built.read(&key), None);
        for text in ["one", "another"] {
            built.write(&key, text.to_owned()).unwrap();
            assert_eq!(built.read(&key).as_deref(), Some(text));
        }
        assert!(built.damaged().is_empty());
        let path = layout.place(Kind::Built, &key);
        let damaged = fs::read_to_string(&path).unwrap().replace("an", "on");
        fs::write(&path, damaged).unwrap();
        assert_eq!(built.read(&key), None);
        assert_eq!(built.damaged(), std::slice::from_ref(&path));
    }
}
