//! Builds the wheel of a pure Python project whose backend is poetry-core, without Python.
//!
//! [`build`] answers with the same file name, files, METADATA, WHEEL and entry points as `poetry build -f wheel` of
//! poetry-core 2.5.0 does ([binary distribution format]). A [`BuiltWheel`] is a list of files, not an archive: installing
//! needs none, and [`BuiltWheel::write`] makes one where it is wanted. [`build_editable`] makes the wheel that [PEP 660]
//! asks of a backend: a `.pth` file and the metadata.
//!
//! There is one difference: poetry-core, where no repository ignores them, packs environments, caches and built wheels that a
//! pattern reaches. Here none of them is part of a project (`outside` says what counts as one), so that the second install has
//! the same wheel as the first. A clean checkout holds none.
//!
//! Whatever would run code of the project (build scripts, other backends) is refused with [`Error::Unsupported`]. Nothing
//! is executed, not even git: which files it ignores is read from the repository itself. The version of poetry-core that
//! `[build-system]` asks for is not looked at. Where poetry-core would give one path to two files the project is refused, and
//! a file that it would write twice is written once.
//!
//! [binary distribution format]: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
//! [PEP 660]: https://packaging.python.org/en/latest/specifications/pyproject-toml/

mod built;
mod document;
mod entry_points;
mod error;
mod files;
mod git;
mod glob;
mod identity;
mod license;
mod metadata;
mod outside;
mod project;
mod requirements;
mod surroundings;
mod zip_writer;

use std::path::{Path, PathBuf};

use document::Document;
use git::Repository;
use project::{Project, ScriptNames, backend_of, text_file};

pub use built::{BuiltWheel, Content, WheelFile};
pub use error::{Error, Unsupported};
pub use surroundings::GitExcludes;

/// The version of poetry-core whose wheels are made here.
pub const POETRY_CORE_VERSION: &str = "2.5.0";

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
pub struct BuildOptions {
    /// Seconds since 1970 that the archive's entries are dated (`SOURCE_DATE_EPOCH`). Without it, and before 1980, they are
    /// dated 2016-01-01 00:00:00, as Poetry dates them.
    pub source_date_epoch: Option<i64>,
    /// The user's own file of patterns that git ignores.
    pub git_excludes: GitExcludes,
    /// The local part that the project's version gets (`local-version` of poetry-core's config settings).
    pub local_version: Option<String>,
    /// Folders that are never part of the project although they may lie in its folder, absolute: the environment that the
    /// wheel is for, and the cache. Other environments and built distributions are recognized.
    pub outside: Vec<PathBuf>,
}

/// Tells which backend builds the project of this pyproject.toml.
///
/// # Errors
///
/// [`Error::Document`] when the text cannot be read.
pub fn backend(pyproject: &str) -> Result<Backend, Error> {
    Ok(backend_of(&Document::parse(pyproject)?))
}

/// Builds the wheel of the project in `folder` (absolute).
///
/// A project that names no backend is built as Poetry builds the root: with poetry-core.
///
/// # Errors
///
/// [`Error::Unsupported`] when only Python can build it, [`Error::PackageModeOff`] when there is nothing to build, and the
/// others for projects that Poetry cannot build either.
pub fn build(folder: &Path, options: &BuildOptions) -> Result<BuiltWheel, Error> {
    let project = Project::read(folder, options)?;
    let layout = project.layout()?;
    let repository = Repository::find(&project.root, options.git_excludes.find().as_deref())?;
    project.wheel(layout.collect(repository)?, ScriptNames::OfFiles, options)
}

/// Checks that there is a project in `folder` (absolute) whose pyproject.toml makes sense; what it names need not be there.
///
/// # Errors
///
/// As [`build`], but for files that are missing.
pub fn check(folder: &Path, options: &BuildOptions) -> Result<(), Error> {
    Project::read(folder, options).map(drop)
}

/// Builds the wheel that makes the project in `folder` (absolute) importable from where it is: a `.pth` file and the metadata.
///
/// The `direct_url.json` that records the folder is left to the installer, as [PEP 660] has it.
///
/// # Errors
///
/// Those of [`build`].
///
/// [PEP 660]: https://peps.python.org/pep-0660/
pub fn build_editable(folder: &Path, options: &BuildOptions) -> Result<BuiltWheel, Error> {
    editable(folder, ScriptNames::OfFiles, options)
}

/// As [`build_editable`], but scripts that are files are named by their keys in `[tool.poetry.scripts]`, as Poetry names those of the
/// project that it installs.
///
/// # Errors
///
/// Those of [`build`].
pub fn build_editable_project(folder: &Path, options: &BuildOptions) -> Result<BuiltWheel, Error> {
    editable(folder, ScriptNames::OfKeys, options)
}

fn editable(
    folder: &Path,
    names: ScriptNames,
    options: &BuildOptions,
) -> Result<BuiltWheel, Error> {
    let project = Project::read(folder, options)?;
    let mut lines = String::new();
    for folder in project.layout()?.import_folders()? {
        let Some(line) = folder.to_str() else {
            return Err(Error::ArchivePath(folder));
        };
        lines.push_str(line);
        lines.push('\n');
    }
    let path = format!("{}.pth", project.identity.normal_name.to_file_name());
    project.wheel(vec![text_file(path, lines)], names, options)
}
