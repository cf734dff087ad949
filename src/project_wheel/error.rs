//! Why the wheel of a project could not be built.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::{filename, pyproject};

/// Why the wheel of a project could not be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written; the cause names it.
    #[error("a file of the project could not be read or written")]
    Io(#[from] io::Error),
    /// The archive could not be written.
    #[error("the archive could not be written")]
    Archive(#[from] zip::result::ZipError),
    /// There is no such folder.
    #[error("there is no folder `{}`", .0.display())]
    NoFolder(PathBuf),
    /// The folder is no project.
    #[error("the folder `{}` contains no pyproject.toml", .0.display())]
    NoProject(PathBuf),
    /// pyproject.toml is not TOML, or a key has a value of the wrong kind; the cause says where.
    #[error("pyproject.toml could not be read")]
    Document(#[from] toml::de::Error),
    /// pyproject.toml says what Poetry refuses: see the cause.
    #[error("the project is invalid")]
    Project(#[from] pyproject::Error),
    /// Name and version of the project do not make the file name of a wheel.
    #[error(transparent)]
    FileName(#[from] filename::Error),
    /// The constraint on Python cannot be written in standard form.
    #[error("the Python constraint `{0}` cannot be stated in METADATA")]
    Python(String),
    /// It is not the local part of a version.
    #[error("`{0}` is not the local part of a version")]
    LocalVersion(String),
    /// Building needs something that only a Python backend can do.
    #[error("the wheel of this project cannot be built without Python: {0}")]
    Unsupported(#[from] Unsupported),
    /// The project says `package-mode = false`: there is nothing to build.
    #[error("the project is not a package: `package-mode` is false")]
    PackageModeOff,
    /// An author or maintainer is not of the form `Name` or `Name <address>`.
    #[error("`{0}` is not of the form `Name <address>`")]
    Person(String),
    /// A pattern of `license-files` finds no file, or is not a plain relative one with `/` between its parts.
    #[error("the pattern `{0}` of `license-files` matches no file")]
    LicenseFiles(String),
    /// The file of a script is not there, or its path is absolute.
    #[error("the script `{0}` does not name a file of the project")]
    ScriptFile(String),
    /// The project has no `packages`, and neither a module nor a package has its name.
    #[error("there is no module or package `{0}`, and the project lists no `packages`")]
    NoModule(String),
    /// A module and a package both have the project's name.
    #[error("`{0}.py` and the folder `{0}` both exist")]
    TwoModules(String),
    /// One of `packages` finds nothing.
    #[error("the package `{0}` does not exist")]
    NothingFound(String),
    /// One of `packages` holds no Python.
    #[error("the folder `{0}` is not a package: it contains no `.py` file")]
    NotAPackage(String),
    /// A pattern is empty or absolute.
    #[error("`{0}` is not a relative pattern")]
    Pattern(String),
    /// A file that belongs to the wheel lies outside the project, or of the folder that its package is searched `from`.
    #[error("`{}` is outside the project", .0.display())]
    OutsideProject(PathBuf),
    /// A path cannot stand in a wheel: it would leave it, or is not UTF-8.
    #[error("`{}` cannot be a path inside a wheel", .0.display())]
    ArchivePath(PathBuf),
    /// Something that belongs to the wheel is neither a file nor a folder.
    #[error("`{}` is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// A readme does not exist.
    #[error("the readme `{0}` does not exist")]
    NoReadme(String),
    /// A readme or licence is not UTF-8.
    #[error("`{}` is not UTF-8", .0.display())]
    NotUtf8(PathBuf),
    /// Two files have one path in the wheel.
    #[error("two files have the path `{0}` in the wheel")]
    Repeated(String),
}

impl Error {
    /// Tells whether a build backend may build what could not be built here.
    pub fn needs_backend(&self) -> bool {
        let is_legacy = |folder: &Path| folder.join("setup.py").is_file();
        matches!(self, Self::Unsupported(_))
            || matches!(self, Self::NoProject(folder) if is_legacy(folder))
    }
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
