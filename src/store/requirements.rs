//! Which files of a project were chosen as build requirements: what is left to choose from without the network.
//!
//! A folder for each project, as certain indexes have it, and in it a file for each of its files: a text, and the digest of
//! that. The files themselves are archives or unpacked wheels like any other.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::layout::{Key, Kind, Layout};
use crate::digest::{Digest, sealed, unsealed};
use crate::platform::publish::DraftFile;

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
        let files = files(&folder);
        files.iter().filter_map(|path| read(path)).collect()
    }

    /// Records `text` for the file of `project` that has `digest`, unless something is.
    pub(crate) fn add(self, project: &Key, digest: &Digest, text: String) -> io::Result<()> {
        let key = Key::of(digest).within(project.hex());
        let path = self.layout.place(Kind::Requirements, &key);
        if path.exists() {
            return Ok(());
        }
        let mut draft = DraftFile::create_in(&self.layout.drafts())?;
        draft.write_all(sealed(text).as_bytes())?;
        let published = draft.publish(&path);
        published.map(drop).map_err(|unpublished| unpublished.cause)
    }

    /// Reads every record, and returns the paths of those that are not as they were written.
    pub(super) fn damaged(self) -> Vec<PathBuf> {
        let projects = files(&self.layout.folder(Kind::Requirements));
        let records = projects.iter().flat_map(|project| files(project));
        records.filter(|path| read(path).is_none()).collect()
    }
}

/// Lists a folder; nothing where there is none.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    unsealed(&text).map(str::to_owned)
}

#[cfg(test)]
mod tests {
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
        listed.sort();
        assert_eq!(listed, ["a", "b"]);
        assert!(records.damaged().is_empty());
        let key = Key::of(&digest(b"a")).within(one.hex());
        let path = layout.place(Kind::Requirements, &key);
        fs::write(&path, "changed").unwrap();
        assert_eq!(records.list(&one), ["b"]);
        assert_eq!(records.damaged(), [path]);
    }
}
