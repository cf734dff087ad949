//! A cache folder as a backend: each blob is a file.
//!
//! A file is written among the drafts and renamed into place; nothing in place is ever changed, so any number of processes
//! may read and write at once, and the worst that two can do to each other is the same work twice. Nothing is synced: a
//! power failure may leave a file in place that is too short, so the name of an archive tells its size.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::backend::{Backend, Unkept};
use super::blob::Blob;
use super::draft::Draft;
use super::error::Error;
use super::layout::{Key, Kind, Layout, TAG};
use super::leftovers::remove_leftovers;
use super::presence::Presence;
use super::trust::is_private;
use super::usage::{Gate, Reading, User, mark};
use crate::event::Warning;
use crate::platform::file::{is_link, open_cautiously};
use crate::platform::owner::{Owner, check_writable, create_private_folder};
use crate::platform::publish::DraftFile;

/// An open cache folder.
#[derive(Debug)]
pub(super) struct Disk {
    layout: Layout,
    is_written: bool,
    is_shared: bool,
    /// Tells others that drafts may be ours.
    _presence: Option<Presence>,
    /// Tells others what we may be using.
    _user: Option<User>,
    _reading: Option<Reading>,
    gate: Gate,
}

impl Disk {
    /// `None` when there is no cache folder and none can be made.
    pub(super) fn open(dir: &Path, warnings: &mut Vec<Warning>) -> Result<Option<Self>, Error> {
        match create_private_folder(dir) {
            Ok(()) => {}
            Err(cause) if is_refused(&cause) => {
                warnings.push(not_written(dir, &cause));
                return Ok(None);
            }
            Err(cause) => return Err(folder_error(dir, cause)),
        }
        let layout = Layout::at(dir);
        let is_written = is_written(&layout, warnings)?;
        let presence =
            is_written.then(|| Presence::enter(dir, |others| remove_leftovers(&layout, others)));
        let user = is_written.then(|| User::enter(&layout));
        let reading = (!is_written).then(|| Reading::enter(&layout));
        Ok(Some(Self {
            is_written,
            is_shared: !is_private(&layout),
            _presence: presence.flatten(),
            _user: user.flatten(),
            _reading: reading.flatten(),
            gate: Gate::of(&layout),
            layout,
        }))
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What is passed to look for what is used by its path.
    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Opens the archive at `path`, if it is a whole file of the size in its name.
    pub(super) fn archive(&self, key: &Key, path: &Path) -> Result<Option<Blob>, Error> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(n_bytes) = size_in_name(&name, &key.hex()) else {
            return Ok(None);
        };
        match open(path)? {
            Some(blob) if blob.n_bytes == n_bytes => Ok(Some(blob)),
            Some(_) if self.is_written => remove(path).map(|()| None),
            Some(_) | None => Ok(None),
        }
    }

    /// Looks for a whole file; one that was cut short is removed.
    fn find_archive(&self, key: &Key) -> Result<Option<Blob>, Error> {
        let place = self.layout.place(Kind::Archives, key);
        let shard = place.parent().unwrap_or(&place);
        let names = match std::fs::read_dir(shard) {
            Ok(names) => names,
            // What may not be read is of no use, as if it were not there.
            Err(cause) if is_absent(&cause) || is_refused(&cause) => return Ok(None),
            Err(cause) => return Err(Error::io(shard, cause)),
        };
        for name in names {
            let name = name.map_err(|cause| Error::io(shard, cause))?.file_name();
            if let Some(found) = self.archive(key, &shard.join(&name))? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

impl Backend for Disk {
    fn get(&self, kind: Kind, key: &Key) -> Result<Option<Blob>, Error> {
        let found = if kind == Kind::Archives {
            self.find_archive(key)?
        } else {
            open(&self.layout.place(kind, key))?
        };
        if let Some(path) = found.as_ref().and_then(|blob| blob.path.as_ref())
            && self.is_written
            // What proves an archive's directory goes with the archive.
            && kind != Kind::Directories
        {
            mark(path);
        }
        Ok(found)
    }

    fn draft(&self) -> Result<Draft, Error> {
        let folder = self.layout.drafts();
        let file = DraftFile::create_in(&folder).map_err(|cause| Error::io(&folder, cause))?;
        Ok(Draft::named(file))
    }

    fn put(&self, kind: Kind, key: &Key, draft: Draft) -> Result<Blob, Box<Unkept>> {
        let n_bytes = draft.n_bytes();
        let mut path = self.layout.place(kind, key);
        if kind == Kind::Archives {
            path.as_mut_os_string().push(format!(".{n_bytes}"));
        }
        let unkept = |draft, path, cause| Box::new(Unkept { draft, path, cause });
        let file = match draft.into_named() {
            Ok(file) => file,
            Err(draft) => return Err(unkept(draft, path, io::ErrorKind::Unsupported.into())),
        };
        match file.publish(&path) {
            Ok(file) => Ok(Blob {
                source: file.into(),
                n_bytes,
                path: Some(path),
            }),
            Err(error) => {
                let draft = Draft::of_written(error.draft, n_bytes);
                Err(unkept(draft, error.path, error.cause))
            }
        }
    }

    fn remove(&self, kind: Kind, key: &Key) -> Result<(), Error> {
        if kind != Kind::Archives {
            return remove(&self.layout.place(kind, key));
        }
        match self.find_archive(key)?.and_then(|blob| blob.path) {
            Some(path) => remove(&path),
            None => Ok(()),
        }
    }

    fn is_written(&self) -> bool {
        self.is_written
    }

    fn is_shared(&self) -> bool {
        self.is_shared
    }
}

/// Opens a file; `None` when there is none, or something else.
fn open(path: &Path) -> Result<Option<Blob>, Error> {
    let file = match open_cautiously(path) {
        Ok(file) => file,
        // Removed by another process since it was listed, or a link, which we never make.
        Err(cause) if is_absent(&cause) || is_link(&cause) || is_refused(&cause) => {
            return Ok(None);
        }
        Err(cause) => return Err(Error::io(path, cause)),
    };
    blob(file, path).map_err(|cause| Error::io(path, cause))
}

fn blob(file: File, path: &Path) -> io::Result<Option<Blob>> {
    let metadata = file.metadata()?;
    Ok(Some(Blob {
        // What is not a file has no size that could be right.
        n_bytes: metadata.len(),
        source: file.into(),
        path: Some(path.to_owned()),
    })
    .filter(|_| metadata.is_file()))
}

/// Removes a file; one that is not there is as good.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(cause) if !is_absent(&cause) => Err(Error::io(path, cause)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Creates what is missing of a cache folder, unless it belongs to another user or may not be written to.
fn is_written(layout: &Layout, warnings: &mut Vec<Warning>) -> Result<bool, Error> {
    let dir = layout.dir();
    let metadata = fs::metadata(dir).map_err(|cause| Error::io(dir, cause))?;
    let owner = Owner::from(&metadata);
    if !owner.is_own() {
        warnings.push(Warning::CacheOfAnotherUser {
            path: dir.to_owned(),
            owner: owner.user,
        });
        return Ok(false);
    }
    match create_layout(layout) {
        Ok(()) => Ok(true),
        Err(Error::Io { source, .. }) if is_refused(&source) => {
            warnings.push(not_written(dir, &source));
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn create_layout(layout: &Layout) -> Result<(), Error> {
    let tag = layout.tag();
    if !tag.exists() {
        fs::write(&tag, TAG).map_err(|cause| Error::io(&tag, cause))?;
    }
    let folders = layout.always();
    for folder in std::iter::once(layout.root()).chain(folders.iter().map(PathBuf::as_path)) {
        create_private_folder(folder).map_err(|cause| folder_error(folder, cause))?;
        let metadata = fs::symlink_metadata(folder).map_err(|cause| Error::io(folder, cause))?;
        if !metadata.is_dir() {
            return Err(Error::NotAFolder {
                path: folder.to_owned(),
            });
        }
    }
    let drafts = layout.drafts();
    check_writable(&drafts).map_err(|cause| Error::io(&drafts, cause))
}

fn folder_error(path: &Path, cause: io::Error) -> Error {
    let is_in_the_way = matches!(
        cause.kind(),
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory
    );
    if is_in_the_way {
        return Error::NotAFolder {
            path: path.to_owned(),
        };
    }
    Error::io(path, cause)
}

fn not_written(dir: &Path, cause: &io::Error) -> Warning {
    Warning::CacheNotWritten {
        path: dir.to_owned(),
        cause: cause.to_string(),
    }
}

fn size_in_name(name: &str, hex: &str) -> Option<u64> {
    name.strip_prefix(hex)?.strip_prefix('.')?.parse().ok()
}

fn is_refused(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

fn is_absent(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::NotFound
}
