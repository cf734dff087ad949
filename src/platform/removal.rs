//! Removes files and folders without ever leaving them: never through a link, never into what is mounted below.
//!
//! `std::fs::remove_dir_all` follows no link either, but empties a volume that is mounted inside; a folder can be renamed
//! with such a mount in it, so even a hidden folder of our own may hold one. Costs one `statx` a folder beyond what the
//! standard library does, and nothing a file. No more than some dozens of descriptors are open, however deep the folders are.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{
    Access, AtFlags, CWD, Dev, Dir, FileType, Mode, OFlags, accessat, openat, renameat, unlinkat,
};
use rustix::io::Errno;

use super::system;

/// How many folders are open at once, each from the one above it.
const MOST_OPEN: usize = 64;

/// Removes what is at `path`: a file, a link (not what it leads to), or a folder with all that is in it. Nothing there is
/// as good.
///
/// # Errors
///
/// The first error, with its path. Of kind [`io::ErrorKind::CrossesDevices`] for a folder that something is mounted on:
/// its content is left alone, what came before it is gone.
pub fn remove(path: &Path) -> io::Result<()> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(named("remove", path, Errno::INVAL));
    };
    let parent = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    let folder = match follow(parent) {
        Ok(folder) => folder,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
        Err(errno) => return Err(named("open", parent, errno)),
    };
    let mount = system::mount(folder.as_fd()).map_err(|errno| named("inspect", parent, errno))?;
    let entry = Entry {
        folder: folder.as_fd(),
        name,
        path,
    };
    let n_moved = Cell::new(0);
    entry.remove(Place {
        device: mount.device,
        top: None,
        n_above: 0,
        n_moved: &n_moved,
    })
}

/// Looks whether [`remove`] would meet a folder that it may not change: then it would stop half way.
///
/// Costs three system calls a folder, and nothing a file.
///
/// # Errors
///
/// Of kind [`io::ErrorKind::PermissionDenied`] for a folder whose names this process may not remove, with its path; others
/// when a folder cannot be read.
pub fn check(path: &Path) -> io::Result<()> {
    let is_folder = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    if !is_folder {
        return Ok(());
    }
    let access = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    accessat(CWD, path, access, AtFlags::EACCESS)
        .map_err(|errno| named("remove what is in", path, errno))?;
    let mut folders = Vec::new();
    for entry in fs_err::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    folders.iter().try_for_each(|folder| check(folder))
}

/// Tells whether something is mounted on the folder at `path`; not when that cannot be told.
pub fn is_mounted(path: &Path) -> bool {
    let device = |path: &Path| system::mount(follow(path).ok()?.as_fd()).ok();
    let Some(own) = device(path) else {
        return false;
    };
    let above = path.parent().and_then(device);
    own.is_root || above.is_none_or(|above| above.device != own.device)
}

/// Lists what is mounted below the folder at `root`, which no link may lead to: folders and files, relative to it. Nothing where
/// the system does not tell.
pub fn mounts_below(root: &Path) -> Vec<PathBuf> {
    let table = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    let lines = table.split(|byte| *byte == b'\n');
    let points = lines.filter_map(|line| line.split(|byte| *byte == b' ').nth(4));
    let below = points.filter_map(|point| {
        let path = PathBuf::from(OsString::from_vec(unescaped(point)));
        let below = path.strip_prefix(root).ok()?.to_owned();
        (!below.as_os_str().is_empty()).then_some(below)
    });
    below.collect()
}

/// The table of mounts has spaces, line breaks and backslashes as `\` and three octal digits.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let digits = after.first_chunk::<3>().filter(|_| *first == b'\\');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            plain.push(byte);
            rest = &after[3..];
        } else {
            plain.push(*first);
            rest = after;
        }
    }
    plain
}

/// One name in an open folder.
struct Entry<'a> {
    folder: BorrowedFd<'a>,
    name: &'a OsStr,
    /// For messages.
    path: &'a Path,
}

/// Where in all that is removed an entry is.
#[derive(Clone, Copy)]
struct Place<'a> {
    device: Dev,
    /// The folder that is removed with all that is in it; `None` for that one itself.
    top: Option<BorrowedFd<'a>>,
    n_above: usize,
    /// How many folders were moved to the top.
    n_moved: &'a Cell<u64>,
}

impl Entry<'_> {
    fn remove(&self, place: Place<'_>) -> io::Result<()> {
        match unlinkat(self.folder, self.name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            // POSIX says `EPERM` for a folder, as for what may not be removed; Linux tells them apart.
            Err(errno @ (Errno::ISDIR | Errno::PERM)) => match open(self.folder, self.name) {
                Err(Errno::NOTDIR) => Err(named("remove", self.path, errno)),
                opened => self.remove_opened(opened, place),
            },
            Err(errno) => Err(named("remove", self.path, errno)),
        }
    }

    fn remove_folder(&self, place: Place<'_>) -> io::Result<()> {
        if place.n_above >= MOST_OPEN && self.move_to_top(place) {
            return Ok(());
        }
        self.remove_opened(open(self.folder, self.name), place)
    }

    /// Moves a deep folder to where it is met again with nothing above it that has to be open; `false` where that cannot be
    /// done, as with a lower layer of an image.
    fn move_to_top(&self, place: Place<'_>) -> bool {
        let name = format!(".deep-{:016x}", fastrand::u64(..));
        let is_moved = place
            .top
            .is_some_and(|top| renameat(self.folder, self.name, top, name).is_ok());
        place.n_moved.set(place.n_moved.get() + u64::from(is_moved));
        is_moved
    }

    fn remove_opened(&self, opened: Result<OwnedFd, Errno>, place: Place<'_>) -> io::Result<()> {
        let folder = match opened {
            Ok(folder) => folder,
            Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(named("remove", self.path, errno)),
        };
        let mount =
            system::mount(folder.as_fd()).map_err(|errno| named("inspect", self.path, errno))?;
        if mount.is_root || mount.device != place.device {
            return Err(mounted(self.path));
        }
        self.empty(&folder, place)?;
        match unlinkat(self.folder, self.name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(named("remove", self.path, errno)),
        }
    }

    fn empty(&self, folder: &OwnedFd, place: Place<'_>) -> io::Result<()> {
        let below = Place {
            top: place.top.or(Some(folder.as_fd())),
            n_above: place.n_above + 1,
            ..place
        };
        loop {
            let n_moved = place.n_moved.get();
            self.remove_names(folder, below)?;
            if place.top.is_some() || place.n_moved.get() == n_moved {
                return Ok(());
            }
        }
    }

    fn remove_names(&self, folder: &OwnedFd, below: Place<'_>) -> io::Result<()> {
        let names = names(folder).map_err(|errno| named("read", self.path, errno))?;
        for (name, kind) in names {
            let entry = Entry {
                folder: folder.as_fd(),
                name: &name,
                path: &self.path.join(&name),
            };
            if kind == FileType::Directory {
                entry.remove_folder(below)?;
            } else {
                entry.remove(below)?;
            }
        }
        Ok(())
    }
}

/// Opens a folder that the caller named, as a place to start from.
fn follow(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = system::START | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(CWD, path, flags, Mode::empty())
}

fn open(folder: impl AsFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(folder, name, flags, Mode::empty())
}

/// All names before the first is removed: what a folder lists while it shrinks is not defined.
fn names(folder: &OwnedFd) -> Result<Vec<(OsString, FileType)>, Errno> {
    let entries = Dir::read_from(folder)?.map(|entry| {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_owned();
        Ok((name, entry.file_type()))
    });
    let is_entry = |entry: &Result<(OsString, FileType), Errno>| !matches!(entry, Ok((name, _)) if name == "." || name == "..");
    entries.filter(is_entry).collect()
}

fn mounted(path: &Path) -> io::Error {
    let text = format!("`{}` is a mount point and was not removed", path.display());
    io::Error::new(io::ErrorKind::CrossesDevices, text)
}

fn named(act: &str, path: &Path, errno: Errno) -> io::Error {
    let cause = io::Error::from(errno);
    let text = format!("cannot {act} `{}`: {cause}", path.display());
    io::Error::new(cause.kind(), text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use fs_err as fs;

    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = fs::canonicalize(folder.path()).unwrap();
        (folder, path)
    }

    #[test]
    fn names_of_mounts_are_unescaped() {
        assert_eq!(unescaped(br"/a\040b\134c"), br"/a b\c");
        assert_eq!(unescaped(br"/a\04"), br"/a\04");
    }

    #[test]
    fn everything_below_goes_and_what_links_lead_to_stays() {
        let (_guard, folder) = folder();
        fs::create_dir_all(folder.join("go/deep/er")).unwrap();
        fs::create_dir(folder.join("stay")).unwrap();
        fs::write(folder.join("stay/file"), "").unwrap();
        fs::write(folder.join("go/deep/file"), "").unwrap();
        symlink(folder.join("stay"), folder.join("go/deep/link")).unwrap();
        symlink("nowhere", folder.join("go/dangling")).unwrap();
        remove(&folder.join("go")).unwrap();
        assert!(!folder.join("go").exists());
        assert!(folder.join("stay/file").exists());
    }

    #[test]
    fn a_link_to_a_folder_and_a_file_go_themselves() {
        let (_guard, folder) = folder();
        fs::create_dir(folder.join("stay")).unwrap();
        symlink("stay", folder.join("link")).unwrap();
        fs::write(folder.join("file"), "").unwrap();
        for name in ["link", "file", "absent", "absent/deeper"] {
            remove(&folder.join(name)).unwrap();
            assert!(fs::symlink_metadata(folder.join(name)).is_err(), "{name}");
        }
        assert!(folder.join("stay").is_dir());
    }
}
