//! What can be wrong with a source distribution.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::archive;

/// Why a source distribution is not unpacked. The caller adds the archive's name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file name does not end as one of an archive that is read here.
    #[error("`{file}` is not an archive of a known format")]
    Format {
        /// The file name.
        file: String,
    },
    /// The file cannot be read.
    #[error("the archive cannot be read")]
    Read(#[source] io::Error),
    /// The compressed data is damaged.
    #[error("the compressed data of the archive is damaged")]
    Compression(#[source] io::Error),
    /// The archive ends too early.
    #[error("the archive is truncated")]
    Truncated,
    /// The structure is not that of a tar archive.
    #[error("not a well-formed tar archive: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// The archive is a tar archive for one reader and a ZIP archive for another.
    #[error("the archive is a tar archive and a ZIP archive at once")]
    TwoKinds,
    /// The archive has more entries than are allowed.
    #[error("the archive has more than {limit} entries")]
    TooManyEntries {
        /// The limit.
        limit: u64,
    },
    /// The archive unpacks to more bytes than are allowed.
    #[error("the archive unpacks to more than {limit} bytes")]
    TooLarge {
        /// The limit, for an archive of that size.
        limit: u64,
    },
    /// One entry is refused.
    #[error("entry `{}` {fault}", path.escape_debug())]
    Entry {
        /// The entry's name.
        path: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The ZIP archive is refused.
    #[error(transparent)]
    Zip(#[from] archive::Error),
    /// Neither one folder nor a project is at the top of the archive.
    #[error("the archive does not contain a project in one folder")]
    NoProject {
        /// What is at the top.
        names: Vec<String>,
    },
    /// A file or folder could not be written.
    #[error("cannot {act} `{}`", path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// What is wrong with one entry of a source distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Its name is absolute.
    Absolute,
    /// Its name has the component `..`.
    Escapes,
    /// Its name is empty or has a NUL byte.
    Name,
    /// Its name, or a component of it, is longer than file systems allow.
    NameLength,
    /// It is below more folders than any project has.
    Depth,
    /// It is a file or link by its type, and a folder by its name.
    KindDiffers,
    /// It is of a type that has no content, and declares some.
    Content,
    /// It is a device or a named pipe.
    Device,
    /// It is a sparse file.
    Sparse,
    /// It is of a type that is not known.
    Type(u8),
    /// Another entry has the same name, and other content or another type.
    Repeated,
    /// It is below an entry that is a file or a link.
    BelowFile,
    /// It is a symbolic link that leads to a place outside the archive.
    LinkOutside {
        /// Where it leads.
        target: String,
    },
    /// It is a symbolic link that leads to a longer name than file systems allow.
    LinkLength,
    /// It is a symbolic link that leads to itself, or through too many others.
    LinkLoop,
    /// It is a symbolic link, and those of the archive lead through so many folders and links that following them has no end.
    LinkSteps,
    /// It is a hard link to something that is not a file before it in the archive.
    HardLink {
        /// Where it leads.
        target: String,
    },
}

impl Error {
    pub(super) fn io(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { act, path, source }
    }

    /// Tells damaged data from a file that cannot be read.
    pub(super) fn reading(cause: io::Error) -> Self {
        let is_damage = matches!(
            cause.kind(),
            io::ErrorKind::InvalidData
                | io::ErrorKind::InvalidInput
                | io::ErrorKind::OutOfMemory
                | io::ErrorKind::Unsupported
        );
        if cause.kind() == io::ErrorKind::UnexpectedEof {
            Self::Truncated
        } else if is_damage {
            Self::Compression(cause)
        } else {
            Self::Read(cause)
        }
    }
}

impl Fault {
    pub(super) fn of(self, path: &[u8]) -> Error {
        Error::Entry {
            path: text(path),
            fault: self,
        }
    }
}

/// Returns a name as text for messages.
pub(super) fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Type(kind) => {
                let kind = kind.escape_ascii();
                return write!(formatter, "is of the unknown type `{kind}`");
            }
            Self::LinkOutside { target } => {
                let target = target.escape_debug();
                return write!(formatter, "is a link to `{target}`, outside the archive");
            }
            Self::HardLink { target } => {
                let target = target.escape_debug();
                return write!(
                    formatter,
                    "is a hard link to `{target}`, which is not a file before it"
                );
            }
            Self::Absolute => "has an absolute name",
            Self::Escapes => "has `..` in its name",
            Self::Name => "has an empty name or a NUL byte in it",
            Self::NameLength => "has a name that is too long",
            Self::Depth => "is below too many folders",
            Self::LinkLength => "is a link to a name that is too long",
            Self::KindDiffers => "is a folder by its name only",
            Self::Content => "declares content, which its type does not have",
            Self::Device => "is a device or a named pipe",
            Self::Sparse => "is a sparse file",
            Self::Repeated => "occurs twice with different content",
            Self::BelowFile => "is below a file or a link",
            Self::LinkLoop => "is a link that leads to itself or through too many links",
            Self::LinkSteps => "is a link, and those of the archive lead through too many folders",
        };
        formatter.write_str(text)
    }
}
