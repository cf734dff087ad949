//! Who owns a file or folder, and who may write to it: the one rule for what may be trusted without looking at its bytes.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::machine::user;

/// The permissions among the bits of a mode.
const PERMISSIONS: u32 = 0o7777;
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// The owner and the mode of a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// The number of the user.
    pub(crate) user: u32,
    mode: u32,
}

impl Owner {
    /// Systems differ in the type of a mode.
    pub(crate) fn new(user: u32, mode: impl Into<u32>) -> Self {
        let mode = mode.into();
        Self { user, mode }
    }

    /// Tells whether it is ours, or root's.
    pub(crate) fn is_own(self) -> bool {
        self.user == 0 || self.user == user()
    }

    /// Tells whether nobody but ourselves and root may write to it.
    pub(crate) fn is_private(self) -> bool {
        self.is_own() && self.mode & WRITABLE_BY_OTHERS == 0
    }

    /// The permissions without the type of the file.
    pub(crate) fn permissions(self) -> u32 {
        self.mode & PERMISSIONS
    }
}

impl From<&Metadata> for Owner {
    fn from(metadata: &Metadata) -> Self {
        Self::new(metadata.uid(), metadata.mode())
    }
}

/// What permissions new files have in a folder, which the `umask` decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NewFiles {
    pub(super) plain: u32,
    pub(super) program: u32,
}

impl NewFiles {
    /// The permissions of a new file.
    pub(crate) fn permissions(self, is_executable: bool) -> u32 {
        if is_executable {
            self.program
        } else {
            self.plain
        }
    }

    /// Tells whether others may write to new files.
    pub(super) fn are_writable_by_others(self) -> bool {
        (self.plain | self.program) & WRITABLE_BY_OTHERS != 0
    }
}

/// Creates a folder and what is above it, for ourselves alone. One that is there stays as it is.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Checks that this process may create and remove names in a folder.
pub(crate) fn check_writable(folder: &Path) -> io::Result<()> {
    let access = Access::WRITE_OK | Access::EXEC_OK;
    Ok(accessat(CWD, folder, access, AtFlags::empty())?)
}
