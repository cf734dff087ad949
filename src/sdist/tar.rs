//! The entries of a tar archive: those of Unix V7, POSIX (ustar and pax) and GNU.
//!
//! The layout of a header is that of the `tar` crate; which entries there are is decided here, so that what two readers could
//! understand differently is refused: a second name, content where the type has none, sparse files.

use std::io::{Read as _, Write as _};

use tar::Header;

use super::extended::{self, Extended};
use super::stream::Stream;
use super::tree::{Added, Tree};
use super::writer::Writer;
use super::{Error, Fault, error, name};
use crate::archive::{MAX_ENTRIES, SizeLimits, Source};

/// Real ones have a few hundred bytes.
const MAX_EXTENDED_BYTES: u64 = 1 << 20;

const BUFFER_BYTES: usize = 64 << 10;

const LONG_NAME: u8 = b'L';
const LONG_LINK: u8 = b'K';
const EXTENDED: u8 = b'x';
const GLOBAL_EXTENDED: u8 = b'g';
/// As Solaris writes them; the records are those of POSIX.
const SOLARIS_EXTENDED: u8 = b'X';

/// What an entry is.
enum Kind {
    File { is_executable: bool },
    Folder,
    Link(Vec<u8>),
    HardLink(Vec<u8>),
}

/// One entry, whose content comes next.
struct Entry {
    /// Normal; empty for the top.
    path: Vec<u8>,
    kind: Kind,
    n_bytes: u64,
    modified: i64,
}

/// Writes what the archive in `source` holds.
pub(super) fn unpack(
    source: Source,
    limits: SizeLimits,
    writer: &mut Writer,
) -> Result<Tree, Error> {
    let mut entries = Entries {
        stream: Stream::open(source, limits)?,
        n_headers: 0,
        has_end_mark: false,
        buffer: vec![0; BUFFER_BYTES],
    };
    let mut tree = Tree::default();
    while let Some(entry) = entries.next()? {
        entries.place(&entry, &mut tree, writer)?;
        tree.check_size()?;
    }
    if entries.n_headers == 0 {
        return Err(malformed("it is empty"));
    }
    entries.stream.finish(entries.has_end_mark)?;
    for link in tree.checked_links()? {
        writer.link(link.path, link.target)?;
    }
    Ok(tree)
}

struct Entries {
    stream: Stream,
    n_headers: u64,
    has_end_mark: bool,
    buffer: Vec<u8>,
}

impl Entries {
    /// Reads up to the next entry's content; `None` at the end.
    fn next(&mut self) -> Result<Option<Entry>, Error> {
        let mut extended = Extended::default();
        loop {
            let Some(header) = self.header()? else {
                if extended.is_any() {
                    return Err(malformed("an extended header is followed by no entry"));
                }
                return Ok(None);
            };
            match header.as_old().linkflag[0] {
                LONG_NAME => extended.read_long_name(&self.document(&header)?)?,
                LONG_LINK => extended.read_long_link(&self.document(&header)?)?,
                EXTENDED | SOLARIS_EXTENDED => {
                    extended.read_records(&self.document(&header)?)?;
                }
                GLOBAL_EXTENDED => extended::check_global(&self.document(&header)?)?,
                _ => return entry(&header, extended).map(Some),
            }
        }
    }

    /// Reads a header; `None` at the mark of the end, and where the data ends.
    fn header(&mut self) -> Result<Option<Header>, Error> {
        let Some(block) = self.stream.block()? else {
            return Ok(None);
        };
        if block.iter().all(|byte| *byte == 0) {
            self.has_end_mark = true;
            return Ok(None);
        }
        self.n_headers += 1;
        if self.n_headers > MAX_ENTRIES {
            return Err(Error::TooManyEntries { limit: MAX_ENTRIES });
        }
        let mut header = Header::new_old();
        header.as_mut_bytes().copy_from_slice(&block);
        check_sum(&header)?;
        Ok(Some(header))
    }

    /// Reads the content of an extended header.
    fn document(&mut self, header: &Header) -> Result<Vec<u8>, Error> {
        let n_bytes = number(&header.as_old().size)?;
        if n_bytes > MAX_EXTENDED_BYTES {
            return Err(malformed("an extended header is larger than 1 MiB"));
        }
        let mut document = Vec::new();
        self.stream.content(n_bytes, &mut self.buffer, |piece| {
            document.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(document)
    }

    fn place(&mut self, entry: &Entry, tree: &mut Tree, writer: &mut Writer) -> Result<(), Error> {
        let path = entry.path.as_slice();
        let refuse = |fault: Fault| fault.of(path);
        match &entry.kind {
            Kind::Folder => {
                tree.add_folder(path).map_err(refuse)?;
                writer.create_folder(path)
            }
            Kind::File { is_executable } => match tree.add_file(path).map_err(refuse)? {
                Added::New => self.write(entry, *is_executable, writer),
                Added::Repeated => self.compare(entry, writer),
            },
            Kind::Link(target) => tree.add_link(path, target).map_err(refuse),
            Kind::HardLink(target) => match tree.add_hard_link(path, target).map_err(refuse)? {
                Added::New => writer.hard_link(path, target),
                Added::Repeated => Err(refuse(Fault::Repeated)),
            },
        }
    }

    fn write(
        &mut self,
        entry: &Entry,
        is_executable: bool,
        writer: &mut Writer,
    ) -> Result<(), Error> {
        let mut file = writer.create(&entry.path, is_executable)?;
        self.stream
            .content(entry.n_bytes, &mut self.buffer, |piece| {
                file.write_all(piece)
                    .map_err(|cause| writer.failed("write", &entry.path, cause))
            })?;
        writer.date(&file, &entry.path, entry.modified)
    }

    /// Reads content that must be that of the file that is there already.
    fn compare(&mut self, entry: &Entry, writer: &mut Writer) -> Result<(), Error> {
        let mut file = writer.open_file(&entry.path)?;
        let mut there = vec![0; BUFFER_BYTES];
        let unreadable = |cause| writer.failed("read", &entry.path, cause);
        let n_there = file.metadata().map_err(unreadable)?.len();
        if n_there != entry.n_bytes {
            return Err(Fault::Repeated.of(&entry.path));
        }
        self.stream
            .content(entry.n_bytes, &mut self.buffer, |piece| {
                let there = &mut there[..piece.len()];
                file.read_exact(there).map_err(unreadable)?;
                if there == piece {
                    Ok(())
                } else {
                    Err(Fault::Repeated.of(&entry.path))
                }
            })
    }
}

/// Makes an entry of its header and what was said before.
fn entry(header: &Header, extended: Extended) -> Result<Entry, Error> {
    let fields = header.as_old();
    let n_bytes = number(&fields.size)?;
    if extended.n_bytes.is_some_and(|other| other != n_bytes) {
        return Err(malformed("an entry has two sizes"));
    }
    let path = extended
        .path
        .unwrap_or_else(|| header.path_bytes().into_owned());
    let refuse = |fault: Fault| fault.of(&path);
    if extended.is_sparse {
        return Err(refuse(Fault::Sparse));
    }
    let link = extended
        .link
        .or_else(|| Some(header.link_name_bytes()?.into_owned()));
    let kind = kind(header, &path, link.unwrap_or_default()).map_err(refuse)?;
    let has_content = matches!(kind, Kind::File { .. });
    if n_bytes > 0 && !has_content {
        return Err(refuse(Fault::Content));
    }
    let normal = name::normal(&path).map_err(refuse)?;
    if normal.is_empty() && !matches!(kind, Kind::Folder) {
        return Err(refuse(Fault::Name));
    }
    let modified = match extended.modified {
        Some(modified) => modified,
        None => i64::try_from(number(&fields.mtime)?).unwrap_or(i64::MAX),
    };
    Ok(Entry {
        path: normal,
        kind,
        n_bytes,
        modified,
    })
}

fn kind(header: &Header, path: &[u8], link: Vec<u8>) -> Result<Kind, Fault> {
    let is_named_folder = path.ends_with(b"/");
    match header.as_old().linkflag[0] {
        // Unix V7 knew no folders but by their names.
        0 | b'0' if is_named_folder => Ok(Kind::Folder),
        b'5' => Ok(Kind::Folder),
        _ if is_named_folder => Err(Fault::KindDiffers),
        // The last are contiguous files, where a system knows such.
        0 | b'0' | b'7' => Ok(Kind::File {
            is_executable: number(&header.as_old().mode).is_ok_and(|mode| mode & 0o111 != 0),
        }),
        b'1' => match name::normal(&link) {
            Ok(target) => Ok(Kind::HardLink(target)),
            Err(_) => Err(Fault::HardLink {
                target: error::text(&link),
            }),
        },
        b'2' => Ok(Kind::Link(link)),
        b'3' | b'4' | b'6' => Err(Fault::Device),
        b'S' => Err(Fault::Sparse),
        other => Err(Fault::Type(other)),
    }
}

/// Checks the sum over the header, in which the field of the sum itself counts as spaces. Some old programs added signed bytes.
fn check_sum(header: &Header) -> Result<(), Error> {
    let expected = number(&header.as_old().cksum)?;
    let bytes = header.as_bytes();
    let counted = bytes[..148].iter().chain(&bytes[156..]);
    let unsigned = counted.clone().map(|byte| i64::from(*byte)).sum::<i64>() + 8 * 32;
    let signed = counted
        .map(|byte| i64::from(byte.cast_signed()))
        .sum::<i64>()
        + 8 * 32;
    let is_right = [unsigned, signed].contains(&i64::try_from(expected).unwrap_or(-1));
    if is_right {
        Ok(())
    } else {
        Err(malformed("a header has the wrong checksum"))
    }
}

/// Reads a number of a header: octal digits between spaces and NULs, none of them for 0, or GNU's binary form.
fn number(field: &[u8]) -> Result<u64, Error> {
    let unreadable = || malformed("a number in a header cannot be read");
    if let Some((0x80, digits)) = field.split_first() {
        let add = |number: u64, digit: &u8| Some(number.checked_mul(256)? + u64::from(*digit));
        return digits.iter().try_fold(0, add).ok_or_else(unreadable);
    }
    let text = str::from_utf8(field).map_err(|_| unreadable())?;
    let text = text.split('\0').next().unwrap_or_default().trim();
    if text.is_empty() {
        return Ok(0);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(unreadable());
    }
    u64::from_str_radix(text, 8).map_err(|_| unreadable())
}

fn malformed(what: &'static str) -> Error {
    Error::Malformed { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_binary() {
        assert_eq!(number(b"0000644\0").unwrap(), 0o644);
        assert_eq!(number(b"   12 \0").unwrap(), 0o12);
        assert_eq!(number(b"\0\0\0\0").unwrap(), 0);
        assert_eq!(number(b"        ").unwrap(), 0);
        assert_eq!(number(b"\x80\0\0\0\x01\0").unwrap(), 256);
        for field in [
            &b"+12"[..],
            b"-1",
            b"0x1",
            b"8",
            b"\xff\xff\xff",
            b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert!(number(field).is_err(), "{}", field.escape_ascii());
        }
    }
}
