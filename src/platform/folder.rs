//! Creating files below one folder through open handles, never following a path of the caller's twice.
//!
//! A file costs an open, a write and a close; a folder that is new costs a `mkdirat`, and an open and a close whenever a
//! thread comes to it. Consecutive files of one folder share its handle.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use thiserror::Error;

use super::file::set_date;
use super::handle::{Handle, mode};

/// Why a file or folder could not be created.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// The file system refused.
    #[error("cannot {act} `{}`", path.display())]
    Io {
        /// What was tried, such as `create`.
        act: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file shall be created where something is.
    #[error("`{path}` already exists")]
    Occupied {
        /// The path, relative to the folder.
        path: String,
    },
    /// A file and a folder claim one path.
    #[error("`{path}` is both a file and a folder")]
    FileAndFolder {
        /// The path, relative to the folder.
        path: String,
    },
}

impl Error {
    fn io(act: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            act,
            path: path.to_owned(),
            source,
        }
    }
}

/// A folder that files are created in, and the folders below it that are known to be there.
#[derive(Debug)]
pub(crate) struct Root {
    path: PathBuf,
    handle: Handle,
    known: Mutex<HashSet<Box<str>>>,
    /// The date of files that have none of their own, in seconds since 1970.
    date: i64,
}

/// The folder that one thread works in at the moment.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    root: &'a Root,
    current: Option<(String, Handle)>,
}

/// How an attempt to create a file ended.
#[derive(Debug)]
pub(crate) enum Created {
    /// The file is new.
    New(File),
    /// Something of that name is there.
    Exists,
}

impl Root {
    pub(crate) fn open(path: &Path, date: i64) -> Result<Self, Error> {
        let handle = Handle::open(path).map_err(|cause| Error::io("open", path, cause))?;
        Ok(Self {
            path: path.to_owned(),
            handle,
            known: Mutex::new(HashSet::new()),
            date,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn place(&self) -> Place<'_> {
        Place {
            root: self,
            current: None,
        }
    }

    /// Makes sure that `folder` and the folders above it are there.
    fn create_folders(&self, folder: &str) -> Result<(), Error> {
        if folder.is_empty() || lock(&self.known).contains(folder) {
            return Ok(());
        }
        match self.create_folder(folder) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let (parent, _) = folder.rsplit_once('/').unwrap_or_default();
                self.create_folders(parent)?;
                self.create_folder(folder)
            }
            made => made,
        }
        .map_err(|cause| self.folder_error(folder, cause))?;
        lock(&self.known).insert(folder.into());
        Ok(())
    }

    /// Makes sure that `folder` is there; the one above it has to be.
    fn create_folder(&self, folder: &str) -> io::Result<()> {
        match self.handle.create_folder(folder, 0o777) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }

    fn open_folder(&self, folder: &str) -> Result<Handle, Error> {
        let name = if folder.is_empty() { "." } else { folder };
        let opened = self.handle.folder(name);
        opened.map_err(|cause| self.folder_error(folder, cause))
    }

    fn folder_error(&self, folder: &str, cause: io::Error) -> Error {
        if cause.kind() == io::ErrorKind::NotADirectory {
            return Error::FileAndFolder {
                path: folder.to_owned(),
            };
        }
        Error::io("create the folder", &self.path.join(folder), cause)
    }
}

impl Place<'_> {
    /// Returns the handle of the folder that holds `path`, creating it if need be, and the name of the file in it.
    pub(crate) fn enter<'p>(&mut self, path: &'p str) -> Result<(&Handle, &'p str), Error> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let is_there = matches!(&self.current, Some((current, _)) if current == folder);
        if !is_there {
            self.root.create_folders(folder)?;
            self.current = Some((folder.to_owned(), self.root.open_folder(folder)?));
        }
        let handle = self.current.as_ref().map(|(_, handle)| handle);
        Ok((handle.unwrap_or(&self.root.handle), name))
    }

    /// Creates the file `path`, which must not be there.
    pub(crate) fn create(&mut self, path: &str, is_executable: bool) -> Result<Created, Error> {
        let root = self.root;
        let (folder, name) = self.enter(path)?;
        match folder.create(name, mode(is_executable)) {
            Ok(file) => Ok(Created::New(file)),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(Created::Exists),
            Err(cause) => Err(Error::io("create", &root.path.join(path), cause)),
        }
    }

    /// Removes the file `path`.
    pub(crate) fn remove(&mut self, path: &str) -> Result<(), Error> {
        let root = self.root;
        let (folder, name) = self.enter(path)?;
        let removed = folder.remove(name);
        removed.map_err(|cause| Error::io("remove", &root.path.join(path), cause))
    }

    /// Creates the file `path`, which must not be there, with `content`.
    pub(crate) fn write_new(
        &mut self,
        path: &str,
        content: &[u8],
        is_executable: bool,
    ) -> Result<(), Error> {
        match self.create(path, is_executable)? {
            Created::New(mut file) => file
                .write_all(content)
                .and_then(|()| set_date(&file, self.root.date))
                .map_err(|cause| self.write_error(path, cause)),
            Created::Exists => Err(Error::Occupied {
                path: path.to_owned(),
            }),
        }
    }

    /// Dates a file that was written to its end, and has no date of its own.
    pub(crate) fn date(&self, file: &File) -> io::Result<()> {
        set_date(file, self.root.date)
    }

    pub(crate) fn write_error(&self, path: &str, source: io::Error) -> Error {
        Error::io("write", &self.root.path.join(path), source)
    }
}

/// Makes `date`, in seconds since 1970, the time that `folder` and each folder below it that is above one of `paths` was changed,
/// as far as they are there.
pub(crate) fn date_folders<'p>(
    folder: &Path,
    paths: impl Iterator<Item = &'p str>,
    date: i64,
) -> io::Result<()> {
    let handle = Handle::open(folder)?;
    let mut seen: HashSet<&str> = HashSet::new();
    for path in paths {
        let mut rest = path;
        while let Some((parent, _)) = rest.rsplit_once('/')
            && seen.insert(parent)
        {
            rest = parent;
        }
    }
    for folder in seen.into_iter().chain(["."]) {
        match handle.set_date(folder, date) {
            // A group may change what is in a folder, but only its owner dates it.
            Err(cause) if is_missing(&cause) || is_forbidden(&cause) => {}
            dated => dated?,
        }
    }
    Ok(())
}

fn is_missing(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Tells whether only the owner might; `EACCES` is another matter.
fn is_forbidden(cause: &io::Error) -> bool {
    cause.raw_os_error() == Some(Errno::PERM.raw_os_error())
}

/// Locks what no panic can leave half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_may_not_be_dated_keeps_its_date() {
        let folder = Path::new("/proc/self");
        let handle = Handle::open(folder).unwrap();
        let refused = handle.set_date(".", 0).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        date_folders(folder, std::iter::empty(), 0).unwrap();
    }
}
