//! Records: a file each, a text and the digest of it, so that no changed bit is trusted.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::layout::Layout;
use super::usage::mark;
use crate::digest::{sealed, unsealed};
use crate::platform::publish::DraftFile;

/// Reads the record at `path`; `None` when there is none that is whole.
pub(super) fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    unsealed(&text).map(str::to_owned)
}

/// As [`read`], for one that is used now.
pub(super) fn use_at(path: &Path) -> Option<String> {
    let text = read(path)?;
    mark(path);
    Some(text)
}

/// Writes `text` to `path`, which is in the cache of `layout`, in place of what was there.
pub(super) fn write(layout: &Layout, path: &Path, text: String) -> io::Result<()> {
    let mut draft = DraftFile::create_in(&layout.drafts())?;
    draft.write_all(sealed(text).as_bytes())?;
    let published = draft.publish(path);
    published.map(drop).map_err(|unpublished| unpublished.cause)
}

/// Lists what is in `folder`; nothing where there is none.
pub(super) fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
