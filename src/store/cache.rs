//! A store as those who fetch files use it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::address::{self, Address};
use super::backend::{self, Backend};
use super::blob::Blob;
use super::claim::{Claiming, Claims, Mark};
use super::disk::Disk;
use super::draft::Draft;
use super::error::Error;
use super::layout::{Key, Kind};
use super::memory::Memory;
use super::proof::DigestCheck;
use super::upkeep::{self, Removed, Size};
use super::verified::VerifiedFile;
use super::verify;
use super::warnings::Warnings;
use super::work_folder::WorkFolder;
use super::writer::Writer;
use crate::digest::Digest;
use crate::event::Warning;

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
    backend: Option<Arc<dyn Backend>>,
    /// The backend, where it is a folder.
    pub(super) disk: Option<Arc<Disk>>,
    scratch: PathBuf,
    trust: Trust,
    keeps_archives: bool,
    memory: Memory,
    pub(super) claims: Arc<Claims>,
    warnings: Warnings,
    /// Check-outs that are not kept: they are in use as long as the cache is.
    pub(super) rooms: Mutex<Vec<WorkFolder>>,
    temporary: PathBuf,
}

impl Cache {
    /// Opens the cache folder `dir`, and creates it if it is not there.
    ///
    /// `scratch` is an existing folder, on the file system of the environment if possible, for files that do not go to the
    /// cache. A folder that cannot be written to is read only, one that belongs to another user is read only and its files
    /// are hashed each time; both are reported by [`Cache::take_warnings`].
    ///
    /// # Errors
    ///
    /// [`Error::NotAFolder`] and [`Error::Io`], when it can be neither used nor left out safely.
    pub fn open(dir: &Path, scratch: &Path) -> Result<Self, Error> {
        let mut warnings = Vec::new();
        let disk = Disk::open(dir, &mut warnings)?.map(Arc::new);
        let backend = disk.clone().map(|disk| disk as Arc<dyn Backend>);
        Ok(Self {
            disk,
            warnings: warnings.into(),
            ..Self::new(backend, scratch)
        })
    }

    /// Does without a cache: files are written to `scratch`, an existing folder, and have no name there.
    pub fn disabled(scratch: &Path) -> Self {
        Self::new(None, scratch)
    }

    pub(super) fn new(backend: Option<Arc<dyn Backend>>, scratch: &Path) -> Self {
        Self {
            keeps_archives: backend.is_some(),
            backend,
            disk: None,
            scratch: scratch.to_owned(),
            trust: Trust::default(),
            memory: Memory::default(),
            claims: Arc::default(),
            warnings: Warnings::default(),
            rooms: Mutex::default(),
            temporary: tempfile::env::temp_dir(),
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

    /// Sets where work folders are made that cannot be among the drafts: an existing folder, instead of the system's for temporary
    /// files.
    #[must_use]
    pub fn with_temporary_folder(mut self, folder: PathBuf) -> Self {
        self.temporary = folder;
        self
    }

    /// Returns the cache folder, if there is one.
    pub fn dir(&self) -> Option<&Path> {
        self.disk.as_ref().map(|disk| disk.layout().dir())
    }

    /// Makes a folder for work that leaves nothing unless it is kept: among the drafts, or, where there are none of our own,
    /// among temporary files. The next process removes what a killed one left there.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when no folder can be made.
    pub fn work_folder(&self) -> Result<WorkFolder, Error> {
        let Some(layout) = self.written_layout() else {
            let made = WorkFolder::scratch_in(&self.temporary);
            return made.map_err(|cause| Error::io(&self.temporary, cause));
        };
        let folder = layout.drafts();
        WorkFolder::draft_in(&folder).map_err(|cause| Error::io(&folder, cause))
    }

    /// Tells whether new files go to the cache folder.
    pub fn is_written(&self) -> bool {
        self.written().is_some()
    }

    /// Takes out what is wrong with the cache folder, as far as it could be worked around: each thing is returned once.
    pub fn take_warnings(&self) -> Vec<Warning> {
        self.warnings.take()
    }

    /// Finds a file that has one of `digests`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when the cache cannot be read, or the copy of a file that is not trusted cannot be written.
    pub fn find(&self, digests: &[Digest]) -> Result<Option<VerifiedFile>, Error> {
        let Some(backend) = &self.backend else {
            return Ok(None);
        };
        for digest in digests {
            let Some(blob) = backend.get(Kind::Archives, &Key::of(digest))? else {
                continue;
            };
            if let Some(file) = self.prove(backend, blob, digest)? {
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
        hashed(path, DigestCheck::new(digests)?)
    }

    /// Hashes a local file of which no digest is locked, in place; the cache does not keep it.
    ///
    /// # Errors
    ///
    /// [`Error::NotAFile`], [`Error::Io`].
    pub fn identify_local(&self, path: &Path) -> Result<VerifiedFile, Error> {
        hashed(path, DigestCheck::of_anything())
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
        self.writer_into(
            self.written().filter(|_| self.keeps_archives),
            digests,
            n_bytes,
        )
    }

    /// As [`Cache::sized_writer`], for a source, which is kept although archives of wheels are not: nothing else keeps what it
    /// holds, and other settings build another wheel of it.
    ///
    /// # Errors
    ///
    /// [`Error::NoDigest`], [`Error::Io`].
    pub fn source_writer<'a>(
        &'a self,
        digests: &'a [Digest],
        n_bytes: Option<u64>,
    ) -> Result<Writer<'a>, Error> {
        self.writer_into(self.written(), digests, n_bytes)
    }

    /// Starts a new file of which no digest is locked. The cache does not keep it: nothing says that it is the same the next time.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn unproven_writer(&self) -> Result<Writer<'_>, Error> {
        Ok(self.writing(None, self.unlinked()?, DigestCheck::of_anything()))
    }

    fn writer_into<'a>(
        &'a self,
        home: Option<&'a Arc<dyn Backend>>,
        digests: &'a [Digest],
        n_bytes: Option<u64>,
    ) -> Result<Writer<'a>, Error> {
        let check = DigestCheck::new(digests)?;
        let share = || n_bytes.and_then(|n_bytes| self.memory.take(n_bytes));
        let draft = match home {
            Some(backend) => backend.draft()?,
            None => match share() {
                Some(share) => Draft::memory(Some(share)),
                None => self.unlinked()?,
            },
        };
        Ok(self.writing(home, draft, check))
    }

    fn writing<'a>(
        &'a self,
        home: Option<&'a Arc<dyn Backend>>,
        draft: Draft,
        check: DigestCheck<'a>,
    ) -> Writer<'a> {
        Writer {
            home,
            draft,
            check,
            scratch: &self.scratch,
            claims: &self.claims,
            warnings: &self.warnings,
        }
    }

    fn unlinked(&self) -> Result<Draft, Error> {
        Draft::unlinked(&self.scratch).map_err(|cause| Error::io(&self.scratch, cause))
    }

    /// The backend, where new files go to it.
    fn written(&self) -> Option<&Arc<dyn Backend>> {
        self.backend.as_ref().filter(|backend| backend.is_written())
    }

    /// The backend, where nobody else writes to it.
    fn private(&self) -> Option<&Arc<dyn Backend>> {
        self.backend.as_ref().filter(|backend| !backend.is_shared())
    }

    /// Removes a file that turned out to be of no use although its digest is right, so that it is fetched again.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it cannot be removed.
    pub fn discard(&self, file: &VerifiedFile) -> Result<(), Error> {
        match &file.home {
            Some(home) => home.remove(Kind::Archives, &Key::of(&file.digest)),
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
        let is_usable = |disk: &&Arc<Disk>| disk.is_written() && !disk.is_shared();
        let disk = self.disk.as_ref().filter(is_usable)?;
        let digest = digests.first()?;
        Some(disk.layout().claim(&Key::of(digest)))
    }

    /// Recalls where a file was found.
    pub fn address(&self, index: &str, file: &str, digests: &[Digest]) -> Option<Address> {
        // Where others may write, they do not get to say where we send requests.
        let backend = self.private()?;
        digests.iter().find_map(|digest| {
            let key = address::key(index, file, digest);
            let text = backend::read(backend.as_ref(), Kind::Addresses, &key)?;
            address::parse(&text, index, file, digest)
        })
    }

    /// Remembers where a file was found. That it could not be written down is no error: the index is asked again.
    pub fn remember(&self, index: &str, file: &str, digest: &Digest, address: &Address) {
        if let Some(backend) = self.written()
            && let Some(text) = address::render(index, file, digest, address)
        {
            let key = address::key(index, file, digest);
            backend::write(backend.as_ref(), Kind::Addresses, &key, text.as_bytes());
        }
    }

    /// Forgets where a file was found, because it is no longer there.
    pub fn forget(&self, index: &str, file: &str, digests: &[Digest]) {
        if let Some(backend) = self.written() {
            for digest in digests {
                drop(backend.remove(Kind::Addresses, &address::key(index, file, digest)));
            }
        }
    }

    /// Counts what the cache folder holds.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when a folder cannot be read.
    pub fn size(&self) -> Result<Size, Error> {
        let layout = self.disk.as_ref().map(|disk| disk.layout());
        layout.map_or_else(|| Ok(Size::default()), upkeep::count_all)
    }

    /// Removes everything that lock2venv put into the cache folder. Processes that use it meanwhile go on with what they have.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when something cannot be removed.
    pub fn clear(&self) -> Result<Removed, Error> {
        let layout = self.disk.as_ref().map(|disk| disk.layout());
        layout.map_or_else(|| Ok(Removed::default()), upkeep::empty)
    }

    /// Hashes every archive and file of an unpacked wheel, and reads everything else that the cache folder keeps; returns the
    /// paths of what is not as it was written. It is removed where the folder may be written to.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when something cannot be read or removed.
    pub fn verify(&self) -> Result<Vec<PathBuf>, Error> {
        let disk = self.disk.as_ref();
        disk.map_or_else(|| Ok(Vec::new()), |disk| verify::verify(disk))
    }

    fn prove(
        &self,
        backend: &Arc<dyn Backend>,
        blob: Blob,
        digest: &Digest,
    ) -> Result<Option<VerifiedFile>, Error> {
        if backend.is_shared() {
            return self.copy_and_prove(&blob, digest);
        }
        if self.trust == Trust::Nothing && !blob.has_digest(digest)? {
            if backend.is_written() {
                backend.remove(Kind::Archives, &Key::of(digest))?;
            }
            return Ok(None);
        }
        let file = VerifiedFile::new(blob, digest.clone());
        Ok(Some(file.kept_by(Arc::clone(backend)).of_an_earlier_run()))
    }

    /// Copies while hashing: another user might change the file between the hashing and the unpacking.
    fn copy_and_prove(&self, blob: &Blob, digest: &Digest) -> Result<Option<VerifiedFile>, Error> {
        let digests = std::slice::from_ref(digest);
        let mut writer = self.writing(None, self.unlinked()?, DigestCheck::new(digests)?);
        blob.for_each_piece(blob.path(), |piece| writer.write(piece))?;
        match writer.finish() {
            Ok(file) => Ok(Some(file)),
            Err(Error::Mismatch(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn hashed(path: &Path, mut check: DigestCheck<'_>) -> Result<VerifiedFile, Error> {
    let metadata = std::fs::metadata(path).map_err(|cause| Error::io(path, cause))?;
    if !metadata.is_file() {
        return Err(Error::NotAFile {
            path: path.to_owned(),
        });
    }
    let file = File::open(path).map_err(|cause| Error::io(path, cause))?;
    let blob = Blob {
        source: file.into(),
        n_bytes: metadata.len(),
        path: None,
    };
    blob.for_each_piece(path, |piece| {
        check.update(piece);
        Ok(())
    })?;
    let digest = check.finish()?;
    Ok(VerifiedFile::new(blob, digest))
}
