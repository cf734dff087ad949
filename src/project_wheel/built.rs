//! The wheel of a project: its name and its files.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::error::Error;
use super::zip_writer;
use crate::digest::{Algorithm, Digest};
use crate::filename::WheelFilename;
use crate::platform::publish::DraftFile;

/// Where the bytes of a file in a wheel come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A file on disk, by its absolute path.
    File(PathBuf),
    /// These bytes.
    Bytes(Vec<u8>),
}

/// One file of a wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelFile {
    /// The path inside the wheel, with `/` between its parts.
    pub path: String,
    /// Where the bytes come from.
    pub content: Content,
    /// Whether the file is to be executable (mode 755 instead of 644).
    pub is_executable: bool,
}

/// The wheel of a project: its name and its files, RECORD excepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltWheel {
    pub(super) file: WheelFilename,
    pub(super) dist_info: String,
    pub(super) files: Vec<WheelFile>,
    pub(super) source_date_epoch: Option<i64>,
}

impl BuiltWheel {
    /// Returns the wheel's file name, such as `demo-1.0-py3-none-any.whl`.
    pub fn file_name(&self) -> &str {
        self.file.as_str()
    }

    /// Returns the parsed file name.
    pub fn file(&self) -> &WheelFilename {
        &self.file
    }

    /// Returns the name of the metadata folder inside the wheel, such as `demo-1.0.dist-info`.
    pub fn dist_info(&self) -> &str {
        &self.dist_info
    }

    /// Returns all files in the order that they have in the archive. RECORD, which comes last there, is not among them: who
    /// writes the files computes it.
    pub fn files(&self) -> &[WheelFile] {
        &self.files
    }

    /// Writes the wheel as an archive to `output`. The same files, modes and date give the same bytes.
    pub fn write(&self, output: impl io::Write + io::Seek) -> Result<(), Error> {
        zip_writer::write(self, output)
    }

    /// Returns the SHA-256 of the archive that [`BuiltWheel::save`] writes, and writes nothing.
    pub fn digest(&self) -> Result<Digest, Error> {
        Ok(Digest::of(Algorithm::Sha256, &self.archive()?))
    }

    pub(super) fn archive(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = io::Cursor::new(Vec::new());
        self.write(&mut bytes)?;
        Ok(bytes.into_inner())
    }

    /// Writes the wheel as an archive into `folder`, which is created where it is missing, in place of an older one of the
    /// same name. Returns the SHA-256 of the archive.
    pub fn save(&self, folder: &Path) -> Result<Digest, Error> {
        let bytes = self.archive()?;
        fs::create_dir_all(folder)?;
        let path = folder.join(self.file_name());
        let mut draft = DraftFile::create_for_all_in(folder)?;
        draft.write_all(&bytes)?;
        let published = draft.publish(&path);
        published.map_err(|unpublished| unpublished.cause)?;
        Ok(Digest::of(Algorithm::Sha256, &bytes))
    }
}
