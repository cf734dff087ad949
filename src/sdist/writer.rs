//! Creates files below one folder, through folders that are opened one from another and never through a link.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, Timespec, Timestamps, fchmod, futimens, linkat, mkdirat, openat,
    symlinkat,
};
use rustix::io::Errno;

use super::{Error, name};

/// 1980-01-02 00:00:00 UTC: what ZIP can state, whatever the time zone.
const EARLIEST: i64 = 315_619_200;

/// A folder that nobody else writes to.
pub(super) struct Writer {
    path: PathBuf,
    root: OwnedFd,
    /// The folder that the last file was created in.
    current: Option<(Vec<u8>, OwnedFd)>,
}

impl Writer {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let root = open_folder(CWD, path.as_os_str().as_bytes())
            .map_err(|errno| Error::io("open", path)(errno.into()))?;
        Ok(Self {
            path: path.to_owned(),
            root,
            current: None,
        })
    }

    /// Creates the folder and those above it, unless they are there.
    pub(super) fn create_folder(&mut self, folder: &[u8]) -> Result<(), Error> {
        self.enter(folder).map(|_| ())
    }

    /// Creates a file where nothing is.
    pub(super) fn create(&mut self, path: &[u8], is_executable: bool) -> Result<File, Error> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if is_executable { 0o755 } else { 0o644 });
        let (folder, name) = name::split(path);
        let file = openat(self.enter(folder)?, name, flags, mode);
        // The umask may have taken bits away.
        let file = file.and_then(|file| fchmod(&file, mode).map(|()| file));
        file.map(File::from)
            .map_err(|errno| self.failed("create", path, errno))
    }

    /// Opens a file that was created before.
    pub(super) fn open_file(&mut self, path: &[u8]) -> Result<File, Error> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (folder, name) = name::split(path);
        let file = openat(self.enter(folder)?, name, flags, Mode::empty());
        file.map(File::from)
            .map_err(|errno| self.failed("open", path, errno))
    }

    /// Dates a file, in seconds since 1970.
    pub(super) fn date(&self, file: &File, path: &[u8], modified: i64) -> Result<(), Error> {
        let time = Timespec {
            tv_sec: modified.max(EARLIEST),
            tv_nsec: 0,
        };
        let times = Timestamps {
            last_access: time,
            last_modification: time,
        };
        futimens(file, &times).map_err(|errno| self.failed("date", path, errno))
    }

    /// Gives the file at `target` a second name.
    pub(super) fn hard_link(&mut self, path: &[u8], target: &[u8]) -> Result<(), Error> {
        let (target_folder, target_name) = name::split(target);
        let target_folder = self.enter(target_folder)?.try_clone_to_owned();
        let target_folder = target_folder.map_err(|cause| self.failed("open", target, cause))?;
        let (folder, name) = name::split(path);
        let folder = self.enter(folder)?;
        linkat(target_folder, target_name, folder, name, AtFlags::empty())
            .map_err(|errno| self.failed("create", path, errno))
    }

    /// Creates a symbolic link.
    pub(super) fn link(&mut self, path: &[u8], target: &[u8]) -> Result<(), Error> {
        let (folder, name) = name::split(path);
        symlinkat(target, self.enter(folder)?, name)
            .map_err(|errno| self.failed("create", path, errno))
    }

    /// Says what could not be done with which file.
    pub(super) fn failed(
        &self,
        act: &'static str,
        path: &[u8],
        cause: impl Into<io::Error>,
    ) -> Error {
        Error::Io {
            act,
            path: self.path.join(OsStr::from_bytes(path)),
            source: cause.into(),
        }
    }

    /// Returns the folder, which is created where it is missing.
    fn enter(&mut self, folder: &[u8]) -> Result<BorrowedFd<'_>, Error> {
        let is_there = matches!(&self.current, Some((current, _)) if current == folder);
        if !is_there && !folder.is_empty() {
            let handle = self
                .walk(folder)
                .map_err(|errno| self.failed("create", folder, errno))?;
            self.current = Some((folder.to_vec(), handle));
        }
        match &self.current {
            Some((_, handle)) if !folder.is_empty() => Ok(handle.as_fd()),
            _ => Ok(self.root.as_fd()),
        }
    }

    fn walk(&self, folder: &[u8]) -> Result<OwnedFd, Errno> {
        let mut components = folder.split(|byte| *byte == b'/');
        let first = components.next().unwrap_or_default();
        let mut handle = create_folder(self.root.as_fd(), first)?;
        for component in components {
            handle = create_folder(handle.as_fd(), component)?;
        }
        Ok(handle)
    }
}

fn create_folder(parent: BorrowedFd<'_>, name: &[u8]) -> Result<OwnedFd, Errno> {
    match mkdirat(parent, name, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => open_folder(parent, name),
        Err(errno) => Err(errno),
    }
}

fn open_folder(parent: BorrowedFd<'_>, name: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, name, flags, Mode::empty())
}
