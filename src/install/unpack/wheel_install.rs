//! One wheel on its way into the environment: its pieces of work, done by many threads.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::archive_files::ArchiveFiles;
use super::batch::ThreadBuffers;
use super::built_files;
use super::kept_files;
use super::opened::{OpenedWheel, UnpackContext, WheelSource};
use super::placing::{Executable, Placing};
use crate::digest::Digest;
use crate::event::Warning;
use crate::install::Error;
use crate::install::place::contents::Contents;
use crate::install::place::documents;
use crate::install::place::paths::{join, text};
use crate::install::place::placed::Progress;
use crate::plan::Distribution;
use crate::platform::folder::Root;

/// One wheel, opened.
#[derive(Debug)]
pub(super) struct WheelInstall<'a> {
    pub(super) distribution: &'a Distribution,
    pub(super) contents: Contents,
    /// The digest of the archive; `None` for what never was one.
    pub(super) digest: Option<Digest>,
    pub(super) root: Arc<Root>,
    context: UnpackContext<'a>,
    source: WheelSource,
    warnings: Vec<Warning>,
    progress: Mutex<Progress>,
    pieces: Vec<Range<usize>>,
    /// How many pieces are not done.
    n_remaining: AtomicUsize,
}

impl<'a> WheelInstall<'a> {
    /// Prepares to put the files of `opened` into `root`.
    pub(super) fn new(
        distribution: &'a Distribution,
        opened: OpenedWheel,
        root: Arc<Root>,
        context: UnpackContext<'a>,
    ) -> Self {
        let pieces = opened.contents.pieces();
        Self {
            distribution,
            contents: opened.contents,
            digest: opened.digest,
            root,
            context,
            source: opened.source,
            warnings: opened.warnings,
            progress: Mutex::default(),
            n_remaining: AtomicUsize::new(pieces.len()),
            pieces,
        }
    }

    /// Lists the pieces of work, each of which has to be given to [`WheelInstall::run_piece`] once.
    pub(super) fn pieces(&self) -> &[Range<usize>] {
        &self.pieces
    }

    /// Puts the items of one piece in place; tells whether it was the last piece.
    pub(super) fn run_piece(
        &self,
        piece: Range<usize>,
        buffers: &mut ThreadBuffers,
    ) -> Result<bool, Error> {
        let mut placing = Placing::new(self.root.place());
        match &self.source {
            WheelSource::Kept(files) => {
                let items = self.contents.numbered(piece);
                kept_files::link(files, items, &self.context.scripts(), &mut placing)?;
            }
            WheelSource::Built(wheel) => {
                let items = self.contents.numbered(piece);
                built_files::place(wheel, items, &self.context.scripts(), &mut placing)?;
            }
            WheelSource::Archive(source) => {
                let mut files = ArchiveFiles::kept(source, piece.start, self.context, buffers);
                for item in self.contents.numbered(piece) {
                    files.unpack(item, &mut placing)?;
                }
                files.finish(&mut placing)?;
            }
        }
        self.progress().append(placing.progress);
        Ok(self.n_remaining.fetch_sub(1, Ordering::AcqRel) == 1)
    }

    /// Writes again the item `index`, which lost its path to another file.
    pub(super) fn write_again(
        &self,
        index: usize,
        buffers: &mut ThreadBuffers,
    ) -> Result<(), Error> {
        let mut placing = Placing::new(self.root.place());
        let mut items = self.contents.numbered(index..index + 1);
        match &self.source {
            WheelSource::Kept(files) => {
                kept_files::link(files, items, &self.context.scripts(), &mut placing)
            }
            WheelSource::Built(wheel) => {
                built_files::place(wheel, items, &self.context.scripts(), &mut placing)
            }
            WheelSource::Archive(source) => {
                let mut files = ArchiveFiles::new(source, self.context, buffers);
                items.try_for_each(|item| files.unpack(item, &mut placing))?;
                files.finish(&mut placing)
            }
        }
    }

    /// Writes what is not in the wheel, once all pieces are done: scripts of entry points and the documents of the installer,
    /// but for RECORD. Keeps the wheel in the cache if that was begun. Returns what became of all files.
    pub(super) fn finish(&self) -> Result<Progress, Error> {
        let mut placing = Placing::new(self.root.place());
        self.write_scripts(&mut placing)?;
        self.write_documents(&mut placing)?;
        let mut progress = std::mem::take(&mut *self.progress());
        progress.append(placing.progress);
        progress.warnings.extend_from_slice(&self.warnings);
        if let WheelSource::Archive(source) = &self.source {
            source.publish(&self.contents, &progress.warnings);
        }
        Ok(progress)
    }

    fn write_scripts(&self, placing: &mut Placing<'_>) -> Result<(), Error> {
        let scripts = text(&self.context.layout.scripts);
        for entry_point in &self.contents.entry_points {
            let path = join(&scripts, &entry_point.name);
            let text = self.context.launcher.render_entry_point(entry_point);
            placing.put(&path, text, Executable::Yes)?;
        }
        Ok(())
    }

    fn write_documents(&self, placing: &mut Placing<'_>) -> Result<(), Error> {
        let installer_name = self.context.installer_name;
        let documents = documents::render(self.distribution, self.digest.as_ref(), installer_name);
        for (name, text) in documents {
            let path = join(&self.contents.dist_info, name);
            placing.put(&path, text, Executable::No)?;
        }
        Ok(())
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
