//! One wheel on its way into the environment: its pieces of work, done by many threads.

use std::fs::File;
use std::io::Write as _;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use sha2::{Digest as _, Sha256};

use super::contents::{Contents, Item, Places, join, text};
use super::error::CopyError;
use super::folder::{Created, Place, Root};
use super::pool::lock;
use super::tree::{Linked, Tree, TreeWriter, Trees};
use super::{Arrival, Error, documents, script};
use crate::archive::{Buffers, Entry, Kind, Reader};
use crate::digest::{Algorithm, Digest, Hasher};
use crate::environment::Layout;
use crate::event::Warning;
use crate::plan::Distribution;
use crate::wheel::{self, Wheel};

/// A file that is in place.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// The path, relative to the environment.
    pub(super) path: Box<str>,
    pub(super) digest: [u8; 32],
    pub(super) n_bytes: u64,
}

/// A file that is not in place because another was there.
#[derive(Debug)]
pub(super) struct Contested {
    pub(super) placed: Placed,
    pub(super) is_executable: bool,
    /// The content, when it was generated or rewritten; otherwise the archive has it.
    pub(super) content: Option<Vec<u8>>,
}

/// What became of the files of a wheel.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) placed: Vec<Placed>,
    pub(super) contested: Vec<Contested>,
}

/// One wheel, opened.
#[derive(Debug)]
pub(super) struct Unit<'a> {
    pub(super) distribution: &'a Distribution,
    /// Where it stands in the plan.
    pub(super) position: usize,
    pub(super) file_name: String,
    pub(super) root: Arc<Root>,
    pub(super) contents: Contents,
    pub(super) warnings: Vec<Warning>,
    pub(super) progress: Mutex<Progress>,
    layout: &'a Layout,
    installer_name: &'a str,
    arrival: Arrival,
    tree: Option<Tree>,
    tree_writer: Option<TreeWriter>,
    wheel: OnceLock<Wheel>,
    n_remaining: AtomicUsize,
}

/// What all units share.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) layout: &'a Layout,
    pub(super) installer_name: &'a str,
}

impl<'a> Unit<'a> {
    /// Opens what arrived: the unpacked tree of the cache if there is one, else the archive.
    pub(super) fn open(
        (position, distribution): (usize, &'a Distribution),
        (arrival, root): (Arrival, Arc<Root>),
        setting: Setting<'a>,
        trees: Option<&Trees>,
        buffers: &mut Buffers,
    ) -> Result<Self, Error> {
        let places = Places::new(setting.layout, &distribution.name);
        let found = trees.and_then(|trees| trees.find(arrival.file.digest(), &places));
        let wheel = OnceLock::new();
        let (tree, contents, warnings) = if let Some((tree, contents)) = found {
            check_names(&arrival, &contents, distribution)?;
            contents.check(&arrival.file_name, setting.layout)?;
            (Some(tree), contents, Vec::new())
        } else {
            let opened = open_wheel(&arrival, distribution, buffers)?;
            let (contents, warnings) = Contents::of_wheel(
                &opened,
                &arrival.file_name,
                &distribution.name,
                setting.layout,
            )?;
            let _ = wheel.set(opened);
            (None, contents, warnings)
        };
        // A wheel that has to be warned of is read again each time, so that the warning is given again.
        let keeps_tree = tree.is_none() && warnings.is_empty();
        let tree_writer = trees
            .filter(|_| keeps_tree)
            .and_then(|trees| trees.create(arrival.file.digest()));
        Ok(Self {
            distribution,
            position,
            file_name: arrival.file_name.clone(),
            root,
            contents,
            warnings,
            progress: Mutex::default(),
            layout: setting.layout,
            installer_name: setting.installer_name,
            arrival,
            tree,
            tree_writer,
            wheel,
            n_remaining: AtomicUsize::new(0),
        })
    }

    /// Returns the digest of the wheel.
    pub(super) fn digest(&self) -> &Digest {
        self.arrival.file.digest()
    }

    /// Cuts the work into pieces; each has to be given to [`Unit::run_chunk`] once.
    pub(super) fn chunks(&self) -> Vec<Range<usize>> {
        let chunks = self.contents.chunks();
        self.n_remaining.store(chunks.len(), Ordering::Release);
        chunks
    }

    /// Puts the items of one piece in place; tells whether it was the last piece.
    pub(super) fn run_chunk(
        &self,
        chunk: Range<usize>,
        buffers: &mut Buffers,
    ) -> Result<bool, Error> {
        let mut work = self.work();
        match &self.tree {
            Some(tree) => self.link_items(tree, chunk, &mut work, buffers)?,
            None => self.unpack_items(chunk, &mut work, buffers)?,
        }
        self.add(work);
        Ok(self.n_remaining.fetch_sub(1, Ordering::AcqRel) == 1)
    }

    /// Writes what is not in the wheel: scripts of entry points and the documents of the installer, but for RECORD.
    pub(super) fn finish(&self) -> Result<(), Error> {
        let mut work = self.work();
        let scripts = text(&self.layout.scripts);
        for entry_point in &self.contents.entry_points {
            let path = join(&scripts, &entry_point.name);
            let text = script::render_entry_point(entry_point, &self.layout.python_name);
            work.put(&path, text, Executable::Yes)?;
        }
        let digest = self.arrival.file.digest();
        for (name, text) in documents::render(self.distribution, digest, self.installer_name) {
            let path = join(&self.contents.dist_info, name);
            work.put(&path, text, Executable::No)?;
        }
        self.add(work);
        if let (Some(writer), Some(wheel)) = (&self.tree_writer, self.wheel.get()) {
            writer.publish(&self.contents, wheel);
        }
        if let Some(tree) = &self.tree {
            tree.remove_if_broken();
        }
        Ok(())
    }

    fn work(&self) -> Work<'_> {
        Work {
            place: self.root.place(),
            progress: Progress::default(),
        }
    }

    fn add(&self, mut work: Work<'_>) {
        let mut progress = lock(&self.progress);
        progress.placed.append(&mut work.progress.placed);
        progress.contested.append(&mut work.progress.contested);
    }

    /// Writes a file that lost its place to another again, from the archive.
    pub(super) fn write_again(&self, path: &str, buffers: &mut Buffers) -> Result<(), Error> {
        let items = &self.contents.items;
        let item = items.iter().find(|item| item.path == path);
        let item = item.ok_or_else(|| Error::Occupied {
            path: path.to_owned(),
        })?;
        let mut work = self.work();
        self.unpack_found(item, &mut work, buffers)
    }

    fn unpack_items(
        &self,
        chunk: Range<usize>,
        work: &mut Work<'_>,
        buffers: &mut Buffers,
    ) -> Result<(), Error> {
        let wheel = self.wheel(buffers)?;
        let mut reader = wheel.archive().reader(buffers);
        let writer = self.tree_writer.as_ref();
        let mut saved = writer.and_then(|writer| writer.chunk(chunk.start));
        for index in chunk {
            let item = &self.contents.items[index];
            let entry = &wheel.archive().entries()[item.index];
            let outcome = self.unpack(item, entry, &mut reader, work)?;
            if let (Some(saved), Some(file)) = (&mut saved, outcome) {
                saved.save(index, &mut work.place, &item.path, &file);
            }
        }
        if let (Some(writer), Some(saved)) = (writer, saved) {
            writer.add(saved);
        }
        Ok(())
    }

    fn link_items(
        &self,
        tree: &Tree,
        chunk: Range<usize>,
        work: &mut Work<'_>,
        buffers: &mut Buffers,
    ) -> Result<(), Error> {
        let mut source = tree.reader();
        for index in chunk {
            let item = &self.contents.items[index];
            let linked = if item.is_script {
                None
            } else {
                source.link(index, &mut work.place, item)?
            };
            match (linked, &item.digest) {
                (Some(linked), Some(digest)) => {
                    let placed = Placed::of(item, sha256_bytes(digest));
                    work.note(item, placed, linked == Linked::Exists);
                }
                _ => self.unpack_found(item, work, buffers)?,
            }
        }
        Ok(())
    }

    /// Returns the wheel, which is opened now when the files came from a tree so far.
    fn wheel(&self, buffers: &mut Buffers) -> Result<&Wheel, Error> {
        if let Some(wheel) = self.wheel.get() {
            return Ok(wheel);
        }
        let wheel = open_wheel(&self.arrival, self.distribution, buffers)?;
        Ok(self.wheel.get_or_init(|| wheel))
    }

    /// Puts one item in place from the archive, whatever the others come from.
    fn unpack_found(
        &self,
        item: &Item,
        work: &mut Work<'_>,
        buffers: &mut Buffers,
    ) -> Result<(), Error> {
        let wheel = self.wheel(buffers)?;
        let places = Places::new(self.layout, &self.distribution.name);
        let found = wheel.archive().entries().iter().find(|entry| {
            let place = wheel.place(entry);
            entry.kind() == Kind::File
                && place.is_some_and(|place| places.path(place.scheme, place.path) == item.path)
        });
        let entry = found.ok_or_else(|| self.record_differs(&item.path))?;
        let mut reader = wheel.archive().reader(buffers);
        self.unpack(item, entry, &mut reader, work).map(drop)
    }

    /// Puts one item in place; returns the file when it is new and has exactly the content of the entry.
    fn unpack(
        &self,
        item: &Item,
        entry: &Entry,
        reader: &mut Reader<'_>,
        work: &mut Work<'_>,
    ) -> Result<Option<File>, Error> {
        if item.is_script && item.n_bytes <= MAX_SCRIPT_BYTES {
            return self.unpack_script(item, entry, reader, work);
        }
        let mut file = match work.place.create(&item.path, item.is_executable)? {
            Created::New(file) => Some(file),
            Created::Exists => None,
        };
        let mut sum = Sum::new(item.digest.as_ref());
        let copied = reader.read(entry, |piece| {
            sum.update(piece);
            match &mut file {
                Some(file) => file.write_all(piece).map_err(CopyError::Write),
                None => Ok(()),
            }
        });
        copied.map_err(|error| self.copy_error(work, &item.path, error))?;
        let placed = Placed::of(item, self.prove(entry, sum, item.digest.as_ref())?);
        work.note(item, placed, file.is_none());
        Ok(file)
    }

    /// Puts a file of `.data/scripts` in place, which is rewritten when it begins with `#!python`.
    fn unpack_script(
        &self,
        item: &Item,
        entry: &Entry,
        reader: &mut Reader<'_>,
        work: &mut Work<'_>,
    ) -> Result<Option<File>, Error> {
        let mut content = Vec::new();
        let mut sum = Sum::new(item.digest.as_ref());
        let copied = reader.read(entry, |piece| {
            sum.update(piece);
            content.extend_from_slice(piece);
            Ok::<(), CopyError>(())
        });
        copied.map_err(|error| self.copy_error(work, &item.path, error))?;
        self.prove(entry, sum, item.digest.as_ref())?;
        match script::rewrite(&content, &self.layout.python_name) {
            Some(text) => work.put(&item.path, text, Executable::Yes).map(|_| None),
            None => work.put(&item.path, content, Executable::Yes),
        }
    }

    /// Compares what was read with what RECORD says; returns the SHA-256.
    fn prove(&self, entry: &Entry, sum: Sum, recorded: Option<&Digest>) -> Result<[u8; 32], Error> {
        let (bytes, other) = sum.finish();
        let fits = match (recorded, other) {
            (None, _) => true,
            (Some(recorded), Some(other)) => other == *recorded,
            (Some(recorded), None) => recorded.bytes() == bytes,
        };
        if fits {
            Ok(bytes)
        } else {
            Err(self.record_differs(entry.path()))
        }
    }

    fn record_differs(&self, path: &str) -> Error {
        Error::RecordDiffers {
            file: self.file_name.clone(),
            path: path.to_owned(),
        }
    }

    fn copy_error(&self, work: &Work<'_>, path: &str, error: CopyError) -> Error {
        match error {
            CopyError::Archive(error) => Error::wheel(&self.file_name, error),
            CopyError::Write(cause) => work.place.write_error(path, cause),
        }
    }
}

/// The largest script that may be text; larger ones are programs.
const MAX_SCRIPT_BYTES: u64 = 1 << 20;

/// Where one thread works on a unit, and what it did.
struct Work<'a> {
    place: Place<'a>,
    progress: Progress,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Executable {
    Yes,
    No,
}

impl Work<'_> {
    /// Notes a file of the wheel, as it is in the wheel.
    fn note(&mut self, item: &Item, placed: Placed, is_contested: bool) {
        if is_contested {
            self.progress.contested.push(Contested {
                placed,
                is_executable: item.is_executable,
                content: None,
            });
        } else {
            self.progress.placed.push(placed);
        }
    }

    /// Puts a file with `content` in place, unless something is there.
    fn put(
        &mut self,
        path: &str,
        content: Vec<u8>,
        executable: Executable,
    ) -> Result<Option<File>, Error> {
        let placed = Placed {
            path: path.into(),
            digest: Sha256::digest(&content).into(),
            n_bytes: content.len() as u64,
        };
        let is_executable = executable == Executable::Yes;
        match self.place.create(path, is_executable)? {
            Created::New(mut file) => {
                let written = file.write_all(&content);
                written.map_err(|cause| self.place.write_error(path, cause))?;
                self.progress.placed.push(placed);
                Ok(Some(file))
            }
            Created::Exists => {
                self.progress.contested.push(Contested {
                    placed,
                    is_executable,
                    content: Some(content),
                });
                Ok(None)
            }
        }
    }
}

impl Placed {
    fn of(item: &Item, digest: [u8; 32]) -> Self {
        Self {
            path: item.path.as_str().into(),
            digest,
            n_bytes: item.n_bytes,
        }
    }
}

/// The digest that goes to RECORD, and the one that RECORD has if that is of another algorithm.
struct Sum {
    sha256: Sha256,
    other: Option<Hasher>,
}

impl Sum {
    fn new(recorded: Option<&Digest>) -> Self {
        let algorithm = recorded.map(Digest::algorithm);
        let other = algorithm.filter(|algorithm| *algorithm != Algorithm::Sha256);
        Self {
            sha256: Sha256::new(),
            other: other.map(Hasher::new),
        }
    }

    fn update(&mut self, piece: &[u8]) {
        self.sha256.update(piece);
        if let Some(other) = &mut self.other {
            other.update(piece);
        }
    }

    fn finish(self) -> ([u8; 32], Option<Digest>) {
        (
            self.sha256.finalize().into(),
            self.other.map(Hasher::finish),
        )
    }
}

/// Trees record SHA-256 only.
fn sha256_bytes(digest: &Digest) -> [u8; 32] {
    digest.bytes().try_into().unwrap_or([0; 32])
}

/// Checks of a tree what opening the wheel would: the lock may give one digest to two packages.
fn check_names(
    arrival: &Arrival,
    contents: &Contents,
    distribution: &Distribution,
) -> Result<(), Error> {
    let dist_info = contents.dist_info.rsplit('/').next().unwrap_or_default();
    let expected = (&distribution.name, &distribution.version);
    wheel::check_names(&arrival.file_name, dist_info, expected)
        .map_err(|fault| Error::wheel(&arrival.file_name, fault))
}

fn open_wheel(
    arrival: &Arrival,
    distribution: &Distribution,
    buffers: &mut Buffers,
) -> Result<Wheel, Error> {
    let file = arrival
        .file
        .file()
        .try_clone()
        .map_err(|source| Error::Io {
            act: "open",
            path: arrival.file_name.clone().into(),
            source,
        })?;
    let expected = (&distribution.name, &distribution.version);
    Wheel::open(file, &arrival.file_name, expected, buffers)
        .map_err(|fault| Error::wheel(&arrival.file_name, fault))
}
