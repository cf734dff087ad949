//! What a cache holds, thing by thing: each with its size, when it was used last, and the records that go with it.
//!
//! Costs a look at every file of the cache.

use std::collections::{BTreeMap, HashMap};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::built::BuiltWheels;
use super::error::Error;
use super::layout::{Key, Kind, Layout};
use super::upkeep::{Size, is_absent, is_cache};
use super::usage::last_use;
use crate::digest::Digest;

/// What the things in a cache are, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CachePart {
    /// Wheels and source distributions as they were downloaded.
    Archives,
    /// Wheels unpacked, as files that environments may share.
    Unpacked,
    /// Wheels unpacked into a few files each, for environments on other file systems.
    Packs,
    /// Bytecode of wheels.
    Bytecode,
    /// Wheels that were built here, with the records of what they were built of.
    Built,
    /// Check-outs of repositories.
    Checkouts,
    /// What was asked once: of interpreters, where files of indexes are, what is known of build requirements.
    Answers,
    /// What is being written, build environments among it, or was when its process was killed.
    Drafts,
}

impl CachePart {
    /// All of them, in the order that reports have.
    pub const ALL: [Self; 8] = [
        Self::Archives,
        Self::Unpacked,
        Self::Packs,
        Self::Bytecode,
        Self::Built,
        Self::Checkouts,
        Self::Answers,
        Self::Drafts,
    ];

    /// Returns the name of the part in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Archives => "archives",
            Self::Unpacked => "unpacked",
            Self::Packs => "packs",
            Self::Bytecode => "bytecode",
            Self::Built => "built",
            Self::Checkouts => "checkouts",
            Self::Answers => "answers",
            Self::Drafts => "drafts",
        }
    }
}

/// How much of a part there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartSize {
    /// How many things: wheels, check-outs, answers.
    pub n_things: u64,
    /// How many files they are, and how large these are.
    pub size: Size,
    /// How many of the bytes are also those of environments, and take no more room than these alone.
    pub n_shared_bytes: u64,
}

impl PartSize {
    pub(super) fn add(&mut self, other: Self) {
        self.n_things += other.n_things;
        self.size.n_files += other.size.n_files;
        self.size.n_bytes += other.size.n_bytes;
        self.n_shared_bytes += other.n_shared_bytes;
    }
}

/// The sizes of the parts of a cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartSizes(pub(super) BTreeMap<CachePart, PartSize>);

impl PartSizes {
    /// Returns the size of one part.
    pub fn of(&self, part: CachePart) -> PartSize {
        self.0.get(&part).copied().unwrap_or_default()
    }

    /// Returns the size of all parts together.
    pub fn total(&self) -> PartSize {
        let mut total = PartSize::default();
        self.0.values().for_each(|part| total.add(*part));
        total
    }

    pub(super) fn add(&mut self, part: CachePart, size: PartSize) {
        self.0.entry(part).or_default().add(size);
    }
}

/// Something that a cache keeps, and that is removed whole.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    pub(super) part: CachePart,
    /// The file or folder.
    pub(super) path: PathBuf,
    /// Files that say something about it, and nothing without it.
    pub(super) records: Vec<PathBuf>,
    /// See [`last_use`].
    pub(super) used: i128,
    pub(super) size: PartSize,
}

/// Counts what the cache folder `dir` holds, by parts: nothing, where there is no such folder.
///
/// # Errors
///
/// [`Error::NotACache`] for a folder with other things in it, [`Error::Io`] when a folder cannot be read.
pub fn sizes(dir: &Path) -> Result<PartSizes, Error> {
    let layout = Layout::at(dir);
    let mut sizes = PartSizes::default();
    if is_cache(&layout)? {
        for thing in list(&layout)? {
            sizes.add(thing.part, thing.size);
        }
    }
    Ok(sizes)
}

/// Lists everything that the cache of `layout` holds, but for claims and the signs of those who use it.
pub(super) fn list(layout: &Layout) -> Result<Vec<Thing>, Error> {
    let mut things = Vec::new();
    for kind in Kind::ALL {
        let folder = layout.folder(kind);
        let paths = match kind {
            Kind::Wheels
            | Kind::Directories
            | Kind::Interpreters
            | Kind::Built
            | Kind::Checkouts => children(&folder)?,
            Kind::Archives => below(&folder, 2)?,
            Kind::Addresses | Kind::Bytecode | Kind::Requirements => below(&folder, 1)?,
        };
        let found = paths.into_iter().map(|path| thing(kind, path));
        things.extend(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten());
    }
    for path in children(&layout.drafts())? {
        things.extend(measured(CachePart::Drafts, path)?);
    }
    Ok(with_records(layout, things))
}

fn thing(kind: Kind, path: PathBuf) -> Result<Option<Thing>, Error> {
    let part = match kind {
        Kind::Archives => CachePart::Archives,
        Kind::Wheels if has_packs(&path) => CachePart::Packs,
        Kind::Wheels => CachePart::Unpacked,
        Kind::Bytecode => CachePart::Bytecode,
        Kind::Checkouts => CachePart::Checkouts,
        Kind::Directories
        | Kind::Addresses
        | Kind::Interpreters
        | Kind::Built
        | Kind::Requirements => CachePart::Answers,
    };
    measured(part, path)
}

/// Tells whether a cached wheel has files where others have folders.
fn has_packs(wheel: &Path) -> bool {
    let entries = std::fs::read_dir(wheel).into_iter().flatten().flatten();
    let mut chunks = entries.filter(|entry| entry.file_name() != "manifest");
    chunks.any(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
}

/// `None` for what was removed since it was listed.
fn measured(part: CachePart, path: PathBuf) -> Result<Option<Thing>, Error> {
    let Ok(metadata) = std::fs::symlink_metadata(&path) else {
        return Ok(None);
    };
    let mut size = PartSize {
        n_things: 1,
        ..PartSize::default()
    };
    if metadata.is_dir() {
        measure(&path, &mut size)?;
    } else {
        count(&metadata, &mut size);
    }
    Ok(Some(Thing {
        part,
        path,
        records: Vec::new(),
        used: last_use(&metadata),
        size,
    }))
}

fn measure(folder: &Path, size: &mut PartSize) -> Result<(), Error> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in children(&folder)? {
            match std::fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() => folders.push(path),
                Ok(metadata) => count(&metadata, size),
                Err(_) => {} // removed since
            }
        }
    }
    Ok(())
}

fn count(metadata: &Metadata, size: &mut PartSize) {
    size.size.n_files += 1;
    size.size.n_bytes += metadata.len();
    if metadata.nlink() > 1 {
        size.n_shared_bytes += metadata.len();
    }
}

/// Puts records to the archives that they are about. A record of something that is not there is left alone.
fn with_records(layout: &Layout, things: Vec<Thing>) -> Vec<Thing> {
    let is_archive = |thing: &Thing| thing.part == CachePart::Archives;
    let (mut archives, others): (Vec<Thing>, Vec<Thing>) = things.into_iter().partition(is_archive);
    let mut others: HashMap<PathBuf, Thing> = others
        .into_iter()
        .map(|thing| (thing.path.clone(), thing))
        .collect();
    let mut built: HashMap<String, Vec<PathBuf>> = HashMap::new();
    for (path, record) in BuiltWheels::new(layout).list() {
        built.entry(record.digest).or_default().push(path);
    }
    for archive in &mut archives {
        let Some(digest) = digest_of(&archive.path) else {
            continue;
        };
        let about = built.remove(&digest.to_string()).unwrap_or_default();
        if !about.is_empty() {
            archive.part = CachePart::Built;
        }
        let directory = layout.place(Kind::Directories, &Key::of(&digest));
        for path in about.into_iter().chain([directory]) {
            if let Some(record) = others.remove(&path) {
                archive.size.size.n_files += record.size.size.n_files;
                archive.size.size.n_bytes += record.size.size.n_bytes;
                archive.records.push(path);
            }
        }
    }
    let mut things: Vec<Thing> = archives.into_iter().chain(others.into_values()).collect();
    things.sort_unstable_by(|one, other| (one.used, &one.path).cmp(&(other.used, &other.path)));
    things
}

/// Returns the digest that the place of an archive says.
pub(super) fn digest_of(archive: &Path) -> Option<Digest> {
    let name = archive.file_name()?.to_str()?;
    let hex = name.split('.').next()?;
    let algorithm = archive.parent()?.parent()?.file_name()?.to_str()?;
    Digest::parse(&format!("{algorithm}:{hex}"))
}

/// Lists what is in the folders that are `depth` folders below `folder`.
fn below(folder: &Path, depth: usize) -> Result<Vec<PathBuf>, Error> {
    let mut paths = children(folder)?;
    for _ in 0..depth {
        let lists = paths.iter().map(|path| children(path));
        paths = lists.collect::<Result<Vec<_>, _>>()?.concat();
    }
    Ok(paths)
}

/// Lists a folder; one that is not there, or no folder, has nothing.
fn children(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if is_absent(&cause) || cause.kind() == std::io::ErrorKind::NotADirectory => {
            return Ok(Vec::new());
        }
        Err(cause) => return Err(Error::io(folder, cause)),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let paths: Result<Vec<PathBuf>, _> = paths.collect();
    paths.map_err(|cause| Error::io(folder, cause))
}
