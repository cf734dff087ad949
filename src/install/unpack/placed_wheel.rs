//! A wheel whose files are in place.

use std::sync::Arc;

use super::batch::ThreadBuffers;
use super::wheel_install::WheelInstall;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::event::Warning;
use crate::install::Error;
use crate::install::place::placed::{Contested, ContestedContent, Placed, Progress};
use crate::plan::{Distribution, DistributionId};
use crate::platform::folder::Root;

/// A wheel whose files are in place, but for those that something else was in the way of, and RECORD.
#[derive(Debug)]
pub(crate) struct PlacedWheel<'a> {
    pub(crate) distribution: &'a Distribution,
    /// The digest of the wheel, or of the list of its modules where it never was an archive.
    pub(crate) digest: Digest,
    pub(crate) root: Arc<Root>,
    /// The `.dist-info` folder, relative to the environment.
    pub(crate) dist_info: String,
    /// The folder that holds it, relative to the environment.
    pub(crate) library: String,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) placed: Vec<Placed>,
    pub(crate) contested: Vec<ContestedFile<'a>>,
    /// What gave way to the files of other distributions.
    pub(crate) dropped: Vec<Placed>,
}

/// A file that is not in place because another was there, with what it takes to write it.
#[derive(Debug)]
pub(crate) struct ContestedFile<'a> {
    pub(crate) placed: Placed,
    is_executable: bool,
    source: ContestedSource<'a>,
}

/// Where the content of a contested file is.
#[derive(Debug)]
enum ContestedSource<'a> {
    /// It was generated or rewritten.
    Generated(Vec<u8>),
    /// It is in the wheel, which is held open for it.
    Wheel {
        install: Arc<WheelInstall<'a>>,
        index: usize,
    },
}

impl<'a> PlacedWheel<'a> {
    /// The wheel of `install`, which is finished.
    pub(super) fn new(install: &Arc<WheelInstall<'a>>, progress: Progress) -> Self {
        let digest = install.digest.clone();
        let digest = digest.unwrap_or_else(|| of_modules(&progress));
        let contested = progress.contested.into_iter();
        let contested = contested.map(|file| ContestedFile::new(install, file));
        Self {
            distribution: install.distribution,
            digest,
            root: Arc::clone(&install.root),
            dist_info: install.contents.dist_info.clone(),
            library: install.contents.library.clone(),
            warnings: progress.warnings,
            placed: progress.placed,
            contested: contested.collect(),
            dropped: Vec::new(),
        }
    }

    pub(crate) fn id(&self) -> DistributionId {
        self.distribution.id
    }

    /// Names every file that it claims: those in place, and those contested with their numbers.
    pub(crate) fn claims(&self) -> impl Iterator<Item = (&Placed, Option<usize>)> {
        let contested = self.contested.iter().enumerate();
        let contested = contested.map(|(number, file)| (&file.placed, Some(number)));
        let placed = self.placed.iter().map(|placed| (placed, None));
        placed.chain(contested)
    }

    /// Writes its contested file of this number, whose path is free now.
    pub(crate) fn write_contested(
        &self,
        number: usize,
        buffers: &mut ThreadBuffers,
    ) -> Result<(), Error> {
        let file = &self.contested[number];
        match &file.source {
            ContestedSource::Generated(content) => {
                let mut place = self.root.place();
                Ok(place.write_new(&file.placed.path, content, file.is_executable)?)
            }
            ContestedSource::Wheel { install, index } => install.write_again(*index, buffers),
        }
    }
}

/// Hashes paths and digests of all modules: the same modules, whatever else is in the wheel, have the same bytecode.
fn of_modules(progress: &Progress) -> Digest {
    let contested = progress.contested.iter().map(|contested| &contested.placed);
    let all = progress.placed.iter().chain(contested);
    let mut modules: Vec<_> = all.filter(|placed| placed.path.ends_with(".py")).collect();
    modules.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    let mut hasher = Hasher::new(Algorithm::Sha256);
    for module in modules {
        hasher.update(module.path.as_bytes());
        hasher.update(&[0]);
        hasher.update(&module.digest);
    }
    hasher.finish()
}

impl<'a> ContestedFile<'a> {
    /// Holds the wheel open for a file that may have to be written.
    fn new(install: &Arc<WheelInstall<'a>>, file: Contested) -> Self {
        let source = match file.content {
            ContestedContent::Generated(content) => ContestedSource::Generated(content),
            ContestedContent::Item(index) => ContestedSource::Wheel {
                install: Arc::clone(install),
                index,
            },
        };
        Self {
            placed: file.placed,
            is_executable: file.is_executable,
            source,
        }
    }
}

#[cfg(test)]
impl<'a> PlacedWheel<'a> {
    pub(crate) fn empty(distribution: &'a Distribution, digest: Digest, root: Arc<Root>) -> Self {
        Self {
            distribution,
            digest,
            root,
            dist_info: String::new(),
            library: String::new(),
            warnings: Vec::new(),
            placed: Vec::new(),
            contested: Vec::new(),
            dropped: Vec::new(),
        }
    }

    pub(crate) fn contest(&mut self, path: &str, content: &[u8]) {
        self.contested.push(ContestedFile {
            placed: Placed::of_content(path, content),
            is_executable: false,
            source: ContestedSource::Generated(content.to_vec()),
        });
    }
}
