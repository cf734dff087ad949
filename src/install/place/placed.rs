//! What became of the files of a wheel: those that are in place, and those that another file was in the way of.

use sha2::{Digest as _, Sha256};

use super::contents::Item;
use crate::event::Warning;
use crate::plan::Distribution;

/// A file that is in place.
#[derive(Clone, Debug)]
pub(in crate::install) struct Placed {
    /// The path, relative to the environment.
    pub(in crate::install) path: Box<str>,
    pub(in crate::install) digest: [u8; 32],
    pub(in crate::install) n_bytes: u64,
}

/// A file that is not in place because another was there.
#[derive(Debug)]
pub(in crate::install) struct Contested {
    pub(in crate::install) placed: Placed,
    pub(in crate::install) is_executable: bool,
    pub(in crate::install) content: ContestedContent,
}

/// What a contested file holds.
#[derive(Debug)]
pub(in crate::install) enum ContestedContent {
    /// This, which was generated or rewritten.
    Generated(Vec<u8>),
    /// What the item of this number holds.
    Item(usize),
}

/// What became of the files of a wheel.
#[derive(Debug, Default)]
pub(in crate::install) struct Progress {
    pub(in crate::install) placed: Vec<Placed>,
    pub(in crate::install) contested: Vec<Contested>,
    /// What was seen in the files themselves.
    pub(in crate::install) warnings: Vec<Warning>,
}

impl Progress {
    /// Adds what became of other files.
    pub(in crate::install) fn append(&mut self, mut other: Self) {
        self.placed.append(&mut other.placed);
        self.contested.append(&mut other.contested);
        self.warnings.append(&mut other.warnings);
    }
}

impl Placed {
    /// A file at `path` that holds `content`.
    pub(in crate::install) fn of_content(path: &str, content: &[u8]) -> Self {
        Self {
            path: path.into(),
            digest: Sha256::digest(content).into(),
            n_bytes: content.len() as u64,
        }
    }

    /// The file of `item`, whose content has the SHA-256 `digest`.
    pub(in crate::install) fn of(item: &Item, digest: [u8; 32]) -> Self {
        Self {
            path: item.path.as_str().into(),
            digest,
            n_bytes: item.n_bytes,
        }
    }
}

/// Names a distribution as warnings do.
pub(in crate::install) fn label(distribution: &Distribution) -> String {
    format!("{} {}", distribution.name, distribution.version)
}
