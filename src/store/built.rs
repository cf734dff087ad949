//! Which wheel came of a source that was built here before: one file for each, JSON and the digest of it.
//!
//! The wheel itself is an archive like any other, kept by its own digest.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::layout::{Key, Kind, Layout};
use super::record;

/// The records of wheels that were built here, in a private cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BuiltWheels<'a> {
    layout: &'a Layout,
}

/// What is recorded of a wheel that was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BuiltRecord {
    /// What it is called.
    pub(crate) file: String,
    /// The digest of the wheel, which is an archive in the cache.
    pub(crate) digest: String,
    /// What was installed to build it, for people.
    pub(crate) environment: Vec<String>,
}

impl<'a> BuiltWheels<'a> {
    pub(super) fn new(layout: &'a Layout) -> Self {
        Self { layout }
    }

    /// Reads what is recorded for `key`; `None` when there is nothing that is whole.
    pub(crate) fn read(self, key: &Key) -> Option<BuiltRecord> {
        let text = record::use_at(&self.layout.place(Kind::Built, key))?;
        serde_json::from_str(&text).ok()
    }

    /// Records `built` for `key`, in place of what was there.
    pub(crate) fn write(self, key: &Key, built: &BuiltRecord) -> io::Result<()> {
        let text = serde_json::to_string(built)?;
        record::write(self.layout, &self.layout.place(Kind::Built, key), text)
    }

    /// Lists the records that are whole, each with its path.
    pub(super) fn list(self) -> Vec<(PathBuf, BuiltRecord)> {
        let paths = record::list(&self.layout.folder(Kind::Built));
        let whole = |path: PathBuf| {
            let built = serde_json::from_str(&record::read(&path)?).ok()?;
            Some((path, built))
        };
        paths.into_iter().filter_map(whole).collect()
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
            let recorded = BuiltRecord {
                file: text.to_owned(),
                digest: String::new(),
                environment: Vec::new(),
            };
            built.write(&key, &recorded).unwrap();
            assert_eq!(built.read(&key), Some(recorded.clone()));
            assert_eq!(built.list()[0].1, recorded);
        }
        assert!(built.damaged().is_empty());
        let path = layout.place(Kind::Built, &key);
        let damaged = fs::read_to_string(&path).unwrap().replace("an", "on");
        fs::write(&path, damaged).unwrap();
        assert_eq!(built.read(&key), None);
        assert_eq!(built.damaged(), std::slice::from_ref(&path));
    }
}
