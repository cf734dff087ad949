//! Looking at a cache and emptying it, without making one: nothing is written to a folder that is none, and nothing is
//! removed that this program did not make.
//!
//! A folder is a cache of ours by its `CACHEDIR.TAG`, or, where another program's tag was there first, by the folders that every
//! cache of ours has.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::Error;
use super::folder::{FOLDERS, GRAVE, Size, TAG, VERSION, bury, is_absent, remove_graves};
use crate::platform::publish::stays_in_place;

/// How much was taken out of a cache.
pub type Removed = Size;

/// What modules other than the store keep in a cache.
const FOLDERS_ELSEWHERE: [&str; 4] = ["trees", "bytecode", "interpreters", "claims"];

/// Counts what the cache folder `dir` holds: nothing, where there is no such folder.
///
/// # Errors
///
/// [`Error::NotACache`] for a folder with other things in it, [`Error::Io`] when a folder cannot be read.
pub fn size(dir: &Path) -> Result<Size, Error> {
    if is_cache(dir)? {
        count(&dir.join(VERSION))
    } else {
        Ok(Size::default())
    }
}

/// Removes everything that lock2venv put into the cache folder `dir`. Processes that use it meanwhile go on with what they have.
///
/// # Errors
///
/// [`Error::NotACache`] for a folder with other things in it, [`Error::Io`] when something cannot be removed.
pub fn clear(dir: &Path) -> Result<Removed, Error> {
    if !is_cache(dir)? {
        return Ok(Removed::default());
    }
    empty(dir)
}

/// Removes what a cache of ours holds.
pub(super) fn empty(dir: &Path) -> Result<Removed, Error> {
    let root = dir.join(VERSION);
    let removed = count(&root)?;
    set_aside(dir, &root)?;
    remove_graves(dir)?;
    let tag = dir.join("CACHEDIR.TAG");
    if is_own_tag(&tag) {
        super::remove(&tag)?;
    }
    Ok(removed)
}

/// Tells whether `dir` is a cache of ours; it is none when there is nothing.
fn is_cache(dir: &Path) -> Result<bool, Error> {
    let root = dir.join(VERSION);
    let has_layout = || FOLDERS.iter().all(|name| root.join(name).is_dir());
    if is_own_tag(&dir.join("CACHEDIR.TAG")) || has_layout() {
        return Ok(true);
    }
    match std::fs::read_dir(dir) {
        Ok(mut entries) => match entries.next() {
            None => Ok(false),
            Some(_) => Err(Error::NotACache {
                path: dir.to_owned(),
            }),
        },
        Err(cause) if is_absent(&cause) => Ok(false),
        Err(cause) if cause.kind() == io::ErrorKind::NotADirectory => Err(Error::NotACache {
            path: dir.to_owned(),
        }),
        Err(cause) => Err(Error::io(dir, cause)),
    }
}

fn is_own_tag(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|text| text == TAG.as_bytes())
}

/// Renames what is removed first, so that no process meets a half removed cache. What others put beside it stays.
fn set_aside(dir: &Path, root: &Path) -> Result<(), Error> {
    let grave = dir.join(format!("{GRAVE}{:016x}", fastrand::u64(..)));
    let (own, others): (Vec<_>, Vec<_>) = names(root)?.into_iter().partition(|name| is_own(name));
    if others.is_empty() {
        match fs::rename(root, &grave) {
            Err(cause) if stays_in_place(&cause) => {}
            Err(cause) if !is_absent(&cause) => return Err(Error::io(root, cause)),
            Ok(()) | Err(_) => return Ok(()),
        }
    }
    remove_in_place(root, &own)?;
    // It stays where others have put something into it.
    let _ = std::fs::remove_dir(root);
    Ok(())
}

fn is_own(name: &OsStr) -> bool {
    let mut known = FOLDERS.iter().chain(&FOLDERS_ELSEWHERE);
    known.any(|known| name == *known)
}

/// Removes folders where they are, and first what an unpacked wheel is recognized by: nobody finds half of one.
fn remove_in_place(root: &Path, names: &[OsString]) -> Result<(), Error> {
    let trees = root.join("trees");
    for tree in fs::read_dir(&trees).into_iter().flatten().flatten() {
        super::remove(&tree.path().join("manifest"))?;
    }
    names.iter().try_for_each(|name| bury(&root.join(name)))
}

fn names(folder: &Path) -> Result<Vec<OsString>, Error> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if is_absent(&cause) => return Ok(Vec::new()),
        Err(cause) => return Err(Error::io(folder, cause)),
    };
    let names = entries.map(|entry| entry.map(|entry| entry.file_name()));
    names
        .collect::<io::Result<_>>()
        .map_err(|cause| Error::io(folder, cause))
}

/// Counts the files below `root`.
pub(super) fn count(root: &Path) -> Result<Size, Error> {
    let mut size = Size::default();
    let mut folders: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(cause) if is_absent(&cause) => continue,
            Err(cause) => return Err(Error::io(&folder, cause)),
        };
        for entry in entries {
            let entry = entry.map_err(|cause| Error::io(&folder, cause))?;
            let Ok(metadata) = entry.metadata() else {
                continue; // removed since
            };
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                size.n_files += 1;
                size.n_bytes += metadata.len();
            }
        }
    }
    Ok(size)
}
