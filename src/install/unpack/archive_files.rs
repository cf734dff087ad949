//! Unpacking files of one archive on one thread.

use std::fs::File;
use std::io::{self, Write as _};

use super::archive_source::ArchiveSource;
use super::batch::{BatchFile, DigestBatch, ThreadBuffers};
use super::opened::UnpackContext;
use super::placing::{Executable, Placement, Placing};
use super::proof::DigestCheck;
use crate::archive::{self, ArchiveEntry, EntryReader};
use crate::event::{Warning, WheelFlaw};
use crate::install::Error;
use crate::install::place::contents::NumberedItem;
use crate::install::place::script::ScriptFolder;
use crate::platform::file::set_date;
use crate::platform::folder::Created;
use crate::store::wheels::{SavedChunk, WrittenFile};

/// The largest script that may be text; larger ones are programs.
const MAX_SCRIPT_BYTES: u64 = 1 << 20;

/// Unpacks files of one archive.
pub(super) struct ArchiveFiles<'f> {
    source: &'f ArchiveSource,
    reader: EntryReader<'f>,
    batch: DigestBatch<'f>,
    scripts: ScriptFolder<'f>,
    /// Keeps the files in the cache, too.
    saved: Option<SavedChunk>,
}

/// Where the bytes of a file go.
enum FileTarget {
    InPlace(File),
    /// Into the cache alone: what lost its path to another file is cached even so.
    Spare(File),
    Nowhere,
}

impl FileTarget {
    fn placement(&self) -> Placement {
        match self {
            Self::InPlace(_) => Placement::InPlace,
            Self::Spare(_) | Self::Nowhere => Placement::Contested,
        }
    }
}

/// What stops the copying of one entry.
enum CopyError {
    Archive(archive::Error),
    Write(io::Error),
}

impl From<archive::Error> for CopyError {
    fn from(error: archive::Error) -> Self {
        Self::Archive(error)
    }
}

impl<'f> ArchiveFiles<'f> {
    pub(super) fn new(
        source: &'f ArchiveSource,
        context: UnpackContext<'f>,
        buffers: &'f mut ThreadBuffers,
    ) -> Self {
        Self {
            source,
            reader: source.wheel.archive().reader(&mut buffers.archive),
            batch: DigestBatch::new(&mut buffers.batch),
            scripts: context.scripts(),
            saved: None,
        }
    }

    /// As [`ArchiveFiles::new`], for the piece `number`, whose files go into the cache as well.
    pub(super) fn kept(
        source: &'f ArchiveSource,
        number: usize,
        context: UnpackContext<'f>,
        buffers: &'f mut ThreadBuffers,
    ) -> Self {
        let writer = source.writer.as_ref();
        Self {
            saved: writer.and_then(|writer| writer.chunk(number)),
            ..Self::new(source, context, buffers)
        }
    }

    /// Ends the work on the files that were unpacked, and gives what was kept to the writer of the cache.
    pub(super) fn finish(mut self, placing: &mut Placing<'_>) -> Result<(), Error> {
        self.prove_batch(placing)?;
        if let (Some(writer), Some(saved)) = (&self.source.writer, self.saved) {
            writer.add(saved);
        }
        Ok(())
    }

    /// Puts one file in place. Whether it is as RECORD says may be asked later, with others.
    pub(super) fn unpack(
        &mut self,
        item: NumberedItem<'f>,
        placing: &mut Placing<'_>,
    ) -> Result<(), Error> {
        let unpacked = self.put(item, placing);
        if unpacked.is_err() {
            // What is wrong with a file before it comes first.
            self.prove_batch(placing)?;
        }
        unpacked
    }

    fn put(&mut self, item: NumberedItem<'f>, placing: &mut Placing<'_>) -> Result<(), Error> {
        let is_script = item.item.is_script && item.item.n_bytes <= MAX_SCRIPT_BYTES;
        if !is_script && DigestBatch::is_for(item.item) {
            return self.unpack_small(item, placing);
        }
        self.prove_batch(placing)?;
        if is_script {
            self.unpack_script(item, placing)
        } else {
            self.unpack_file(item, placing)
        }
    }

    /// Puts one small file in place as it is in the wheel, to be hashed with others.
    fn unpack_small(
        &mut self,
        item: NumberedItem<'f>,
        placing: &mut Placing<'_>,
    ) -> Result<(), Error> {
        let entry = self.entry(item);
        let n_bytes = usize::try_from(entry.n_bytes()).unwrap_or(usize::MAX);
        if !self.batch.has_room(n_bytes) {
            self.prove_batch(placing)?;
        }
        let mut target = self.target(item, placing)?;
        let content = self.batch.room(n_bytes);
        let read = self.reader.read_into(entry, content);
        read.map_err(|fault| Error::wheel(self.source.file_name(), fault))?;
        if let FileTarget::InPlace(file) | FileTarget::Spare(file) = &mut target {
            let written = file.write_all(content);
            written.map_err(|cause| placing.place.write_error(&item.item.path, cause))?;
        }
        if let Some(saved) = &mut self.saved {
            saved.append(content);
        }
        self.date(item, &target, placing)?;
        let file = BatchFile {
            item,
            placement: target.placement(),
            saved: self.save(item, &target, placing),
        };
        self.batch.push(file, n_bytes);
        Ok(())
    }

    /// Hashes the files of the batch, compares them with what RECORD says, and notes them.
    fn prove_batch(&mut self, placing: &mut Placing<'_>) -> Result<(), Error> {
        for (file, digest) in self.batch.hash() {
            let recorded = file.item.item.digest.as_ref();
            if recorded.is_some_and(|recorded| recorded.bytes() != digest) {
                self.differs(self.entry(file.item), placing)?;
            }
            if let (Some(saved), Some(number)) = (&mut self.saved, file.saved) {
                saved.set_digest(number, digest);
            }
            placing.note(file.item, digest, file.placement);
        }
        Ok(())
    }

    fn entry(&self, item: NumberedItem<'_>) -> &'f ArchiveEntry {
        &self.source.wheel.archive().entries()[item.item.index]
    }

    /// Puts one file in place as it is in the wheel.
    fn unpack_file(
        &mut self,
        item: NumberedItem<'_>,
        placing: &mut Placing<'_>,
    ) -> Result<(), Error> {
        let mut target = self.target(item, placing)?;
        let mut saved = self.saved.take();
        let digest = self.copy(item, placing, |piece| {
            if let Some(saved) = &mut saved {
                saved.append(piece);
            }
            match &mut target {
                FileTarget::InPlace(file) | FileTarget::Spare(file) => file.write_all(piece),
                FileTarget::Nowhere => Ok(()),
            }
        })?;
        self.saved = saved;
        self.date(item, &target, placing)?;
        let number = self.save(item, &target, placing);
        if let (Some(saved), Some(number)) = (&mut self.saved, number) {
            saved.set_digest(number, digest);
        }
        placing.note(item, digest, target.placement());
        Ok(())
    }

    /// Gives a file that was just written the date that it has in the wheel.
    fn date(
        &self,
        item: NumberedItem<'_>,
        target: &FileTarget,
        placing: &mut Placing<'_>,
    ) -> Result<(), Error> {
        let (FileTarget::InPlace(file) | FileTarget::Spare(file)) = target else {
            return Ok(());
        };
        let dated = set_date(file, self.entry(item).modified());
        dated.map_err(|cause| placing.place.write_error(&item.item.path, cause).into())
    }

    /// Keeps a file that was just written in the cache as well, where the wheel is kept; its digest is to follow.
    fn save(
        &mut self,
        item: NumberedItem<'_>,
        target: &FileTarget,
        placing: &mut Placing<'_>,
    ) -> Option<usize> {
        let saved = self.saved.as_mut()?;
        match target {
            FileTarget::InPlace(file) => {
                let (place, path) = (&mut placing.place, &item.item.path);
                saved.save(item.index, WrittenFile { place, path, file })
            }
            FileTarget::Spare(file) => saved.note_own(item.index, Some(file)),
            FileTarget::Nowhere => saved.note_own(item.index, None),
        }
    }

    fn target(
        &mut self,
        item: NumberedItem<'_>,
        placing: &mut Placing<'_>,
    ) -> Result<FileTarget, Error> {
        let is_executable = item.item.is_executable;
        if let Created::New(file) = placing.place.create(&item.item.path, is_executable)? {
            return Ok(FileTarget::InPlace(file));
        }
        let saved = self.saved.as_mut();
        let spare = saved.and_then(|saved| saved.create(item.index, is_executable));
        Ok(spare.map_or(FileTarget::Nowhere, FileTarget::Spare))
    }

    /// Puts a file of `.data/scripts` in place, which is rewritten when it begins with `#!python`.
    fn unpack_script(
        &mut self,
        item: NumberedItem<'_>,
        placing: &mut Placing<'_>,
    ) -> Result<(), Error> {
        let mut content = Vec::new();
        let digest = self.copy(item, placing, |piece| {
            content.extend_from_slice(piece);
            Ok(())
        })?;
        if let Some(saved) = &mut self.saved {
            saved.append(&content);
            saved.save_original(item.index, &content, digest);
        }
        let path = &item.item.path;
        let text = self.scripts.rewrite(path, &content);
        placing.put(path, text.unwrap_or(content), Executable::Yes)
    }

    /// Reads a file once, and compares it with what RECORD says; returns its SHA-256.
    fn copy(
        &mut self,
        item: NumberedItem<'_>,
        placing: &mut Placing<'_>,
        mut write: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<[u8; 32], Error> {
        let entry = self.entry(item);
        let mut check = DigestCheck::new(item.item.digest.as_ref());
        let copied = self.reader.read(entry, |piece| {
            check.update(piece);
            write(piece).map_err(CopyError::Write)
        });
        copied.map_err(|error| match error {
            CopyError::Archive(error) => Error::wheel(self.source.file_name(), error),
            CopyError::Write(cause) => placing.place.write_error(&item.item.path, cause).into(),
        })?;
        let checked = check.finish();
        if !checked.is_as_recorded {
            self.differs(entry, placing)?;
        }
        Ok(checked.sha256)
    }

    /// Notes that RECORD is wrong about `entry`, if it is RECORD that is.
    fn differs(&self, entry: &ArchiveEntry, placing: &mut Placing<'_>) -> Result<(), Error> {
        self.source.check_record_errs(entry.path())?;
        placing.progress.warnings.push(Warning::Wheel {
            flaw: WheelFlaw::RecordDiffers,
            wheel: self.source.file_name().to_owned(),
            path: entry.path().to_owned(),
        });
        Ok(())
    }
}
