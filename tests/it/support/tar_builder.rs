//! Tar archives made in code, right or wrong in any way that a test wants.

use std::fmt;
use std::io::{Read as _, Write as _};

use tar::{EntryType, Header};

/// One entry of an archive.
#[derive(Clone)]
pub(crate) struct TarEntry {
    pub(crate) header: Header,
    pub(crate) content: Vec<u8>,
}

impl TarEntry {
    /// A plain file of mode 644, dated 2020-09-13.
    pub(crate) fn file(name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        let mut entry = Self::of(EntryType::Regular, name);
        entry.header.set_size(content.len() as u64);
        entry.content = content.to_vec();
        entry
    }

    pub(crate) fn folder(name: &str) -> Self {
        Self::of(EntryType::Directory, name)
    }

    pub(crate) fn link(name: &str, target: &str) -> Self {
        Self::of(EntryType::Symlink, name).target(target)
    }

    pub(crate) fn hard_link(name: &str, target: &str) -> Self {
        Self::of(EntryType::Link, name).target(target)
    }

    /// An entry of any type with a name as it is.
    pub(crate) fn of(kind: EntryType, name: impl AsRef<[u8]>) -> Self {
        let mut header = Header::new_ustar();
        let name = name.as_ref();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(0);
        header.set_mtime(1_600_000_000);
        Self {
            header,
            content: Vec::new(),
        }
    }

    /// The records of an extended header, which speak of the next entry.
    pub(crate) fn records(records: &[(&str, &str)]) -> Self {
        let mut content = Vec::new();
        for (key, value) in records {
            content.extend(record(key, value.as_bytes()));
        }
        Self::document(EntryType::XHeader, &content)
    }

    /// An entry with content of any type.
    pub(crate) fn document(kind: EntryType, content: &[u8]) -> Self {
        let mut entry = Self::file("extended", content);
        entry.header.set_entry_type(kind);
        entry
    }

    #[must_use]
    pub(crate) fn mode(mut self, mode: u32) -> Self {
        self.header.set_mode(mode);
        self
    }

    #[must_use]
    pub(crate) fn modified(mut self, seconds: u64) -> Self {
        self.header.set_mtime(seconds);
        self
    }

    #[must_use]
    pub(crate) fn declared_size(mut self, n_bytes: u64) -> Self {
        self.header.set_size(n_bytes);
        self
    }

    #[must_use]
    fn target(mut self, target: &str) -> Self {
        self.header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        self
    }
}

impl fmt::Debug for TarEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let link = self.header.link_name_bytes();
        formatter
            .debug_struct("TarEntry")
            .field("type", &self.header.entry_type())
            .field("name", &lossy(&self.header.path_bytes()))
            .field("link", &link.map(|link| lossy(&link)))
            .finish_non_exhaustive()
    }
}

/// One record of an extended header: its length counts its own digits.
pub(crate) fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [
        length.to_string().as_bytes(),
        b" ",
        key.as_bytes(),
        b"=",
        value,
        b"\n",
    ]
    .concat()
}

/// The entries without the mark of the end.
pub(crate) fn tar_without_end(entries: &[TarEntry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        let mut header = entry.header.clone();
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(&entry.content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes
}

/// A whole archive.
pub(crate) fn tar(entries: &[TarEntry]) -> Vec<u8> {
    let mut bytes = tar_without_end(entries);
    bytes.resize((bytes.len() + 1024).next_multiple_of(10240), 0);
    bytes
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::new();
    bzip2::read::BzEncoder::new(bytes, bzip2::Compression::fast())
        .read_to_end(&mut compressed)
        .unwrap();
    compressed
}
