//! What can be wrong with an archive.

use std::fmt;
use std::io;

/// Why an archive is refused. The caller adds the archive's name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("the archive cannot be read")]
    Io(#[source] io::Error),
    /// The structure as a whole is not that of one ZIP archive and nothing else.
    #[error("not a well-formed zip archive: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// Zeros follow the end of the archive.
    #[error("not a well-formed zip archive: data follows its end of central directory record")]
    TrailingZeros,
    /// The archive has more entries than any that is known by far.
    #[error("the archive has {n_entries} entries, more than the limit of {limit}")]
    TooManyEntries {
        /// How many it says it has.
        n_entries: u64,
        /// The limit.
        limit: u64,
    },
    /// The entries together declare more bytes than is allowed.
    #[error("the archive unpacks to {n_bytes} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The sum of the declared sizes.
        n_bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The entries together declare more bytes than an honest archive of that size.
    #[error(
        "the archive declares {n_bytes} bytes of content, more than {ratio} times its own {n_packed_bytes}"
    )]
    Bomb {
        /// The sum of the declared sizes.
        n_bytes: u64,
        /// The size of the archive.
        n_packed_bytes: u64,
        /// The limit.
        ratio: u64,
    },
    /// One entry is refused.
    #[error("entry `{}` {fault}", path.escape_debug())]
    Entry {
        /// The entry's name.
        path: String,
        /// What is wrong with it.
        fault: EntryFault,
    },
}

/// What is wrong with a symbolic link.
pub(super) const LINK: EntryFault = EntryFault::NotAFile { file_type: 0o12 };

/// What is wrong with one entry of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryFault {
    /// It is encrypted, or uses another feature that its flags announce.
    Flags(u16),
    /// It is compressed by a method other than deflate.
    Method(u16),
    /// It does not begin where the one before it ends.
    NotTiled,
    /// Its local header does not say what the central directory says.
    HeaderDiffers {
        /// The field that differs.
        field: &'static str,
    },
    /// An extra field is malformed, or gives the entry a second name.
    Extra,
    /// It has a comment; only hidden content needs one.
    Comment,
    /// Its name is not UTF-8, or is not ASCII and not marked as UTF-8.
    NameEncoding,
    /// Its name has a character that no path should have: a backslash or a control character.
    NameCharacter(char),
    /// Its name leads outside: `..`, an absolute path or a drive.
    NameEscapes,
    /// Its name has an empty component or `.`, or is empty.
    NameComponent,
    /// Its name, or a component of it, is longer than file systems allow.
    NameLength,
    /// It is a symbolic link, a device or the like.
    NotAFile {
        /// The file type bits of its mode.
        file_type: u32,
    },
    /// Its name says folder and its mode or size says file, or the other way round.
    KindDiffers,
    /// Its name occurs twice.
    Repeated,
    /// It is a file, but other entries are below it.
    FileAndFolder,
    /// It declares a size that its compressed bytes cannot give.
    Ratio,
    /// It is a document and larger than such a document may be.
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Its content does not have the declared size.
    Size,
    /// Its content does not have the declared CRC.
    Crc,
    /// Its compressed bytes are not a deflate stream that ends where they end.
    Deflate,
}

impl fmt::Display for EntryFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Flags(flags) => {
                return write!(
                    formatter,
                    "is encrypted or has unknown flags ({flags:#06x})"
                );
            }
            Self::Method(method) => {
                return write!(formatter, "has the unknown compression method {method}");
            }
            Self::HeaderDiffers { field } => {
                return write!(
                    formatter,
                    "has a local header whose {field} differs from the central directory"
                );
            }
            Self::NameCharacter(character) => {
                return write!(
                    formatter,
                    "has `{}` in its name",
                    character.escape_default()
                );
            }
            Self::NotAFile { file_type } => {
                let name = match file_type {
                    0o12 => "a symbolic link",
                    0o2 | 0o6 => "a device",
                    _ => "neither a file nor a folder",
                };
                return write!(formatter, "is {name}");
            }
            Self::TooLarge { limit } => {
                return write!(formatter, "is larger than {limit} bytes");
            }
            Self::NotTiled => "does not begin where the entry before it ends",
            Self::Extra => "has an extra field that is malformed or contains a second name",
            Self::Comment => "has a comment",
            Self::NameEncoding => "has a name that is not marked as UTF-8 or is not UTF-8",
            Self::NameEscapes => "leads outside the archive",
            Self::NameComponent => "has an empty or `.` component in its name",
            Self::NameLength => "has a name that is too long",
            Self::KindDiffers => "is a file by its name and a folder by its mode, or the reverse",
            Self::Repeated => "occurs twice",
            Self::FileAndFolder => "is a file, but other entries are below it",
            Self::Ratio => "declares a size that its compressed bytes cannot have",
            Self::Size => "does not have the declared size",
            Self::Crc => "does not have the declared CRC",
            Self::Deflate => "is not a deflate stream of the declared length",
        };
        formatter.write_str(text)
    }
}
