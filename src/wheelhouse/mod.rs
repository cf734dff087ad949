//! Wheelhouses: folders with the files that a lock lists, for machines that reach no index.
//!
//! A file of the lock is found by its name and proven by the locked digests when it is used, whoever put it there: a wheelhouse can be filled by
//! [`Stock`], by `pip download` or by hand. What was *built* of a source distribution, a commit or a folder is in no lock. Such
//! a wheel counts only with a [`Note`] beside it, which names the wheel's own digest and what it was built of: the locked
//! digests of the archive, or repository and commit; and it counts where the backend would be given the settings that it was built
//! with (`installer.build-config-settings`). Only the note says so, so **the folder is trusted** as the machine is that
//! built: who can write to it decides what is installed for packages that the lock has no wheel for, and for no others.
//!
//! A folder is listed once when it is opened; files are read when they are used.

mod error;
mod naming;
mod note;
mod stock;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::digest::Digest;
use crate::filename::WheelFilename;
use crate::name::PackageName;
use crate::plan::Distribution;
use crate::store::Cache;
use crate::tag::Tags;

use naming::file_name;

pub use error::Error;
pub use note::{BuiltFrom, Note, SettingsByPackage};
pub use stock::Stock;

/// The files of some folders, the first of which counts where several have a name.
#[derive(Clone, Debug, Default)]
pub struct Wheelhouse {
    files: BTreeMap<String, PathBuf>,
    /// Those that fit, best first.
    built: Vec<HousedWheel>,
}

/// A wheel that was built of a source of the lock.
#[derive(Clone, Debug)]
pub struct HousedWheel {
    /// Its name.
    pub file_name: WheelFilename,
    /// Where it is, absolute.
    pub path: PathBuf,
    /// The digest that its note has.
    pub digests: Vec<Digest>,
    /// What it was built of.
    built_from: BuiltFrom,
    /// What its backend was given.
    settings: Option<String>,
}

impl Wheelhouse {
    /// Lists `folders`, which are absolute; of wheels that were built, those count that fit one of `tags`.
    ///
    /// # Errors
    ///
    /// [`Error::NotAFolder`], [`Error::Io`].
    pub fn open(folders: &[PathBuf], tags: &Tags) -> Result<Self, Error> {
        let mut house = Self::default();
        for folder in folders {
            house.add(folder)?;
        }
        let rank = |wheel: &HousedWheel| tags.rank(wheel.file_name.tags()).ok();
        house.built.retain(|wheel| rank(wheel).is_some());
        house.built.sort_by_key(rank);
        Ok(house)
    }

    /// Leaves out wheels that were built with other settings than the backends would be given here.
    #[must_use]
    pub fn with_settings(mut self, settings: &SettingsByPackage) -> Self {
        let is_right = |wheel: &HousedWheel| {
            wheel.settings == note::settings_of(wheel.file_name.name(), settings)
        };
        self.built.retain(is_right);
        self
    }

    fn add(&mut self, folder: &Path) -> Result<(), Error> {
        let failed = |cause| Error::io(folder, cause);
        if !fs::metadata(folder).map_err(failed)?.is_dir() {
            return Err(Error::NotAFolder {
                path: folder.to_owned(),
            });
        }
        let mut wheels = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            wheels.extend(note::wheel_of(&name).map(str::to_owned));
            self.files.entry(name).or_insert_with(|| entry.path());
        }
        // What was built in the order of names, whatever the order of the folder.
        wheels.sort_unstable();
        let built = wheels.iter().filter_map(|wheel| read(folder, wheel));
        self.built.extend(built);
        Ok(())
    }

    /// Finds the locked file of `distribution`, by its name.
    pub fn file(&self, distribution: &Distribution) -> Option<&Path> {
        let name = file_name(distribution)?;
        self.files.get(&name).map(PathBuf::as_path)
    }

    /// Lists the paths of all files by their names.
    pub fn files(&self) -> &BTreeMap<String, PathBuf> {
        &self.files
    }

    /// Finds a wheel that was built of just what `distribution` is locked to.
    pub fn built(&self, distribution: &Distribution) -> Option<&HousedWheel> {
        let mut built = self.built.iter();
        built.find(|wheel| {
            let is_named = wheel.file_name.name() == &distribution.name;
            is_named && wheel.built_from.is_of(distribution, &wheel.file_name)
        })
    }

    /// Reads the locked file of `distribution`, and tells whether it is there and proven.
    pub fn has_file(&self, distribution: &Distribution) -> bool {
        let path = self.file(distribution);
        path.is_some_and(|path| is_proven(path, distribution.origin.digests()))
    }

    /// Reads the wheel that was built of `distribution`, and tells whether it is there and proven by its note.
    pub fn has_built(&self, distribution: &Distribution) -> bool {
        let wheel = self.built(distribution);
        wheel.is_some_and(|wheel| is_proven(&wheel.path, &wheel.digests))
    }

    /// Lists the packages that a wheel was built for, of whatever source.
    pub fn built_packages(&self) -> BTreeSet<PackageName> {
        let built = self.built.iter();
        built.map(|wheel| wheel.file_name.name().clone()).collect()
    }
}

fn is_proven(path: &Path, digests: &[Digest]) -> bool {
    let nowhere = Cache::disabled(Path::new(""));
    nowhere.verify_local(path, digests).is_ok()
}

/// Reads the note of a wheel; what makes no sense counts as no note.
fn read(folder: &Path, wheel: &str) -> Option<HousedWheel> {
    let note = Note::read(folder, wheel)?;
    Some(HousedWheel {
        file_name: WheelFilename::parse(wheel).ok()?,
        path: folder.join(wheel),
        digests: vec![Digest::parse(&note.digest)?],
        built_from: note.built_from,
        settings: note.settings,
    })
}
