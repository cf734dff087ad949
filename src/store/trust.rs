//! How much of what a cache folder holds is trusted: the one rule, for all that is kept.
//!
//! Where nobody but ourselves and root may write, a name is trusted, together with what stands beside it (a size, a seal,
//! times). Where others may, archives are copied and hashed each time, and nothing else is used: there is no digest that
//! could prove a file of an unpacked wheel, bytecode, an answer or an address. What belongs to another user is not written.

use std::io;
use std::path::Path;

use super::built::BuiltWheels;
use super::interpreters::Answers;
use super::layout::{Key, Kind, Layout};
use super::packs::Packs;
use super::requirements::RequirementFiles;
use crate::digest::Digest;
use crate::platform::owner::Owner;

/// Tells whether nobody but ourselves and root may write to a cache folder and its folders, as far as they are there: whoever
/// may write to one of them can put another in the place of what is in it.
pub(super) fn is_private(layout: &Layout) -> bool {
    let is_one = |folder: &Path| match std::fs::metadata(folder) {
        Ok(metadata) => Owner::from(&metadata).is_private(),
        Err(cause) => cause.kind() == io::ErrorKind::NotFound,
    };
    let mut kinds = Kind::ALL.into_iter();
    [layout.dir(), layout.root()].into_iter().all(is_one)
        && is_one(&layout.drafts())
        && kinds.all(|kind| is_one(&layout.folder(kind)))
}

/// A cache folder that nobody but ourselves and root may write to, as far as it is there: what is kept in it is used
/// without being hashed.
#[derive(Clone, Debug)]
pub struct PrivateCache {
    layout: Layout,
}

impl PrivateCache {
    /// Looks at the cache folder `dir`; `None` when others may write to it, or nobody can tell.
    pub fn at(dir: &Path) -> Option<Self> {
        let layout = Layout::at(dir);
        is_private(&layout).then_some(Self { layout })
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Returns the answers of interpreters.
    pub(crate) fn answers(&self) -> Answers<'_> {
        Answers::new(&self.layout)
    }

    /// Returns the records of wheels that were built here.
    pub(crate) fn built(&self) -> BuiltWheels<'_> {
        BuiltWheels::new(&self.layout)
    }

    /// Returns what is known of files that were build requirements.
    pub(crate) fn requirement_files(&self) -> RequirementFiles<'_> {
        RequirementFiles::new(&self.layout)
    }

    /// Tells whether the wheel with `digest` is there unpacked.
    pub(crate) fn has_wheel(&self, digest: &Digest) -> bool {
        self.layout.place(Kind::Wheels, &Key::of(digest)).is_dir()
    }

    /// Returns the packs of bytecode.
    pub(crate) fn packs(&self) -> Packs<'_> {
        Packs::new(&self.layout)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[track_caller]
    fn private(dir: &Path, mode: u32, expected: bool) {
        assert_eq!(PrivateCache::at(dir).is_some(), expected, "{mode:o}");
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_not_trusted_nor_what_is_around_it() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::at(folder.path());
        let kinds = Kind::ALL.map(|kind| layout.folder(kind));
        for kind in &kinds {
            std::fs::create_dir_all(kind).unwrap();
        }
        std::fs::create_dir(layout.drafts()).unwrap();
        let (root, drafts) = (layout.root().to_owned(), layout.drafts());
        let others = [layout.dir().to_owned(), root, drafts];
        for path in kinds.iter().chain(&others) {
            for mode in [0o770, 0o702, 0o777, 0o1777, 0o700, 0o755, 0o750] {
                set_mode(path, mode);
                private(layout.dir(), mode, mode & 0o022 == 0);
            }
        }
    }

    #[test]
    fn a_folder_that_is_not_there_will_be_ours() {
        let folder = tempfile::tempdir().unwrap();
        private(&folder.path().join("absent"), 0, true);
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        private(&file.join("below"), 0, false);
    }
}
