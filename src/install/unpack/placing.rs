//! Where one thread puts files of a wheel, and what came of that.

use std::io::Write as _;

use crate::install::Error;
use crate::install::place::contents::NumberedItem;
use crate::install::place::placed::{Contested, ContestedContent, Placed, Progress};
use crate::platform::folder::{Created, Place};

/// Where one thread puts files of a wheel, and what came of that.
pub(super) struct Placing<'p> {
    pub(super) place: Place<'p>,
    pub(super) progress: Progress,
}

/// Whether a file that is written may be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Executable {
    Yes,
    No,
}

/// Whether a file is in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placement {
    InPlace,
    Contested,
}

impl<'p> Placing<'p> {
    pub(super) fn new(place: Place<'p>) -> Self {
        Self {
            place,
            progress: Progress::default(),
        }
    }

    /// Notes a file of the wheel, as it is in the wheel.
    pub(super) fn note(&mut self, item: NumberedItem<'_>, digest: [u8; 32], placement: Placement) {
        self.note_placed(item, Placed::of(item.item, digest), placement);
    }

    /// Notes a file of the wheel, of which more is known than its item says.
    pub(super) fn note_placed(
        &mut self,
        item: NumberedItem<'_>,
        placed: Placed,
        placement: Placement,
    ) {
        match placement {
            Placement::InPlace => self.progress.placed.push(placed),
            Placement::Contested => self.progress.contested.push(Contested {
                placed,
                is_executable: item.item.is_executable,
                content: ContestedContent::Item(item.index),
            }),
        }
    }

    /// Puts a file with `content` in place, unless something is there.
    pub(super) fn put(
        &mut self,
        path: &str,
        content: Vec<u8>,
        executable: Executable,
    ) -> Result<(), Error> {
        let placed = Placed::of_content(path, &content);
        let is_executable = executable == Executable::Yes;
        match self.place.create(path, is_executable)? {
            Created::New(mut file) => {
                let written = file.write_all(&content);
                let written = written.and_then(|()| self.place.date(&file));
                written.map_err(|cause| self.place.write_error(path, cause))?;
                self.progress.placed.push(placed);
            }
            Created::Exists => self.progress.contested.push(Contested {
                placed,
                is_executable,
                content: ContestedContent::Generated(content),
            }),
        }
        Ok(())
    }
}
