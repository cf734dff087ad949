//! Folders for work that leaves nothing, unless it is published.

use std::io;
use std::path::Path;

use crate::platform::publish::DraftFolder;
use crate::platform::scratch::{self, ScratchFolder};

/// A folder that is empty at first; what is in it goes with it unless it is kept.
#[derive(Debug)]
pub struct WorkFolder {
    /// There is one until it is published.
    place: Option<Place>,
}

#[derive(Debug)]
enum Place {
    /// Among the drafts of a cache, where the next process removes what a killed one left.
    Draft(DraftFolder),
    /// Among temporary files.
    Scratch(ScratchFolder),
}

impl WorkFolder {
    pub(super) fn draft_in(folder: &Path) -> io::Result<Self> {
        let folder = DraftFolder::create_private_in(folder)?;
        Ok(Self {
            place: Some(Place::Draft(folder)),
        })
    }

    pub(super) fn scratch_in(folder: &Path) -> io::Result<Self> {
        let folder = ScratchFolder::create_in(folder)?;
        Ok(Self {
            place: Some(Place::Scratch(folder)),
        })
    }

    /// Returns where it is now, absolute.
    pub fn path(&self) -> &Path {
        match &self.place {
            Some(Place::Draft(folder)) => folder.path(),
            Some(Place::Scratch(folder)) => folder.path(),
            None => Path::new("/"),
        }
    }

    pub(super) fn publish(mut self, path: &Path) -> io::Result<()> {
        match self.place.take() {
            Some(Place::Draft(folder)) => folder.publish(path),
            Some(Place::Scratch(_)) | None => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        if let Some(Place::Draft(folder)) = self.place.take() {
            folder.remove();
        }
    }
}

/// Removes what killed processes left of their work folders in `folder`, where temporary files are.
pub fn tidy_temporary(folder: &Path) {
    scratch::remove_dead(folder);
}
