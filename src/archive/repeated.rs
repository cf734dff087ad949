//! Entries that share one path: the same file written more than once is one file, anything else is refused.

use std::collections::{BTreeMap, HashMap, HashSet};

use sha2::{Digest as _, Sha256};

use super::{Archive, ArchiveEntry, Buffers, Deviation, DeviationKind, EntryFault, Error};

/// Takes out of `archive` what is there again with the same bytes and mode. Only then is anything read.
///
/// # Errors
///
/// [`EntryFault::Repeated`] for entries of one path that differ, and whatever is wrong with the bytes of those that do not seem to.
pub(super) fn remove(archive: &mut Archive) -> Result<(), Error> {
    let repeats = find(&archive.entries)?;
    if repeats.is_empty() {
        return Ok(());
    }
    let mut buffers = Buffers::default();
    let mut superfluous = HashSet::new();
    for (first, others) in repeats {
        let digest = digest(archive, &archive.entries[first], &mut buffers)?;
        for other in others {
            let entry = &archive.entries[other];
            if self::digest(archive, entry, &mut buffers)? != digest {
                return Err(entry.fault(EntryFault::Repeated));
            }
            superfluous.insert(other);
        }
        archive.deviations.push(Deviation {
            kind: DeviationKind::RepeatedEntry,
            path: archive.entries[first].path.clone(),
        });
    }
    let mut index = 0..;
    archive.entries.retain(|_| {
        index
            .next()
            .is_none_or(|index| !superfluous.contains(&index))
    });
    Ok(())
}

/// Finds the first entry of each path that occurs again, and the others.
fn find(entries: &[ArchiveEntry]) -> Result<BTreeMap<usize, Vec<usize>>, Error> {
    let mut seen = HashMap::with_capacity(entries.len());
    let mut repeats: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let Some(first) = seen.insert(entry.path.as_str(), index) else {
            continue;
        };
        seen.insert(&entry.path, first);
        let earlier: &ArchiveEntry = &entries[first];
        let seems_same = (earlier.kind, earlier.mode, earlier.n_bytes, earlier.crc)
            == (entry.kind, entry.mode, entry.n_bytes, entry.crc);
        if !seems_same {
            return Err(entry.fault(EntryFault::Repeated));
        }
        repeats.entry(first).or_default().push(index);
    }
    Ok(repeats)
}

fn digest(
    archive: &Archive,
    entry: &ArchiveEntry,
    buffers: &mut Buffers,
) -> Result<[u8; 32], Error> {
    let mut hasher = Sha256::new();
    archive.reader(buffers).read(entry, |piece| {
        hasher.update(piece);
        Ok::<(), Error>(())
    })?;
    Ok(hasher.finalize().into())
}
