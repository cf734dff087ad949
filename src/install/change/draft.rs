//! Replacing a document in one step.

use std::path::Path;

use fs_err as fs;

use crate::install::Error;

/// Puts `text` at `path` in one step, by way of `draft`.
pub(crate) fn replace(draft: &Path, path: &Path, text: &[u8]) -> Result<(), Error> {
    fs::write(draft, text).map_err(|cause| Error::io("write", draft, cause))?;
    fs::rename(draft, path).map_err(|cause| Error::io("rename", draft, cause))
}
