//! Unpacked wheels, so that a later environment on the same file system is made of links alone.
//!
//! Below the folder of wheels, `<algorithm>-<hex>/` holds one: `manifest`, and the files as `<chunk>/<number>`, so
//! that no folder of the wheel has to be made again here. A wheel is kept from the files that were just written into an
//! environment (one link or clone a file), in a folder with a temporary name that is renamed when all is there. Where a
//! wheel can be kept so its archive is not kept beside it: that would be every byte twice.
//!
//! A hard link shares its bytes with every environment that has it. Size and modification time of each file are in the
//! manifest and are compared before a wheel is used, so an edit made through an environment is detected: the wheel is
//! removed, and fetched again. So is one whose files others own or may write to. A file whose mode is not that of
//! a new one (the `umask` differs) is copied. Where links are not possible, for an environment on another file system, the files
//! are copied; a wheel that is kept from there has packs in place of folders: `<chunk>` is one file with all files of the chunk.

mod error;
pub(crate) mod fuzz;
mod manifest;
mod method;
mod pack;
mod place;
mod remark;
mod source;
mod verify;
mod writer;

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use fs_err as fs;

use super::layout::{Key, Kind, Layout, StorePlace};
use super::trust::PrivateCache;
use super::usage::{Gate, Inside, mark};
use crate::digest::Digest;
use crate::platform::link::{can_clone, can_link};
use crate::platform::owner::create_private_folder;
use crate::wheel::Scheme;

pub(crate) use error::Error;

pub(crate) use manifest::{Listing, Original};
pub use method::LinkMode;
use method::Method;
pub(crate) use method::Sharing;
pub(super) use place::manifest_of;
use place::remove;
pub(super) use place::remove as remove_wheel;
pub(crate) use source::{KeptFiles, Linked};
pub(super) use verify::damaged_wheels;
pub use verify::verify_wheels_of;
use writer::WriteMethod;
pub(crate) use writer::{SavedChunk, WheelWriter, WrittenFile};

/// The wheels that a private cache keeps, as one environment can use them.
#[derive(Debug)]
pub(crate) struct Wheels {
    layout: Layout,
    /// How files come into the environment, and out of it where they are kept alone.
    method: Method,
    form: KeptForm,
    gate: Gate,
}

/// How wheels that are installed now are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeptForm {
    /// Unpacked: as files of their own where these can be shared with the environment, else in packs.
    #[default]
    Unpacked,
    /// As they came, which takes less room and more time.
    Archives,
}

/// A wheel that the cache holds unpacked, found to be as it was when it was proven.
#[derive(Debug)]
pub struct KeptWheel {
    pub(crate) digest: Digest,
    pub(crate) listing: Listing,
    pub(crate) files: KeptFiles,
}

impl Wheels {
    /// Opens the wheels of `cache` for files in `destination`, an existing folder.
    ///
    /// What is tried leaves files in `destination` when it is interrupted.
    pub(crate) fn open(
        cache: &PrivateCache,
        destination: &Path,
        link_mode: LinkMode,
        form: KeptForm,
    ) -> Option<Self> {
        let layout = cache.layout().clone();
        let path = &layout.folder(Kind::Wheels);
        // A folder that cannot be written to may still be read.
        let _ = create_private_folder(path);
        let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev()).ok();
        let is_near = device(path)? == device(destination)?;
        let clones = || is_near && can_clone(path, destination);
        let links = || is_near.then(|| can_link(path, destination)).flatten();
        let method = match link_mode {
            LinkMode::Auto | LinkMode::Reflink if clones() => Method::Clone,
            LinkMode::Auto | LinkMode::Hardlink => links().map_or(Method::Copy, Method::HardLink),
            LinkMode::Reflink | LinkMode::Copy => Method::Copy,
        };
        Some(Self {
            gate: Gate::of(&layout),
            layout,
            method,
            form,
        })
    }

    /// Tells whether wheels that are installed now can be kept.
    pub(crate) fn are_written(&self) -> bool {
        self.form == KeptForm::Unpacked
    }

    /// Finds the wheel with `digest`; one that is not as it was is removed. `locate` says where a file of a scheme goes.
    pub(crate) fn find(
        &self,
        digest: &Digest,
        sharing: Sharing,
        locate: &dyn Fn(Scheme, &str) -> String,
    ) -> Option<KeptWheel> {
        let place = self.layout.store_place(Kind::Wheels, &Key::of(digest));
        // A missing wheel costs nothing more.
        if !place.path.is_dir() {
            return None;
        }
        let _inside = self.pass();
        mark(&place.path);
        let found = read(&place, self.method_for(sharing), locate);
        if found.is_none() {
            remove(&place);
        }
        let (listing, files) = found?;
        Some(KeptWheel {
            digest: digest.clone(),
            listing,
            files,
        })
    }

    /// Keeps everything in place that is being looked for, and saves each [`Wheels::find`] two system calls.
    pub(crate) fn pass(&self) -> Inside<'_> {
        self.gate.pass()
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
        let place = self.layout.store_place(Kind::Wheels, &Key::of(digest));
        let method = match self.method {
            Method::Copy => WriteMethod::Packed,
            Method::Clone | Method::HardLink(_) => WriteMethod::Alone(self.method_for(sharing)),
        };
        WheelWriter::new(place, method)
    }
}

fn read(
    place: &StorePlace,
    method: Method,
    locate: &dyn Fn(Scheme, &str) -> String,
) -> Option<(Listing, KeptFiles)> {
    let text = fs::read(manifest_of(&place.path)).ok()?;
    let (listing, stored) = manifest::parse(&text, locate)?;
    let files = KeptFiles::find(place, method, stored)?;
    Some((listing, files))
}
