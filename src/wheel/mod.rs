//! What a wheel says of itself ([binary distribution format], PEP 427): WHEEL, METADATA, RECORD, entry points, and where
//! each of its files belongs.
//!
//! [`Wheel::open`] proves that the documents fit each other, the file's name and the lock. Whether the content of the
//! files fits RECORD is seen by `install`, in the pass that writes them.
//!
//! What a wheel may have that it should not, and why:
//!
//! | what | outcome | reason |
//! |---|---|---|
//! | a digest or size in RECORD that the file does not have | warning | the archive's locked digest proves the file |
//! | MD5, SHA-1 and the like in RECORD; a path listed twice in two ways | warning | as above |
//! | a digest in hexadecimal | compared | its length leaves no doubt |
//! | a digest in standard base64 | compared, warning | nobody is known to write it |
//! | an entry that is there twice with the same bytes and mode | warning | every reader finds the same file |
//! | a script twice, for one object | warning | there is one script to make |
//! | a path in RECORD that leads outside or lies in no scheme; a RECORD that is no CSV | refused | no file can be meant |
//! | links, folders of scripts, two scripts of one name, comments of entries, zeros at the end | a [`Rule`] | pip's meaning harms nobody |
//! | a `.dist-info` without the local version | refused | the folder's name is what is read back |
//! | anything else that is not strict | refused | it could mean two things, or hide one |
//!
//! A caller may make an error of each warning.
//!
//! [binary distribution format]: https://packaging.python.org/en/latest/specifications/binary-distribution-format/

mod documents;
mod entry_point;
mod error;
mod expected;
mod folders;
mod metadata;
mod place;
mod record;
mod rule;

use std::cell::LazyCell;
use std::collections::HashSet;

use crate::archive::{
    Archive, ArchiveEntry, Buffers, DeviationKind, EntryFault, Source, check_path,
};
use documents::{Documents, MAX_ENTRY_POINTS_BYTES};
use folders::{find_data, find_dist_info};

pub use entry_point::{EntryPoint, Scripts, check_script_name, parse_entry_points};
pub use error::Error;
pub use expected::Expected;
pub(crate) use folders::is_dist_info;
pub use metadata::{Metadata, WheelMetadata};
pub use place::{Place, Scheme};
pub use record::{Oddity, Record, RecordEntry, RecordLine, encode_digest, write_record};
pub use rule::{Exception, Leniency, Rule};

/// A wheel whose archive is strict, and whose documents fit each other and what was locked.
#[derive(Debug)]
pub struct Wheel {
    archive: Archive,
    dist_info: String,
    data: Option<String>,
    root: Scheme,
    record: Record,
    scripts: Scripts,
    /// Where each entry goes, by its number.
    places: Vec<Option<EntryPlace>>,
    exceptions: Vec<Exception>,
}

/// Where an entry goes: the path is the end of its own.
#[derive(Clone, Copy, Debug)]
struct EntryPlace {
    scheme: Scheme,
    start: usize,
}

impl Wheel {
    /// Opens the wheel in `source`, which shall be the one that was expected.
    ///
    /// # Errors
    ///
    /// [`Error::Archive`] when the archive is refused, otherwise the [`Error`] that names the document and what it
    /// says instead of what the file's name or the lock says.
    pub fn open(
        source: impl Into<Source>,
        expected: Expected<'_>,
        buffers: &mut Buffers,
    ) -> Result<Self, Error> {
        Self::open_leniently(source, expected, &Leniency::default(), buffers)
    }

    /// Opens a wheel as [`Wheel::open`] does, but for the rules that are lifted.
    ///
    /// # Errors
    ///
    /// Those of [`Wheel::open`].
    pub fn open_leniently(
        source: impl Into<Source>,
        expected: Expected<'_>,
        leniency: &Leniency,
        buffers: &mut Buffers,
    ) -> Result<Self, Error> {
        let archive = Archive::read_loose(source)?;
        expected.check_file()?;
        let dist_info = find_dist_info(&archive, expected)?;
        let data = find_data(&archive, expected)?;
        let mut documents = Documents {
            archive: &archive,
            dist_info: &dist_info,
            buffers,
        };
        let wheel = WheelMetadata::parse(&documents.required("WHEEL")?)?;
        Metadata::parse(&documents.required("METADATA")?).check(expected)?;
        let record = Record::parse_at_most(&documents.record()?, documents.most_record_lines())?;
        let scripts = match documents.optional("entry_points.txt", MAX_ENTRY_POINTS_BYTES)? {
            Some(text) => Scripts::parse(&text)?,
            None => Scripts::default(),
        };
        let mut wheel = Self {
            archive,
            dist_info,
            data,
            root: wheel.root(),
            record,
            scripts,
            places: Vec::new(),
            exceptions: Vec::new(),
        };
        wheel.check(leniency)?;
        Ok(wheel)
    }

    fn check(&mut self, leniency: &Leniency) -> Result<(), Error> {
        self.places = self.find_places()?;
        self.check_places()?;
        self.check_record()?;
        self.exceptions = self.find_exceptions();
        let mut exceptions = self.exceptions.iter();
        exceptions.try_for_each(|exception| leniency.check(exception))
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
        &self.scripts.entry_points
    }

    /// Returns the names of scripts that `entry_points.txt` has more than once for the same object.
    pub fn repeated_scripts(&self) -> impl Iterator<Item = &str> {
        self.scripts.repeated.iter().map(String::as_str)
    }

    /// Returns the paths of files that the archive has more than once, with the same bytes and mode.
    pub fn repeated_entries(&self) -> impl Iterator<Item = &str> {
        let deviations = self.archive.deviations().iter();
        let repeated =
            deviations.filter(|deviation| deviation.kind == DeviationKind::RepeatedEntry);
        repeated.map(|deviation| deviation.path.as_str())
    }

    /// Returns what the wheel is only accepted with because rules are lifted.
    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }

    fn find_exceptions(&self) -> Vec<Exception> {
        let deviations = self.archive.deviations().iter();
        let deviations = deviations.filter_map(Exception::of_deviation);
        let nested = self.archive.entries().iter().enumerate();
        let nested = nested.filter(|(index, _)| {
            let place = self.place(*index);
            let in_scripts = place.filter(|place| place.scheme == Scheme::Scripts);
            in_scripts.is_some_and(|place| place.path.contains('/'))
        });
        let nested = nested.map(|(_, entry)| (Rule::NestedScripts, entry.path()));
        let contested = self.scripts.contested.iter();
        let contested = contested.map(|name| (Rule::RepeatedScripts, name.as_str()));
        let others = nested.chain(contested).map(|(rule, path)| Exception {
            rule,
            path: path.to_owned(),
        });
        deviations.chain(others).collect()
    }

    /// Returns where the entry `index` of the archive goes; `None` for the folders of the `.data` folder itself.
    pub fn place(&self, index: usize) -> Option<Place<'_>> {
        let entry = self.archive.entries().get(index)?;
        let EntryPlace { scheme, start } = (*self.places.get(index)?)?;
        let path = entry.path().get(start..)?;
        Some(Place { scheme, path })
    }

    fn find_places(&self) -> Result<Vec<Option<EntryPlace>>, Error> {
        let entries = self.archive.entries().iter();
        entries.map(|entry| self.find_place(entry.path())).collect()
    }

    fn find_place(&self, path: &str) -> Result<Option<EntryPlace>, Error> {
        let data = self.data.as_deref();
        let in_data = data.and_then(|data| path.strip_prefix(data));
        let (scheme, rest) = match in_data {
            Some("") => return Ok(None),
            Some(rest) if rest.starts_with('/') => {
                let rest = &rest[1..];
                let (scheme, rest) = rest.split_once('/').unwrap_or((rest, ""));
                let scheme = Scheme::from_name(scheme).ok_or_else(|| Error::UnknownScheme {
                    path: path.to_owned(),
                })?;
                (scheme, rest)
            }
            Some(_) | None => (self.root, path),
        };
        let start = path.len() - rest.len();
        Ok((!rest.is_empty()).then_some(EntryPlace { scheme, start }))
    }

    /// Checks what the place of each file has to be checked for before any is written.
    fn check_places(&self) -> Result<(), Error> {
        for (index, entry) in self.archive.entries().iter().enumerate() {
            let in_data = !entry.path().starts_with(&self.dist_info);
            let Some(place) = self.place(index) else {
                continue;
            };
            let is_library = matches!(place.scheme, Scheme::Purelib | Scheme::Platlib);
            let first = place.path.split('/').next().unwrap_or_default();
            if is_library && in_data && is_dist_info(first) {
                return Err(Error::SecondDistInfo {
                    path: entry.path().to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Checks that RECORD lists nothing that leads outside or lies in no scheme of the `.data` folder, whether the archive
    /// has such a thing or not.
    fn check_record(&self) -> Result<(), Error> {
        let stem = self.dist_info.strip_suffix(".dist-info");
        let usual = || format!("{}.data", stem.unwrap_or_default());
        let data = self.data.clone().unwrap_or_else(usual);
        let held = LazyCell::new(|| {
            let entries = self.archive.entries().iter();
            entries.map(ArchiveEntry::path).collect::<HashSet<_>>()
        });
        for path in self.record.paths() {
            // selenium 4.1.0 puts a slash before each path: these are files of the wheel, not of the machine.
            let is_of_wheel = |path: &str| held.contains(path.trim_start_matches('/'));
            if check_path(path) == Err(EntryFault::NameEscapes) && !is_of_wheel(path) {
                return Err(Error::RecordEscapes {
                    path: path.to_owned(),
                });
            }
            let below = path.strip_prefix(&data);
            let below = below.and_then(|below| below.strip_prefix('/'));
            let scheme = below.and_then(|below| below.split('/').next());
            if scheme.is_some_and(|scheme| Scheme::from_name(scheme).is_none()) {
                return Err(Error::UnknownScheme {
                    path: path.to_owned(),
                });
            }
        }
        Ok(())
    }
}
