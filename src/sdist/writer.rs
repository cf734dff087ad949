//! Creates files below one folder, through folders that are opened one from another and never through a link.

use std::ffi::OsStr;
use std::fs::{File, FileTimes, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::{Error, name};
use crate::platform::handle::Handle;

/// 1980-01-02 00:00:00 UTC: what ZIP can state, whatever the time zone.
const EARLIEST: u64 = 315_619_200;

/// A folder that nobody else writes to.
pub(super) struct Writer {
    path: PathBuf,
    root: Handle,
    /// The folder that the last file was created in.
    current: Option<(Vec<u8>, Handle)>,
}

impl Writer {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let root = Handle::open(path).map_err(Error::io("open", path))?;
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
        let mode = if is_executable { 0o755 } else { 0o644 };
        let (folder, name) = name::split(path);
        let file = self.enter(folder)?.create(name, mode);
        // The umask may have taken bits away.
        let permissions = Permissions::from_mode(mode.into());
        let file = file.and_then(|file| file.set_permissions(permissions).map(|()| file));
        file.map_err(|cause| self.failed("create", path, cause))
    }

    /// Opens a file that was created before.
    pub(super) fn open_file(&mut self, path: &[u8]) -> Result<File, Error> {
        let (folder, name) = name::split(path);
        let file = self.enter(folder)?.open_file(name);
        file.map_err(|cause| self.failed("open", path, cause))
    }

    /// Dates a file, in seconds since 1970.
    pub(super) fn date(&self, file: &File, path: &[u8], modified: i64) -> Result<(), Error> {
        let seconds = u64::try_from(modified).unwrap_or_default().max(EARLIEST);
        let time = UNIX_EPOCH + Duration::from_secs(seconds);
        let times = FileTimes::new().set_accessed(time).set_modified(time);
        let dated = file.set_times(times);
        dated.map_err(|cause| self.failed("date", path, cause))
    }

    /// Gives the file at `target` a second name.
    pub(super) fn hard_link(&mut self, path: &[u8], target: &[u8]) -> Result<(), Error> {
        let (target_folder, target_name) = name::split(target);
        let target_folder = self.enter(target_folder)?.try_clone();
        let target_folder = target_folder.map_err(|cause| self.failed("open", target, cause))?;
        let (folder, name) = name::split(path);
        let linked = target_folder.link(target_name, self.enter(folder)?, name);
        linked.map_err(|cause| self.failed("create", path, cause))
    }

    /// Creates a symbolic link.
    pub(super) fn link(&mut self, path: &[u8], target: &[u8]) -> Result<(), Error> {
        let (folder, name) = name::split(path);
        let created = self.enter(folder)?.create_link(name, target);
        created.map_err(|cause| self.failed("create", path, cause))
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
    fn enter(&mut self, folder: &[u8]) -> Result<&Handle, Error> {
        let is_there = matches!(&self.current, Some((current, _)) if current == folder);
        if !is_there && !folder.is_empty() {
            let handle = self
                .walk(folder)
                .map_err(|cause| self.failed("create", folder, cause))?;
            self.current = Some((folder.to_vec(), handle));
        }
        match &self.current {
            Some((_, handle)) if !folder.is_empty() => Ok(handle),
            _ => Ok(&self.root),
        }
    }

    fn walk(&self, folder: &[u8]) -> io::Result<Handle> {
        let mut components = folder.split(|byte| *byte == b'/');
        let first = components.next().unwrap_or_default();
        let mut handle = create_folder(&self.root, first)?;
        for component in components {
            handle = create_folder(&handle, component)?;
        }
        Ok(handle)
    }
}

fn create_folder(parent: &Handle, name: &[u8]) -> io::Result<Handle> {
    match parent.create_folder(name, 0o755) {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => Err(cause),
        Ok(()) | Err(_) => parent.own_folder(name),
    }
}
