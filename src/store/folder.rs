//! The folder of a cache: who may write to it, where each file lies, how a file gets there.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;

use super::address::{self, Address};
use super::presence::{Others, Presence};
use super::{Error, VerifiedFile};
use crate::digest::Digest;
use crate::event::Warning;
use crate::platform::file::{is_link, open_cautiously};
use crate::platform::owner::{Owner, check_writable, create_private_folder};
use crate::platform::publish::{DraftFile, Unpublished};
use crate::platform::removal;

/// Changes when the meaning of what lies below it does.
pub(super) const VERSION: &str = "v1";
pub(super) const FOLDERS: [&str; 3] = ["archives", "addresses", "tmp"];

/// Where other modules keep things, and how the names begin of those that they have not finished.
const DRAFTS_ELSEWHERE: [(&str, &[&str]); 4] = [
    ("claims", &[""]),
    ("trees", &[".partial-", ".tmp"]),
    ("bytecode", &[".partial-", ".tmp"]),
    ("interpreters", &[".partial-", ".tmp"]),
];

/// How the names of folders begin that are being removed.
pub(super) const GRAVE: &str = ".removed-";
const MOST_BURIALS: usize = 100;

const OLD_DRAFT: Duration = Duration::from_hours(24);

/// See the [cache directory tagging specification](https://bford.info/cachedir/).
pub(super) const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
# This folder is a cache of lock2venv; it can be removed at any time.\n";

/// How much lies in a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// How many files.
    pub n_files: u64,
    /// How many bytes they hold.
    pub n_bytes: u64,
}

#[derive(Debug)]
pub(super) struct Store {
    dir: PathBuf,
    root: PathBuf,
    access: Access,
    /// Tells others that drafts may be ours.
    _presence: Option<Presence>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Access {
    is_written: bool,
    /// Whether users other than ourselves and root may have put files there.
    is_shared: bool,
}

/// A file in place, of the right size, not yet proven.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) digest: Digest,
    n_bytes: u64,
}

impl Found {
    /// Trusts the name of the file.
    pub(super) fn into_verified(self) -> VerifiedFile {
        VerifiedFile {
            source: self.file.into(),
            n_bytes: self.n_bytes,
            digest: self.digest,
            path: Some(self.path),
            is_from_before: true,
            _share: None,
            _claim: None,
        }
    }
}

impl Store {
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
        let metadata = fs::metadata(dir).map_err(|cause| Error::io(dir, cause))?;
        let root = dir.join(VERSION);
        let access = Self::access(dir, &root, &metadata, warnings)?;
        let presence = access
            .is_written
            .then(|| Presence::enter(dir, |others| remove_leftovers(dir, others)));
        Ok(Some(Self {
            dir: dir.to_owned(),
            root,
            access,
            _presence: presence.flatten(),
        }))
    }

    fn access(
        dir: &Path,
        root: &Path,
        metadata: &std::fs::Metadata,
        warnings: &mut Vec<Warning>,
    ) -> Result<Access, Error> {
        let owner = Owner::from(metadata);
        if !owner.is_own() {
            warnings.push(Warning::CacheOfAnotherUser {
                path: dir.to_owned(),
                owner: owner.user,
            });
            return Ok(Access {
                is_written: false,
                is_shared: true,
            });
        }
        let is_written = match create_layout(dir, root) {
            Ok(()) => true,
            Err(Error::Io { source, .. }) if is_refused(&source) => {
                warnings.push(not_written(dir, &source));
                false
            }
            Err(error) => return Err(error),
        };
        Ok(Access {
            is_written,
            is_shared: !are_private(dir),
        })
    }

    /// The folder that all files of this version of the cache are in.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn is_written(&self) -> bool {
        self.access.is_written
    }

    pub(super) fn is_shared(&self) -> bool {
        self.access.is_shared
    }

    /// Looks for a whole file; one that was cut short is removed.
    pub(super) fn find(&self, digest: &Digest) -> Result<Option<Found>, Error> {
        let hex = digest.hex();
        let shard = self.shard(digest, &hex);
        let names = match std::fs::read_dir(&shard) {
            Ok(names) => names,
            // What may not be read is of no use, as if it were not there.
            Err(cause) if is_absent(&cause) || is_refused(&cause) => return Ok(None),
            Err(cause) => return Err(Error::io(&shard, cause)),
        };
        for name in names {
            let name = name.map_err(|cause| Error::io(&shard, cause))?.file_name();
            if let Some(found) = self.found(digest, &shard.join(&name))? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Opens the archive at `path`, if it is a whole file of the size in its name.
    pub(super) fn found(&self, digest: &Digest, path: &Path) -> Result<Option<Found>, Error> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(n_bytes) = size_in_name(&name, &digest.hex()) else {
            return Ok(None);
        };
        let file = self.open_whole(path, n_bytes)?;
        Ok(file.map(|file| Found {
            file,
            path: path.to_owned(),
            digest: digest.clone(),
            n_bytes,
        }))
    }

    /// Returns the folder `name` below the cache folder's own.
    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn open_whole(&self, path: &Path, n_bytes: u64) -> Result<Option<File>, Error> {
        let file = match open_cautiously(path) {
            Ok(file) => file,
            // Removed by another process since the folder was read, or a link, which we never make.
            Err(cause) if is_absent(&cause) || is_link(&cause) || is_refused(&cause) => {
                return Ok(None);
            }
            Err(cause) => return Err(Error::io(path, cause)),
        };
        let metadata = file.metadata().map_err(|cause| Error::io(path, cause))?;
        if metadata.is_file() && metadata.len() == n_bytes {
            return Ok(Some(file));
        }
        if self.is_written() {
            super::remove(path)?;
        }
        Ok(None)
    }

    pub(super) fn create_draft(&self) -> Result<DraftFile, Error> {
        let folder = self.root.join("tmp");
        DraftFile::create_in(&folder).map_err(|cause| Error::io(&folder, cause))
    }

    pub(super) fn publish(
        &self,
        draft: DraftFile,
        digest: &Digest,
        n_bytes: u64,
    ) -> Result<(File, PathBuf), Unpublished> {
        let hex = digest.hex();
        let path = self.shard(digest, &hex).join(format!("{hex}.{n_bytes}"));
        let file = draft.publish(&path)?;
        Ok((file, path))
    }

    pub(super) fn address(&self, index: &str, file: &str, digest: &Digest) -> Option<Address> {
        // Where others may write, they do not get to say where we send requests.
        if self.is_shared() {
            return None;
        }
        address::read(&self.address_path(index, file, digest), index, file, digest)
    }

    pub(super) fn remember(&self, index: &str, file: &str, digest: &Digest, address: &Address) {
        let path = self.address_path(index, file, digest);
        let Some(text) = address::render(index, file, digest, address) else {
            return;
        };
        let Ok(mut draft) = self.create_draft() else {
            return;
        };
        if draft.write_all(text.as_bytes()).is_ok() {
            drop(draft.publish(&path));
        }
    }

    pub(super) fn forget(&self, index: &str, file: &str, digest: &Digest) {
        let _ = std::fs::remove_file(self.address_path(index, file, digest));
    }

    fn shard(&self, digest: &Digest, hex: &str) -> PathBuf {
        let mut path = self.root.join("archives");
        path.push(digest.algorithm().name());
        path.push(hex.get(..2).unwrap_or_default());
        path
    }

    pub(super) fn claim_path(&self, digest: &Digest) -> PathBuf {
        let mut path = self.root.join("claims");
        path.push(format!("{}-{}", digest.algorithm().name(), digest.hex()));
        path
    }

    fn address_path(&self, index: &str, file: &str, digest: &Digest) -> PathBuf {
        let key = address::key(index, file, digest);
        let mut path = self.root.join("addresses");
        path.push(key.get(..2).unwrap_or_default());
        path.push(key);
        path
    }
}

/// Removes what was renamed to be removed, now or by a process that was killed.
pub(super) fn remove_graves(dir: &Path) -> Result<(), Error> {
    let names = fs::read_dir(dir).map_err(|cause| Error::io(dir, cause))?;
    for entry in names.flatten() {
        if is_grave(&entry.file_name()) {
            bury(&entry.path())?;
        }
    }
    Ok(())
}

/// Tells whether [`clear`](super::clear) makes such names.
fn is_grave(name: &std::ffi::OsStr) -> bool {
    let number = name.to_str().and_then(|name| name.strip_prefix(GRAVE));
    number.is_some_and(|number| number.len() == 16 && number.bytes().all(|c| c.is_ascii_hexdigit()))
}

/// Removes a folder, although processes that have it open may still put files into it, or remove it too.
pub(super) fn bury(path: &Path) -> Result<(), Error> {
    let mut attempts = 0..MOST_BURIALS;
    loop {
        match removal::remove(path) {
            Ok(()) => return Ok(()),
            Err(_) if attempts.next().is_some() => {}
            Err(cause) => return Err(Error::io(path, cause)),
        }
    }
}

/// Tells whether the cache folder `dir` and its folders are private, as far as they are there: whoever may write to one of them
/// can put another in the place of what is in it.
pub(super) fn are_private(dir: &Path) -> bool {
    let root = dir.join(VERSION);
    let elsewhere = ["directories", "trees", "bytecode", "interpreters"];
    let names = FOLDERS.into_iter().chain(elsewhere);
    let mut folders = names.map(|name| root.join(name));
    let is_one = |folder: &Path| match std::fs::metadata(folder) {
        Ok(metadata) => Owner::from(&metadata).is_private(),
        Err(cause) => cause.kind() == io::ErrorKind::NotFound,
    };
    is_one(dir) && is_one(&root) && folders.all(|folder| is_one(&folder))
}

fn create_layout(dir: &Path, root: &Path) -> Result<(), Error> {
    let tag = dir.join("CACHEDIR.TAG");
    if !tag.exists() {
        fs::write(&tag, TAG).map_err(|cause| Error::io(&tag, cause))?;
    }
    let folders = FOLDERS.map(|name| root.join(name));
    for folder in std::iter::once(root).chain(folders.iter().map(PathBuf::as_path)) {
        create_private_folder(folder).map_err(|cause| folder_error(folder, cause))?;
        let metadata = fs::symlink_metadata(folder).map_err(|cause| Error::io(folder, cause))?;
        if !metadata.is_dir() {
            return Err(Error::NotAFolder {
                path: folder.to_owned(),
            });
        }
    }
    let tmp = root.join("tmp");
    check_writable(&tmp).map_err(|cause| Error::io(&tmp, cause))
}

/// Removes what dead processes left in the cache at `dir`, without opening it for more.
pub(super) fn tidy(dir: &Path) {
    if fs::metadata(dir).is_ok_and(|metadata| Owner::from(&metadata).is_own())
        && dir.join(VERSION).is_dir()
    {
        drop(Presence::enter(dir, |others| remove_leftovers(dir, others)));
    }
}

/// What cannot be removed now is in nobody's way.
fn remove_leftovers(dir: &Path, others: Others) {
    remove_drafts(&dir.join(VERSION), others);
    if others == Others::None {
        let _ = remove_graves(dir);
    }
}

/// Removes what processes left behind that were killed while they wrote.
fn remove_drafts(root: &Path, others: Others) {
    remove_drafts_in(&root.join("tmp"), &[""], others);
    for (folder, prefixes) in DRAFTS_ELSEWHERE {
        remove_drafts_in(&root.join(folder), prefixes, others);
    }
    // Each kind of interpreter has a folder of its own there.
    let kinds = std::fs::read_dir(root.join("bytecode"));
    for kind in kinds.into_iter().flatten().flatten() {
        remove_drafts_in(&kind.path(), &[".partial-", ".tmp"], others);
    }
}

/// Where others are at work, what is old is nobody's: a file that is being written to is never that old, and none is dated
/// that far ahead.
fn remove_drafts_in(folder: &Path, prefixes: &[&str], others: Others) {
    let Ok(drafts) = std::fs::read_dir(folder) else {
        return;
    };
    for draft in drafts.flatten() {
        let name = draft.file_name();
        let name = name.as_encoded_bytes();
        if !prefixes
            .iter()
            .any(|prefix| name.starts_with(prefix.as_bytes()))
        {
            continue;
        }
        let modified = draft.metadata().and_then(|metadata| metadata.modified());
        let age = modified.map(|modified| match modified.elapsed() {
            Ok(age) => age,
            Err(ahead) => ahead.duration(),
        });
        if others == Others::None || age.is_ok_and(|age| age > OLD_DRAFT) {
            // Another process may have been faster; whatever else is wrong will show when something is written.
            let _ = removal::remove(&draft.path());
        }
    }
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

pub(super) fn is_absent(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::NotFound
}
