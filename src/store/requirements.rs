//! Which files of a project were chosen as build requirements: what is left to choose from without the network.
//!
//! A folder for each project, as certain indexes have it, and in it a file for each of its files: a text, and the digest of
//! that. The files themselves are archives or unpacked wheels like any other.

use std::io;
use std::path::PathBuf;

use super::layout::{Key, Kind, Layout};
use super::record;
use crate::digest::Digest;

/// The records of files, in a private cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequirementFiles<'a> {
    layout: &'a Layout,
}

impl<'a> RequirementFiles<'a> {
    pub(super) fn new(layout: &'a Layout) -> Self {
        Self { layout }
    }

    /// Reads what is recorded of the files of `project`, in no order.
    pub(crate) fn list(self, project: &Key) -> Vec<String> {
        let folder = self.layout.folder(Kind::Requirements).join(project.hex());
        let files = record::list(&folder);
        files
            .iter()
            .filter_map(|path| record::use_at(path))
            .collect()
    }

    /// Records `text` for the file of `project` that has `digest`, unless something is.
    pub(crate) fn add(self, project: &Key, digest: &Digest, text: String) -> io::Result<()> {
        let key = Key::of(digest).within(project.hex());
        let path = self.layout.place(Kind::Requirements, &key);
        if path.exists() {
            return Ok(());
        }
        record::write(self.layout, &path, text)
    }

    /// Reads every record, and returns the paths of those that are not as they were written.
    pub(super) fn damaged(self) -> Vec<PathBuf> {
        let projects = record::list(&self.layout.folder(Kind::Requirements));
        let records = projects.iter().flat_map(|project| record::list(project));
        records
            .filter(|path| record::read(path).is_none())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;
    use crate::digest::Algorithm;

    #[test]
    fn a_project_has_its_files_as_long_as_they_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::at(folder.path());
        let records = RequirementFiles::new(&layout);
        let (one, other) = (Key::of_question(b"one"), Key::of_question(b"other"));
        assert!(records.list(&one).is_empty());
        let digest = |text: &[u8]| Digest::of(Algorithm::Sha256, text);
        for (project, text) in [(&one, "a"), (&one, "b"), (&one, "b"), (&other, "c")] {
            let added = records.add(project, &digest(text.as_bytes()), text.to_owned());
            added.unwrap();
        }
        let mut listed = records.list(&one);
        listed.sort_unstable();
        assert_eq!(listed, ["a", "b"]);
        assert!(records.damaged().is_empty());
        let key = Key::of(&digest(b"a")).within(one.hex());
        let path = layout.place(Kind::Requirements, &key);
        fs::write(&path, "changed").unwrap();
        assert_eq!(records.list(&one), ["b"]);
        assert_eq!(records.damaged(), [path]);
    }
}
