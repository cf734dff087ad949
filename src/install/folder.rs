//! Creating files below one folder through open handles, never following a path of the caller's twice.
//!
//! A file costs an open, a write and a close; a folder that is new costs a `mkdirat`, and an open and a close whenever a
//! thread comes to it. Consecutive files of one folder share its handle.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::Errno;

use super::Error;
use super::pool::lock;

/// A folder that files are created in, and the folders below it that are known to be there.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    handle: OwnedFd,
    known: Mutex<HashSet<Box<str>>>,
}

/// The folder that one thread works in at the moment.
#[derive(Debug)]
pub(super) struct Place<'a> {
    root: &'a Root,
    current: Option<(String, OwnedFd)>,
}

/// How an attempt to create a file ended.
#[derive(Debug)]
pub(super) enum Created {
    /// The file is new.
    New(File),
    /// Something of that name is there.
    Exists,
}

impl Root {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = openat(CWD, path, flags, Mode::empty())
            .map_err(|errno| Error::io("open", path, errno))?;
        Ok(Self {
            path: path.to_owned(),
            handle,
            known: Mutex::new(HashSet::new()),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn place(&self) -> Place<'_> {
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
        match mkdirat(&self.handle, folder, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(Errno::NOENT) => {
                let (parent, _) = folder.rsplit_once('/').unwrap_or_default();
                self.create_folders(parent)?;
                match mkdirat(&self.handle, folder, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(errno) => return Err(self.folder_error(folder, errno)),
                }
            }
            Err(errno) => return Err(self.folder_error(folder, errno)),
        }
        lock(&self.known).insert(folder.into());
        Ok(())
    }

    fn open_folder(&self, folder: &str) -> Result<OwnedFd, Error> {
        let folder = if folder.is_empty() { "." } else { folder };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(&self.handle, folder, flags, Mode::empty())
            .map_err(|errno| self.folder_error(folder, errno))
    }

    fn folder_error(&self, folder: &str, errno: Errno) -> Error {
        if errno == Errno::NOTDIR {
            return Error::FileAndFolder {
                path: folder.to_owned(),
            };
        }
        Error::io("create the folder", &self.path.join(folder), errno)
    }
}

impl Place<'_> {
    /// Returns the handle of the folder that holds `path`, creating it if need be, and the name of the file in it.
    pub(super) fn enter<'p>(&mut self, path: &'p str) -> Result<(BorrowedFd<'_>, &'p str), Error> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let is_there = matches!(&self.current, Some((current, _)) if current == folder);
        if !is_there {
            self.root.create_folders(folder)?;
            self.current = Some((folder.to_owned(), self.root.open_folder(folder)?));
        }
        let handle = self.current.as_ref().map(|(_, handle)| handle.as_fd());
        Ok((handle.unwrap_or(self.root.handle.as_fd()), name))
    }

    /// Creates the file `path`, which must not be there.
    pub(super) fn create(&mut self, path: &str, is_executable: bool) -> Result<Created, Error> {
        let root = self.root;
        let (folder, name) = self.enter(path)?;
        let mode = if is_executable { 0o777 } else { 0o666 };
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        match openat(folder, name, flags, Mode::from_raw_mode(mode)) {
            Ok(handle) => Ok(Created::New(File::from(handle))),
            Err(Errno::EXIST) => Ok(Created::Exists),
            Err(errno) => Err(Error::io("create", &root.path.join(path), errno)),
        }
    }

    /// Removes the file `path`.
    pub(super) fn remove(&mut self, path: &str) -> Result<(), Error> {
        let root = self.root;
        let (folder, name) = self.enter(path)?;
        unlinkat(folder, name, AtFlags::empty())
            .map_err(|errno| Error::io("remove", &root.path.join(path), errno))
    }

    /// Creates the file `path`, which must not be there, with `content`.
    pub(super) fn write_new(
        &mut self,
        path: &str,
        content: &[u8],
        is_executable: bool,
    ) -> Result<(), Error> {
        match self.create(path, is_executable)? {
            Created::New(mut file) => file
                .write_all(content)
                .map_err(|cause| self.write_error(path, cause)),
            Created::Exists => Err(Error::Occupied {
                path: path.to_owned(),
            }),
        }
    }

    pub(super) fn write_error(&self, path: &str, source: io::Error) -> Error {
        Error::Io {
            act: "write",
            path: self.root.path.join(path),
            source,
        }
    }
}
