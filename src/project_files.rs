//! The files of a project on this disk: pyproject.toml, poetry.lock, and what path dependencies point to.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::lock::Text;
use crate::pyproject::{self, FileSystem, PathKind, Project};

/// The texts of a project.
#[derive(Clone, Debug)]
pub struct ProjectFiles {
    /// The folder, absolute.
    pub root: PathBuf,
    /// The text of pyproject.toml.
    pub pyproject: String,
    /// The text of poetry.lock, where there is one.
    pub lock: Option<Text>,
}

/// Why the files of a project could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no pyproject.toml.
    #[error("Poetry could not find a pyproject.toml file in {} or its parents", .0.display())]
    NotFound(PathBuf),
    /// A file cannot be read; the cause names it.
    #[error("a file of the project cannot be read")]
    Read(#[source] io::Error),
}

impl ProjectFiles {
    /// Reads the project of `folder` (absolute): the nearest pyproject.toml in it or above it, and the poetry.lock beside that.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] and [`Error::Read`].
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let mut folders = folder.ancestors();
        let root = folders
            .find(|folder| folder.join("pyproject.toml").exists())
            .ok_or_else(|| Error::NotFound(folder.to_owned()))?;
        let pyproject = fs_err::read_to_string(root.join("pyproject.toml")).map_err(Error::Read)?;
        let lock = match fs_err::read_to_string(root.join("poetry.lock")) {
            Ok(text) => Some(text.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::Read(error)),
        };
        Ok(Self {
            root: root.to_owned(),
            pyproject,
            lock,
        })
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
        warnings: &mut Vec<pyproject::Warning>,
    ) -> Result<Project, pyproject::Error> {
        Project::parse_warning(&self.pyproject, &self.root, &Disk, warnings)
    }
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
