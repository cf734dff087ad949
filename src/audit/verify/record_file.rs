//! The record of publishers on the disk.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::attestation::{Record, RecordError};
use crate::platform::publish::DraftFile;

/// The name of the file, which is beside poetry.lock.
pub const RECORD_FILE: &str = "lock2venv.attestations.toml";

/// Why a record cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordFileError {
    /// It cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It makes no sense.
    #[error("`{}` is not a record of attestations", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: RecordError,
    },
    /// It cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Reads the record in `folder`; `None` when there is none.
///
/// # Errors
///
/// When it cannot be read or makes no sense.
pub fn read_record(folder: &Path) -> Result<Option<Record>, RecordFileError> {
    let path = folder.join(RECORD_FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(RecordFileError::Read { path, source }),
    };
    let record = Record::parse(&text);
    record
        .map(Some)
        .map_err(|source| RecordFileError::Invalid { path, source })
}

/// Writes the record in `folder`, whole or not at all.
///
/// # Errors
///
/// When that does not work; then it is as it was.
pub fn write_record(folder: &Path, record: &Record) -> Result<(), RecordFileError> {
    let path = folder.join(RECORD_FILE);
    let written = write(folder, &path, &record.render());
    written.map_err(|source| RecordFileError::Write { path, source })
}

fn write(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut draft = DraftFile::create_for_all_in(folder)?;
    draft.write_all(text.as_bytes())?;
    draft.publish(path).map_err(|failed| failed.cause)?;
    Ok(())
}
