//! What processes leave in a cache that are killed while they write, and its removal.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use fs_err as fs;

use super::error::Error;
use super::layout::{Kind, Layout};
use super::presence::{Others, Presence};
use crate::platform::owner::Owner;
use crate::platform::{publish, removal};

/// How the names of folders begin that are being removed.
pub(super) const TRASH_PREFIX: &str = ".removed-";
const MOST_REMOVALS: usize = 100;

const OLD_DRAFT: Duration = Duration::from_hours(24);

/// Drafts of earlier versions, which wrote each kind beside its place.
const DRAFTS_BESIDE: [&str; 2] = [publish::PREFIX, ".tmp"];

/// Removes from the cache folder `dir` what killed processes left half written, unless others may be writing it.
///
/// [`Cache::open`](super::Cache::open) does so, too. Costs nothing when there is no cache, otherwise the reading of a few
/// folders.
pub fn tidy(dir: &Path) {
    let layout = Layout::at(dir);
    let is_own = |metadata: std::fs::Metadata| Owner::from(&metadata).is_own();
    if std::fs::metadata(dir).is_ok_and(is_own) && layout.root().is_dir() {
        drop(Presence::enter(dir, |others| {
            remove_leftovers(&layout, others);
        }));
    }
}

/// What cannot be removed now is in nobody's way.
pub(super) fn remove_leftovers(layout: &Layout, others: Others) {
    remove_drafts_in(&layout.drafts(), &[""], others);
    remove_drafts_in(&layout.claims(), &[""], others);
    for kind in [Kind::Wheels, Kind::Bytecode, Kind::Interpreters] {
        remove_drafts_in(&layout.folder(kind), &DRAFTS_BESIDE, others);
    }
    // Each kind of interpreter has a folder of its own there.
    let scopes = std::fs::read_dir(layout.folder(Kind::Bytecode));
    for scope in scopes.into_iter().flatten().flatten() {
        remove_drafts_in(&scope.path(), &DRAFTS_BESIDE, others);
    }
    if others == Others::None {
        remove_drafts_in(&layout.users(), &[""], others);
        let _ = remove_trash(layout.dir());
    }
}

/// Where others are at work, what is old is nobody's: a file that is being written to is never that old, and none is dated
/// that far ahead.
fn remove_drafts_in(folder: &Path, prefixes: &[&str], others: Others) {
    let Ok(drafts) = std::fs::read_dir(folder) else {
        return;
    };
    for draft in drafts.flatten() {
        let name = draft.file_name();
        let name = name.as_encoded_bytes();
        if !prefixes
            .iter()
            .any(|prefix| name.starts_with(prefix.as_bytes()))
        {
            continue;
        }
        let modified = draft.metadata().and_then(|metadata| metadata.modified());
        let age = modified.map(|modified| match modified.elapsed() {
            Ok(age) => age,
            Err(ahead) => ahead.duration(),
        });
        if others == Others::None || age.is_ok_and(|age| age > OLD_DRAFT) {
            // Another process may have been faster; whatever else is wrong will show when something is written.
            let _ = removal::remove(&draft.path());
        }
    }
}

/// Removes what was renamed to be removed, now or by a process that was killed.
pub(super) fn remove_trash(dir: &Path) -> Result<(), Error> {
    let names = fs::read_dir(dir).map_err(|cause| Error::io(dir, cause))?;
    for entry in names.flatten() {
        if is_trash(&entry.file_name()) {
            remove_all(&entry.path())?;
        }
    }
    Ok(())
}

/// Tells whether [`clear`](super::clear) makes such names.
fn is_trash(name: &OsStr) -> bool {
    let number = name
        .to_str()
        .and_then(|name| name.strip_prefix(TRASH_PREFIX));
    number.is_some_and(|number| number.len() == 16 && number.bytes().all(|c| c.is_ascii_hexdigit()))
}

/// Removes a folder, although processes that have it open may still put files into it, or remove it too.
pub(super) fn remove_all(path: &Path) -> Result<(), Error> {
    let mut attempts = 0..MOST_REMOVALS;
    loop {
        match removal::remove(path) {
            Ok(()) => return Ok(()),
            Err(_) if attempts.next().is_some() => {}
            Err(cause) => return Err(Error::io(path, cause)),
        }
    }
}
