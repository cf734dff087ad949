//! What a wheel says of itself ([binary distribution format], PEP 427): WHEEL, METADATA, RECORD, entry points, and where
//! each of its files belongs.
//!
//! [`Wheel::open`] proves that the documents fit each other, the file's name and the lock. Whether the content of the
//! files fits RECORD is seen by `install`, in the pass that writes them.
//!
//! [binary distribution format]: https://packaging.python.org/en/latest/specifications/binary-distribution-format/

mod entry_point;
mod error;
mod metadata;
mod record;

use crate::archive::{Archive, Buffers, Entry, Source};
use crate::installed::name_and_version;
use crate::name::PackageName;
use crate::version::Version;

pub use entry_point::{EntryPoint, check_script_name, parse_entry_points};
pub use error::Error;
pub use metadata::{Metadata, WheelMetadata};
pub use record::{Record, RecordLine, encode_digest, write_record};

/// The largest METADATA, WHEEL or `entry_points.txt` that is read.
const MAX_DOCUMENT_BYTES: u64 = 16 << 20;
/// The largest RECORD that is read: a million lines.
const MAX_RECORD_BYTES: u64 = 256 << 20;

/// A wheel whose archive is strict, and whose documents fit each other and what was locked.
#[derive(Debug)]
pub struct Wheel {
    archive: Archive,
    dist_info: String,
    data: Option<String>,
    root: Scheme,
    record: Record,
    entry_points: Vec<EntryPoint>,
}

/// The part of an environment that a file of a wheel goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// Pure Python modules.
    Purelib,
    /// Modules for one platform.
    Platlib,
    /// Scripts.
    Scripts,
    /// C headers.
    Headers,
    /// Anything, relative to the root of the environment.
    Data,
}

impl Scheme {
    /// Finds the scheme by the name of its folder in `.data`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "purelib" => Some(Self::Purelib),
            "platlib" => Some(Self::Platlib),
            "scripts" => Some(Self::Scripts),
            "headers" => Some(Self::Headers),
            "data" => Some(Self::Data),
            _ => None,
        }
    }

    /// Returns the name of its folder in `.data`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Purelib => "purelib",
            Self::Platlib => "platlib",
            Self::Scripts => "scripts",
            Self::Headers => "headers",
            Self::Data => "data",
        }
    }
}

/// Where a file of a wheel goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The part of the environment.
    pub scheme: Scheme,
    /// The path below it.
    pub path: &'a str,
}

impl Wheel {
    /// Opens the wheel in `file`, which is called `file_name` and shall be `version` of `name`.
    ///
    /// # Errors
    ///
    /// [`Error::Archive`] when the archive is not strict, otherwise the [`Error`] that names the document and what it
    /// says instead of what the file's name or the lock says.
    pub fn open(
        source: impl Into<Source>,
        file_name: &str,
        expected: (&PackageName, &Version),
        buffers: &mut Buffers,
    ) -> Result<Self, Error> {
        let archive = Archive::read(source)?;
        check_file_name(file_name, expected)?;
        let dist_info = find_dist_info(&archive, expected)?;
        let data = find_data(&archive, expected)?;
        let mut documents = Documents {
            archive: &archive,
            dist_info: &dist_info,
            buffers,
        };
        let wheel = WheelMetadata::parse(&documents.required("WHEEL")?)?;
        Metadata::parse(&documents.required("METADATA")?).check(expected)?;
        let record = Record::parse(&documents.record()?)?;
        let entry_points = match documents.optional("entry_points.txt")? {
            Some(text) => parse_entry_points(&text)?,
            None => Vec::new(),
        };
        let root = if wheel.root_is_purelib {
            Scheme::Purelib
        } else {
            Scheme::Platlib
        };
        let wheel = Self {
            archive,
            dist_info,
            data,
            root,
            record,
            entry_points,
        };
        wheel.check_places()?;
        Ok(wheel)
    }

    /// Returns the archive.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Returns the name of the `.dist-info` folder.
    pub fn dist_info(&self) -> &str {
        &self.dist_info
    }

    /// Returns the scheme of what does not lie in `.data`.
    pub fn root(&self) -> Scheme {
        self.root
    }

    /// Returns RECORD.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Returns the scripts that are to be generated.
    pub fn entry_points(&self) -> &[EntryPoint] {
        &self.entry_points
    }

    /// Returns where `entry` goes; `None` for the folders of the `.data` folder itself.
    pub fn place<'a>(&self, entry: &'a Entry) -> Option<Place<'a>> {
        self.find_place(entry).unwrap_or_default()
    }

    fn find_place<'a>(&self, entry: &'a Entry) -> Result<Option<Place<'a>>, Error> {
        let path = entry.path();
        let in_data = self
            .data
            .as_deref()
            .and_then(|data| path.strip_prefix(data));
        let (scheme, path) = match in_data {
            Some("") => return Ok(None),
            Some(rest) if rest.starts_with('/') => {
                let rest = &rest[1..];
                let (scheme, path) = rest.split_once('/').unwrap_or((rest, ""));
                let scheme = Scheme::from_name(scheme).ok_or_else(|| Error::UnknownScheme {
                    path: entry.path().to_owned(),
                })?;
                (scheme, path)
            }
            _ => (self.root, path),
        };
        Ok((!path.is_empty()).then_some(Place { scheme, path }))
    }

    /// Checks what the place of each file has to be checked for before any is written.
    fn check_places(&self) -> Result<(), Error> {
        for entry in self.archive.entries() {
            let in_data = !entry.path().starts_with(&self.dist_info);
            let Some(place) = self.find_place(entry)? else {
                continue;
            };
            let is_library = matches!(place.scheme, Scheme::Purelib | Scheme::Platlib);
            let first = place.path.split('/').next().unwrap_or_default();
            if is_library && in_data && is_dist_info(first) {
                return Err(Error::SecondDistInfo {
                    path: entry.path().to_owned(),
                });
            }
            if place.scheme == Scheme::Scripts && place.path.contains('/') {
                return Err(Error::NestedScript {
                    path: entry.path().to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// Reads the documents of one `.dist-info`.
struct Documents<'a> {
    archive: &'a Archive,
    dist_info: &'a str,
    buffers: &'a mut Buffers,
}

impl Documents<'_> {
    fn required(&mut self, name: &'static str) -> Result<String, Error> {
        self.optional(name)?
            .ok_or(Error::Missing { document: name })
    }

    fn record(&mut self) -> Result<Vec<u8>, Error> {
        let document = self.bytes("RECORD", MAX_RECORD_BYTES)?;
        document.ok_or(Error::Missing { document: "RECORD" })
    }

    fn optional(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        let bytes = self.bytes(name, MAX_DOCUMENT_BYTES)?;
        // METADATA of old wheels has names in Latin-1; the fields that are read are ASCII.
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn bytes(&mut self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let path = format!("{}/{name}", self.dist_info);
        let Some(entry) = self.archive.entry(&path) else {
            return Ok(None);
        };
        Ok(Some(self.archive.document(entry, limit, self.buffers)?))
    }
}

/// Checks of a wheel that was opened before that its names fit what is expected now.
pub(crate) fn check_names(
    file_name: &str,
    dist_info: &str,
    expected: (&PackageName, &Version),
) -> Result<(), Error> {
    check_file_name(file_name, expected)?;
    check_dist_info(dist_info, expected)
}

fn check_file_name(file_name: &str, expected: (&PackageName, &Version)) -> Result<(), Error> {
    let stem = file_name.strip_suffix(".whl").unwrap_or_default();
    let parts: Vec<&str> = stem.split('-').collect();
    let fits = match parts.as_slice() {
        [name, version, _, _, _] | [name, version, _, _, _, _] => is_of(name, version, expected),
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(Error::FileName {
        expected: format!("{} {}", expected.0, expected.1),
    })
}

fn is_of(name: &str, version: &str, expected: (&PackageName, &Version)) -> bool {
    PackageName::new(name) == *expected.0
        && Version::parse(version).is_ok_and(|version| version == *expected.1)
}

/// Tells whether a file name is that of a `.dist-info` folder, in whatever case.
pub(crate) fn is_dist_info(component: &str) -> bool {
    let bytes = component.as_bytes();
    let suffix = b".dist-info";
    bytes.len() > suffix.len() && bytes[bytes.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}

fn find_dist_info(archive: &Archive, expected: (&PackageName, &Version)) -> Result<String, Error> {
    let mut found: Option<&str> = None;
    for entry in archive.entries() {
        let first = entry.path().split('/').next().unwrap_or_default();
        if found == Some(first) || !is_dist_info(first) {
            continue;
        }
        if found.is_some() {
            return Err(Error::SecondDistInfo {
                path: first.to_owned(),
            });
        }
        found = Some(first);
    }
    let found = found.ok_or(Error::NoDistInfo)?;
    check_dist_info(found, expected)?;
    Ok(found.to_owned())
}

fn check_dist_info(folder: &str, expected: (&PackageName, &Version)) -> Result<(), Error> {
    let stem = folder.strip_suffix(".dist-info").unwrap_or_default();
    let mut ways = name_and_version(stem);
    if ways.any(|(name, version)| is_of(name, version, expected)) {
        return Ok(());
    }
    Err(Error::OtherDistribution {
        document: folder.to_owned(),
        expected: format!("{} {}", expected.0, expected.1),
    })
}

/// Finds the `.data` folder; one of another name would be data to some installers and modules to others.
fn find_data(
    archive: &Archive,
    expected: (&PackageName, &Version),
) -> Result<Option<String>, Error> {
    let mut found: Option<&str> = None;
    for entry in archive.entries() {
        let first = entry.path().split('/').next().unwrap_or_default();
        let Some(stem) = first.strip_suffix(".data") else {
            continue;
        };
        if found == Some(first) {
            continue;
        }
        let mut ways = name_and_version(stem);
        let fits = ways.any(|(name, version)| is_of(name, version, expected));
        if !fits || found.is_some() {
            return Err(Error::OtherDistribution {
                document: first.to_owned(),
                expected: format!("{} {}", expected.0, expected.1),
            });
        }
        found = Some(first);
    }
    Ok(found.map(str::to_owned))
}
