//! Unpacked wheels in the cache, so that a later environment on the same file system is made of links alone.
//!
//! Below the folder of trees, `<algorithm>-<hex>/` holds one wheel: `manifest`, and the files as `<chunk>/<number>`, so
//! that no folder of the wheel has to be made again here. A tree is made from the files that were just written into an
//! environment (one link or clone a file), in a folder with a temporary name that is renamed when all is there. Where a
//! tree can be made the archive is not kept beside it: that would be every byte twice.
//!
//! A hard link shares its bytes with every environment that has it. Size and modification time of each file stand in the
//! manifest and are compared before a tree is used, so an edit made through an environment is found out: the tree is
//! removed, and the wheel fetched again. So is one whose files others own or may write to. A file whose mode is not that of
//! a new one (the `umask` differs) is copied, and where others may write to new files, no tree is made. Where links are not
//! possible, for an environment on another file system, the files are copied.

mod manifest;
mod remark;
mod source;
mod verify;
mod writer;

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use rayon::prelude::*;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};

use super::contents::{Contents, Places};
use super::unshared::is_unshared;
use super::{Destination, DestinationKind, LinkMode, Options, session};
use crate::digest::Digest;
use crate::environment::Layout;
use crate::event::Warning;
use crate::plan::Distribution;
use crate::removal;

pub(super) use source::{Linked, Tree};
pub use verify::{verify_trees, verify_trees_of};
pub(super) use writer::{SavedChunk, TreeWriter};

/// The folder of trees, as one environment can use it.
#[derive(Debug)]
pub(super) struct Trees {
    path: PathBuf,
    method: Method,
}

/// How a file gets into an environment, or out of it into a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Clone,
    HardLink(Modes),
    /// Into a tree only what cannot be linked for its own sake (`unshared`): it would be every byte twice.
    Copy,
}

/// What permissions new files have here, which the `umask` decides: a link takes those of the file with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Modes {
    plain: u32,
    program: u32,
}

impl Modes {
    fn of(self, is_executable: bool) -> u32 {
        if is_executable {
            self.program
        } else {
            self.plain
        }
    }
}

/// The permissions among the bits of a mode.
const PERMISSIONS: u32 = 0o7777;
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// A wheel that the cache holds unpacked, found to be as it was when it was proven.
#[derive(Debug)]
pub struct UnpackedWheel {
    pub(super) digest: Digest,
    pub(super) tree: Tree,
    pub(super) contents: Contents,
    pub(super) warnings: Vec<Warning>,
}

/// What the cache has unpacked of what is to be installed.
#[derive(Debug, Default)]
pub struct Unpacked {
    /// For each distribution, its wheel.
    pub found: Vec<Option<UnpackedWheel>>,
    /// Looks for more.
    pub finder: Option<Finder>,
    /// Whether wheels that are installed now will be kept unpacked, so that their archives need not be kept.
    pub is_written: bool,
}

/// Looks for wheels that the cache holds unpacked.
#[derive(Debug)]
pub struct Finder {
    trees: Trees,
    layout: Layout,
}

impl Finder {
    /// Finds the wheel of `distribution`. One that was changed since it was unpacked is removed from the cache.
    pub fn find(&self, distribution: &Distribution) -> Option<UnpackedWheel> {
        let mut digests = distribution.origin.remote_digests().iter();
        let places = Places::new(&self.layout, &distribution.name);
        digests.find_map(|digest| self.trees.find(digest, &places, distribution))
    }
}

/// Finds the wheels of `distributions` that need not be fetched, because the cache holds them unpacked.
///
/// Those that were changed since are removed from the cache.
pub fn unpacked(
    distributions: &[&Distribution],
    destination: &Destination,
    options: &Options,
) -> Unpacked {
    let Some(trees) = Trees::of(destination, options) else {
        return Unpacked {
            found: distributions.iter().map(|_| None).collect(),
            finder: None,
            is_written: false,
        };
    };
    let is_written = trees.are_written();
    let layout = destination.layout.clone();
    let finder = Finder { trees, layout };
    let find = |distribution: &&Distribution| finder.find(distribution);
    let pool = session::start_pool(options);
    Unpacked {
        found: match pool {
            Ok(pool) => pool.install(|| distributions.par_iter().map(find).collect()),
            Err(_) => distributions.iter().map(find).collect(),
        },
        finder: Some(finder),
        is_written,
    }
}

impl Trees {
    /// Opens the folder of trees for `destination`, if there is one.
    pub(super) fn of(destination: &Destination, options: &Options) -> Option<Self> {
        let path = options.trees.as_deref()?;
        // What is tried leaves files where an interruption leaves them to be removed: in a hidden folder.
        let folder = match &destination.kind {
            DestinationKind::Fresh => &destination.folder,
            DestinationKind::Existing { staging } => staging,
        };
        Self::open(path, folder, options.link_mode)
    }

    fn open(path: &Path, destination: &Path, link_mode: LinkMode) -> Option<Self> {
        // A folder that cannot be written to may still be read.
        let _ = std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path);
        let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev()).ok();
        let is_near = device(path)? == device(destination)?;
        let clones = || is_near && clones(path, destination).is_some();
        let links = || links(path, destination).filter(|_| is_near);
        let method = match link_mode {
            LinkMode::Auto | LinkMode::Reflink if clones() => Method::Clone,
            LinkMode::Auto | LinkMode::Hardlink => links().map_or(Method::Copy, Method::HardLink),
            LinkMode::Reflink | LinkMode::Copy => Method::Copy,
        };
        Some(Self {
            path: path.to_owned(),
            method,
        })
    }

    fn are_written(&self) -> bool {
        self.method != Method::Copy
    }

    /// Finds the tree of the wheel with `digest`, which is `distribution`; one that is not as it was is removed.
    pub(super) fn find(
        &self,
        digest: &Digest,
        places: &Places,
        distribution: &Distribution,
    ) -> Option<UnpackedWheel> {
        let path = self.path.join(folder_name(digest));
        if !path.is_dir() {
            return None;
        }
        let found = Self::read(&path, digest, (places, self.method_for(distribution)));
        if found.is_none() {
            remove(&path);
        }
        found
    }

    /// How files of `distribution` come into an environment, and out of it.
    fn method_for(&self, distribution: &Distribution) -> Method {
        if matches!(self.method, Method::HardLink(_)) && is_unshared(distribution) {
            return Method::Copy;
        }
        self.method
    }

    fn read(
        path: &Path,
        digest: &Digest,
        (places, method): (&Places, Method),
    ) -> Option<UnpackedWheel> {
        let text = fs::read(path.join(manifest::NAME)).ok()?;
        let (contents, files, warnings) = manifest::parse(&text, places)?;
        let tree = Tree::find(path, method, (files, &contents.items))?;
        Some(UnpackedWheel {
            digest: digest.clone(),
            tree,
            contents,
            warnings,
        })
    }

    /// Starts a tree for the wheel with `digest`, which is `distribution`.
    pub(super) fn create(
        &self,
        digest: &Digest,
        distribution: &Distribution,
    ) -> Option<TreeWriter> {
        if !self.are_written() {
            return None;
        }
        let folder = tempfile::Builder::new()
            .prefix(".partial-")
            .tempdir_in(&self.path)
            .ok()?;
        let target = self.path.join(folder_name(digest));
        TreeWriter::new(folder, target, self.method_for(distribution))
    }
}

fn open_folder(parent: impl std::os::fd::AsFd, path: impl rustix::path::Arg) -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(parent, path, flags, Mode::empty()).ok()
}

#[cfg(target_os = "linux")]
fn clone_range(target: impl std::os::fd::AsFd, source: impl std::os::fd::AsFd) -> Option<()> {
    rustix::fs::ioctl_ficlone(target, source).ok()
}

#[cfg(not(target_os = "linux"))]
fn clone_range(_target: impl std::os::fd::AsFd, _source: impl std::os::fd::AsFd) -> Option<()> {
    None
}

/// Tries whether a file of one folder can be cloned into the other.
fn clones(from: &Path, to: &Path) -> Option<()> {
    let mut source = tempfile::tempfile_in(from).ok()?;
    let target = tempfile::tempfile_in(to).ok()?;
    source.write_all(b"probe").ok()?;
    clone_range(&target, &source)
}

/// Tries whether a file of one folder can be linked into the other: two mounts of one device do not allow it, and where
/// others may write to new files, they could write through one environment into another.
fn links(from: &Path, to: &Path) -> Option<Modes> {
    let source = tempfile::NamedTempFile::new_in(from).ok()?;
    let folder = tempfile::tempdir_in(to).ok()?;
    let target = folder.path().join("probe");
    linkat(CWD, source.path(), CWD, &target, AtFlags::empty()).ok()?;
    let mode_of_new = |name, asked| {
        let mut file = std::fs::OpenOptions::new();
        let file = file.write(true).create_new(true).mode(asked);
        let metadata = file.open(folder.path().join(name)).ok()?.metadata().ok()?;
        Some(metadata.mode() & PERMISSIONS)
    };
    let modes = Modes {
        plain: mode_of_new("plain", 0o666)?,
        program: mode_of_new("program", 0o777)?,
    };
    ((modes.plain | modes.program) & WRITABLE_BY_OTHERS == 0).then_some(modes)
}

fn modified(file: &File) -> Option<i128> {
    let metadata = file.metadata().ok()?;
    Some(nanoseconds(metadata.mtime(), metadata.mtime_nsec()))
}

fn nanoseconds(seconds: impl Into<i128>, rest: impl Into<i128>) -> i128 {
    seconds.into() * 1_000_000_000 + rest.into()
}

fn folder_name(digest: &Digest) -> String {
    format!("{}-{}", digest.algorithm().name(), digest.hex())
}

/// Takes a tree away: under another name at once, so that nobody finds half of it.
fn remove(path: &Path) {
    let Some(parent) = path.parent() else {
        return;
    };
    let aside = tempfile::Builder::new()
        .prefix(".partial-")
        .tempdir_in(parent);
    let Ok(aside) = aside.map(tempfile::TempDir::keep) else {
        return;
    };
    let is_aside = fs::rename(path, aside.join("tree")).is_ok();
    // A lower layer of an image gives no folder away: what makes it a tree goes first, then the rest.
    if !is_aside && removal::remove(&path.join(manifest::NAME)).is_ok() {
        let _ = removal::remove(path);
    }
    let _ = removal::remove(&aside);
}
