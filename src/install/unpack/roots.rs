//! Which folders wheels are unpacked to.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::install::Error;
use crate::platform::folder::Root;

/// Where wheels are unpacked to.
#[derive(Debug)]
pub(crate) enum Roots {
    /// All to one folder.
    Shared(Arc<Root>),
    /// Each to a numbered folder of its own in this one.
    Each(PathBuf, AtomicUsize, i64),
}

impl Roots {
    /// Each wheel gets a folder of its own in `folder`; what has no date gets `date`.
    pub(crate) fn each_in(folder: PathBuf, date: i64) -> Self {
        Self::Each(folder, AtomicUsize::new(0), date)
    }

    /// Returns the folder of one more wheel.
    pub(super) fn next(&self) -> Result<Arc<Root>, Error> {
        match self {
            Self::Shared(root) => Ok(Arc::clone(root)),
            Self::Each(folder, n_made, date) => {
                let number = n_made.fetch_add(1, Ordering::Relaxed);
                let path = folder.join(number.to_string());
                fs_err::create_dir(&path).map_err(|cause| Error::io("create", &path, cause))?;
                Ok(Arc::new(Root::open(&path, *date)?))
            }
        }
    }
}
