//! What only Linux has.

use std::fs::File;
use std::os::fd::BorrowedFd;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, OFlags, RenameFlags, StatxAttributes, StatxFlags, makedev, renameat_with, statx,
};
use rustix::io::Errno;

use super::mount::Mount;

/// Opens a folder as a place to start from: what is in it need not be readable.
pub(super) const START: OFlags = OFlags::PATH;

/// Tells which file system a folder is on, and whether that begins there.
pub(super) fn mount(folder: BorrowedFd<'_>) -> Result<Mount, Errno> {
    match statx(folder, "", AtFlags::EMPTY_PATH, StatxFlags::empty()) {
        Ok(status) => Ok(Mount {
            device: makedev(status.stx_dev_major, status.stx_dev_minor),
            is_root: status.stx_attributes.contains(StatxAttributes::MOUNT_ROOT),
        }),
        // Kernels before 4.11, and containers that allow no call that is newer than they are.
        Err(Errno::NOSYS | Errno::PERM) => Mount::by_device(folder),
        Err(errno) => Err(errno),
    }
}

/// Makes `target`, an empty file, share the bytes of `source`.
pub(super) fn clone(source: &File, target: &File) -> Result<(), Errno> {
    rustix::fs::ioctl_ficlone(target, source)
}

/// Exchanges two names in one step.
pub(super) fn exchange(one: &Path, other: &Path) -> Result<(), Errno> {
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
}
