//! Opening files whose names others may have put there.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{OFlags, Timespec, Timestamps, UTIME_NOW, futimens};
use rustix::io::Errno;

/// Opens the file at `path` for reading; follows no link, and waits for nobody, as opening a pipe would.
pub(crate) fn open_cautiously(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(cautious())
        .open(path)
}

/// Opens the file at `path` for writing, as cautiously; one that is not there is created for ourselves alone.
pub(crate) fn create_cautiously(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(cautious())
        .open(path)
}

/// Makes this moment the time that the file was changed, by the clock of its file system.
pub(crate) fn touch(file: &File) -> io::Result<()> {
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_NOW,
    };
    let times = Timestamps {
        last_access: now,
        last_modification: now,
    };
    Ok(futimens(file, &times)?)
}

/// Tells whether a link was met: one that may not be followed, or too many, as of links in a circle.
pub(crate) fn is_link(cause: &io::Error) -> bool {
    cause.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

fn cautious() -> i32 {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    i32::try_from(flags.bits()).unwrap_or_default()
}
