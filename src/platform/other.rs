//! What `linux` has, on macOS and the BSDs.
//!
//! They have no `O_PATH`, so a folder has to be readable to be a place to start from; no `statx`, so a file system that is
//! mounted on a folder of the same device goes unseen; and no clone of a file into one that is there (`fclonefileat` of
//! macOS makes the file itself, with the mode of the other), so files are linked or copied.

use std::fs::File;
use std::os::fd::BorrowedFd;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::Pid;

use super::mount::Mount;

/// Opens a folder as a place to start from.
pub(super) const START: OFlags = OFlags::RDONLY;

/// Tells which file system a folder is on.
pub(super) fn mount(folder: BorrowedFd<'_>) -> Result<Mount, Errno> {
    Mount::by_device(folder)
}

/// Clones nothing.
pub(super) fn clone(_source: &File, _target: &File) -> Result<(), Errno> {
    Err(Errno::NOTSUP)
}

/// Adopts nothing.
pub(super) fn adopt_orphans() {}

/// Lists nothing: what is left behind belongs to process 1.
pub(super) fn children() -> Vec<Pid> {
    Vec::new()
}

/// Reads nothing.
pub(super) fn variables(_process: Pid) -> Option<Vec<u8>> {
    None
}

/// Exchanges two names in one step.
#[cfg(target_vendor = "apple")]
pub(super) fn exchange(one: &Path, other: &Path) -> Result<(), Errno> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
}

/// Exchanges nothing.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn exchange(_one: &Path, _other: &Path) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}
