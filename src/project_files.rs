//! The files of a project on this disk: pyproject.toml, poetry.lock, and what path dependencies point to.

use std::fmt;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::lock::Text;
use crate::platform::file::is_link;
use crate::pyproject::{self, FileSystem, PathKind, Project};

/// The texts of a project.
#[derive(Clone)]
pub struct ProjectFiles {
    /// The folder, absolute.
    pub root: PathBuf,
    /// The text of pyproject.toml.
    pub pyproject: String,
    /// The text of poetry.lock, where there is one.
    pub lock: Option<Text>,
}

impl fmt::Debug for ProjectFiles {
    /// The texts may hold credentials.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProjectFiles")
            .field("root", &self.root)
            .field("has_lock", &self.lock.is_some())
            .finish_non_exhaustive()
    }
}

/// Why the files of a project could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no pyproject.toml.
    #[error("Poetry could not find a pyproject.toml file in {} or its parents", .0.display())]
    NotFound(PathBuf),
    /// A file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file is not text, or text in another encoding.
    #[error("`{}` is not UTF-8: see line {line}", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first line that is not, from 1.
        line: usize,
    },
}

impl ProjectFiles {
    /// Reads the project of `folder` (absolute): the nearest pyproject.toml in it or above it, and the poetry.lock beside that.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. A folder that may not be searched is one, whatever lies above it.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        for root in folder.ancestors() {
            let Some(pyproject) = read(root.join("pyproject.toml"))? else {
                continue;
            };
            return Ok(Self {
                root: root.to_owned(),
                pyproject,
                lock: read_lock(root)?,
            });
        }
        Err(Error::NotFound(folder.to_owned()))
    }

    /// Reads pyproject.toml.
    ///
    /// # Errors
    ///
    /// Those of [`Project::parse`].
    pub fn project(&self) -> Result<Project, pyproject::Error> {
        Project::parse(&self.pyproject, &self.root, &Disk)
    }

    /// Reads pyproject.toml, and adds what there is to warn of to `warnings`, even if reading fails.
    ///
    /// # Errors
    ///
    /// Those of [`Project::parse`].
    pub fn project_warning(
        &self,
        warnings: &mut Vec<pyproject::ProjectWarning>,
    ) -> Result<Project, pyproject::Error> {
        Project::parse_warning(&self.pyproject, &self.root, &Disk, warnings)
    }
}

/// Reads the poetry.lock of `folder` (absolute) alone, if there is one.
///
/// # Errors
///
/// [`Error::Read`], [`Error::NotUtf8`].
pub fn read_lock(folder: &Path) -> Result<Option<Text>, Error> {
    Ok(read(folder.join("poetry.lock"))?.map(Text::from))
}

/// Reads a file, if it is there.
fn read(path: PathBuf) -> Result<Option<String>, Error> {
    // fs_err would name the path, which stands in our own errors.
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(source) => return Err(Error::Read { path, source }),
    };
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let n_valid = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..n_valid];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        Error::NotUtf8 { path, line }
    })
}

/// Tells whether there is no such file: for Python, a link that leads nowhere is none either.
fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind;
    let absent = [ErrorKind::NotFound, ErrorKind::NotADirectory];
    absent.contains(&error.kind()) || is_link(error)
}

/// This machine's disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl FileSystem for Disk {
    fn kind(&self, path: &Path) -> PathKind {
        match fs_err::metadata(path) {
            Ok(metadata) if metadata.is_dir() => PathKind::Directory,
            Ok(_) => PathKind::File,
            Err(_) => PathKind::Missing,
        }
    }

    /// Resolves as Python's `Path.resolve` does: links as far as the path exists, `..` in the rest by its text.
    fn resolve(&self, path: &Path) -> PathBuf {
        let mut resolved = PathBuf::new();
        for component in path.components() {
            match component {
                Component::ParentDir => {
                    resolved.pop();
                }
                Component::CurDir => {}
                Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                    resolved.push(component);
                    if let Ok(real) = fs_err::canonicalize(&resolved) {
                        resolved = real;
                    }
                }
            }
        }
        resolved
    }
}
