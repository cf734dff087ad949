//! What became of the files of a wheel: those that are in place, and those that another file was in the way of.

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
    /// The content, when it was generated or rewritten; otherwise the wheel has it.
    pub(in crate::install) content: Option<Vec<u8>>,
}

/// What became of the files of a wheel.
#[derive(Debug, Default)]
pub(in crate::install) struct Progress {
    pub(in crate::install) placed: Vec<Placed>,
    pub(in crate::install) contested: Vec<Contested>,
    /// What was seen in the files themselves.
    pub(in crate::install) warnings: Vec<Warning>,
}

impl Placed {
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
