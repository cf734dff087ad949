//! Where an archive strays from the strict form, though its content is beyond doubt.

use super::error::LINK;
use super::{EntryFault, Error};

/// One way in which an archive is not strict, and the entry that it is about (empty for the archive as a whole).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deviation {
    /// What is not strict.
    pub kind: DeviationKind,
    /// The entry's path.
    pub path: String,
}

/// How an archive is not strict. Every reader finds the same entries in it with the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DeviationKind {
    /// An entry is there more than once, with the same bytes and mode. It counts once.
    RepeatedEntry,
    /// An entry is a symbolic link. It counts as a file that holds the link's text.
    SymbolicLink,
    /// An entry has a comment.
    EntryComment,
    /// Zeros follow the end of the archive.
    TrailingZeros,
}

impl Deviation {
    /// Returns the error of a reader that takes nothing but strict archives.
    pub fn into_error(self) -> Error {
        let fault = match self.kind {
            DeviationKind::RepeatedEntry => EntryFault::Repeated,
            DeviationKind::SymbolicLink => LINK,
            DeviationKind::EntryComment => EntryFault::Comment,
            DeviationKind::TrailingZeros => return Error::TrailingZeros,
        };
        Error::Entry {
            path: self.path,
            fault,
        }
    }
}

impl Error {
    /// Returns the deviation that a strict reader refuses with this error; `None` for what no reader takes.
    pub(crate) fn deviation(&self) -> Option<DeviationKind> {
        match self {
            Self::TrailingZeros => Some(DeviationKind::TrailingZeros),
            Self::Entry { fault, .. } if *fault == EntryFault::Comment => {
                Some(DeviationKind::EntryComment)
            }
            Self::Entry { fault, .. } if *fault == LINK => Some(DeviationKind::SymbolicLink),
            Self::Entry { .. }
            | Self::Io(_)
            | Self::Malformed { .. }
            | Self::TooManyEntries { .. }
            | Self::TooLarge { .. }
            | Self::Bomb { .. } => None,
        }
    }
}
