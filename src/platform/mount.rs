//! Where a file system begins.

use std::os::fd::BorrowedFd;

use rustix::fs::Dev;
use rustix::io::Errno;

/// Which file system a folder is on, and whether that begins there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mount {
    pub(super) device: Dev,
    /// Never, where the system does not tell.
    pub(super) is_root: bool,
}

impl Mount {
    /// Knows the file system alone.
    pub(super) fn by_device(folder: BorrowedFd<'_>) -> Result<Self, Errno> {
        let status = rustix::fs::fstat(folder)?;
        Ok(Self {
            device: status.st_dev,
            is_root: false,
        })
    }
}
