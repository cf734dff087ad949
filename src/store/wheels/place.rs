//! The folder of one cached wheel.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::platform::publish::DraftFolder;
use crate::platform::removal;
use crate::store::layout::StorePlace;

/// Returns the file that makes the folder `wheel` a cached wheel.
pub(in crate::store) fn manifest_of(wheel: &Path) -> PathBuf {
    wheel.join("manifest")
}

/// Takes a wheel away: under another name at once, so that nobody finds half of it.
pub(in crate::store) fn remove(place: &StorePlace) {
    let StorePlace { path, drafts } = place;
    let Ok(aside) = DraftFolder::create_in(drafts) else {
        return;
    };
    let is_aside = fs::rename(path, aside.path().join("wheel")).is_ok();
    // A lower layer of an image gives no folder away: what makes it a wheel goes first, then the rest.
    if !is_aside && removal::remove(&manifest_of(path)).is_ok() {
        let _ = removal::remove(path);
    }
    aside.remove();
}
