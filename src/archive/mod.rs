//! A strict reader of ZIP archives ([APPNOTE] 6.3), for wheels.
//!
//! Nothing here knows what a wheel is; that is [`wheel`](crate::wheel). The `zip` crate is not used for reading: it takes
//! the central directory at its word, where this reader refuses whatever two programs could understand in two ways.
//!
//! [`Archive::read`] checks the whole structure before a byte of content is touched:
//!
//! * one end record, whose comment ends the file; a ZIP64 record that agrees with it;
//! * local headers that agree with the central directory (name, method, flags, sizes, CRC or data descriptor);
//! * headers, contents and directory that tile the file: nothing before, between, over or after them;
//! * stored and deflated entries only, never encrypted, of plain files and folders (no links, no devices), without comments;
//! * names that are UTF-8 (and say so), relative, without `..`, `.`, empty components, backslashes, drives and control
//!   characters; no two the same, none both a file and a folder. Names that differ only in case are allowed, as real
//!   wheels have them; where the file system folds case, creating the second file fails;
//! * sizes that deflate can reach (it cannot grow data more than [`MAX_RATIO`] times), and no more than 200,000 entries.
//!   How much they may be in sum is for the caller to say: [`Archive::check_size`].
//!
//! Where what an archive holds is beyond doubt although it is not strict, [`Archive::read_loose`] reads it and lists each
//! [`Deviation`]: a file that is there again with the same bytes and mode, a symbolic link (a file that holds the link's text, as
//! pip and Python's `zipfile` take it), a comment of an entry, zeros after the end. Who calls it decides what becomes of these.
//! Whatever else is refused protects: two readers could see different content, or content where none should be.
//!
//! CRC and sizes come true while an entry is read, or the read is an error; no more bytes are ever produced than the
//! entry declares. Reading uses `pread` (or no call, of what is in memory) and buffers of the caller's thread: any number of threads read one archive.
//! The cost: one `pread` an entry for the headers, then about one for each [`READ_AHEAD`] bytes.
//!
//! [APPNOTE]: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

mod date;
mod deviation;
mod directory;
mod error;
mod limits;
mod local;
mod path;
mod read;
mod repeated;
mod source;
mod whole;

use std::collections::HashSet;

pub use deviation::{Deviation, DeviationKind};
pub use error::{EntryFault, Error};
pub use limits::{MAX_ENTRIES, SizeLimits};
pub use path::check_path;
pub use read::{Buffers, EntryReader, READ_AHEAD};
pub use source::Source;

use directory::CentralEntry;

/// How many times deflate can grow its input at most (258 bytes from two bits, and the ends of blocks).
pub const MAX_RATIO: u64 = 1040;

/// A ZIP archive whose structure has been checked.
#[derive(Debug)]
pub struct Archive {
    source: Source,
    entries: Vec<ArchiveEntry>,
    /// Where the last content ends and the directory begins.
    content_end: u64,
    directory_crc: u32,
    deviations: Vec<Deviation>,
}

/// One entry of an [`Archive`].
#[derive(Clone, Debug)]
pub struct ArchiveEntry {
    path: String,
    kind: EntryKind,
    mode: u32,
    modified: i64,
    method: Method,
    crc: u32,
    n_packed_bytes: u64,
    n_bytes: u64,
    data_offset: u64,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A plain file.
    File,
    /// A folder.
    Folder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Stored,
    Deflated,
}

impl ArchiveEntry {
    /// Returns the path, relative and without a slash at its end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Tells a file from a folder.
    pub fn kind(&self) -> EntryKind {
        self.kind
    }

    /// Tells whether the entry is a plain file with an executable bit, as pip asks it.
    pub fn is_executable(&self) -> bool {
        self.mode >> 12 == 0o10 && self.mode & 0o111 != 0
    }

    /// Returns when the content was changed last, as the archive says it, in seconds since 1970.
    pub fn modified(&self) -> i64 {
        self.modified
    }

    /// Returns the size of the content in bytes.
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Returns the CRC-32 of the content.
    pub fn crc(&self) -> u32 {
        self.crc
    }

    /// Returns where the content begins in the archive; entries are read quickest in this order.
    pub fn offset(&self) -> u64 {
        self.data_offset
    }

    /// Returns the size of the content in bytes as the archive holds it.
    pub fn n_packed_bytes(&self) -> u64 {
        self.n_packed_bytes
    }
}

impl Archive {
    /// Reads the directory of the archive in `source` and checks that the archive is strict.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but those of an entry's content.
    pub fn read(source: impl Into<Source>) -> Result<Self, Error> {
        let mut archive = Self::read_loose(source)?;
        match archive.deviations.pop() {
            Some(deviation) => Err(deviation.into_error()),
            None => archive.check_size(SizeLimits::default()).map(|()| archive),
        }
    }

    /// Reads the directory of the archive in `source` and checks the archive's structure, but for what [`DeviationKind`] lists
    /// and for the sum of the sizes ([`Archive::check_size`]).
    ///
    /// # Errors
    ///
    /// As [`Archive::read`]; those of an entry's content too where a path occurs more than once.
    pub fn read_loose(source: impl Into<Source>) -> Result<Self, Error> {
        let source = source.into();
        let n_file_bytes = source.n_bytes().map_err(Error::Io)?;
        let directory = directory::read(&source, n_file_bytes)?;
        let (content_end, directory_crc) = (directory.offset, directory.crc);
        let spans = tile(&directory.entries, content_end)?;
        let mut deviations = directory.deviations;
        let mut entries = Vec::with_capacity(directory.entries.len());
        for (central, span) in directory.entries.into_iter().zip(spans) {
            let data_offset = local::check(&source, &central, span)?;
            deviations.extend(central.deviations());
            entries.push(central.into_entry(data_offset)?);
        }
        let mut archive = Self {
            source,
            entries,
            content_end,
            directory_crc,
            deviations,
        };
        repeated::remove(&mut archive)?;
        check_paths(&archive.entries)?;
        Ok(archive)
    }

    /// Lists where the archive is not strict.
    pub fn deviations(&self) -> &[Deviation] {
        &self.deviations
    }

    /// Returns the entries in the order of the central directory.
    pub fn entries(&self) -> &[ArchiveEntry] {
        &self.entries
    }

    /// Returns the CRC-32 of the central directory, which alone gives the modes of files.
    pub fn directory_crc(&self) -> u32 {
        self.directory_crc
    }

    /// Finds an entry by its path.
    pub fn entry(&self, path: &str) -> Option<&ArchiveEntry> {
        self.entries.iter().find(|entry| entry.path == path)
    }

    /// Prepares for reading entries with the buffers of this thread.
    pub fn reader<'a>(&'a self, buffers: &'a mut Buffers) -> EntryReader<'a> {
        EntryReader::new(self, buffers)
    }

    /// Reads the whole content of `entry`, a small document.
    ///
    /// # Errors
    ///
    /// [`Error::Entry`] with [`EntryFault::TooLarge`] above `limit` bytes; else as [`EntryReader::read`].
    pub fn document(
        &self,
        entry: &ArchiveEntry,
        limit: u64,
        buffers: &mut Buffers,
    ) -> Result<Vec<u8>, Error> {
        if entry.n_bytes > limit {
            return Err(entry.fault(EntryFault::TooLarge { limit }));
        }
        let mut document = Vec::new();
        self.reader(buffers).read(entry, |piece| {
            document.extend_from_slice(piece);
            Ok::<(), Error>(())
        })?;
        Ok(document)
    }

    fn content_end(&self) -> u64 {
        self.content_end
    }

    fn source(&self) -> &Source {
        &self.source
    }
}

impl ArchiveEntry {
    fn fault(&self, fault: EntryFault) -> Error {
        Error::Entry {
            path: self.path.clone(),
            fault,
        }
    }
}

/// Returns for each entry the offset at which the next one (or the directory) begins.
fn tile(entries: &[CentralEntry], directory_offset: u64) -> Result<Vec<u64>, Error> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_unstable_by_key(|&index| entries[index].header_offset);
    let mut ends = vec![directory_offset; entries.len()];
    let mut expected = 0;
    for (position, &index) in order.iter().enumerate() {
        let entry = &entries[index];
        if entry.header_offset != expected {
            return Err(entry.fault(EntryFault::NotTiled));
        }
        let next = order.get(position + 1);
        let end = next.map_or(directory_offset, |&next| entries[next].header_offset);
        if end > directory_offset || end < entry.header_offset {
            return Err(entry.fault(EntryFault::NotTiled));
        }
        ends[index] = end;
        expected = end;
    }
    if expected != directory_offset {
        return Err(Error::Malformed {
            what: "there is unlisted data before its central directory",
        });
    }
    Ok(ends)
}

fn check_paths(entries: &[ArchiveEntry]) -> Result<(), Error> {
    let files = entries.iter().filter(|entry| entry.kind == EntryKind::File);
    let files: HashSet<&str> = files.map(ArchiveEntry::path).collect();
    let mut checked = "";
    for entry in entries {
        let Some((folder, _)) = entry.path.rsplit_once('/') else {
            continue;
        };
        if folder != checked {
            check_is_folder(folder, &files)?;
            checked = folder;
        }
    }
    Ok(())
}

fn check_is_folder(folder: &str, files: &HashSet<&str>) -> Result<(), Error> {
    let ends = folder.match_indices('/').map(|(end, _)| end);
    let ancestors = ends.map(|end| &folder[..end]).chain([folder]);
    for ancestor in ancestors {
        if files.contains(ancestor) {
            return Err(Error::Entry {
                path: ancestor.to_owned(),
                fault: EntryFault::FileAndFolder,
            });
        }
    }
    Ok(())
}
