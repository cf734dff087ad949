//! The end records and the central directory.

use super::date;
use super::limits::MAX_ENTRIES;
use super::{
    ArchiveEntry, Deviation, DeviationKind, EntryFault, EntryKind, Error, MAX_RATIO, Method,
    Source, check_path,
};

const END_BYTES: usize = 22;
const END64_BYTES: usize = 56;
const LOCATOR_BYTES: usize = 20;
const CENTRAL_BYTES: usize = 46;
const MAX_COMMENT_BYTES: usize = 0xffff;
/// Room for the most entries with names of 270 bytes.
const MAX_DIRECTORY_BYTES: u64 = 64 << 20;

const END_SIGNATURE: &[u8] = b"PK\x05\x06";
const END64_SIGNATURE: &[u8] = b"PK\x06\x06";
const LOCATOR_SIGNATURE: &[u8] = b"PK\x06\x07";
const CENTRAL_SIGNATURE: &[u8] = b"PK\x01\x02";

/// Data descriptor follows the content.
pub(super) const FLAG_DESCRIPTOR: u16 = 1 << 3;
const FLAG_UTF8: u16 = 1 << 11;
/// The deflate level that was used (bits 1 and 2), a data descriptor, a UTF-8 name.
const KNOWN_FLAGS: u16 = 0b110 | FLAG_DESCRIPTOR | FLAG_UTF8;

/// The file type bits of the mode of a symbolic link.
const LINK: u32 = 0o12;

const EXTRA_ZIP64: u16 = 0x0001;
const EXTRA_UNICODE_PATH: u16 = 0x7075;

pub(super) struct Directory {
    pub(super) offset: u64,
    pub(super) entries: Vec<CentralEntry>,
    /// Of its bytes.
    pub(super) crc: u32,
    pub(super) deviations: Vec<Deviation>,
}

/// One record of the central directory.
pub(super) struct CentralEntry {
    pub(super) name: String,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) n_packed_bytes: u64,
    pub(super) n_bytes: u64,
    pub(super) header_offset: u64,
    mode: u32,
    /// As MS-DOS has them: the time, and the date in the upper half.
    modified: u32,
    has_comment: bool,
}

/// Where the directory lies, as an end record says it.
struct Place {
    n_entries: u64,
    n_bytes: u64,
    offset: u64,
}

pub(super) fn read(source: &Source, n_file_bytes: u64) -> Result<Directory, Error> {
    let tail = Tail::read(source, n_file_bytes)?;
    let place = tail.place(source)?;
    if place.n_entries > MAX_ENTRIES {
        return Err(Error::TooManyEntries {
            n_entries: place.n_entries,
            limit: MAX_ENTRIES,
        });
    }
    if place.n_bytes > MAX_DIRECTORY_BYTES {
        return Err(malformed("its central directory is larger than 64 MiB"));
    }
    let bytes = tail.bytes_at(source, place.offset, place.n_bytes)?;
    let mut entries = Vec::new();
    let mut rest = &bytes[..];
    while !rest.is_empty() && entries.len() as u64 <= place.n_entries {
        let (entry, after) = CentralEntry::parse(rest)?;
        entries.push(entry);
        rest = after;
    }
    if entries.len() as u64 != place.n_entries {
        return Err(malformed(
            "its central directory does not have the declared number of entries",
        ));
    }
    Ok(Directory {
        offset: place.offset,
        entries,
        crc: crc32fast::hash(&bytes),
        deviations: tail.deviations(),
    })
}

/// The last bytes of the file, among them the end record and often the whole directory.
struct Tail {
    offset: u64,
    bytes: Vec<u8>,
    /// Where the end record begins in `bytes`.
    end: usize,
    /// Whether anything, which is zeros then, follows the end record and its comment.
    has_zeros_behind: bool,
}

impl Tail {
    fn read(source: &Source, n_file_bytes: u64) -> Result<Self, Error> {
        let most = (MAX_COMMENT_BYTES + END_BYTES + LOCATOR_BYTES + END64_BYTES) as u64;
        let n_bytes = n_file_bytes.min(most);
        let offset = n_file_bytes - n_bytes;
        let bytes = read_at(source, offset, n_bytes)?;
        let end = memchr::memmem::rfind(&bytes, END_SIGNATURE)
            .ok_or_else(|| malformed("it has no end of central directory record"))?;
        let record = bytes
            .get(end..end + END_BYTES)
            .ok_or_else(|| malformed("its end of central directory record is truncated"))?;
        let comment_end = end + END_BYTES + usize::from(u16_at(record, 20));
        let behind = bytes.get(comment_end..).filter(|behind| is_zero(behind));
        let behind =
            behind.ok_or_else(|| malformed("data follows its end of central directory record"))?;
        Ok(Self {
            offset,
            end,
            has_zeros_behind: !behind.is_empty(),
            bytes,
        })
    }

    fn deviations(&self) -> Vec<Deviation> {
        let zeros = self.has_zeros_behind.then(|| Deviation {
            kind: DeviationKind::TrailingZeros,
            path: String::new(),
        });
        zeros.into_iter().collect()
    }

    /// Finds the directory, which has to end where the end records begin.
    fn place(&self, source: &Source) -> Result<Place, Error> {
        let record = &self.bytes[self.end..];
        if u16_at(record, 4) != 0
            || u16_at(record, 6) != 0
            || u16_at(record, 8) != u16_at(record, 10)
        {
            return Err(malformed("it is a split archive"));
        }
        let short = Place {
            n_entries: u64::from(u16_at(record, 10)),
            n_bytes: u64::from(u32_at(record, 12)),
            offset: u64::from(u32_at(record, 16)),
        };
        let (place, end) = match self.locator() {
            Some(locator) => {
                let start = u64_at(locator, 8);
                (self.place64(source, locator, &short)?, start)
            }
            None => (short, self.offset + self.end as u64),
        };
        if place.offset.checked_add(place.n_bytes) != Some(end) {
            return Err(malformed(
                "its central directory does not end where its end record begins",
            ));
        }
        Ok(place)
    }

    fn locator(&self) -> Option<&[u8]> {
        let start = self.end.checked_sub(LOCATOR_BYTES)?;
        let locator = &self.bytes[start..self.end];
        locator.starts_with(LOCATOR_SIGNATURE).then_some(locator)
    }

    fn place64(&self, source: &Source, locator: &[u8], short: &Place) -> Result<Place, Error> {
        let start = u64_at(locator, 8);
        let locator_offset = self.offset + (self.end - LOCATOR_BYTES) as u64;
        let is_adjacent = start.checked_add(END64_BYTES as u64) == Some(locator_offset);
        if u32_at(locator, 4) != 0 || u32_at(locator, 16) != 1 || !is_adjacent {
            return Err(malformed("its ZIP64 records are not adjacent"));
        }
        let record = read_at(source, start, END64_BYTES as u64)?;
        let fits = record.starts_with(END64_SIGNATURE)
            && u64_at(&record, 4) == END64_BYTES as u64 - 12
            && u32_at(&record, 16) == 0
            && u32_at(&record, 20) == 0
            && u64_at(&record, 24) == u64_at(&record, 32);
        let place = Place {
            n_entries: u64_at(&record, 32),
            n_bytes: u64_at(&record, 40),
            offset: u64_at(&record, 48),
        };
        let agrees = |short: u64, long: u64, sentinel: u64| short == long || short == sentinel;
        let agrees = agrees(short.n_entries, place.n_entries, 0xffff)
            && agrees(short.n_bytes, place.n_bytes, 0xffff_ffff)
            && agrees(short.offset, place.offset, 0xffff_ffff);
        if fits && agrees {
            Ok(place)
        } else {
            Err(malformed(
                "its ZIP64 end record does not match its end record",
            ))
        }
    }

    /// Reads a part of the file, from this tail when it lies in it.
    fn bytes_at(&self, source: &Source, offset: u64, n_bytes: u64) -> Result<Vec<u8>, Error> {
        let start = offset
            .checked_sub(self.offset)
            .and_then(|start| usize::try_from(start).ok());
        let n_wanted = usize::try_from(n_bytes).unwrap_or(usize::MAX);
        let held = start.and_then(|start| self.bytes.get(start..start.saturating_add(n_wanted)));
        match held {
            Some(bytes) => Ok(bytes.to_vec()),
            None => read_at(source, offset, n_bytes),
        }
    }
}

impl CentralEntry {
    fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let cut_off = || malformed("its central directory is truncated or has invalid entries");
        let header = bytes.get(..CENTRAL_BYTES).ok_or_else(cut_off)?;
        if !header.starts_with(CENTRAL_SIGNATURE) {
            return Err(cut_off());
        }
        let n_name = usize::from(u16_at(header, 28));
        let n_extra = usize::from(u16_at(header, 30));
        let n_comment = usize::from(u16_at(header, 32));
        let rest = &bytes[CENTRAL_BYTES..];
        let (name, rest) = rest.split_at_checked(n_name).ok_or_else(cut_off)?;
        let (extra, rest) = rest.split_at_checked(n_extra).ok_or_else(cut_off)?;
        let (_, rest) = rest.split_at_checked(n_comment).ok_or_else(cut_off)?;
        let flags = u16_at(header, 8);
        let mut entry = Self {
            name: decode_name(name, flags)?,
            flags,
            method: u16_at(header, 10),
            crc: u32_at(header, 16),
            n_packed_bytes: u64::from(u32_at(header, 20)),
            n_bytes: u64::from(u32_at(header, 24)),
            header_offset: u64::from(u32_at(header, 42)),
            mode: u32_at(header, 38) >> 16,
            modified: u32_at(header, 12),
            has_comment: n_comment != 0,
        };
        entry.widen(extra)?;
        entry.check(u16_at(header, 34))?;
        Ok((entry, rest))
    }

    /// Takes the sizes that do not fit 32 bits from the ZIP64 extra field.
    fn widen(&mut self, extra: &[u8]) -> Result<(), Error> {
        let wide = zip64_extra(extra).map_err(|fault| self.fault(fault))?;
        let mut wide = wide.unwrap_or_default().chunks_exact(8);
        for field in [
            &mut self.n_bytes,
            &mut self.n_packed_bytes,
            &mut self.header_offset,
        ] {
            if *field == 0xffff_ffff
                && let Some(value) = wide.next()
            {
                *field = u64_at(value, 0);
            }
        }
        Ok(())
    }

    fn check(&self, disk: u16) -> Result<(), Error> {
        let is_stored = self.method == 0;
        let fault = if disk != 0 {
            return Err(malformed("it is a split archive"));
        } else if self.flags & !KNOWN_FLAGS != 0 {
            EntryFault::Flags(self.flags)
        } else if !matches!(self.method, 0 | 8) {
            EntryFault::Method(self.method)
        } else if is_stored && self.n_bytes != self.n_packed_bytes {
            EntryFault::Size
        } else if self.n_bytes > self.n_packed_bytes.saturating_mul(MAX_RATIO) {
            EntryFault::Ratio
        } else {
            return Ok(());
        };
        Err(self.fault(fault))
    }

    /// Makes the entry that the archive keeps, once its local header was found to agree.
    pub(super) fn into_entry(self, data_offset: u64) -> Result<ArchiveEntry, Error> {
        let kind = self.kind()?;
        let path = self.name.strip_suffix('/').unwrap_or(&self.name);
        check_path(path).map_err(|fault| self.fault(fault))?;
        Ok(ArchiveEntry {
            path: path.to_owned(),
            kind,
            mode: self.mode,
            modified: date::seconds(self.modified),
            method: if self.method == 0 {
                Method::Stored
            } else {
                Method::Deflated
            },
            crc: self.crc,
            n_packed_bytes: self.n_packed_bytes,
            n_bytes: self.n_bytes,
            data_offset,
        })
    }

    fn kind(&self) -> Result<EntryKind, Error> {
        let is_folder = self.name.ends_with('/');
        match self.mode >> 12 {
            0 | 0o4 if is_folder && self.n_bytes == 0 => Ok(EntryKind::Folder),
            0 | 0o10 | LINK if !is_folder => Ok(EntryKind::File),
            0 | 0o4 | 0o10 | LINK => Err(self.fault(EntryFault::KindDiffers)),
            file_type => Err(self.fault(EntryFault::NotAFile { file_type })),
        }
    }

    /// Lists in what the entry is not strict.
    pub(super) fn deviations(&self) -> impl Iterator<Item = Deviation> {
        let link = (self.mode >> 12 == LINK).then_some(DeviationKind::SymbolicLink);
        let comment = self.has_comment.then_some(DeviationKind::EntryComment);
        let kinds = link.into_iter().chain(comment);
        kinds.map(|kind| Deviation {
            kind,
            path: self.name.clone(),
        })
    }

    pub(super) fn fault(&self, fault: EntryFault) -> Error {
        Error::Entry {
            path: self.name.clone(),
            fault,
        }
    }
}

fn decode_name(name: &[u8], flags: u16) -> Result<String, Error> {
    let is_marked = name.is_ascii() || flags & FLAG_UTF8 != 0;
    match str::from_utf8(name) {
        Ok(name) if is_marked => Ok(name.to_owned()),
        _ => Err(Error::Entry {
            path: String::from_utf8_lossy(name).into_owned(),
            fault: EntryFault::NameEncoding,
        }),
    }
}

/// Finds the ZIP64 field among extra fields, all of which have to be well formed.
pub(super) fn zip64_extra(mut extra: &[u8]) -> Result<Option<&[u8]>, EntryFault> {
    let mut found = None;
    // Alignment tools pad with a few zero bytes, too few for a field.
    while extra.len() >= 4 {
        let (id, n_bytes) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let (field, rest) = extra[4..]
            .split_at_checked(n_bytes)
            .ok_or(EntryFault::Extra)?;
        match id {
            EXTRA_UNICODE_PATH => return Err(EntryFault::Extra),
            EXTRA_ZIP64 if found.is_some() => return Err(EntryFault::Extra),
            EXTRA_ZIP64 => found = Some(field),
            _ => {}
        }
        extra = rest;
    }
    if extra.iter().any(|byte| *byte != 0) {
        return Err(EntryFault::Extra);
    }
    Ok(found)
}

pub(super) fn read_at(source: &Source, offset: u64, n_bytes: u64) -> Result<Vec<u8>, Error> {
    let n_bytes =
        usize::try_from(n_bytes).map_err(|_| malformed("it is too large for this machine"))?;
    let mut bytes = vec![0; n_bytes];
    source.read_exact_at(&mut bytes, offset).map_err(|error| {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            malformed("it is truncated")
        } else {
            Error::Io(error)
        }
    })?;
    Ok(bytes)
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

fn malformed(what: &'static str) -> Error {
    Error::Malformed { what }
}
