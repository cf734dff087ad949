//! A check-out on its way.

use std::io;
use std::path::Path;

use crate::platform::publish::DraftFolder;

/// A folder for a check-out, empty at first; what is in it goes with it unless it is kept.
#[derive(Debug)]
pub struct CheckoutDraft {
    folder: DraftFolder,
}

impl CheckoutDraft {
    pub(super) fn create_in(folder: &Path) -> io::Result<Self> {
        let folder = DraftFolder::create_private_in(folder)?;
        Ok(Self { folder })
    }

    /// Returns where it is now, absolute.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn publish(self, path: &Path) -> io::Result<()> {
        self.folder.publish(path)
    }
}
