//! Looking at a cache and emptying it, without making one: nothing is written to a folder that is none, and nothing is
//! removed that this program did not make.
//!
//! A folder is a cache of ours by its `CACHEDIR.TAG`, or, where another program's tag was there first, by the folders that every
//! cache of ours has.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::disk::remove;
use super::error::Error;
use super::layout::{Kind, Layout, TAG};
use super::leftovers::{TRASH_PREFIX, remove_all, remove_trash};
use super::wheels;
use crate::platform::publish::stays_in_place;

/// How much a cache holds, or a part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// How many files.
    pub n_files: u64,
    /// How many bytes they hold.
    pub n_bytes: u64,
}

/// How much was taken out of a cache.
pub type Removed = Size;

/// Counts what the cache folder `dir` holds: nothing, where there is no such folder.
///
/// # Errors
///
/// [`Error::NotACache`] for a folder with other things in it, [`Error::Io`] when a folder cannot be read.
pub fn size(dir: &Path) -> Result<Size, Error> {
    let layout = Layout::at(dir);
    if is_cache(&layout)? {
        count_all(&layout)
    } else {
        Ok(Size::default())
    }
}

/// Counts what the cache folder `dir` holds of one kind, as [`size`] does for all together.
///
/// # Errors
///
/// As [`size`].
pub fn size_of(dir: &Path, kind: Kind) -> Result<Size, Error> {
    let layout = Layout::at(dir);
    if is_cache(&layout)? {
        count(&layout.folder(kind))
    } else {
        Ok(Size::default())
    }
}

/// Tells whether there is a cache, of whoever, in the folder `dir`.
pub fn has_cache(dir: &Path) -> bool {
    Layout::at(dir).root().is_dir()
}

/// Removes everything that lock2venv put into the cache folder `dir`. Processes that use it meanwhile go on with what they have.
///
/// # Errors
///
/// [`Error::NotACache`] for a folder with other things in it, [`Error::Io`] when something cannot be removed.
pub fn clear(dir: &Path) -> Result<Removed, Error> {
    let layout = Layout::at(dir);
    if !is_cache(&layout)? {
        return Ok(Removed::default());
    }
    empty(&layout)
}

/// Counts what a cache holds, but for the signs of those who use it.
pub(super) fn count_all(layout: &Layout) -> Result<Size, Error> {
    let [all, signs] = [count(layout.root())?, count(&layout.users())?];
    Ok(Size {
        n_files: all.n_files.saturating_sub(signs.n_files),
        n_bytes: all.n_bytes.saturating_sub(signs.n_bytes),
    })
}

/// Removes what a cache of ours holds.
pub(super) fn empty(layout: &Layout) -> Result<Removed, Error> {
    let removed = count_all(layout)?;
    set_aside(layout)?;
    remove_trash(layout.dir())?;
    let tag = layout.tag();
    if is_own_tag(&tag) {
        remove(&tag)?;
    }
    Ok(removed)
}

/// Tells whether the folder is a cache of ours; it is none when there is nothing.
pub(super) fn is_cache(layout: &Layout) -> Result<bool, Error> {
    let dir = layout.dir();
    let has_layout = || layout.always().iter().all(|folder| folder.is_dir());
    if is_own_tag(&layout.tag()) || has_layout() {
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
fn set_aside(layout: &Layout) -> Result<(), Error> {
    let root = layout.root();
    let trash = layout
        .dir()
        .join(format!("{TRASH_PREFIX}{:016x}", fastrand::u64(..)));
    let (own, others): (Vec<_>, Vec<_>) = names(root)?
        .into_iter()
        .partition(|name| Layout::is_own(name));
    if others.is_empty() {
        match fs::rename(root, &trash) {
            Err(cause) if stays_in_place(&cause) => {}
            Err(cause) if !is_absent(&cause) => return Err(Error::io(root, cause)),
            Ok(()) | Err(_) => return Ok(()),
        }
    }
    remove_in_place(layout, &own)?;
    // It stays where others have put something into it.
    let _ = std::fs::remove_dir(root);
    Ok(())
}

/// Removes folders where they are, and first what an unpacked wheel is recognized by: nobody finds half of one.
fn remove_in_place(layout: &Layout, names: &[OsString]) -> Result<(), Error> {
    let kept = fs::read_dir(layout.folder(Kind::Wheels));
    for wheel in kept.into_iter().flatten().flatten() {
        remove(&wheels::manifest_of(&wheel.path()))?;
    }
    let root = layout.root();
    names
        .iter()
        .try_for_each(|name| remove_all(&root.join(name)))
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

pub(super) fn is_absent(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::NotFound
}
