//! Hashes unpacked wheels: what links cannot show.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::manifest::{self, Keeping, ListedFile, StoredFile};
use super::pack::PackReader;
use super::place::{manifest_of, remove};
use crate::digest::{Algorithm, Digest, Hasher, hash};
use crate::platform::handle::Handle;
use crate::store::layout::{Key, Kind, Layout, StorePlace};
use crate::store::trust::PrivateCache;

/// Hashes every file of the unpacked wheels, and returns each wheel of which one is not what was unpacked, or
/// whose manifest is not whole.
pub(in crate::store) fn damaged_wheels(layout: &Layout) -> Vec<StorePlace> {
    let entries = fs::read_dir(layout.folder(Kind::Wheels));
    let entries = entries.into_iter().flatten().flatten();
    let is_wheel = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with('.') && path.is_dir()
    };
    let mut wheels: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_wheel).collect();
    wheels.sort_unstable();
    let drafts = layout.drafts();
    damaged(wheels.into_iter().map(|path| StorePlace {
        path,
        drafts: drafts.clone(),
    }))
}

/// As `lock2venv cache verify`, but of the unpacked wheels with `digests` alone; returns the paths of those that were
/// damaged, which are removed.
pub fn verify_wheels_of<'a>(
    cache: &PrivateCache,
    digests: impl IntoIterator<Item = &'a Digest>,
) -> Vec<PathBuf> {
    let digests = digests.into_iter();
    let places = digests.map(|digest| cache.layout().store_place(Kind::Wheels, &Key::of(digest)));
    let damaged = damaged(places.filter(|place| place.path.is_dir()));
    damaged.iter().for_each(remove);
    damaged.into_iter().map(|place| place.path).collect()
}

fn damaged(wheels: impl Iterator<Item = StorePlace>) -> Vec<StorePlace> {
    wheels
        .filter(|place| is_whole(&place.path).is_none())
        .collect()
}

/// `None` when a file is not what the manifest says.
fn is_whole(path: &Path) -> Option<()> {
    let text = fs::read(manifest_of(path)).ok()?;
    // Where files would go is of no account.
    let (listing, stored) = manifest::parse(&text, &|_, _| String::new())?;
    let folder = Handle::open(path).ok()?;
    let mut files = listing.files.iter().zip(stored.files).enumerate();
    files.try_for_each(|(index, (listed, stored))| match stored.keeping {
        Keeping::Alone { .. } => is_right(path, index, listed, stored),
        Keeping::Packed { offset } => is_right_in_pack(&folder, offset, stored),
    })
}

fn is_right(wheel: &Path, index: usize, listed: &ListedFile, stored: StoredFile) -> Option<()> {
    let path = wheel.join(stored.chunk.to_string()).join(index.to_string());
    let file = File::open(path).ok()?;
    let is_plain = file.metadata().ok()?.is_file();
    let digest = hash(Algorithm::Sha256, file.take(listed.n_bytes + 1)).ok()?;
    (is_plain && digest.bytes() == stored.sha256).then_some(())
}

fn is_right_in_pack(wheel: &Handle, offset: u64, stored: StoredFile) -> Option<()> {
    let mut pack = PackReader::open(wheel, stored.chunk).ok()?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let copied = pack.copy(offset, stored.n_bytes, |part| {
        hasher.update(part);
        Ok(())
    });
    copied.ok()?;
    (hasher.finish().bytes() == stored.sha256).then_some(())
}
