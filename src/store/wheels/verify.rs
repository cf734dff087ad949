//! Hashes unpacked wheels: what links cannot show.

use std::fs::File;
use std::io::{Read as _, Take};
use std::path::{Path, PathBuf};

use fs_err as fs;
use sha2::{Digest as _, Sha256};

use super::manifest::{self, ListedFile, StoredFile};
use super::{folder_name, remove};
use crate::digest::Digest;

const BUFFER_BYTES: usize = 256 << 10;

/// Hashes every file of the unpacked wheels in `folder`, and removes each wheel of which one is not what was unpacked, or
/// whose manifest is not whole; returns the paths of those wheels.
///
/// A folder that is not there holds none. What cannot be removed is among the paths all the same.
pub fn verify_wheels(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_wheel = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with('.') && path.is_dir()
    };
    let mut wheels: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_wheel).collect();
    wheels.sort();
    verify(wheels)
}

/// As [`verify_wheels`], but only the wheels with `digests`.
pub fn verify_wheels_of<'a>(
    folder: &Path,
    digests: impl IntoIterator<Item = &'a Digest>,
) -> Vec<PathBuf> {
    let digests = digests.into_iter();
    let paths = digests.map(|digest| folder.join(folder_name(digest)));
    verify(paths.filter(|path| path.is_dir()).collect())
}

fn verify(wheels: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut damaged = wheels;
    damaged.retain(|path| is_whole(path).is_none());
    for path in &damaged {
        remove(path);
    }
    damaged
}

/// `None` when a file is not what the manifest says.
fn is_whole(path: &Path) -> Option<()> {
    let text = fs::read(path.join(manifest::NAME)).ok()?;
    // Where files would go is of no account.
    let (listing, stored) = manifest::parse(&text, &|_, _| String::new())?;
    let mut files = listing.files.iter().zip(stored).enumerate();
    files.try_for_each(|(index, (file, stored))| is_right(path, index, file, stored))
}

fn is_right(wheel: &Path, index: usize, listed: &ListedFile, stored: StoredFile) -> Option<()> {
    let path = wheel.join(stored.chunk.to_string()).join(index.to_string());
    let file = File::open(path).ok()?;
    let is_plain = file.metadata().ok()?.is_file();
    let digest = hash(file.take(listed.n_bytes + 1))?;
    (is_plain && stored.sha256 == digest).then_some(())
}

fn hash(mut file: Take<File>) -> Option<[u8; 32]> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match file.read(&mut buffer).ok()? {
            0 => return Some(hasher.finalize().into()),
            n_read => hasher.update(&buffer[..n_read]),
        }
    }
}
