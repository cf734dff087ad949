//! Where a builder works: folders that go with it, and the caches that it takes files from.
//!
//! Where there is a cache that is written and ours alone, the folder is among its drafts, so that a folder of a killed process
//! is removed by the next one; elsewhere it is among the caller's scratch files, and locked for the same end. Without such a cache a builder has one of
//! its own in that folder, for its time, so that nothing is fetched twice.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Builder, BuiltFile, Error, SourceArchive};
use crate::archive::SizeLimits;
use crate::build::BuiltWheel;
use crate::build::Stop;
use crate::digest::{self, Algorithm, Digest};
use crate::filename::WheelFilename;
use crate::platform::removal;
use crate::sdist;
use crate::store::{Cache, PrivateCache, WorkFolder};

/// The user's cache.
pub(super) struct KeptCache {
    pub(super) cache: Cache,
    /// The same, where nobody else may write to it.
    pub(super) private: Option<PrivateCache>,
}

/// The work folder of a builder, and the cache that it puts files into.
pub(super) struct Workplace {
    /// The user's cache, or one of the builder's own where that does not do.
    written: Arc<KeptCache>,
    n_folders: AtomicUsize,
    folder: WorkFolder,
}

/// The folder of one build; goes with its value.
pub(super) struct BuildFolder {
    path: PathBuf,
}

/// A wheel that was built and is in a folder of the builder's.
#[derive(Clone, Debug)]
pub(super) struct NewWheel {
    pub(super) path: PathBuf,
    pub(super) file_name: WheelFilename,
    pub(super) digest: Digest,
    /// What was installed to build it.
    pub(super) environment: Vec<String>,
}

impl Builder<'_> {
    /// Opens the user's cache, once.
    pub(super) fn kept_cache(&self) -> Option<Arc<KeptCache>> {
        let open = || {
            let opened = self.settings.cache_folder.as_ref();
            let opened = opened.map(|folder| {
                let cache = Cache::open(folder, &self.settings.scratch)?;
                Ok::<_, Error>(Arc::new(KeptCache {
                    cache: cache.with_trust(self.settings.trust),
                    private: PrivateCache::at(folder),
                }))
            });
            opened.transpose()
        };
        // What cannot be opened keeps nothing.
        self.kept.get_or_make(&(), open).ok().flatten()
    }

    /// Makes the work folder, once.
    pub(super) fn workplace(&self) -> Result<Arc<Workplace>, Error> {
        let make = || {
            let kept = self.kept_cache();
            let made = Workplace::make(kept, &self.settings.scratch, self.tools.stop)?;
            Ok(Arc::new(made))
        };
        self.workplace.get_or_make(&(), make)
    }

    /// Takes a wheel out of the folders that go with the builder.
    pub(super) fn take(&self, workplace: &Workplace, wheel: NewWheel) -> Result<BuiltFile, Error> {
        let digests = [wheel.digest];
        let kept = self.kept_cache();
        let kept = kept.map(|kept| kept.cache.find(&digests)).transpose()?;
        let file = match kept.flatten() {
            Some(file) => file,
            None => workplace.cache().verify_local(&wheel.path, &digests)?,
        };
        Ok(BuiltFile {
            file_name: wheel.file_name,
            file,
            from_cache: false,
        })
    }
}

impl Workplace {
    fn make(kept: Option<Arc<KeptCache>>, scratch: &Path, stop: &Stop) -> Result<Self, Error> {
        let work_folder = |cache: &Cache| {
            let made = stop.while_making(|| cache.work_folder(), WorkFolder::path)?;
            made.ok_or(Error::Interrupted)
        };
        let usable = |kept: &&Arc<KeptCache>| kept.private.is_some() && kept.cache.is_written();
        if let Some(kept) = kept.filter(|kept| usable(&kept)) {
            return Ok(Self {
                folder: work_folder(&kept.cache)?,
                written: kept,
                n_folders: AtomicUsize::new(0),
            });
        }
        let none = Cache::disabled(scratch).with_temporary_folder(scratch.to_owned());
        let folder = work_folder(&none)?;
        let path = folder.path().join("cache");
        let own = KeptCache {
            cache: Cache::open(&path, folder.path())?,
            private: PrivateCache::at(&path),
        };
        Ok(Self {
            folder,
            written: Arc::new(own),
            n_folders: AtomicUsize::new(0),
        })
    }

    /// The cache that files are put into.
    pub(super) fn cache(&self) -> &Cache {
        &self.written.cache
    }

    /// The same, as far as unpacked wheels are in it.
    pub(super) fn private_cache(&self) -> Option<&PrivateCache> {
        self.written.private.as_ref()
    }

    /// Returns the path of a new folder, which is not made.
    pub(super) fn new_path(&self, name: &str) -> PathBuf {
        let number = self.n_folders.fetch_add(1, Ordering::Relaxed);
        self.folder.path().join(format!("{name}{number}"))
    }

    /// Makes a folder.
    pub(super) fn build_folder(&self) -> Result<BuildFolder, Error> {
        let path = self.new_path("b");
        let folder = BuildFolder { path };
        for part in [
            &folder.path,
            &folder.wheels(),
            &folder.calls(),
            &folder.temporary(),
        ] {
            fs::create_dir(part).map_err(Error::io("create", part))?;
        }
        // Whatever is above is no repository of what is unpacked here: hatchling looks for this name on its way up.
        let end = folder.path.join(".git");
        fs::write(&end, "").map_err(Error::io("write", &end))?;
        Ok(folder)
    }

    /// Moves a wheel out of the folder of its build, to where it stays as long as the builder.
    pub(super) fn move_in(&self, wheel: &BuiltWheel) -> Result<NewWheel, Error> {
        let path = self.new_path("w");
        fs::rename(wheel.path(), &path).map_err(Error::io("move", wheel.path()))?;
        let file = File::open(&path).map_err(Error::io("read", &path))?;
        let digest = digest::hash(Algorithm::Sha256, file).map_err(Error::io("read", &path))?;
        Ok(NewWheel {
            path,
            file_name: wheel.file_name().clone(),
            digest,
            environment: Vec::new(),
        })
    }
}

impl BuildFolder {
    /// The folder itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What is built is written here.
    pub(super) fn wheels(&self) -> PathBuf {
        self.path.join("wheels")
    }

    /// What calls of the backend need.
    pub(super) fn calls(&self) -> PathBuf {
        self.path.join("calls")
    }

    /// The temporary files of the backend.
    pub(super) fn temporary(&self) -> PathBuf {
        self.path.join("t")
    }

    /// Everything that the backend writes.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// Unpacks an archive, and returns the folder of the project.
    pub(super) fn unpack(
        &self,
        archive: &SourceArchive<'_>,
        limits: SizeLimits,
    ) -> Result<PathBuf, Error> {
        let source = archive.file.source().clone();
        let folder = self.path.join("source");
        let unpacked = sdist::unpack(source, archive.file_name, &folder, limits);
        let unpacked = unpacked.map_err(|source| Error::Unpack {
            file: archive.file_name.to_owned(),
            source,
        })?;
        let Some(subdirectory) = archive.subdirectory else {
            return Ok(unpacked.root);
        };
        inside(&unpacked.root, subdirectory).ok_or_else(|| Error::Subdirectory {
            file: archive.file_name.to_owned(),
            subdirectory: subdirectory.to_owned(),
        })
    }
}

impl Drop for BuildFolder {
    fn drop(&mut self) {
        // What stays is in the work folder.
        let _ = removal::remove(&self.path);
    }
}

/// Returns the folder `below` of `root`, unless it leads elsewhere, itself or by links.
fn inside(root: &Path, below: &str) -> Option<PathBuf> {
    let root = fs::canonicalize(root).ok()?;
    let folder = fs::canonicalize(root.join(below)).ok()?;
    (folder.starts_with(&root) && folder.is_dir()).then_some(folder)
}
