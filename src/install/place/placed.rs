//! What became of the files of a wheel: those that are in place, and those that another file was in the way of.

use sha2::{Digest as _, Sha256};

use super::contents::Item;
use crate::event::Warning;
use crate::plan::Distribution;

/// A file that is in place.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    /// The path, relative to the environment.
    pub(crate) path: Box<str>,
    pub(crate) digest: [u8; 32],
    pub(crate) n_bytes: u64,
}

/// A file that is not in place because another was there.
#[derive(Debug)]
pub(crate) struct Contested {
    pub(crate) placed: Placed,
    pub(crate) is_executable: bool,
    pub(crate) content: ContestedContent,
}

/// What a contested file holds.
#[derive(Debug)]
pub(crate) enum ContestedContent {
    /// This, which was generated or rewritten.
    Generated(Vec<u8>),
    /// What the item of this number holds.
    Item(usize),
}

/// What became of the files of a wheel.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) placed: Vec<Placed>,
    pub(crate) contested: Vec<Contested>,
    /// What was seen in the files themselves.
    pub(crate) warnings: Vec<Warning>,
}

impl Progress {
    /// Adds what became of other files.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.placed.append(&mut other.placed);
        self.contested.append(&mut other.contested);
        self.warnings.append(&mut other.warnings);
    }
}

impl Placed {
    /// A file at `path` that holds `content`.
    pub(crate) fn of_content(path: &str, content: &[u8]) -> Self {
        Self {
            path: path.into(),
            digest: Sha256::digest(content).into(),
            n_bytes: content.len() as u64,
        }
    }

    /// The file of `item`, whose content has the SHA-256 `digest`.
    pub(crate) fn of(item: &Item, digest: [u8; 32]) -> Self {
        Self {
            path: item.path.as_str().into(),
            digest,
            n_bytes: item.n_bytes,
        }
    }
}

/// Names a distribution as warnings do.
pub(crate) fn label(distribution: &Distribution) -> String {
    format!("{} {}", distribution.name, distribution.version)
}
