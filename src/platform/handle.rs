//! An open folder, and what can be done with the names in it: no path to it is walked again, and none is followed that was
//! changed since.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, linkat, mkdirat, openat, statat, symlinkat,
    unlinkat, utimensat,
};
use rustix::path::Arg;

use super::file::dated;
use super::owner::Owner;
use super::system;

/// A folder that names are looked up in.
#[derive(Debug)]
pub(crate) struct Handle {
    folder: OwnedFd,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Status {
    /// Whether it is a file, and no link to one.
    pub(crate) is_file: bool,
    pub(crate) n_bytes: u64,
    /// When it was written, in nanoseconds since 1970.
    pub(crate) modified: i128,
    pub(crate) owner: Owner,
}

impl Handle {
    /// Opens the folder at `path`.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = system::START | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(CWD, path, flags, Mode::empty())?;
        Ok(Self { folder })
    }

    /// Opens the folder `name`.
    pub(crate) fn folder(&self, name: impl Arg) -> io::Result<Self> {
        let flags = system::START | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(&self.folder, name, flags, Mode::empty())?;
        Ok(Self { folder })
    }

    /// Opens the folder `name`, which must not be a link.
    pub(crate) fn own_folder(&self, name: impl Arg) -> io::Result<Self> {
        let flags = system::START | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = openat(&self.folder, name, flags, Mode::empty())?;
        Ok(Self { folder })
    }

    /// Creates the folder `name`, with `mode` as far as the `umask` lets it be.
    pub(crate) fn create_folder(&self, name: impl Arg, mode: u16) -> io::Result<()> {
        let mode = Mode::from_raw_mode(mode.into());
        Ok(mkdirat(&self.folder, name, mode)?)
    }

    /// Creates the file `name`, which must not be there, to be read and written, with `mode` as far as the `umask` lets it be.
    pub(crate) fn create(&self, name: impl Arg, mode: u16) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(mode.into());
        Ok(openat(&self.folder, name, flags, mode)?.into())
    }

    /// Creates the symbolic link `name`, which leads to `target`.
    pub(crate) fn create_link(&self, name: impl Arg, target: impl Arg) -> io::Result<()> {
        Ok(symlinkat(target, &self.folder, name)?)
    }

    /// Opens the file `name` for reading, which must not be a link.
    pub(crate) fn open_file(&self, name: impl Arg) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(&self.folder, name, flags, Mode::empty())?.into())
    }

    /// Reads the whole file at `path`, links followed.
    pub(crate) fn read(&self, path: impl Arg) -> io::Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let mut bytes = Vec::new();
        let file = openat(&self.folder, path, flags, Mode::empty())?;
        File::from(file).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Looks at `name`; a link is not followed.
    pub(crate) fn look(&self, name: impl Arg) -> io::Result<Status> {
        let status = statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(Status {
            is_file: FileType::from_raw_mode(status.st_mode) == FileType::RegularFile,
            n_bytes: u64::try_from(status.st_size).unwrap_or_default(),
            modified: nanoseconds(status.st_mtime, to_i64(status.st_mtime_nsec)),
            owner: Owner::new(status.st_uid, status.st_mode),
        })
    }

    /// Gives the file `name` a second name in `other`, where it must not be there.
    pub(crate) fn link(
        &self,
        name: impl Arg,
        other: &Self,
        other_name: impl Arg,
    ) -> io::Result<()> {
        let flags = AtFlags::empty();
        Ok(linkat(
            &self.folder,
            name,
            &other.folder,
            other_name,
            flags,
        )?)
    }

    /// Makes `seconds` since 1970 the time that `path` was changed; a link is not followed.
    pub(crate) fn set_date(&self, path: impl Arg, seconds: i64) -> io::Result<()> {
        let times = dated(seconds);
        Ok(utimensat(
            &self.folder,
            path,
            &times,
            AtFlags::SYMLINK_NOFOLLOW,
        )?)
    }

    /// Opens the same folder once more.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        let folder = self.folder.try_clone()?;
        Ok(Self { folder })
    }

    /// Removes the file or link `name`.
    pub(crate) fn remove(&self, name: impl Arg) -> io::Result<()> {
        Ok(unlinkat(&self.folder, name, AtFlags::empty())?)
    }

    /// Calls `take` with each name in the folder `name`, in no order, among them `.` and `..`.
    pub(crate) fn for_each_name(
        &self,
        name: impl Arg,
        mut take: impl FnMut(&OsStr),
    ) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(&self.folder, name, flags, Mode::empty())?;
        for entry in Dir::new(folder)? {
            take(OsStr::from_bytes(entry?.file_name().to_bytes()));
        }
        Ok(())
    }
}

/// The mode that a new file is asked for with, for the `umask` to take from.
pub(crate) fn mode(is_executable: bool) -> u16 {
    if is_executable { 0o777 } else { 0o666 }
}

/// Returns when an open file was written, in nanoseconds since 1970.
pub(crate) fn modified(file: &File) -> io::Result<i128> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = file.metadata()?;
    Ok(nanoseconds(metadata.mtime(), metadata.mtime_nsec()))
}

fn nanoseconds(seconds: impl Into<i128>, rest: impl Into<i128>) -> i128 {
    seconds.into() * 1_000_000_000 + rest.into()
}

/// Systems differ in the type of this field.
fn to_i64(nanoseconds: impl TryInto<i64>) -> i64 {
    nanoseconds.try_into().unwrap_or_default()
}
