//! Keeping a wheel: from the files that were just written into an environment.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use fs_err as fs;

use super::manifest::{self, Keeping, Original, Saved, SavedFiles};
use super::method::Method;
use super::pack::PackWriter;
use super::place::manifest_of;
use crate::event::Warning;
use crate::platform::folder::Place;
use crate::platform::handle::{Handle, mode, modified};
use crate::platform::link::clone;
use crate::platform::publish::DraftFolder;
use crate::store::layout::StorePlace;
use crate::store::locked::lock;
use crate::wheel::Wheel;

/// A wheel that is being kept. That it cannot be kept is never an error.
#[derive(Debug)]
pub(crate) struct WheelWriter {
    place: StorePlace,
    folder: Mutex<Option<DraftFolder>>,
    handle: Handle,
    method: WriteMethod,
    saved: Mutex<SavedFiles>,
    has_failed: AtomicBool,
}

/// How the cache gets files that were just written into an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteMethod {
    /// Each as a file of its own.
    Alone(Method),
    /// All files of a chunk in one.
    Packed,
}

/// The files of one piece of work.
pub(crate) struct SavedChunk {
    number: usize,
    target: ChunkTarget,
    files: Vec<Saved>,
    has_failed: bool,
}

/// Where the files of one piece of work are kept.
enum ChunkTarget {
    Folder(Handle, Method),
    Pack {
        writer: PackWriter,
        /// Where the file begins that is being appended.
        start: u64,
    },
}

/// A file that was just written into the environment.
pub(crate) struct WrittenFile<'w, 'p> {
    pub(crate) place: &'w mut Place<'p>,
    /// The path, relative to the environment.
    pub(crate) path: &'w str,
    /// The file, still open.
    pub(crate) file: &'w File,
}

impl WheelWriter {
    pub(super) fn new(place: StorePlace, method: WriteMethod) -> Option<Self> {
        let folder = match method {
            WriteMethod::Alone(_) => DraftFolder::create_in(&place.drafts),
            // The `umask` may let others write to a new folder, and so exchange what is in it.
            WriteMethod::Packed => DraftFolder::create_private_in(&place.drafts),
        };
        let folder = folder.ok()?;
        Some(Self {
            place,
            handle: Handle::open(folder.path()).ok()?,
            folder: Mutex::new(Some(folder)),
            method,
            saved: Mutex::default(),
            has_failed: AtomicBool::new(false),
        })
    }

    /// Makes the place for the files of a piece of work.
    pub(crate) fn chunk(&self, number: usize) -> Option<SavedChunk> {
        let Ok(target) = self.target(number) else {
            self.has_failed.store(true, Ordering::Relaxed);
            return None;
        };
        Some(SavedChunk {
            number,
            target,
            files: Vec::new(),
            has_failed: false,
        })
    }

    fn target(&self, number: usize) -> io::Result<ChunkTarget> {
        match self.method {
            WriteMethod::Alone(method) => {
                let name = number.to_string();
                self.handle.create_folder(&name, 0o777)?;
                let folder = self.handle.folder(name.as_str())?;
                Ok(ChunkTarget::Folder(folder, method))
            }
            WriteMethod::Packed => {
                let writer = PackWriter::create(&self.handle, number)?;
                Ok(ChunkTarget::Pack { writer, start: 0 })
            }
        }
    }

    /// Takes what a piece of work has kept.
    pub(crate) fn add(&self, mut chunk: SavedChunk) {
        let pack = match chunk.target {
            ChunkTarget::Folder(..) => Ok(None),
            ChunkTarget::Pack { writer, .. } => writer.finish().map(Some),
        };
        if chunk.has_failed || pack.is_err() {
            self.has_failed.store(true, Ordering::Relaxed);
        }
        let mut saved = lock(&self.saved);
        saved.files.append(&mut chunk.files);
        saved.packs.extend(pack.ok().flatten());
    }

    /// Puts the wheel into its place, where others find it. `originals` are its files by their numbers.
    pub(crate) fn publish(&self, wheel: &Wheel, originals: &[Original], warnings: &[Warning]) {
        let Some(folder) = lock(&self.folder).take() else {
            return;
        };
        if self.has_failed.load(Ordering::Relaxed) {
            return;
        }
        let Some(text) = manifest::render(wheel, originals, &lock(&self.saved), warnings) else {
            return;
        };
        let written = fs::write(manifest_of(folder.path()), text);
        // Whoever was first has the same files.
        if written.is_ok() {
            drop(folder.publish(&self.place.path));
        }
    }
}

impl SavedChunk {
    /// Takes a piece of the file that is being written, where files are packed; what is kept alone is kept when it is whole.
    pub(crate) fn append(&mut self, piece: &[u8]) {
        if let ChunkTarget::Pack { writer, .. } = &mut self.target
            && !self.has_failed
        {
            self.has_failed = writer.append(piece).is_err();
        }
    }

    /// Keeps a file that was just written as number `index`; returns the number for [`SavedChunk::set_digest`].
    pub(crate) fn save(&mut self, index: usize, written: WrittenFile<'_, '_>) -> Option<usize> {
        let keeping = match &mut self.target {
            ChunkTarget::Folder(folder, method) => {
                let modified = keep(folder, *method, index, written);
                modified.map(|modified| Keeping::Alone { modified })
            }
            ChunkTarget::Pack { writer, start } => Some(packed(writer, start)),
        };
        self.note(index, keeping, false)
    }

    /// Creates a file of the cache's own as number `index`, for what is not in the environment as it was in the wheel; `None`
    /// where files are packed, or when it cannot be created.
    pub(crate) fn create(&mut self, index: usize, is_executable: bool) -> Option<File> {
        let ChunkTarget::Folder(folder, _) = &self.target else {
            return None;
        };
        let file = folder.create(index.to_string(), mode(is_executable)).ok();
        self.has_failed |= file.is_none();
        file
    }

    /// Notes what is not in the environment as it was in the wheel: a `file` that [`SavedChunk::create`] made, now that it is
    /// written, or what was appended; returns the number for [`SavedChunk::set_digest`].
    pub(crate) fn note_own(&mut self, index: usize, file: Option<&File>) -> Option<usize> {
        let keeping = match &mut self.target {
            ChunkTarget::Folder(..) => file
                .and_then(|file| modified(file).ok())
                .map(|modified| Keeping::Alone { modified }),
            ChunkTarget::Pack { writer, start } => Some(packed(writer, start)),
        };
        self.note(index, keeping, false)
    }

    /// Keeps the `content` of a script that was rewritten for the environment; where files are packed, it was appended.
    pub(crate) fn save_original(&mut self, index: usize, content: &[u8], digest: [u8; 32]) {
        let keeping = match &mut self.target {
            ChunkTarget::Folder(folder, _) => {
                let modified = write(folder, index, content).ok();
                modified.map(|modified| Keeping::Alone { modified })
            }
            ChunkTarget::Pack { writer, start } => Some(packed(writer, start)),
        };
        if let Some(number) = self.note(index, keeping, true) {
            self.set_digest(number, digest);
        }
    }

    /// Says what the SHA-256 of a file is that was kept.
    pub(crate) fn set_digest(&mut self, number: usize, digest: [u8; 32]) {
        if let Some(saved) = self.files.get_mut(number) {
            saved.digest = digest;
        }
    }

    fn note(&mut self, index: usize, keeping: Option<Keeping>, is_original: bool) -> Option<usize> {
        let Some(keeping) = keeping else {
            self.has_failed = true;
            return None;
        };
        self.files.push(Saved {
            index,
            chunk: self.number,
            keeping,
            digest: [0; 32],
            is_original,
        });
        Some(self.files.len() - 1)
    }
}

/// The file that was appended to a pack since `start`; the next one begins where it ends.
fn packed(writer: &PackWriter, start: &mut u64) -> Keeping {
    let offset = std::mem::replace(start, writer.offset());
    Keeping::Packed { offset }
}

/// Keeps a file that was just written in `folder`; returns when that was.
fn keep(
    folder: &Handle,
    method: Method,
    index: usize,
    written: WrittenFile<'_, '_>,
) -> Option<i128> {
    let WrittenFile { place, path, file } = written;
    let name = index.to_string();
    match method {
        Method::Clone => {
            let copy = folder.create(&name, mode(false)).ok()?;
            clone(file, &copy).ok()?;
            date_as(&copy, file)
        }
        Method::Copy => copy(file, folder, &name),
        Method::HardLink(_) => {
            let (own_folder, own_name) = place.enter(path).ok()?;
            own_folder.link(own_name, folder, &name).ok()?;
            modified(file).ok()
        }
    }
}

/// Writes a file of its own into `folder`; returns when that was.
fn write(folder: &Handle, index: usize, content: &[u8]) -> io::Result<i128> {
    let mut file = folder.create(index.to_string(), mode(false))?;
    file.write_all(content)?;
    modified(&file)
}

/// Copies `file`, which was just written, into the folder `target`; returns when that was.
fn copy(file: &File, target: &Handle, name: &str) -> Option<i128> {
    let mut copy = target.create(name, mode(false)).ok()?;
    let mut source = file;
    source.rewind().ok()?;
    std::io::copy(&mut source, &mut copy).ok()?;
    date_as(&copy, file)
}

/// Gives `copy` the date of `file`, and returns it.
fn date_as(copy: &File, file: &File) -> Option<i128> {
    copy.set_modified(file.metadata().ok()?.modified().ok()?)
        .ok()?;
    modified(copy).ok()
}
