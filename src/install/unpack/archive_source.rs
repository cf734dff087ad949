//! The archive of a wheel that is unpacked.

use std::sync::OnceLock;

use super::proof;
use crate::event::{Warning, WheelFlaw};
use crate::filename::WheelFilename;
use crate::install::Error;
use crate::install::place::contents::Contents;
use crate::store::VerifiedFile;
use crate::store::wheels::WheelWriter;
use crate::wheel::Wheel;

/// The archive of a wheel that is unpacked.
#[derive(Debug)]
pub(super) struct ArchiveSource {
    pub(super) wheel: Wheel,
    /// Keeps the wheel in the cache.
    pub(super) writer: Option<WheelWriter>,
    file_name: WheelFilename,
    /// Holds the bytes.
    file: VerifiedFile,
    /// Whether these are still those that were locked, once that was asked.
    is_as_locked: OnceLock<bool>,
}

impl ArchiveSource {
    pub(super) fn new(
        wheel: Wheel,
        file: VerifiedFile,
        file_name: WheelFilename,
        writer: Option<WheelWriter>,
    ) -> Self {
        Self {
            wheel,
            writer,
            file_name,
            file,
            is_as_locked: OnceLock::new(),
        }
    }

    pub(super) fn file_name(&self) -> &str {
        self.file_name.as_str()
    }

    /// Checks of a wheel whose RECORD gives other sizes that it is the wheel that was locked.
    pub(super) fn check_differences(&self, warnings: &[Warning]) -> Result<(), Error> {
        for warning in warnings {
            if let Warning::Wheel {
                flaw: WheelFlaw::RecordDiffers,
                path,
                ..
            } = warning
            {
                self.check_record_errs(path)?;
            }
        }
        Ok(())
    }

    /// Checks that RECORD is what errs about `path`, and not the archive.
    pub(super) fn check_record_errs(&self, path: &str) -> Result<(), Error> {
        let is_as_locked = || proof::is_as_locked(&self.file);
        if *self.is_as_locked.get_or_init(is_as_locked) {
            return Ok(());
        }
        Err(Error::RecordDiffers {
            file: self.file_name().to_owned(),
            path: path.to_owned(),
        })
    }

    /// Puts the wheel into the cache, if that was begun and all of it is there.
    pub(super) fn publish(&self, contents: &Contents, warnings: &[Warning]) {
        if let Some(writer) = &self.writer {
            writer.publish(&self.wheel, &contents.originals(), warnings);
        }
    }
}
