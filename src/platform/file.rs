//! Opening files whose names others may have put there.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, OFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens, utimensat,
};
use rustix::io::Errno;

/// The date of what has none, and is made the same each time, in seconds since 1970: the second of February 2020, as by hatchling and
/// others. It is one that archives can have in every time zone.
pub(crate) const DEFAULT_DATE: i64 = 1_580_601_600;

const NOW: Timestamps = Timestamps {
    last_access: THIS_MOMENT,
    last_modification: THIS_MOMENT,
};

const THIS_MOMENT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: UTIME_NOW,
};

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
    Ok(futimens(file, &NOW)?)
}

/// The same for what is at `path`, a folder for instance; a link is not followed.
pub(crate) fn touch_at(path: &Path) -> io::Result<()> {
    Ok(utimensat(CWD, path, &NOW, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Makes `seconds` since 1970 the time that the file was changed.
pub(crate) fn set_date(file: &File, seconds: i64) -> io::Result<()> {
    Ok(futimens(file, &dated(seconds))?)
}

/// The same for what is at `path`, a folder or a link for instance, which is not followed.
pub(crate) fn set_date_at(path: &Path, seconds: i64) -> io::Result<()> {
    Ok(utimensat(
        CWD,
        path,
        &dated(seconds),
        AtFlags::SYMLINK_NOFOLLOW,
    )?)
}

pub(super) fn dated(seconds: i64) -> Timestamps {
    Timestamps {
        last_access: Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_OMIT,
        },
        last_modification: Timespec {
            tv_sec: seconds,
            tv_nsec: 0,
        },
    }
}

/// Tells whether a link was met: one that may not be followed, or too many, as of links in a circle.
pub(crate) fn is_link(cause: &io::Error) -> bool {
    cause.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

fn cautious() -> i32 {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    i32::try_from(flags.bits()).unwrap_or_default()
}
