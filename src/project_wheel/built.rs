//! The wheel of a project: its name and its files.

use std::path::PathBuf;

use crate::filename::WheelFilename;

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
}
