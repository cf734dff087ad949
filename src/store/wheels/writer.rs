//! Keeping a wheel: from the files that were just written into an environment.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use fs_err as fs;

use super::manifest;
use super::manifest::{Original, Saved};
use super::method::Method;
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
    method: Method,
    saved: Mutex<Vec<Saved>>,
    has_failed: AtomicBool,
}

/// The files of one piece of work.
pub(crate) struct SavedChunk {
    number: usize,
    handle: Handle,
    method: Method,
    files: Vec<Saved>,
    has_failed: bool,
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
    pub(super) fn new(place: StorePlace, method: Method) -> Option<Self> {
        let folder = DraftFolder::create_in(&place.drafts).ok()?;
        Some(Self {
            place,
            handle: Handle::open(folder.path()).ok()?,
            folder: Mutex::new(Some(folder)),
            method,
            saved: Mutex::new(Vec::new()),
            has_failed: AtomicBool::new(false),
        })
    }

    /// Makes the folder for a piece of work.
    pub(crate) fn chunk(&self, number: usize) -> Option<SavedChunk> {
        let name = number.to_string();
        let made = self.handle.create_folder(&name, 0o777);
        let Ok(handle) = made.and_then(|()| self.handle.folder(name.as_str())) else {
            self.has_failed.store(true, Ordering::Relaxed);
            return None;
        };
        Some(SavedChunk {
            number,
            handle,
            method: self.method,
            files: Vec::new(),
            has_failed: false,
        })
    }

    pub(crate) fn add(&self, mut chunk: SavedChunk) {
        if chunk.has_failed {
            self.has_failed.store(true, Ordering::Relaxed);
        }
        lock(&self.saved).append(&mut chunk.files);
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
    /// Keeps a file that was just written as number `index`.
    pub(crate) fn save(&mut self, index: usize, written: WrittenFile<'_, '_>, digest: [u8; 32]) {
        let kept = self.keep(index, written);
        self.note(index, kept, digest, false);
    }

    /// Creates a file of the cache's own as number `index`, for what is not in the environment as it was in the wheel.
    pub(crate) fn create(&mut self, index: usize, is_executable: bool) -> Option<File> {
        let file = self
            .handle
            .create(index.to_string(), mode(is_executable))
            .ok();
        self.has_failed |= file.is_none();
        file
    }

    /// Notes a file that [`SavedChunk::create`] made, now that it is written.
    pub(crate) fn note_own(&mut self, index: usize, file: &File, digest: [u8; 32]) {
        self.note(index, modified(file).ok(), digest, false);
    }

    /// Keeps the `content` of a script that was rewritten for the environment.
    pub(crate) fn save_original(&mut self, index: usize, content: &[u8], digest: [u8; 32]) {
        let written = self.create(index, false).and_then(|mut file| {
            file.write_all(content).ok()?;
            modified(&file).ok()
        });
        self.note(index, written, digest, true);
    }

    fn note(&mut self, index: usize, modified: Option<i128>, digest: [u8; 32], is_original: bool) {
        let Some(modified) = modified else {
            self.has_failed = true;
            return;
        };
        self.files.push(Saved {
            index,
            chunk: self.number,
            modified,
            digest,
            is_original,
        });
    }

    fn keep(&self, index: usize, written: WrittenFile<'_, '_>) -> Option<i128> {
        let WrittenFile { place, path, file } = written;
        let name = index.to_string();
        match self.method {
            Method::Clone => {
                let copy = self.handle.create(&name, mode(false)).ok()?;
                clone(file, &copy).ok()?;
                modified(&copy).ok()
            }
            Method::Copy => copy(file, &self.handle, &name),
            Method::HardLink(_) => {
                let (folder, own_name) = place.enter(path).ok()?;
                folder.link(own_name, &self.handle, &name).ok()?;
                modified(file).ok()
            }
        }
    }
}

/// Copies `file`, which was just written, into the folder `target`; returns when that was.
fn copy(file: &File, target: &Handle, name: &str) -> Option<i128> {
    let mut copy = target.create(name, mode(false)).ok()?;
    let mut source = file;
    source.rewind().ok()?;
    std::io::copy(&mut source, &mut copy).ok()?;
    modified(&copy).ok()
}
