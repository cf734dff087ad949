//! The content-addressed store of verified files, shared by many processes, and the only maker of [`VerifiedFile`].
//!
//! Below the cache folder: `v1/archives/<algorithm>/<two hex digits>/<hex>.<size>` holds archives as they were downloaded,
//! `v1/directories/` what proves the modes of their files, `v1/addresses/` where each was found (see [`Address`]), `v1/tmp/`
//! what is being written, `v1/claims/` what is being fetched (see [`Claim`]). A file is written to `tmp`, hashed on the way, and renamed into place when its digest is a locked
//! one; nothing in place is ever changed, so any number of processes may read and write at once, and the worst that two can
//! do to each other is the same work twice.
//!
//! Nothing is synced to the disk: a power failure may leave a file in place that is too short. Its size is in its name, so it
//! is found out and fetched again. Otherwise a file in place is trusted by its name, because only we may write there; in a
//! folder where others may write too, each file is copied and hashed before it is used. A hit costs six system calls.

mod address;
mod bytecode;
mod claim;
mod directory;
mod folder;
mod interpreters;
mod memory;
mod presence;
mod upkeep;
mod verify;
pub(crate) mod wheels;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use fs_err as fs;
use thiserror::Error;

use crate::archive::Source;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::event::Warning;
use crate::platform::publish::DraftFile;

pub use self::address::Address;
pub use self::bytecode::verify_packs;
pub(crate) use self::bytecode::{Pack, PackWriter, Slot};
use self::claim::Claims;
pub use self::claim::{Claim, Claiming, Mark};
pub use self::folder::Size;
use self::folder::Store;
pub(crate) use self::interpreters::Answers;
pub use self::interpreters::verify_answers;
use self::memory::{Memory, Share};
pub use self::upkeep::{Removed, clear, size};
pub use self::wheels::{KeptWheel, LinkMode, verify_wheels, verify_wheels_of};

const BUFFER_BYTES: usize = 256 * 1024;

/// Removes from the cache folder `dir` what killed processes left half written, unless others may be writing it.
///
/// [`Cache::open`] does so, too. Costs nothing when there is no cache, otherwise the reading of a few folders.
pub fn tidy(dir: &Path) {
    folder::tidy(dir);
}

/// Tells whether nobody but ourselves and root may write to the cache folder `dir` and those that it has, as far as they are
/// there.
pub fn is_private(dir: &Path) -> bool {
    folder::are_private(dir)
}

/// An archive whose bytes have a locked digest; only this module makes one.
#[derive(Debug)]
pub struct VerifiedFile {
    source: Source,
    n_bytes: u64,
    digest: Digest,
    path: Option<PathBuf>,
    /// Whether it was proven by an earlier run, and since then by its name alone.
    is_from_before: bool,
    /// Gives the memory back when the file is no longer needed.
    _share: Option<Share>,
    /// Others that want the file wait for what becomes of it.
    _claim: Option<Claim>,
}

impl VerifiedFile {
    /// Returns the bytes, for reading at positions.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Returns its size.
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Returns the digest that was proven.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Keeps `claim` for as long as the file is used, unless the cache has it: what others wait for is then there already.
    #[must_use]
    pub fn with_claim(self, claim: Option<Claim>) -> Self {
        Self {
            _claim: claim.filter(|_| self.path.is_none()),
            ..self
        }
    }

    /// Returns where the cache keeps it; `None` for a file that is not in the cache (a local one, or one that is gone when
    /// it is closed).
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

/// Why a file could not be kept or proven.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused.
    #[error("cannot use `{}`", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Something else stands where a folder of the cache has to be.
    #[error("`{}` has to be a folder, and not a link to one", path.display())]
    NotAFolder {
        /// The place.
        path: PathBuf,
    },
    /// The folder holds other things, and no cache of ours.
    #[error("`{}` is not a cache of lock2venv", path.display())]
    NotACache {
        /// The folder.
        path: PathBuf,
    },
    /// Something else stands where an archive has to be.
    #[error("`{}` is not a file", path.display())]
    NotAFile {
        /// The place.
        path: PathBuf,
    },
    /// The bytes have none of the locked digests.
    #[error(transparent)]
    Mismatch(Box<Mismatch>),
    /// There is no locked digest that could prove anything.
    #[error("no locked digest is a sha256, sha384 or sha512")]
    NoDigest,
}

/// Bytes that have none of the locked digests.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("received {n_bytes} bytes with the digest {received}")]
pub struct Mismatch {
    /// The locked digests.
    pub locked: Vec<Digest>,
    /// The digest of what was received, by the algorithm of the first locked one.
    pub received: Digest,
    /// How many bytes were received.
    pub n_bytes: u64,
}

impl Error {
    fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// How much a file found in the cache is trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// By its name and size, when nobody else may write to the cache folder; hashed otherwise.
    #[default]
    Name,
    /// Not at all: it is hashed each time.
    Nothing,
}

/// A cache folder, or the lack of one.
#[derive(Debug)]
pub struct Cache {
    store: Option<Store>,
    scratch: PathBuf,
    trust: Trust,
    keeps_archives: bool,
    memory: Memory,
    claims: Arc<Claims>,
    warnings: Mutex<Vec<Warning>>,
}

impl Cache {
    /// Opens the cache folder `dir`, and creates it if it is not there.
    ///
    /// `scratch` is an existing folder, on the file system of the environment if possible, for files that do not go to the
    /// cache. A folder that cannot be written to is read only, one that belongs to another user is read only and its files
    /// are hashed each time; both are told by [`Cache::take_warnings`].
    ///
    /// # Errors
    ///
    /// [`Error::NotAFolder`] and [`Error::Io`], when it can be neither used nor left out safely.
    pub fn open(dir: &Path, scratch: &Path) -> Result<Self, Error> {
        let mut warnings = Vec::new();
        let store = Store::open(dir, &mut warnings)?;
        Ok(Self {
            store,
            scratch: scratch.to_owned(),
            trust: Trust::default(),
            keeps_archives: true,
            memory: Memory::default(),
            claims: Arc::default(),
            warnings: Mutex::new(warnings),
        })
    }

    /// Does without a cache: files are written to `scratch`, an existing folder, and have no name there.
    pub fn disabled(scratch: &Path) -> Self {
        Self {
            store: None,
            scratch: scratch.to_owned(),
            trust: Trust::default(),
            keeps_archives: false,
            memory: Memory::default(),
            claims: Arc::default(),
            warnings: Mutex::default(),
        }
    }

    /// Sets how much a file found in the cache is trusted.
    #[must_use]
    pub fn with_trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Sets whether archives are kept: not where something else keeps what they hold.
    #[must_use]
    pub fn with_archives(mut self, keeps_archives: bool) -> Self {
        self.keeps_archives = keeps_archives;
        self
    }

    /// Returns the cache folder, if there is one.
    pub fn dir(&self) -> Option<&Path> {
        self.store.as_ref().map(Store::dir)
    }

    /// Tells whether new files go to the cache folder.
    pub fn is_written(&self) -> bool {
        self.store.as_ref().is_some_and(Store::is_written)
    }

    /// Takes out what is wrong with the cache folder, as far as it could be worked around: each thing is told once.
    pub fn take_warnings(&self) -> Vec<Warning> {
        std::mem::take(&mut *lock(&self.warnings))
    }

    /// Finds a file that has one of `digests`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when the cache cannot be read, or the copy of a file that is not trusted cannot be written.
    pub fn find(&self, digests: &[Digest]) -> Result<Option<VerifiedFile>, Error> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        for digest in digests {
            let Some(found) = store.find(digest)? else {
                continue;
            };
            if let Some(file) = self.prove(store, found)? {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    /// Hashes a local file, in place; the cache does not keep it.
    ///
    /// # Errors
    ///
    /// [`Error::Mismatch`], [`Error::NoDigest`], [`Error::NotAFile`], [`Error::Io`].
    pub fn verify_local(&self, path: &Path, digests: &[Digest]) -> Result<VerifiedFile, Error> {
        let metadata = std::fs::metadata(path).map_err(|cause| Error::io(path, cause))?;
        if !metadata.is_file() {
            return Err(Error::NotAFile {
                path: path.to_owned(),
            });
        }
        let mut file = File::open(path).map_err(|cause| Error::io(path, cause))?;
        let mut proof = Proof::new(digests)?;
        copy(&mut file, path, |piece| {
            proof.update(piece);
            Ok(())
        })?;
        let n_bytes = proof.n_bytes;
        let digest = proof.finish()?;
        Ok(VerifiedFile {
            source: file.into(),
            n_bytes,
            digest,
            path: None,
            is_from_before: false,
            _share: None,
            _claim: None,
        })
    }

    /// Starts a new file, which must turn out to have one of `digests`.
    ///
    /// # Errors
    ///
    /// [`Error::NoDigest`], [`Error::Io`].
    pub fn writer<'a>(&'a self, digests: &'a [Digest]) -> Result<Writer<'a>, Error> {
        self.sized_writer(digests, None)
    }

    /// Starts a new file of at most `n_bytes`, if that is known, which must turn out to have one of `digests`.
    ///
    /// What is not kept stays in memory while it is small, and there are not too many of its kind.
    ///
    /// # Errors
    ///
    /// [`Error::NoDigest`], [`Error::Io`].
    pub fn sized_writer<'a>(
        &'a self,
        digests: &'a [Digest],
        n_bytes: Option<u64>,
    ) -> Result<Writer<'a>, Error> {
        let proof = Proof::new(digests)?;
        let draft = match &self.store {
            Some(store) if store.is_written() && self.keeps_archives => {
                Draft::Named(store.create_draft()?)
            }
            Some(_) | None => match n_bytes.and_then(|n_bytes| self.memory.take(n_bytes)) {
                Some(share) => Draft::Memory(Vec::with_capacity(share.n_bytes()), share),
                None => Draft::Unlinked(
                    tempfile::tempfile_in(&self.scratch)
                        .map_err(|cause| Error::io(&self.scratch, cause))?,
                ),
            },
        };
        Ok(Writer {
            cache: self,
            draft,
            proof,
        })
    }

    /// Removes a file that turned out to be of no use although its digest is right, so that it is fetched again.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it cannot be removed.
    pub fn discard(&self, file: &VerifiedFile) -> Result<(), Error> {
        match &file.path {
            Some(path) => remove(path),
            None => Ok(()),
        }
    }

    /// Asks whether we or another process shall fetch the file that has one of `digests`.
    ///
    /// Where nothing is kept, or others may write, nobody can tell: each fetches for itself.
    pub fn claim(&self, digests: &[Digest]) -> Claiming {
        self.claim_path(digests)
            .map_or(Claiming::Unknown, |path| self.claims.claim(&path))
    }

    /// As [`Cache::claim`], but passes by the process whose claim is still at `mark`.
    pub fn take_over(&self, digests: &[Digest], mark: Mark) -> Claiming {
        self.claim_path(digests)
            .map_or(Claiming::Unknown, |path| self.claims.take_over(&path, mark))
    }

    fn claim_path(&self, digests: &[Digest]) -> Option<PathBuf> {
        let store = self.store.as_ref()?;
        let is_usable = store.is_written() && !store.is_shared();
        let digest = digests.first().filter(|_| is_usable)?;
        Some(store.claim_path(digest))
    }

    /// Recalls where a file was found.
    pub fn address(&self, index: &str, file: &str, digests: &[Digest]) -> Option<Address> {
        let store = self.store.as_ref()?;
        digests
            .iter()
            .find_map(|digest| store.address(index, file, digest))
    }

    /// Remembers where a file was found. That it could not be written down is no error: the index is asked again.
    pub fn remember(&self, index: &str, file: &str, digest: &Digest, address: &Address) {
        if let Some(store) = self.store.as_ref().filter(|store| store.is_written()) {
            store.remember(index, file, digest, address);
        }
    }

    /// Forgets where a file was found, because it is no longer there.
    pub fn forget(&self, index: &str, file: &str, digests: &[Digest]) {
        if let Some(store) = self.store.as_ref().filter(|store| store.is_written()) {
            for digest in digests {
                store.forget(index, file, digest);
            }
        }
    }

    /// Counts what the cache folder holds.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when a folder cannot be read.
    pub fn size(&self) -> Result<Size, Error> {
        self.store
            .as_ref()
            .map_or_else(|| Ok(Size::default()), |store| upkeep::count(store.root()))
    }

    /// Removes everything that lock2venv put into the cache folder. Processes that use it meanwhile go on with what they have.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when something cannot be removed.
    pub fn clear(&self) -> Result<Removed, Error> {
        self.store.as_ref().map_or_else(
            || Ok(Removed::default()),
            |store| upkeep::empty(store.dir()),
        )
    }

    /// Hashes every archive and reads every address that the cache folder keeps; returns the paths of those that are not as
    /// they were written. They are removed where the folder may be written to.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when something cannot be read or removed.
    pub fn verify(&self) -> Result<Vec<PathBuf>, Error> {
        self.store
            .as_ref()
            .map_or_else(|| Ok(Vec::new()), verify::verify)
    }

    fn prove(&self, store: &Store, found: folder::Found) -> Result<Option<VerifiedFile>, Error> {
        if store.is_shared() {
            return self.copy_and_prove(found);
        }
        if self.trust == Trust::Nothing && !is_proven(&found)? {
            if store.is_written() {
                remove(&found.path)?;
            }
            return Ok(None);
        }
        Ok(Some(found.into_verified()))
    }

    /// Copies while hashing: another user might change the file between the hashing and the unpacking.
    fn copy_and_prove(&self, found: folder::Found) -> Result<Option<VerifiedFile>, Error> {
        let folder::Found {
            mut file,
            path,
            digest,
            ..
        } = found;
        let draft = tempfile::tempfile_in(&self.scratch)
            .map_err(|cause| Error::io(&self.scratch, cause))?;
        let digests = [digest];
        let mut writer = Writer {
            cache: self,
            draft: Draft::Unlinked(draft),
            proof: Proof::new(&digests)?,
        };
        copy(&mut file, &path, |piece| writer.write(piece))?;
        match writer.finish() {
            Ok(file) => Ok(Some(file)),
            Err(Error::Mismatch(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn warn_not_written(&self, path: &Path, cause: &io::Error) {
        let mut warnings = lock(&self.warnings);
        let is_told = |warning: &Warning| matches!(warning, Warning::CacheNotWritten { .. });
        // What keeps one file out keeps others out: one example will do.
        if !warnings.iter().any(is_told) {
            warnings.push(Warning::CacheNotWritten {
                path: path.to_owned(),
                cause: cause.to_string(),
            });
        }
    }
}

/// A file on its way into the cache (or, without one, into a file without a name). Dropped unfinished, it leaves nothing.
#[derive(Debug)]
pub struct Writer<'a> {
    cache: &'a Cache,
    draft: Draft,
    proof: Proof<'a>,
}

#[derive(Debug)]
enum Draft {
    Named(DraftFile),
    Unlinked(File),
    Memory(Vec<u8>, Share),
}

impl Draft {
    fn write(&mut self, data: &[u8]) -> io::Result<()> {
        match self {
            Self::Named(draft) => draft.write_all(data),
            Self::Unlinked(file) => file.write_all(data),
            Self::Memory(bytes, _) => {
                bytes.extend_from_slice(data);
                Ok(())
            }
        }
    }

    fn restart(&mut self) -> io::Result<()> {
        let mut file = match self {
            Self::Named(draft) => draft.file(),
            Self::Unlinked(file) => &*file,
            Self::Memory(bytes, _) => {
                bytes.clear();
                return Ok(());
            }
        };
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0)).map(drop)
    }
}

impl Writer<'_> {
    /// Adds `data`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], for one when the disk is full.
    pub fn write(&mut self, data: &[u8]) -> Result<(), Error> {
        let written = self.draft.write(data);
        written.map_err(|cause| self.io(cause))?;
        self.proof.update(data);
        self.cache.claims.touch();
        Ok(())
    }

    /// Returns how many bytes were added.
    pub fn n_bytes(&self) -> u64 {
        self.proof.n_bytes
    }

    /// Takes back everything that was added.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn restart(&mut self) -> Result<(), Error> {
        let emptied = self.draft.restart();
        emptied.map_err(|cause| self.io(cause))?;
        self.proof.restart();
        Ok(())
    }

    /// Proves the file and puts it into its place.
    ///
    /// # Errors
    ///
    /// [`Error::Mismatch`] when it has none of the digests; it is removed then.
    pub fn finish(self) -> Result<VerifiedFile, Error> {
        let Self {
            cache,
            draft,
            proof,
        } = self;
        let n_bytes = proof.n_bytes;
        let digest = proof.finish()?;
        let (source, path, share) = match (draft, &cache.store) {
            (Draft::Named(draft), Some(store)) => match store.publish(draft, &digest, n_bytes) {
                Ok((file, path)) => (file.into(), Some(path), None),
                // It is proven and open: it can be used all the same, for this once.
                Err(unpublished) => {
                    cache.warn_not_written(&unpublished.path, &unpublished.cause);
                    (unpublished.draft.into_file().into(), None, None)
                }
            },
            (Draft::Named(draft), None) => (draft.into_file().into(), None, None),
            (Draft::Unlinked(file), _) => (file.into(), None, None),
            (Draft::Memory(bytes, share), _) => {
                (Source::Memory(Arc::new(bytes)), None, Some(share))
            }
        };
        Ok(VerifiedFile {
            source,
            n_bytes,
            digest,
            path,
            is_from_before: false,
            _share: share,
            _claim: None,
        })
    }

    fn io(&self, cause: io::Error) -> Error {
        let path = match &self.draft {
            Draft::Named(draft) => draft.path(),
            Draft::Unlinked(_) | Draft::Memory(..) => &self.cache.scratch,
        };
        Error::io(path, cause)
    }
}

/// Hashes by each algorithm that the locked digests use; one, as a rule.
#[derive(Debug)]
struct Proof<'a> {
    locked: &'a [Digest],
    hashers: Vec<Hasher>,
    n_bytes: u64,
}

impl<'a> Proof<'a> {
    fn new(locked: &'a [Digest]) -> Result<Self, Error> {
        if locked.is_empty() {
            return Err(Error::NoDigest);
        }
        let hashers = new_hashers(locked);
        Ok(Self {
            locked,
            hashers,
            n_bytes: 0,
        })
    }

    fn restart(&mut self) {
        self.hashers = new_hashers(self.locked);
        self.n_bytes = 0;
    }

    fn update(&mut self, data: &[u8]) {
        for hasher in &mut self.hashers {
            hasher.update(data);
        }
        self.n_bytes += data.len() as u64;
    }

    fn finish(self) -> Result<Digest, Error> {
        let received: Vec<Digest> = self.hashers.into_iter().map(Hasher::finish).collect();
        if let Some(proven) = received.iter().find(|digest| self.locked.contains(digest)) {
            return Ok(proven.clone());
        }
        let first = received.into_iter().next().ok_or(Error::NoDigest)?;
        Err(Error::Mismatch(Box::new(Mismatch {
            locked: self.locked.to_vec(),
            received: first,
            n_bytes: self.n_bytes,
        })))
    }
}

fn new_hashers(locked: &[Digest]) -> Vec<Hasher> {
    let mut algorithms: Vec<Algorithm> = Vec::with_capacity(1);
    for digest in locked {
        if !algorithms.contains(&digest.algorithm()) {
            algorithms.push(digest.algorithm());
        }
    }
    algorithms.into_iter().map(Hasher::new).collect()
}

fn is_proven(found: &folder::Found) -> Result<bool, Error> {
    let digests = [found.digest.clone()];
    let mut proof = Proof::new(&digests)?;
    copy(&mut &found.file, &found.path, |piece| {
        proof.update(piece);
        Ok(())
    })?;
    Ok(proof.finish().is_ok())
}

fn copy(
    from: &mut impl Read,
    path: &Path,
    mut take: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n_read) => take(&buffer[..n_read])?,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(Error::io(path, cause)),
        }
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(Error::io(path, cause)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Locks what no panic can leave half changed.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
