//! What is wrong with a pyproject.toml, but does not stop anything.

use std::path::{Path, PathBuf};

use super::{FileSystem, PathKind};
use crate::source::{Location, Source};

/// Any of these makes a folder a project.
const PROJECT_FILES: [&str; 3] = ["pyproject.toml", "setup.py", "setup.cfg"];

/// What is wrong with a pyproject.toml, but does not stop anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectWarning {
    /// `[tool.poetry.dev-dependencies]` is used.
    #[error(
        "The \"poetry.dev-dependencies\" section is deprecated and will be removed in a future version. Use \"poetry.group.dev.dependencies\" instead."
    )]
    DevDependencies,
    /// A path dependency is not what it should be.
    #[error("{}", path_warning(*fault, path, name))]
    Path {
        /// What is wrong with it.
        fault: PathFault,
        /// The path, absolute.
        path: PathBuf,
        /// The name of the dependency, as written.
        name: String,
    },
}

/// What is wrong with a path dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathFault {
    /// It is not there.
    Missing,
    /// A folder stands where a file should.
    NotAFile,
    /// A file stands where a folder should.
    NotADirectory,
    /// The folder holds no pyproject.toml, setup.py or setup.cfg.
    NotAProject,
}

fn path_warning(fault: PathFault, path: &Path, name: &str) -> String {
    let path = path.display();
    match fault {
        PathFault::Missing => format!("Path {path} for {name} does not exist"),
        PathFault::NotAFile => format!("{path} for {name} is a directory, expected a file"),
        PathFault::NotADirectory => format!("{path} for {name} is a file, expected a directory"),
        PathFault::NotAProject => {
            format!("Directory {path} for {name} does not seem to be a Python package")
        }
    }
}

impl ProjectWarning {
    /// Returns what Poetry says of a dependency or locked package `name` from `source`, when that is a path and not what it
    /// should be.
    pub fn of_path(name: &str, source: Option<&Source>, files: &dyn FileSystem) -> Option<Self> {
        let location = &source?.location;
        let path = location.path()?;
        let is_file = matches!(location, Location::File(_));
        let fault = match (is_file, files.kind(path)) {
            (true, PathKind::File) => return None,
            (_, PathKind::Missing) => PathFault::Missing,
            (true, PathKind::Directory) => PathFault::NotAFile,
            (false, PathKind::File) => PathFault::NotADirectory,
            (false, PathKind::Directory) if is_project(path, files) => return None,
            (false, PathKind::Directory) => PathFault::NotAProject,
        };
        Some(Self::Path {
            fault,
            path: path.to_owned(),
            name: name.to_owned(),
        })
    }
}

fn is_project(folder: &Path, files: &dyn FileSystem) -> bool {
    let mut names = PROJECT_FILES.iter();
    names.any(|name| files.kind(&folder.join(name)) != PathKind::Missing)
}
