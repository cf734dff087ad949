//! Puts a new environment into a folder that cannot be renamed, or over which nothing can be: where a disk is mounted (a
//! volume of a container), and what a lower layer of an image holds (overlayfs refuses to rename such a folder).
//!
//! What is there is removed and the new is moved in, name by name. As `pyvenv.cfg` makes a folder an environment, it is the
//! first to go and the last to come: with it, the folder holds the old environment or the new one, whole. Without it, a
//! journal tells what happened and which names were the environment's, so that the next run begins again.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use fs_err as fs;

use super::{Error, partial};
use crate::platform::removal;

/// The file that a folder has while it is taken over: a line for a person, then the names at the top that were or will be the
/// environment's.
pub(super) const JOURNAL: &str = ".lock2venv.unfinished";

const TITLE: &str = "# lock2venv was replacing this environment: run the same command again.";

/// The file that makes a folder an environment.
const CONFIGURATION: &str = "pyvenv.cfg";

/// Removes what is at `root`, and moves what the hidden folder `draft` holds there. The caller has looked at the former, and
/// holds the lock of `root`.
///
/// # Errors
///
/// [`Error::Io`]; the next attempt begins again.
pub(super) fn take_over(root: &Path, draft: &Path) -> Result<(), Error> {
    let (mut old, mut new) = (names_in(root)?, names_in(draft)?);
    old.retain(|name| !stays(name));
    // First `false`, then `true`.
    old.sort_by_key(|name| name != CONFIGURATION);
    new.sort_by_key(|name| name == CONFIGURATION);
    // Nothing may be half removed by one who then may not go on.
    for name in &old {
        removal::check(&root.join(name))?;
    }
    write_journal(root, draft, old.iter().chain(&new))?;
    for name in old {
        removal::remove(&root.join(name))?;
    }
    for name in new {
        fs::rename(draft.join(&name), root.join(&name))?;
    }
    finish(root);
    Ok(())
}

/// Removes the journal of what is complete.
pub(super) fn finish(root: &Path) {
    // Beside a `pyvenv.cfg` it means nothing.
    drop(std::fs::remove_file(root.join(JOURNAL)));
}

/// Reads which names at the top were or were to be the environment's; `None` when no run began to take `root` over.
pub(super) fn journal(root: &Path) -> Result<Option<HashSet<String>>, Error> {
    match fs::read_to_string(root.join(JOURNAL)) {
        Ok(text) => {
            let names = text.lines().filter(|line| *line != TITLE);
            Ok(Some(names.map(str::to_owned).collect()))
        }
        Err(error) if super::is_absent(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Tells whether a name is no part of the environment, and stays where it is.
fn stays(name: &OsStr) -> bool {
    partial::is_partial(name) || name == "lost+found" || name == JOURNAL
}

/// Written aside and renamed, so that it is whole or not there. Keeps what an earlier run noted.
fn write_journal<'a>(
    root: &Path,
    draft: &Path,
    names: impl Iterator<Item = &'a OsString>,
) -> Result<(), Error> {
    let mut text = format!("{TITLE}\n");
    let earlier = journal(root)?.unwrap_or_default();
    let mut earlier: Vec<String> = earlier.into_iter().collect();
    earlier.sort_unstable();
    // A name that is not UTF-8 or holds a line break is no tool's.
    let names = names.filter_map(|name| name.to_str()).map(str::to_owned);
    for name in earlier.into_iter().chain(names) {
        text.push_str(&name);
        text.push('\n');
    }
    let aside = draft.join(JOURNAL);
    fs::write(&aside, text)?;
    Ok(fs::rename(aside, root.join(JOURNAL))?)
}

fn names_in(folder: &Path) -> Result<Vec<OsString>, Error> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name()));
    let names: io::Result<_> = names.collect();
    Ok(names?)
}
