//! Wheels and archives made in code, right or wrong in any way that a test wants.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lock2venv::digest::{Algorithm, Digest};
use lock2venv::filename::WheelFilename;
use lock2venv::install::{PreparedWheel, WheelContent};
use lock2venv::name::PackageName;
use lock2venv::plan::{Distribution, DistributionId, Form, Origin, Plan};
use lock2venv::store::{Cache, VerifiedFile};
use lock2venv::version::Version;

/// The fields that a local header and a record of the central directory share.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) n_packed_bytes: u32,
    pub(crate) n_bytes: u32,
    pub(crate) name: Vec<u8>,
    pub(crate) extra: Vec<u8>,
}

/// One entry of an archive.
#[derive(Clone, Debug)]
pub(crate) struct ZipEntry {
    pub(crate) local: Header,
    pub(crate) central: Header,
    pub(crate) packed: Vec<u8>,
    pub(crate) descriptor: Vec<u8>,
    pub(crate) mode: u32,
    pub(crate) comment: Vec<u8>,
    /// Where the directory says that the entry begins, when that is not where it does.
    pub(crate) claimed_offset: Option<u32>,
    /// Whether the directory lists the entry.
    pub(crate) is_listed: bool,
}

impl ZipEntry {
    pub(crate) fn stored(name: &str, content: &[u8]) -> Self {
        Self::new(name, content, 0, content.to_vec())
    }

    pub(crate) fn deflated(name: &str, content: &[u8]) -> Self {
        let mut encoder =
            flate2::read::DeflateEncoder::new(content, flate2::Compression::default());
        let mut packed = Vec::new();
        encoder.read_to_end(&mut packed).unwrap();
        Self::new(name, content, 8, packed)
    }

    fn new(name: &str, content: &[u8], method: u16, packed: Vec<u8>) -> Self {
        let header = Header {
            flags: if name.is_ascii() { 0 } else { 1 << 11 },
            method,
            crc: crc32fast::hash(content),
            n_packed_bytes: packed.len().try_into().unwrap(),
            n_bytes: content.len().try_into().unwrap(),
            name: name.as_bytes().to_vec(),
            extra: Vec::new(),
        };
        let kind = if name.ends_with('/') {
            0o040_755
        } else {
            0o100_644
        };
        Self {
            local: header.clone(),
            central: header,
            packed,
            descriptor: Vec::new(),
            mode: kind,
            comment: Vec::new(),
            claimed_offset: None,
            is_listed: true,
        }
    }

    #[must_use]
    pub(crate) fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Changes both headers.
    #[must_use]
    pub(crate) fn both(mut self, change: impl Fn(&mut Header)) -> Self {
        change(&mut self.local);
        change(&mut self.central);
        self
    }

    #[must_use]
    pub(crate) fn local(mut self, change: impl Fn(&mut Header)) -> Self {
        change(&mut self.local);
        self
    }

    #[must_use]
    pub(crate) fn central(mut self, change: impl Fn(&mut Header)) -> Self {
        change(&mut self.central);
        self
    }

    #[must_use]
    pub(crate) fn with(mut self, change: impl Fn(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Moves sizes and CRC behind the content, as streaming writers do.
    #[must_use]
    pub(crate) fn streamed(mut self) -> Self {
        let header = self.central.clone();
        self = self.both(|header| header.flags |= 1 << 3);
        self = self.local(|header| {
            (header.crc, header.n_packed_bytes, header.n_bytes) = (0, 0, 0);
        });
        self.descriptor = b"PK\x07\x08".to_vec();
        for field in [header.crc, header.n_packed_bytes, header.n_bytes] {
            self.descriptor.extend_from_slice(&field.to_le_bytes());
        }
        self
    }
}

/// Renders an archive of `entries`, in order.
pub(crate) fn zip(entries: &[ZipEntry]) -> Vec<u8> {
    zip_with_comment(entries, b"")
}

pub(crate) fn zip_with_comment(entries: &[ZipEntry], comment: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    let mut n_listed = 0u16;
    for entry in entries {
        let offset: u32 = bytes.len().try_into().unwrap();
        bytes.extend_from_slice(b"PK\x03\x04\x14\x00");
        header(&mut bytes, &entry.local);
        bytes.extend_from_slice(&entry.local.name);
        bytes.extend_from_slice(&entry.local.extra);
        bytes.extend_from_slice(&entry.packed);
        bytes.extend_from_slice(&entry.descriptor);
        if entry.is_listed {
            n_listed += 1;
            central(
                &mut directory,
                entry,
                entry.claimed_offset.unwrap_or(offset),
            );
        }
    }
    let offset: u32 = bytes.len().try_into().unwrap();
    let n_directory: u32 = directory.len().try_into().unwrap();
    bytes.extend_from_slice(&directory);
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    bytes.extend_from_slice(&n_listed.to_le_bytes());
    bytes.extend_from_slice(&n_listed.to_le_bytes());
    bytes.extend_from_slice(&n_directory.to_le_bytes());
    bytes.extend_from_slice(&offset.to_le_bytes());
    bytes.extend_from_slice(&u16::try_from(comment.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(comment);
    bytes
}

fn header(bytes: &mut Vec<u8>, header: &Header) {
    bytes.extend_from_slice(&header.flags.to_le_bytes());
    bytes.extend_from_slice(&header.method.to_le_bytes());
    bytes.extend_from_slice(&[0, 0, 0x21, 0]);
    bytes.extend_from_slice(&header.crc.to_le_bytes());
    bytes.extend_from_slice(&header.n_packed_bytes.to_le_bytes());
    bytes.extend_from_slice(&header.n_bytes.to_le_bytes());
    bytes.extend_from_slice(&u16::try_from(header.name.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(&u16::try_from(header.extra.len()).unwrap().to_le_bytes());
}

fn central(directory: &mut Vec<u8>, entry: &ZipEntry, offset: u32) {
    directory.extend_from_slice(b"PK\x01\x02\x14\x03\x14\x00");
    header(directory, &entry.central);
    directory.extend_from_slice(&u16::try_from(entry.comment.len()).unwrap().to_le_bytes());
    directory.extend_from_slice(&[0, 0, 0, 0]);
    directory.extend_from_slice(&(entry.mode << 16).to_le_bytes());
    directory.extend_from_slice(&offset.to_le_bytes());
    directory.extend_from_slice(&entry.central.name);
    directory.extend_from_slice(&entry.central.extra);
    directory.extend_from_slice(&entry.comment);
}

/// Writes `bytes` to a file without a name.
pub(crate) fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

/// A wheel, valid unless a test breaks it.
#[derive(Clone, Debug)]
pub(crate) struct WheelBuilder {
    name: String,
    version: String,
    entries: Vec<ZipEntry>,
    wheel: String,
    metadata: String,
    record: Option<String>,
    unrecorded: Vec<String>,
    extra_lines: Vec<String>,
    folder: Option<String>,
    trailing: Vec<u8>,
}

impl WheelBuilder {
    pub(crate) fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            entries: Vec::new(),
            wheel:
                "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
                    .to_owned(),
            metadata: format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"),
            record: None,
            unrecorded: Vec::new(),
            extra_lines: Vec::new(),
            folder: None,
            trailing: Vec::new(),
        }
    }

    pub(crate) fn file_name(&self) -> String {
        format!("{}-py3-none-any.whl", self.stem())
    }

    fn stem(&self) -> String {
        format!("{}-{}", self.name.replace('-', "_"), self.version)
    }

    #[must_use]
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.entry(ZipEntry::deflated(path, content.as_ref()))
    }

    #[must_use]
    pub(crate) fn program(self, path: &str, content: &str) -> Self {
        self.entry(ZipEntry::deflated(path, content.as_bytes()).mode(0o100_755))
    }

    /// Adds a file to `.data`.
    #[must_use]
    pub(crate) fn data(self, path: &str, content: &str) -> Self {
        let path = format!("{}.data/{path}", self.stem());
        self.file(&path, content)
    }

    #[must_use]
    pub(crate) fn dist_info(self, name: &str, content: &str) -> Self {
        let path = format!("{}.dist-info/{name}", self.stem());
        self.file(&path, content)
    }

    #[must_use]
    pub(crate) fn entry(mut self, entry: ZipEntry) -> Self {
        self.entries.push(entry);
        self
    }

    #[must_use]
    pub(crate) fn console_script(self, name: &str, reference: &str) -> Self {
        self.dist_info(
            "entry_points.txt",
            &format!("[console_scripts]\n{name} = {reference}\n"),
        )
    }

    #[must_use]
    pub(crate) fn wheel(mut self, text: &str) -> Self {
        text.clone_into(&mut self.wheel);
        self
    }

    #[must_use]
    pub(crate) fn metadata(mut self, text: &str) -> Self {
        text.clone_into(&mut self.metadata);
        self
    }

    /// Calls the `.dist-info` folder so.
    #[must_use]
    pub(crate) fn folder(mut self, name: &str) -> Self {
        self.folder = Some(name.to_owned());
        self
    }

    /// Replaces RECORD.
    #[must_use]
    pub(crate) fn record(mut self, text: &str) -> Self {
        self.record = Some(text.to_owned());
        self
    }

    /// Leaves `path` out of RECORD.
    #[must_use]
    pub(crate) fn without_record_of(mut self, path: &str) -> Self {
        self.unrecorded.push(path.to_owned());
        self
    }

    /// Adds a line to RECORD.
    #[must_use]
    pub(crate) fn record_line(mut self, line: &str) -> Self {
        self.extra_lines.push(line.to_owned());
        self
    }

    /// Puts `bytes` behind the archive.
    #[must_use]
    pub(crate) fn trailing(mut self, bytes: &[u8]) -> Self {
        self.trailing = bytes.to_vec();
        self
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let folder = format!("{}.dist-info", self.stem());
        let folder = self.folder.clone().unwrap_or(folder);
        let mut entries = self.entries.clone();
        for (name, text) in [("WHEEL", &self.wheel), ("METADATA", &self.metadata)] {
            if !text.is_empty() {
                let path = format!("{folder}/{name}");
                entries.push(ZipEntry::deflated(&path, text.as_bytes()));
            }
        }
        let record = self
            .record
            .clone()
            .unwrap_or_else(|| self.render_record(&entries, &folder));
        entries.push(ZipEntry::deflated(
            &format!("{folder}/RECORD"),
            record.as_bytes(),
        ));
        let mut bytes = zip(&entries);
        bytes.extend_from_slice(&self.trailing);
        bytes
    }

    fn render_record(&self, entries: &[ZipEntry], folder: &str) -> String {
        let mut lines: Vec<String> = Vec::new();
        for entry in entries {
            let name = String::from_utf8(entry.central.name.clone()).unwrap();
            if name.ends_with('/') || self.unrecorded.contains(&name) {
                continue;
            }
            let content = unpacked(entry);
            let digest = Digest::of(Algorithm::Sha256, &content);
            let digest = URL_SAFE_NO_PAD.encode(digest.bytes());
            let name = if name.contains(['"', ',']) {
                format!("\"{}\"", name.replace('"', "\"\""))
            } else {
                name
            };
            lines.push(format!("{name},sha256={digest},{}", content.len()));
        }
        lines.extend(self.extra_lines.iter().cloned());
        lines.push(format!("{folder}/RECORD,,"));
        lines.join("\n") + "\n"
    }

    pub(crate) fn distribution(&self) -> Distribution {
        Distribution {
            id: DistributionId::default(),
            name: PackageName::new(&self.name),
            version: Version::parse(&self.version).unwrap(),
            origin: Origin::Index {
                source: None,
                digests: Vec::new(),
            },
            form: Form::Wheel(self.parsed_file_name()),
            is_requested: false,
            next_best: None,
        }
    }

    fn parsed_file_name(&self) -> WheelFilename {
        WheelFilename::parse(&self.file_name()).unwrap()
    }

    /// The wheel as it arrives; [`of_plan`] says for which distribution.
    pub(crate) fn arrival(&self) -> PreparedWheel {
        PreparedWheel {
            id: DistributionId::default(),
            file: self.parsed_file_name(),
            content: WheelContent::Archive(verified(&self.build())),
            from_cache: false,
        }
    }
}

fn unpacked(entry: &ZipEntry) -> Vec<u8> {
    if entry.central.method == 0 {
        return entry.packed.clone();
    }
    let mut content = Vec::new();
    flate2::read::DeflateDecoder::new(&entry.packed[..])
        .read_to_end(&mut content)
        .unwrap();
    content
}

/// Gives each wheel the id of the distribution of `plan` that has its name.
pub(crate) fn of_plan(plan: &Plan, arrivals: Vec<PreparedWheel>) -> Vec<PreparedWheel> {
    let with_id = |mut arrival: PreparedWheel| {
        let mut planned = plan.distributions();
        let planned = planned.find(|planned| planned.name == *arrival.file.name());
        arrival.id = planned.map_or(DistributionId::new(usize::MAX), |planned| planned.id);
        arrival
    };
    arrivals.into_iter().map(with_id).collect()
}

/// Proves `bytes` by their own digest.
pub(crate) fn verified(bytes: &[u8]) -> VerifiedFile {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive");
    fs_err::write(&path, bytes).unwrap();
    let digests = [Digest::of(Algorithm::Sha256, bytes)];
    let cache = Cache::disabled(folder.path());
    cache.verify_local(&path, &digests).unwrap()
}
