//! One file of the cache that holds the bytecode templates of one wheel.
//!
//! The templates come first, the index last: it is written when all of them are known. Layout, numbers little endian:
//! the signature; the templates; the index, for each source its path, outcome, slots, offset, length and CRC-32; the offset
//! of the index (8 bytes), its CRC-32 (4 bytes) and the signature again. A pack that is not whole counts as absent.
//!
//! It holds only what follows from the sources: templates, and what the compiler itself said against a source. (Packs with
//! the number 1 in their signature also held failures that were none of the source's, and count as absent.)

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::layout::{Key, Kind, Layout, StorePlace};
use crate::digest::Digest;
use crate::platform::file::touch;
use crate::platform::publish::DraftFile;

const SIGNATURE: &[u8; 8] = b"l2vpyc2\n";
const TAIL_BYTES: u64 = 8 + 4 + 8;
/// A limit against nonsense; a wheel of 100,000 sources needs a tenth of it.
const MAX_INDEX_BYTES: u64 = 256 << 20;

/// The packs that a private cache keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packs<'a> {
    layout: &'a Layout,
}

impl<'a> Packs<'a> {
    pub(super) fn new(layout: &'a Layout) -> Self {
        Self { layout }
    }

    /// Returns the place of the pack for the wheel with `digest`. `interpreter` says whose bytecode it holds, as the name of
    /// a folder.
    pub(crate) fn place(self, digest: &Digest, interpreter: String) -> StorePlace {
        let key = Key::of(digest).within(interpreter);
        self.layout.store_place(Kind::Bytecode, &key)
    }

    /// Reads every pack, and returns the paths of those that are not as they were written.
    pub(super) fn damaged(self) -> Vec<PathBuf> {
        let children = |folder: &Path| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).collect::<Vec<_>>()
        };
        let scopes = children(&self.layout.folder(Kind::Bytecode));
        let files = scopes.iter().flat_map(|scope| children(scope));
        let packs = files.filter(|path| path.extension().is_some_and(|ending| ending == "pack"));
        let is_whole = |path: &PathBuf| Pack::open_at(path).is_some_and(|pack| pack.is_whole());
        let mut damaged: Vec<PathBuf> = packs.filter(|path| !is_whole(path)).collect();
        damaged.sort_unstable();
        damaged
    }
}

/// One place of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The offset in the template's bytes.
    pub(crate) offset: u32,
    /// The type byte that the string had.
    pub(crate) kind: u8,
}

/// A pack that can be read.
#[derive(Debug)]
pub(crate) struct Pack {
    file: File,
    entries: HashMap<String, PackEntry>,
}

/// What a pack holds for one source.
#[derive(Clone, Debug)]
pub(crate) struct PackEntry {
    /// The template's place in the file, or the message of the failure.
    pub(crate) offset: u64,
    pub(crate) n_bytes: u32,
    crc: u32,
    /// `None` when the source did not compile.
    pub(crate) slots: Option<Vec<Slot>>,
}

impl Pack {
    /// Opens the pack at `place`, and marks it as used; `None` when there is none, or none that is whole.
    pub(crate) fn open(place: &StorePlace) -> Option<Self> {
        let pack = Self::open_at(&place.path)?;
        let _ = touch(&pack.file);
        Some(pack)
    }

    fn open_at(path: &Path) -> Option<Self> {
        Self::of(File::open(path).ok()?)
    }

    pub(super) fn of(file: File) -> Option<Self> {
        let entries = read_index(&file)?;
        Some(Self { file, entries })
    }

    /// Reads everything that the pack holds; `false` when something is not what was written.
    pub(super) fn is_whole(&self) -> bool {
        let mut buffer = Vec::new();
        let mut entries = self.entries.values();
        entries.all(|entry| self.read(entry, &mut buffer).is_some())
    }

    pub(crate) fn entry(&self, source: &str) -> Option<&PackEntry> {
        self.entries.get(source)
    }

    /// Reads the bytes of `entry` into `buffer`; `None` when they are not what was written.
    pub(crate) fn read(&self, entry: &PackEntry, buffer: &mut Vec<u8>) -> Option<()> {
        buffer.resize(usize::try_from(entry.n_bytes).ok()?, 0);
        self.file.read_exact_at(buffer, entry.offset).ok()?;
        (crc32fast::hash(buffer) == entry.crc).then_some(())
    }
}

/// Writes a pack, which appears at its place whole or not at all.
#[derive(Debug)]
pub(crate) struct PackWriter {
    path: PathBuf,
    file: BufWriter<DraftFile>,
    index: Vec<u8>,
    offset: u64,
}

impl PackWriter {
    /// Starts a pack that begins with what `earlier` holds, as far as that is undamaged.
    pub(crate) fn create(place: &StorePlace, earlier: Option<&Pack>) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(1 << 18, DraftFile::create_in(&place.drafts)?);
        file.write_all(SIGNATURE)?;
        let mut writer = Self {
            path: place.path.clone(),
            file,
            index: Vec::new(),
            offset: SIGNATURE.len() as u64,
        };
        if let Some(earlier) = earlier {
            writer.copy(earlier)?;
        }
        Ok(writer)
    }

    fn copy(&mut self, earlier: &Pack) -> io::Result<()> {
        let mut entries: Vec<_> = earlier.entries.iter().collect();
        entries.sort_unstable_by_key(|(_, entry)| entry.offset);
        let mut bytes = Vec::new();
        for (source, entry) in entries {
            if earlier.read(entry, &mut bytes).is_some() {
                self.append(source, &bytes, entry.slots.as_deref())?;
            }
        }
        Ok(())
    }

    /// Adds the template of `source`, whose path belongs into `slots`.
    pub(crate) fn add(&mut self, source: &str, template: &[u8], slots: &[Slot]) -> io::Result<()> {
        self.append(source, template, Some(slots))
    }

    pub(crate) fn add_failure(&mut self, source: &str, cause: &str) -> io::Result<()> {
        self.append(source, cause.as_bytes(), None)
    }

    fn append(&mut self, source: &str, bytes: &[u8], slots: Option<&[Slot]>) -> io::Result<()> {
        self.file.write_all(bytes)?;
        push_bytes(&mut self.index, source.as_bytes())?;
        self.index.push(u8::from(slots.is_some()));
        let slots = slots.unwrap_or_default();
        push_number(&mut self.index, slots.len())?;
        for slot in slots {
            self.index.extend(slot.offset.to_le_bytes());
            self.index.push(slot.kind);
        }
        self.index.extend(self.offset.to_le_bytes());
        push_number(&mut self.index, bytes.len())?;
        self.index.extend(crc32fast::hash(bytes).to_le_bytes());
        self.offset += bytes.len() as u64;
        Ok(())
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.file.write_all(&self.index)?;
        self.file.write_all(&tail(&self.index, self.offset))?;
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        let published = file.publish(&self.path);
        published.map(drop).map_err(|unpublished| unpublished.cause)
    }
}

/// What follows an index that begins at `offset`.
pub(super) fn tail(index: &[u8], offset: u64) -> Vec<u8> {
    let crc = crc32fast::hash(index).to_le_bytes();
    [&offset.to_le_bytes()[..], &crc, SIGNATURE].concat()
}

fn push_bytes(index: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
    push_number(index, bytes.len())?;
    index.extend_from_slice(bytes);
    Ok(())
}

/// A number that the format has no room for is an error, so the pack is not kept.
fn push_number(index: &mut Vec<u8>, number: usize) -> io::Result<()> {
    let number = u32::try_from(number).map_err(|_| io::ErrorKind::FileTooLarge)?;
    index.extend(number.to_le_bytes());
    Ok(())
}

fn read_index(file: &File) -> Option<HashMap<String, PackEntry>> {
    let tail_offset = file.metadata().ok()?.len().checked_sub(TAIL_BYTES)?;
    let mut tail = [0; 20];
    file.read_exact_at(&mut tail, tail_offset).ok()?;
    let mut fields = Fields(&tail);
    let (offset, crc) = (fields.long()?, fields.number()?);
    let n_bytes = tail_offset.checked_sub(offset)?;
    if fields.0 != SIGNATURE || n_bytes > MAX_INDEX_BYTES {
        return None;
    }
    let mut index = vec![0; usize::try_from(n_bytes).ok()?];
    file.read_exact_at(&mut index, offset).ok()?;
    if crc32fast::hash(&index) != crc {
        return None;
    }
    parse_index(&index, offset)
}

fn parse_index(index: &[u8], end: u64) -> Option<HashMap<String, PackEntry>> {
    let mut entries = HashMap::new();
    let mut fields = Fields(index);
    while !fields.0.is_empty() {
        let (source, entry) = fields.entry()?;
        if entry.offset.checked_add(u64::from(entry.n_bytes))? > end {
            return None;
        }
        entries.insert(source, entry);
    }
    Some(entries)
}

/// What is left to read of an index.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn entry(&mut self) -> Option<(String, PackEntry)> {
        let n_path = usize::try_from(self.number()?).ok()?;
        let source = String::from_utf8(self.take(n_path)?.to_vec()).ok()?;
        let is_compiled = self.take(1)? == [1];
        let n_slots = self.number()?;
        let slots: Option<Vec<Slot>> = (0..n_slots).map(|_| self.slot()).collect();
        let slots = slots?;
        let entry = PackEntry {
            slots: is_compiled.then_some(slots),
            offset: self.long()?,
            n_bytes: self.number()?,
            crc: self.number()?,
        };
        Some((source, entry))
    }

    fn slot(&mut self) -> Option<Slot> {
        let offset = self.number()?;
        let kind = *self.take(1)?.first()?;
        Some(Slot { offset, kind })
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn long(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn take(&mut self, n_bytes: usize) -> Option<&[u8]> {
        let (taken, rest) = self.0.split_at_checked(n_bytes)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Algorithm;

    const TEMPLATE: &[u8] = b"abcdef";
    const SLOTS: &[Slot] = &[Slot {
        offset: 3,
        kind: b'z',
    }];

    fn written(folder: &Path) -> StorePlace {
        let digest = Digest::of(Algorithm::Sha256, b"a wheel");
        let layout = Layout::at(folder);
        let place = Packs::new(&layout).place(&digest, "cpython-311".to_owned());
        let mut writer = PackWriter::create(&place, None).unwrap();
        writer.add("a.py", TEMPLATE, SLOTS).unwrap();
        writer.add_failure("b.py", "SyntaxError: no").unwrap();
        writer.finish().unwrap();
        place
    }

    #[test]
    fn a_pack_gives_back_what_was_put_in() {
        let folder = tempfile::tempdir().unwrap();
        let pack = Pack::open(&written(folder.path())).unwrap();
        let mut buffer = Vec::new();
        let entry = pack.entry("a.py").unwrap();
        pack.read(entry, &mut buffer).unwrap();
        assert_eq!(
            (buffer.as_slice(), entry.slots.as_deref()),
            (TEMPLATE, Some(SLOTS))
        );
        let entry = pack.entry("b.py").unwrap();
        pack.read(entry, &mut buffer).unwrap();
        assert!(entry.slots.is_none() && buffer == b"SyntaxError: no");
        assert!(pack.entry("c.py").is_none());
    }

    #[test]
    fn a_pack_that_is_not_whole_is_absent_or_refuses_the_entry() {
        let folder = tempfile::tempdir().unwrap();
        let place = written(folder.path());
        let path = &place.path;
        let whole = std::fs::read(path).unwrap();
        for position in 0..whole.len() {
            let mut broken = whole.clone();
            broken[position] ^= 0x55;
            std::fs::write(path, &broken).unwrap();
            let pack = Pack::open(&place);
            let is_refused = pack.is_none_or(|pack| {
                let mut buffer = Vec::new();
                let sources = ["a.py", "b.py"];
                sources.iter().any(|source| {
                    pack.entry(source)
                        .and_then(|entry| pack.read(entry, &mut buffer))
                        .is_none()
                })
            });
            assert!(is_refused || position < SIGNATURE.len(), "byte {position}");
            std::fs::write(path, &whole[..position]).unwrap();
            assert!(Pack::open(&place).is_none(), "cut at {position}");
        }
    }
}
