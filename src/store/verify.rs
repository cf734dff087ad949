//! Looks at everything that a cache keeps of its own, and takes out what is not as it was written.

use std::path::{Path, PathBuf};

use super::address;
use super::backend::Backend as _;
use super::built::BuiltWheels;
use super::disk::{Disk, remove};
use super::error::Error;
use super::interpreters::Answers;
use super::layout::{Key, Kind};
use super::packs::Packs;
use super::requirements::RequirementFiles;
use super::tree_proof;
use super::wheels::{damaged_wheels, remove_wheel};
use crate::digest::Digest;
use crate::platform::removal;

/// Hashes every archive and reads everything else; returns the paths of what is damaged, which is removed from a cache that is
/// ours to write.
pub(super) fn verify(disk: &Disk) -> Result<Vec<PathBuf>, Error> {
    let layout = disk.layout();
    let mut damaged = Vec::new();
    for (digest, path) in archives(&layout.folder(Kind::Archives))? {
        let is_whole = match disk.archive(&Key::of(&digest), &path)? {
            Some(blob) => blob.has_digest(&digest)?,
            None => false,
        };
        if !is_whole {
            damaged.push(path);
        }
    }
    let addresses = files_two_below(&layout.folder(Kind::Addresses))?;
    damaged.extend(
        addresses
            .into_iter()
            .filter(|path| !address::is_whole(path)),
    );
    let wheels = damaged_wheels(layout);
    let mut checkouts = children(&layout.folder(Kind::Checkouts))?;
    checkouts.retain(|path| !tree_proof::is_true(path).is_ok_and(|is_whole| is_whole));
    let mut repeatable = Packs::new(layout).damaged();
    repeatable.extend(Answers::new(layout).damaged());
    repeatable.extend(BuiltWheels::new(layout).damaged());
    repeatable.extend(RequirementFiles::new(layout).damaged());
    if disk.is_written() {
        damaged.iter().try_for_each(|path| remove(path))?;
        wheels.iter().for_each(remove_wheel);
        // What cannot be removed is among what is returned.
        for path in &repeatable {
            let _ = remove(path);
        }
        for path in &checkouts {
            let _ = removal::remove(path);
        }
    }
    damaged.extend(checkouts);
    damaged.extend(wheels.into_iter().map(|place| place.path));
    damaged.extend(repeatable);
    Ok(damaged)
}

/// Lists the archives, each with the digest that its name says.
fn archives(folder: &Path) -> Result<Vec<(Digest, PathBuf)>, Error> {
    let mut archives = Vec::new();
    for algorithm in children(folder)? {
        for path in files_two_below(&algorithm)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let hex = name.split('.').next().unwrap_or_default();
            let algorithm = algorithm.file_name().unwrap_or_default().to_string_lossy();
            if let Some(digest) = Digest::parse_any(&format!("{algorithm}:{hex}")) {
                archives.push((digest, path));
            }
        }
    }
    Ok(archives)
}

fn files_two_below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for shard in children(folder)? {
        files.extend(children(&shard)?);
    }
    Ok(files)
}

/// Lists a folder in order of names; one that is not there, or no folder, has nothing.
fn children(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause)
            if matches!(
                cause.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(cause) => return Err(Error::io(folder, cause)),
    };
    let paths: Result<Vec<PathBuf>, _> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect();
    let mut paths = paths.map_err(|cause| Error::io(folder, cause))?;
    paths.sort_unstable();
    Ok(paths)
}
