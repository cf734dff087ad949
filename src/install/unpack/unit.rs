//! One wheel on its way into the environment: its pieces of work, done by many threads.

use std::io::Write as _;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use sha2::{Digest as _, Sha256};

use super::pool::lock;
use super::proof::{self, Sum};
use crate::archive::{self, Buffers, Entry, Reader, SizeLimits};
use crate::digest::Digest;
use crate::environment::Layout;
use crate::event::Warning;
use crate::filename::WheelFilename;
use crate::install::error::CopyError;
use crate::install::place::contents::{Contents, Item};
use crate::install::place::documents;
use crate::install::place::folders::Places;
use crate::install::place::paths::{join, text};
use crate::install::place::placed::{Contested, Placed, Progress};
use crate::install::place::script::Launcher;
use crate::install::unshared::sharing;
use crate::install::{Error, PreparedWheel, WheelContent};
use crate::plan::{Distribution, DistributionId, Form};
use crate::platform::folder::{Created, Place, Root};
use crate::store::wheels::{KeptFiles, Linked, SavedChunk, WheelWriter, Wheels};
use crate::store::{KeptWheel, VerifiedFile};
use crate::wheel::{Expected, Leniency, Wheel};

/// One wheel, opened.
#[derive(Debug)]
pub(in crate::install) struct Unit<'a> {
    pub(in crate::install) distribution: &'a Distribution,
    file: WheelFilename,
    pub(in crate::install) root: Arc<Root>,
    pub(in crate::install) contents: Contents,
    pub(in crate::install) warnings: Vec<Warning>,
    pub(in crate::install) progress: Mutex<Progress>,
    /// The digest of the wheel.
    pub(in crate::install) digest: Digest,
    layout: &'a Layout,
    launcher: Launcher<'a>,
    installer_name: &'a str,
    origin: Origin,
    n_remaining: AtomicUsize,
}

/// Where the files of a wheel come from.
#[derive(Debug)]
enum Origin {
    Archive {
        wheel: Box<Wheel>,
        writer: Option<WheelWriter>,
        /// Holds the bytes.
        file: VerifiedFile,
        /// Whether these are still those that were locked, once that was asked.
        is_as_locked: OnceLock<bool>,
    },
    Kept(KeptFiles),
}

/// What all units share.
#[derive(Clone, Copy)]
pub(in crate::install) struct Setting<'a> {
    pub(in crate::install) layout: &'a Layout,
    pub(in crate::install) launcher: Launcher<'a>,
    pub(in crate::install) installer_name: &'a str,
    pub(in crate::install) leniency: &'a Leniency,
    pub(in crate::install) limits: SizeLimits,
}

impl<'a> Unit<'a> {
    /// Opens what arrived, or the unpacked wheel of the cache if there is one.
    pub(in crate::install) fn open(
        distribution: &'a Distribution,
        (arrival, root): (PreparedWheel, Arc<Root>),
        setting: Setting<'a>,
        wheels: Option<&Wheels>,
        buffers: &mut Buffers,
    ) -> Result<Self, Error> {
        let places = Places::new(setting.layout, &distribution.name);
        let expected = expected(&arrival.file, distribution);
        let opened = match arrival.content {
            WheelContent::Kept(wheel) => Opened::kept(*wheel, &places),
            WheelContent::Archive(file) => {
                let locate = |scheme, path: &str| places.path(scheme, path);
                let kept = wheels
                    .and_then(|wheels| wheels.find(file.digest(), sharing(distribution), &locate));
                match kept {
                    Some(wheel) => Opened::kept(wheel, &places),
                    None => {
                        Opened::archive((file, expected), distribution, (setting, wheels), buffers)?
                    }
                }
            }
        };
        if let Origin::Kept(_) = &opened.origin {
            check_names(&opened.contents, expected)?;
            opened
                .contents
                .check(arrival.file.as_str(), setting.layout)?;
            for exception in &opened.contents.exceptions {
                let checked = setting.leniency.check(exception);
                checked.map_err(|fault| Error::wheel(arrival.file.as_str(), fault))?;
            }
        }
        let unit = Self {
            distribution,
            file: arrival.file,
            root,
            contents: opened.contents,
            warnings: opened.warnings,
            progress: Mutex::default(),
            digest: opened.digest,
            layout: setting.layout,
            launcher: setting.launcher,
            installer_name: setting.installer_name,
            origin: opened.origin,
            n_remaining: AtomicUsize::new(0),
        };
        unit.check_differences()?;
        Ok(unit)
    }

    pub(in crate::install) fn id(&self) -> DistributionId {
        self.distribution.id
    }

    /// Checks of a wheel whose RECORD gives other sizes that it is the wheel that was locked.
    fn check_differences(&self) -> Result<(), Error> {
        for warning in &self.warnings {
            if let Warning::RecordDiffers { path, .. } = warning {
                self.check_archive(path)?;
            }
        }
        Ok(())
    }

    /// Cuts the work into pieces; each has to be given to [`Unit::run_chunk`] once.
    pub(in crate::install) fn chunks(&self) -> Vec<Range<usize>> {
        let chunks = self.contents.chunks();
        self.n_remaining.store(chunks.len(), Ordering::Release);
        chunks
    }

    /// Puts the items of one piece in place; tells whether it was the last piece.
    pub(in crate::install) fn run_chunk(
        &self,
        chunk: Range<usize>,
        buffers: &mut Buffers,
    ) -> Result<bool, Error> {
        let mut work = self.work();
        match &self.origin {
            Origin::Kept(files) => self.link_items(files, chunk, &mut work)?,
            Origin::Archive { wheel, writer, .. } => {
                self.unpack_items((wheel, writer.as_ref()), chunk, &mut work, buffers)?;
            }
        }
        self.add(work);
        Ok(self.n_remaining.fetch_sub(1, Ordering::AcqRel) == 1)
    }

    /// Writes what is not in the wheel: scripts of entry points and the documents of the installer, but for RECORD.
    pub(in crate::install) fn finish(&self) -> Result<Progress, Error> {
        let mut work = self.work();
        let scripts = text(&self.layout.scripts);
        for entry_point in &self.contents.entry_points {
            let path = join(&scripts, &entry_point.name);
            let text = self.launcher.render_entry_point(entry_point);
            work.put(&path, text, Executable::Yes)?;
        }
        let documents = documents::render(self.distribution, &self.digest, self.installer_name);
        for (name, text) in documents {
            let path = join(&self.contents.dist_info, name);
            work.put(&path, text, Executable::No)?;
        }
        self.add(work);
        let mut progress = std::mem::take(&mut *lock(&self.progress));
        progress.warnings.extend_from_slice(&self.warnings);
        if let Origin::Archive {
            wheel,
            writer: Some(writer),
            ..
        } = &self.origin
        {
            writer.publish(wheel, &self.contents.originals(), &progress.warnings);
        }
        Ok(progress)
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
        progress.warnings.append(&mut work.progress.warnings);
    }

    /// Writes a file that lost its place to another again.
    pub(in crate::install) fn write_again(
        &self,
        path: &str,
        buffers: &mut Buffers,
    ) -> Result<(), Error> {
        let items = &self.contents.items;
        let index = items.iter().position(|item| item.path == path);
        let index = index.ok_or_else(|| Error::Occupied {
            path: path.to_owned(),
        })?;
        let mut work = self.work();
        match &self.origin {
            Origin::Kept(files) => self.link_items(files, index..index + 1, &mut work),
            Origin::Archive { wheel, .. } => {
                self.unpack_items((wheel, None), index..index + 1, &mut work, buffers)
            }
        }
    }

    fn unpack_items(
        &self,
        (wheel, writer): (&Wheel, Option<&WheelWriter>),
        chunk: Range<usize>,
        work: &mut Work<'_>,
        buffers: &mut Buffers,
    ) -> Result<(), Error> {
        let mut reader = wheel.archive().reader(buffers);
        let mut saved = writer.and_then(|writer| writer.chunk(chunk.start));
        for index in chunk {
            let item = &self.contents.items[index];
            let entry = &wheel.archive().entries()[item.index];
            let unpacking = Unpacking {
                index,
                item,
                entry,
                saved: saved.as_mut(),
            };
            if item.is_script && item.n_bytes <= MAX_SCRIPT_BYTES {
                self.unpack_script(unpacking, &mut reader, work)?;
            } else {
                self.unpack(unpacking, &mut reader, work)?;
            }
        }
        if let (Some(writer), Some(saved)) = (writer, saved) {
            writer.add(saved);
        }
        Ok(())
    }

    fn link_items(
        &self,
        files: &KeptFiles,
        chunk: Range<usize>,
        work: &mut Work<'_>,
    ) -> Result<(), Error> {
        let mut source = files.reader();
        for index in chunk {
            let item = &self.contents.items[index];
            if item.is_script {
                let content = source.read(index, &item.path)?;
                let text = self.rewrite_script(&item.path, &content);
                work.put(&item.path, text.unwrap_or(content), Executable::Yes)?;
                continue;
            }
            let linked = source.link(index, &mut work.place, &item.path)?;
            let digest = item.digest.as_ref().map(sha256_bytes).unwrap_or_default();
            work.note(item, Placed::of(item, digest), linked == Linked::Exists);
        }
        Ok(())
    }

    /// Puts one file in place as it is in the wheel.
    fn unpack(
        &self,
        unpacking: Unpacking<'_>,
        reader: &mut Reader<'_>,
        work: &mut Work<'_>,
    ) -> Result<(), Error> {
        let Unpacking {
            index,
            item,
            entry,
            mut saved,
        } = unpacking;
        let created = match work.place.create(&item.path, item.is_executable)? {
            Created::New(file) => Some(file),
            Created::Exists => None,
        };
        // What lost its path to another file is cached even so.
        let spare = match (&created, &mut saved) {
            (None, Some(saved)) => saved.create(index, item.is_executable),
            _ => None,
        };
        let mut sum = Sum::new(item.digest.as_ref());
        let mut target = created.as_ref().or(spare.as_ref());
        let copied = reader.read(entry, |piece| {
            sum.update(piece);
            match &mut target {
                Some(file) => file.write_all(piece).map_err(CopyError::Write),
                None => Ok(()),
            }
        });
        copied.map_err(|error| self.copy_error(work, &item.path, error))?;
        let digest = self.prove(entry, sum, item, work)?;
        match (saved, &created, &spare) {
            (Some(saved), Some(file), _) => {
                saved.save(index, (&mut work.place, &item.path), (file, digest));
            }
            (Some(saved), None, Some(file)) => saved.note_own(index, file, digest),
            _ => {}
        }
        work.note(item, Placed::of(item, digest), created.is_none());
        Ok(())
    }

    /// Puts a file of `.data/scripts` in place, which is rewritten when it begins with `#!python`.
    fn unpack_script(
        &self,
        unpacking: Unpacking<'_>,
        reader: &mut Reader<'_>,
        work: &mut Work<'_>,
    ) -> Result<(), Error> {
        let Unpacking {
            index, item, entry, ..
        } = unpacking;
        let mut content = Vec::new();
        let mut sum = Sum::new(item.digest.as_ref());
        let copied = reader.read(entry, |piece| {
            sum.update(piece);
            content.extend_from_slice(piece);
            Ok::<(), CopyError>(())
        });
        copied.map_err(|error| self.copy_error(work, &item.path, error))?;
        let digest = self.prove(entry, sum, item, work)?;
        if let Some(saved) = unpacking.saved {
            saved.save_original(index, &content, digest);
        }
        let text = self.rewrite_script(&item.path, &content);
        work.put(&item.path, text.unwrap_or(content), Executable::Yes)
    }

    /// Compares what was read with what RECORD says; returns the SHA-256.
    fn prove(
        &self,
        entry: &Entry,
        sum: Sum,
        item: &Item,
        work: &mut Work<'_>,
    ) -> Result<[u8; 32], Error> {
        let (digest, fits) = sum.finish(item.digest.as_ref());
        if !fits {
            self.check_archive(entry.path())?;
            work.progress.warnings.push(Warning::RecordDiffers {
                wheel: self.file.to_string(),
                path: entry.path().to_owned(),
            });
        }
        Ok(digest)
    }

    /// Checks that RECORD is what errs about `path`, and not the archive.
    fn check_archive(&self, path: &str) -> Result<(), Error> {
        let is_as_locked = match &self.origin {
            Origin::Archive {
                file, is_as_locked, ..
            } => *is_as_locked.get_or_init(|| proof::is_as_locked(file)),
            Origin::Kept(_) => true,
        };
        if is_as_locked {
            Ok(())
        } else {
            Err(self.record_differs(path))
        }
    }

    /// Rewrites the script `path`, which may lie in a folder of its own below that of the scripts.
    fn rewrite_script(&self, path: &str, content: &[u8]) -> Option<Vec<u8>> {
        let scripts = text(&self.layout.scripts);
        let below = path.strip_prefix(&scripts).unwrap_or(path);
        let n_folders = below.trim_start_matches('/').matches('/').count();
        let python_name = format!("{}{}", "../".repeat(n_folders), self.launcher.python_name);
        let launcher = Launcher {
            python_name: &python_name,
            ..self.launcher
        };
        launcher.rewrite(content)
    }

    fn record_differs(&self, path: &str) -> Error {
        Error::RecordDiffers {
            file: self.file.to_string(),
            path: path.to_owned(),
        }
    }

    fn copy_error(&self, work: &Work<'_>, path: &str, error: CopyError) -> Error {
        match error {
            CopyError::Archive(error) => Error::wheel(self.file.as_str(), error),
            CopyError::Write(cause) => work.place.write_error(path, cause).into(),
        }
    }
}

/// The largest script that may be text; larger ones are programs.
const MAX_SCRIPT_BYTES: u64 = 1 << 20;

/// One file of an archive on its way.
struct Unpacking<'u> {
    index: usize,
    item: &'u Item,
    entry: &'u Entry,
    saved: Option<&'u mut SavedChunk>,
}

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
    fn put(&mut self, path: &str, content: Vec<u8>, executable: Executable) -> Result<(), Error> {
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
            }
            Created::Exists => self.progress.contested.push(Contested {
                placed,
                is_executable,
                content: Some(content),
            }),
        }
        Ok(())
    }
}

/// Cached wheels record SHA-256 only.
fn sha256_bytes(digest: &Digest) -> [u8; 32] {
    digest.bytes().try_into().unwrap_or([0; 32])
}

/// What arrived, opened.
struct Opened {
    origin: Origin,
    contents: Contents,
    warnings: Vec<Warning>,
    digest: Digest,
}

impl Opened {
    fn kept(wheel: KeptWheel, places: &Places) -> Self {
        let (contents, warnings) = Contents::of_kept(wheel.listing, places);
        Self {
            origin: Origin::Kept(wheel.files),
            contents,
            warnings,
            digest: wheel.digest,
        }
    }

    fn archive(
        (file, expected): (VerifiedFile, Expected<'_>),
        distribution: &Distribution,
        (setting, wheels): (Setting<'_>, Option<&Wheels>),
        buffers: &mut Buffers,
    ) -> Result<Self, Error> {
        let file_name = expected.file.as_str();
        let source = file.source().clone();
        let leniency = setting.leniency;
        let wheel = Wheel::open_leniently(source, expected, leniency, buffers)
            .map_err(|fault| Error::wheel(file_name, fault))?;
        if !file.confirms_directory(wheel.archive().directory_crc()) {
            let what = "its copy in the cache was damaged";
            return Err(Error::wheel(file_name, archive::Error::Malformed { what }));
        }
        let checked = wheel.archive().check_size(setting.limits);
        checked.map_err(|fault| Error::wheel(file_name, fault))?;
        let (contents, warnings) =
            Contents::of_wheel(&wheel, file_name, &distribution.name, setting.layout)?;
        // The wheel of a folder is built anew each time.
        let is_folder = matches!(distribution.form, Form::Tree { .. });
        let wheels = wheels.filter(|_| !is_folder);
        Ok(Self {
            contents,
            warnings,
            digest: file.digest().clone(),
            origin: Origin::Archive {
                wheel: Box::new(wheel),
                writer: wheels
                    .and_then(|wheels| wheels.create(file.digest(), sharing(distribution))),
                file,
                is_as_locked: OnceLock::new(),
            },
        })
    }
}

fn expected<'e>(file: &'e WheelFilename, distribution: &'e Distribution) -> Expected<'e> {
    Expected {
        file,
        name: &distribution.name,
        version: &distribution.version,
    }
}

/// Checks of a cached wheel what opening the wheel would: the lock may give one digest to two packages.
fn check_names(contents: &Contents, expected: Expected<'_>) -> Result<(), Error> {
    let dist_info = contents.dist_info.rsplit('/').next().unwrap_or_default();
    let checked = expected.check_names(dist_info);
    checked.map_err(|fault| Error::wheel(expected.file.as_str(), fault))
}
