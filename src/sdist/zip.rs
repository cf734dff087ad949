//! A ZIP archive as a source distribution.
//!
//! What [`archive`](crate::archive) calls a deviation is allowed here: pip and Poetry understand it in the same way.

use std::io::Write as _;

use super::tree::{Added, Tree};
use super::writer::Writer;
use super::{Error, Fault};
use crate::archive::{Archive, ArchiveEntry, Buffers, EntryKind, EntryReader, SizeLimits, Source};

/// 2016-01-01 00:00:00 UTC, as Poetry dates what it packs.
const MODIFIED: i64 = 1_451_606_400;

/// Writes what the archive in `source` holds.
pub(super) fn unpack(
    source: Source,
    limits: SizeLimits,
    writer: &mut Writer,
) -> Result<Tree, Error> {
    let archive = Archive::read_loose(source)?;
    archive.check_size(limits)?;
    let mut entries: Vec<&ArchiveEntry> = archive.entries().iter().collect();
    entries.sort_unstable_by_key(|entry| entry.offset());
    let mut buffers = Buffers::default();
    let mut reader = archive.reader(&mut buffers);
    let mut tree = Tree::default();
    for entry in entries {
        place(entry, &mut reader, &mut tree, writer)?;
        tree.check_size()?;
    }
    Ok(tree)
}

fn place(
    entry: &ArchiveEntry,
    reader: &mut EntryReader<'_>,
    tree: &mut Tree,
    writer: &mut Writer,
) -> Result<(), Error> {
    let path = entry.path().as_bytes();
    let refuse = |fault: Fault| fault.of(path);
    if entry.kind() == EntryKind::Folder {
        tree.add_folder(path).map_err(refuse)?;
        return writer.create_folder(path);
    }
    if tree.add_file(path).map_err(refuse)? == Added::Repeated {
        return Err(refuse(Fault::Repeated));
    }
    let mut file = writer.create(path, entry.is_executable())?;
    reader.read(entry, |piece| {
        file.write_all(piece)
            .map_err(|cause| writer.failed("write", path, cause))
    })?;
    writer.date(&file, path, MODIFIED)
}
