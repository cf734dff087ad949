//! Unpacking files of one archive on one thread.

use std::fs::File;
use std::io::{self, Write as _};

use super::archive_source::ArchiveSource;
use super::opened::UnpackContext;
use super::placing::{Executable, Placement, Placing};
use super::proof::DigestCheck;
use crate::archive::{self, ArchiveEntry, Buffers, EntryReader};
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
        buffers: &'f mut Buffers,
    ) -> Self {
        Self {
            source,
            reader: source.wheel.archive().reader(buffers),
            scripts: context.scripts(),
            saved: None,
        }
    }

    /// As [`ArchiveFiles::new`], for the piece `number`, whose files go into the cache as well.
    pub(super) fn kept(
        source: &'f ArchiveSource,
        number: usize,
        context: UnpackContext<'f>,
        buffers: &'f mut Buffers,
    ) -> Self {
        let writer = source.writer.as_ref();
        Self {
            saved: writer.and_then(|writer| writer.chunk(number)),
            ..Self::new(source, context, buffers)
        }
    }

    /// Gives what was kept to the writer of the cache.
    pub(super) fn finish(self) {
        if let (Some(writer), Some(saved)) = (&self.source.writer, self.saved) {
            writer.add(saved);
        }
    }

    /// Puts one file in place.
    pub(super) fn unpack(
        &mut self,
        item: NumberedItem<'_>,
        placing: &mut Placing<'_>,
    ) -> Result<(), Error> {
        if item.item.is_script && item.item.n_bytes <= MAX_SCRIPT_BYTES {
            self.unpack_script(item, placing)
        } else {
            self.unpack_file(item, placing)
        }
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
        if let FileTarget::InPlace(file) | FileTarget::Spare(file) = &target {
            let dated = set_date(file, self.entry(item).modified());
            dated.map_err(|cause| placing.place.write_error(&item.item.path, cause))?;
        }
        match (&target, &mut self.saved) {
            (FileTarget::InPlace(file), Some(saved)) => {
                let place = &mut placing.place;
                let path = &item.item.path;
                saved.save(item.index, WrittenFile { place, path, file }, digest);
            }
            (FileTarget::Spare(file), Some(saved)) => {
                saved.note_own(item.index, Some(file), digest);
            }
            (FileTarget::Nowhere, Some(saved)) => saved.note_own(item.index, None, digest),
            (_, None) => {}
        }
        let placement = match target {
            FileTarget::InPlace(_) => Placement::InPlace,
            FileTarget::Spare(_) | FileTarget::Nowhere => Placement::Contested,
        };
        placing.note(item, digest, placement);
        Ok(())
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

    fn entry(&self, item: NumberedItem<'_>) -> &'f ArchiveEntry {
        &self.source.wheel.archive().entries()[item.item.index]
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
