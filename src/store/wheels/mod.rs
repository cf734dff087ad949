//! Unpacked wheels, so that a later environment on the same file system is made of links alone.
//!
//! Below the folder of wheels, `<algorithm>-<hex>/` holds one: `manifest`, and the files as `<chunk>/<number>`, so
//! that no folder of the wheel has to be made again here. A wheel is kept from the files that were just written into an
//! environment (one link or clone a file), in a folder with a temporary name that is renamed when all is there. Where a
//! wheel can be kept so its archive is not kept beside it: that would be every byte twice.
//!
//! A hard link shares its bytes with every environment that has it. Size and modification time of each file stand in the
//! manifest and are compared before a wheel is used, so an edit made through an environment is found out: the wheel is
//! removed, and fetched again. So is one whose files others own or may write to. A file whose mode is not that of
//! a new one (the `umask` differs) is copied, and where others may write to new files, nothing is kept. Where links are not
//! possible, for an environment on another file system, the files are copied.

mod manifest;
mod remark;
mod source;
mod verify;
mod writer;

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use thiserror::Error;

use crate::digest::Digest;
use crate::platform::link::{can_clone, can_link};
use crate::platform::owner::{NewFiles, create_private_folder};
use crate::platform::publish::DraftFolder;
use crate::platform::{folder, removal};
use crate::wheel::Scheme;

pub(crate) use manifest::Listing;
pub(crate) use source::{KeptFiles, Linked};
pub use verify::{verify_wheels, verify_wheels_of};
pub(crate) use writer::{Original, SavedChunk, WheelWriter, WrittenFile};

/// Why a file of a cached wheel did not get into its place. Paths are relative to the environment.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// Its place cannot be had.
    #[error(transparent)]
    Place(#[from] folder::Error),
    /// It cannot be read.
    #[error("cannot read `{path}`")]
    Read { path: String, source: io::Error },
    /// It cannot be written.
    #[error("cannot write `{path}`")]
    Write { path: String, source: io::Error },
    /// It changed between the look at it and its use.
    #[error("the cache's copy of `{path}` was changed meanwhile")]
    Changed { path: String },
    /// It does not hold what was unpacked, though its size and time are right. The wheel was removed.
    #[error("the cache's copy of `{path}` is damaged")]
    Damaged { path: String },
}

impl Error {
    fn read(path: &str, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::Read { path, source }
    }

    fn write(path: &str, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::Write { path, source }
    }

    fn changed(path: &str) -> Self {
        let path = path.to_owned();
        Self::Changed { path }
    }
}

/// How a file of a cached wheel becomes a file of the environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkMode {
    /// A reflink where the file system has them, else a hard link, else a copy.
    #[default]
    Auto,
    /// A reflink, else a copy.
    Reflink,
    /// A hard link, else a copy.
    Hardlink,
    /// Always a copy.
    Copy,
}

/// Whether files may have a second name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// They may be hard links.
    Shared,
    /// They are copied where they cannot be cloned.
    Unshared,
}

/// The folder of cached wheels, as one environment can use it.
#[derive(Debug)]
pub(crate) struct Wheels {
    path: PathBuf,
    method: Method,
}

/// How a file gets into an environment, or out of it into the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Clone,
    HardLink(NewFiles),
    /// Into the cache only what cannot be linked for its own sake ([`Sharing::Unshared`]): it would be every byte twice.
    Copy,
}

/// A wheel that the cache holds unpacked, found to be as it was when it was proven.
#[derive(Debug)]
pub struct KeptWheel {
    pub(crate) digest: Digest,
    pub(crate) listing: Listing,
    pub(crate) files: KeptFiles,
}

impl Wheels {
    /// Opens the folder `path`, which is made when it is not there, for files in `destination`, an existing folder.
    ///
    /// What is tried leaves files in `destination` when it is interrupted.
    pub(crate) fn open(path: &Path, destination: &Path, link_mode: LinkMode) -> Option<Self> {
        // A folder that cannot be written to may still be read.
        let _ = create_private_folder(path);
        let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev()).ok();
        let is_near = device(path)? == device(destination)?;
        let clones = || is_near && can_clone(path, destination);
        let links = || can_link(path, destination).filter(|_| is_near);
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

    /// Tells whether wheels that are installed now can be kept.
    pub(crate) fn are_written(&self) -> bool {
        self.method != Method::Copy
    }

    /// Finds the wheel with `digest`; one that is not as it was is removed. `locate` says where a file of a scheme goes.
    pub(crate) fn find(
        &self,
        digest: &Digest,
        sharing: Sharing,
        locate: &dyn Fn(Scheme, &str) -> String,
    ) -> Option<KeptWheel> {
        let path = self.path.join(folder_name(digest));
        if !path.is_dir() {
            return None;
        }
        let found = read(&path, self.method_for(sharing), locate);
        if found.is_none() {
            remove(&path);
        }
        let (listing, files) = found?;
        Some(KeptWheel {
            digest: digest.clone(),
            listing,
            files,
        })
    }

    fn method_for(&self, sharing: Sharing) -> Method {
        match self.method {
            Method::HardLink(_) if sharing == Sharing::Unshared => Method::Copy,
            method @ (Method::Clone | Method::HardLink(_) | Method::Copy) => method,
        }
    }

    /// Starts to keep the wheel with `digest`.
    pub(crate) fn create(&self, digest: &Digest, sharing: Sharing) -> Option<WheelWriter> {
        if !self.are_written() {
            return None;
        }
        let folder = DraftFolder::create_in(&self.path).ok()?;
        let target = self.path.join(folder_name(digest));
        WheelWriter::new(folder, target, self.method_for(sharing))
    }
}

fn read(
    path: &Path,
    method: Method,
    locate: &dyn Fn(Scheme, &str) -> String,
) -> Option<(Listing, KeptFiles)> {
    let text = fs::read(path.join(manifest::NAME)).ok()?;
    let (listing, stored) = manifest::parse(&text, locate)?;
    let files = KeptFiles::find(path, method, stored)?;
    Some((listing, files))
}

fn folder_name(digest: &Digest) -> String {
    format!("{}-{}", digest.algorithm().name(), digest.hex())
}

/// Takes a wheel away: under another name at once, so that nobody finds half of it.
fn remove(path: &Path) {
    let Some(parent) = path.parent() else {
        return;
    };
    let Ok(aside) = DraftFolder::create_in(parent) else {
        return;
    };
    let is_aside = fs::rename(path, aside.path().join("wheel")).is_ok();
    // A lower layer of an image gives no folder away: what makes it a wheel goes first, then the rest.
    if !is_aside && removal::remove(&path.join(manifest::NAME)).is_ok() {
        let _ = removal::remove(path);
    }
    aside.remove();
}
