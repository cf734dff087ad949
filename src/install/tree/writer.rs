//! Making a tree from the files that were just written into an environment.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use fs_err as fs;
use rustix::fs::{AtFlags, Mode, OFlags, linkat, mkdirat, openat};
use tempfile::TempDir;

use super::manifest;
use super::{Method, clone_range, modified, open_folder};
use crate::event::Warning;
use crate::install::contents::Contents;
use crate::install::folder::Place;
use crate::install::pool::lock;
use crate::wheel::Wheel;

/// A tree that is being made. Keeping a tree is never an error: what fails is not kept.
#[derive(Debug)]
pub(in crate::install) struct TreeWriter {
    target: PathBuf,
    folder: Mutex<Option<TempDir>>,
    handle: OwnedFd,
    method: Method,
    saved: Mutex<Vec<Saved>>,
    has_failed: AtomicBool,
}

/// A file of the tree.
#[derive(Debug)]
pub(super) struct Saved {
    pub(super) index: usize,
    pub(super) chunk: usize,
    /// In nanoseconds since 1970.
    pub(super) modified: i128,
    pub(super) digest: [u8; 32],
    /// Whether it is the original of a script that was rewritten.
    pub(super) is_original: bool,
}

/// The files of one piece of work.
pub(in crate::install) struct SavedChunk {
    number: usize,
    handle: OwnedFd,
    method: Method,
    files: Vec<Saved>,
    has_failed: bool,
}

impl TreeWriter {
    pub(super) fn new(folder: TempDir, target: PathBuf, method: Method) -> Option<Self> {
        Some(Self {
            target,
            handle: open_folder(rustix::fs::CWD, folder.path())?,
            folder: Mutex::new(Some(folder)),
            method,
            saved: Mutex::new(Vec::new()),
            has_failed: AtomicBool::new(false),
        })
    }

    /// Makes the folder for a piece of work.
    pub(in crate::install) fn chunk(&self, number: usize) -> Option<SavedChunk> {
        let name = number.to_string();
        let made = mkdirat(&self.handle, &name, Mode::from_raw_mode(0o777)).ok();
        let Some(handle) = made.and_then(|()| open_folder(&self.handle, &name)) else {
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

    pub(in crate::install) fn add(&self, mut chunk: SavedChunk) {
        if chunk.has_failed {
            self.has_failed.store(true, Ordering::Relaxed);
        }
        lock(&self.saved).append(&mut chunk.files);
    }

    /// Puts the tree into its place, where others find it.
    pub(in crate::install) fn publish(
        &self,
        contents: &Contents,
        wheel: &Wheel,
        warnings: &[Warning],
    ) {
        let Some(folder) = lock(&self.folder).take() else {
            return;
        };
        if self.has_failed.load(Ordering::Relaxed) {
            return;
        }
        let Some(text) = manifest::render(contents, wheel, &lock(&self.saved), warnings) else {
            return;
        };
        let written = fs::write(folder.path().join(manifest::NAME), text);
        // Whoever was first has the same files.
        if written.is_ok() && fs::rename(folder.path(), &self.target).is_ok() {
            let _ = folder.keep();
        }
    }
}

impl SavedChunk {
    /// Keeps the file `path`, which was just written and is open, as number `index`.
    pub(in crate::install) fn save(
        &mut self,
        index: usize,
        (place, path): (&mut Place<'_>, &str),
        (file, digest): (&File, [u8; 32]),
    ) {
        let kept = self.keep(index, place, path, file);
        self.note(index, kept, digest, false);
    }

    /// Creates a file of the tree's own as number `index`, for what is not in the environment as it was in the wheel.
    pub(in crate::install) fn create(&mut self, index: usize, is_executable: bool) -> Option<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if is_executable { 0o777 } else { 0o666 });
        let file = openat(&self.handle, index.to_string(), flags, mode).ok();
        self.has_failed |= file.is_none();
        file.map(File::from)
    }

    /// Notes a file that [`SavedChunk::create`] made, now that it is written.
    pub(in crate::install) fn note_own(&mut self, index: usize, file: &File, digest: [u8; 32]) {
        self.note(index, modified(file), digest, false);
    }

    /// Keeps the `content` of a script that stands in the environment rewritten.
    pub(in crate::install) fn save_original(
        &mut self,
        index: usize,
        content: &[u8],
        digest: [u8; 32],
    ) {
        let written = self.create(index, false).and_then(|mut file| {
            file.write_all(content).ok()?;
            modified(&file)
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

    fn keep(&self, index: usize, place: &mut Place<'_>, path: &str, file: &File) -> Option<i128> {
        let name = index.to_string();
        if self.method == Method::Clone {
            let copy = File::from(create_new(&self.handle, &name)?);
            clone_range(&copy, file)?;
            return modified(&copy);
        }
        if self.method == Method::Copy {
            return copy(file, &self.handle, &name);
        }
        let (folder, own_name) = place.enter(path).ok()?;
        linkat(folder, own_name, &self.handle, &name, AtFlags::empty()).ok()?;
        modified(file)
    }
}

/// Copies `file`, which was just written, into the folder `target`; returns when that was.
fn copy(file: &File, target: &OwnedFd, name: &str) -> Option<i128> {
    let mut copy = File::from(create_new(target, name)?);
    let mut source = file;
    source.rewind().ok()?;
    std::io::copy(&mut source, &mut copy).ok()?;
    modified(&copy)
}

fn create_new(folder: &OwnedFd, name: &str) -> Option<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    openat(folder, name, flags, Mode::from_raw_mode(0o666)).ok()
}
