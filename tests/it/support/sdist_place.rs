//! Places that source distributions are unpacked in.

use std::fs;
use std::path::PathBuf;

use lock2venv::archive::SizeLimits;
use lock2venv::sdist::{Error, unpack};

use crate::support::tar_builder::{TarEntry, gzip, tar};
use crate::support::wheel_builder::file_of;

/// A folder in which `unpacked` is the place for an archive, and nothing else is.
pub(crate) struct SdistPlace {
    pub(crate) folder: tempfile::TempDir,
}

impl SdistPlace {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    pub(crate) fn unpacked(&self) -> PathBuf {
        self.folder.path().join("unpacked")
    }

    pub(crate) fn unpack(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
        let limits = SizeLimits::default();
        let unpacked = unpack(file_of(bytes), name, &self.unpacked(), limits)?;
        Ok(unpacked.root)
    }

    /// Unpacks an archive of these entries, and returns the folder of its project.
    #[track_caller]
    pub(crate) fn root(&self, entries: &[TarEntry]) -> PathBuf {
        self.unpack("demo-1.0.tar.gz", &gzip(&tar(entries)))
            .unwrap()
    }
}

pub(crate) fn error_of(bytes: &[u8]) -> Error {
    let place = SdistPlace::new();
    let error = place.unpack("demo-1.0.tar.gz", bytes).unwrap_err();
    assert!(!place.unpacked().exists());
    assert_eq!(fs::read_dir(place.folder.path()).unwrap().count(), 0);
    error
}

pub(crate) fn setup() -> TarEntry {
    TarEntry::file("demo-1.0/setup.py", b"print()\n")
}
