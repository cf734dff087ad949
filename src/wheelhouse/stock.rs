//! Filling a wheelhouse: each file appears under its name when it is whole and proven.

use std::fs::File;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::Error;
use super::naming::file_name;
use super::note::{self, Note, SettingsByPackage};
use crate::archive::Source;
use crate::digest::{Algorithm, Digest};
use crate::plan::Distribution;
use crate::platform::lock::{Held, try_lock};
use crate::platform::publish::{self, DraftFile, DraftFolder};
use crate::platform::removal;
use crate::project_wheel::BuiltWheel;
use crate::store::VerifiedFile;

const PIECE_BYTES: usize = 256 << 10;

/// A wheelhouse that is being filled. What is on its way is in a hidden folder inside, which goes with this value; one that a killed
/// process left goes when the next begins.
#[derive(Debug)]
pub struct Stock {
    folder: PathBuf,
    drafts: DraftFolder,
    settings: SettingsByPackage,
    /// Locked as long as the process lives.
    _lock: File,
}

impl Stock {
    /// Begins to fill `folder`, which is absolute, and created when it is not there.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::NotAFolder`].
    pub fn begin(folder: &Path) -> Result<Self, Error> {
        let failed = |cause| Error::io(folder, cause);
        if fs::metadata(folder).is_ok_and(|found| !found.is_dir()) {
            return Err(Error::NotAFolder {
                path: folder.to_owned(),
            });
        }
        fs::create_dir_all(folder).map_err(failed)?;
        remove_dead_drafts(folder);
        let drafts = DraftFolder::create_in(folder).map_err(failed)?;
        let lock = File::open(drafts.path()).map_err(failed)?;
        try_lock(&lock).map_err(failed)?;
        Ok(Self {
            folder: folder.to_owned(),
            drafts,
            settings: SettingsByPackage::new(),
            _lock: lock,
        })
    }

    /// Notes that wheels are built with these settings.
    #[must_use]
    pub fn with_settings(self, settings: SettingsByPackage) -> Self {
        Self { settings, ..self }
    }

    /// Returns the folder for what is on its way.
    pub fn hidden_folder(&self) -> &Path {
        self.drafts.path()
    }

    /// Returns the wheelhouse.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts the locked file of `distribution` there, in place of another of its name.
    ///
    /// # Errors
    ///
    /// [`Error::Name`], [`Error::Io`].
    pub fn put(&self, distribution: &Distribution, file: &VerifiedFile) -> Result<(), Error> {
        let name = file_name(distribution).ok_or_else(|| Error::Name {
            file: distribution.file_name().unwrap_or_default().to_owned(),
        })?;
        self.copy(&name, file.source())
    }

    /// Puts a wheel there that a backend built of `distribution`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn put_built(
        &self,
        distribution: &Distribution,
        wheel: &str,
        file: &VerifiedFile,
    ) -> Result<(), Error> {
        self.copy(wheel, file.source())?;
        self.note(distribution, wheel, file.digest())
    }

    /// Puts a wheel there that was built of the folder of `distribution` without a backend.
    ///
    /// # Errors
    ///
    /// [`Error::Wheel`], [`Error::Io`].
    pub fn put_packed(&self, distribution: &Distribution, wheel: &BuiltWheel) -> Result<(), Error> {
        let mut bytes = Cursor::new(Vec::new());
        wheel.write(&mut bytes).map_err(Box::new)?;
        let bytes = bytes.into_inner();
        let digest = Digest::of(Algorithm::Sha256, &bytes);
        let name = wheel.file_name();
        self.copy(name, &Source::Memory(bytes.into()))?;
        self.note(distribution, name, &digest)
    }

    /// The wheel comes first: a note of a wheel that is not there, or is another, proves nothing.
    fn note(&self, distribution: &Distribution, wheel: &str, digest: &Digest) -> Result<(), Error> {
        let Some(note) = Note::new(distribution, digest, &self.settings) else {
            return Ok(());
        };
        let path = self.folder.join(note::name(wheel));
        let text = note.render();
        let text = text.map_err(|cause| Error::io(&path, cause.into()))?;
        let text = text.into_bytes();
        self.copy(&note::name(wheel), &Source::Memory(text.into()))
    }

    fn copy(&self, name: &str, source: &Source) -> Result<(), Error> {
        let path = self.folder.join(name);
        let failed = |cause| Error::io(&path, cause);
        let mut draft = DraftFile::create_for_all_in(self.drafts.path()).map_err(failed)?;
        let n_bytes = source.n_bytes().map_err(failed)?;
        let mut piece = vec![0; PIECE_BYTES];
        let mut offset = 0;
        while offset < n_bytes {
            let n_left = usize::try_from(n_bytes - offset).unwrap_or(PIECE_BYTES);
            let piece = &mut piece[..n_left.min(PIECE_BYTES)];
            source.read_exact_at(piece, offset).map_err(failed)?;
            draft.write_all(piece).map_err(failed)?;
            offset += piece.len() as u64;
        }
        let published = draft.publish(&path);
        published.map_err(|unpublished| failed(unpublished.cause))?;
        Ok(())
    }
}

/// What cannot be removed is in nobody's way.
fn remove_dead_drafts(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_draft = name
            .as_encoded_bytes()
            .starts_with(publish::PREFIX.as_bytes());
        if !is_draft || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let open = File::open(entry.path());
        if open.is_ok_and(|open| matches!(try_lock(&open), Ok(Held::Yes))) {
            let _ = removal::remove(&entry.path());
        }
    }
}
