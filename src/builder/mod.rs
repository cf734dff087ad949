//! Makes wheels of source distributions and source trees, as a build frontend does ([PEP 517], [PEP 518]): resolves what the build
//! requires, makes the isolated environment, and calls the backend in it.
//!
//! A [`Builder`] serves one run, from any number of threads: each call works on the caller's thread, and on a few of its own
//! while it asks indexes. What is the same for several builds is done once: pages of indexes, downloads, and
//! environments, which are shared by builds with equal requirements.
//!
//! **Build environments hold copies** (clones, where the file system has them), never hard links into the cache. Backends
//! are arbitrary programs that may write to the files of the packages that they run from; through a hard link that would change
//! the cache, and every environment that shares the file. uv links hard and lives with that; a copy of setuptools costs some
//! 20 ms. An environment in which a backend has changed, added or removed files is not used again.
//!
//! **Wheels are kept** by the digest of the archive (or the identity of the tree), the interpreter's tags, settings,
//! constraints and indexes. The build requirements as they were resolved are recorded and not compared: a wheel is used again
//! although newer build requirements were released since, as pip and uv do. Otherwise each install would have to
//! resolve them, and a release of setuptools would rebuild everything.
//!
//! [PEP 517]: https://peps.python.org/pep-0517/
//! [PEP 518]: https://peps.python.org/pep-0518/

mod asking;
mod candidates;
mod constraints;
mod deliver;
mod environments;
mod error;
mod fetching;
mod keeping;
mod metadata;
mod offline;
mod pages;
mod repository;
mod requirements;
mod settings;
mod slots;
mod steps;
mod turns;
mod workplace;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::build::{Expected, Stop};
use crate::digest::Digest;
use crate::event::Reporter;
use crate::filename::WheelFilename;
use crate::index::Client;
use crate::install::FilePool;
use crate::interpreter::Interpreter;
use crate::name::PackageName;
use crate::resolve::CandidateMetadata;
use crate::store::{Claiming, VerifiedFile};
use crate::url::Url;

use environments::BuildEnvironment;
use fetching::discard_if_damaged;
use keeping::{Origin, Question};
use metadata::LocalWheel;
use pages::ProjectPage;
use slots::Slots;
use steps::Job;
use turns::{Turn, Wanted, What};
use workplace::{KeptCache, Workplace};

pub(crate) use asking::Asking;
pub use constraints::parse_constraints;
pub use deliver::ProjectTree;
pub use error::Error;
pub use settings::{NestedBuilds, Settings};

/// Makes wheels of sources. Making a builder costs nothing; dropping it removes its work folder.
pub struct Builder<'a> {
    settings: Settings,
    tools: Tools<'a>,
    kept: Slots<(), Option<Arc<KeptCache>>>,
    workplace: Slots<(), Arc<Workplace>>,
    pages: Slots<PackageName, Arc<ProjectPage>>,
    metadata: Slots<Url, CandidateMetadata>,
    downloads: Slots<Url, ()>,
    environments: Slots<Digest, Arc<BuildEnvironment>>,
    /// Wheels of build requirements that had none, by the address of their source.
    nested: Slots<Url, Arc<LocalWheel>>,
    /// Wheels of the cache that were handed out.
    found: Mutex<Vec<(WheelFilename, VerifiedFile)>>,
}

/// What a builder works with.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// The interpreter that is built for: that of the environment that is installed into.
    pub interpreter: &'a Interpreter,
    /// Asks the indexes.
    pub client: &'a Client,
    /// The threads that work on files.
    pub pool: &'a FilePool,
    /// Ends backends and downloads, from any thread.
    pub stop: &'a Stop,
    /// Hears what happens.
    pub reporter: &'a dyn Reporter,
}

/// A source distribution, or the archive of a project.
#[derive(Clone, Copy, Debug)]
pub struct SourceArchive<'a> {
    /// Its bytes.
    pub file: &'a VerifiedFile,
    /// Its name, whose ending says how it is packed.
    pub file_name: &'a str,
    /// The folder of the project inside that of the archive.
    pub subdirectory: Option<&'a str>,
    /// What the wheel has to be.
    pub expected: &'a Expected,
}

/// The folder of a project. Backends write into it (`build`, `*.egg-info`).
#[derive(Clone, Copy, Debug)]
pub struct SourceTree<'a> {
    /// The folder with pyproject.toml or setup.py, absolute.
    pub folder: &'a Path,
    /// What the wheel has to be.
    pub expected: &'a Expected,
    /// What is built.
    pub product: TreeProduct,
    /// What tells its content from any other for ever, such as repository, commit and subdirectory; then the wheel is kept,
    /// unless it is an editable one.
    pub identity: Option<&'a str>,
}

/// What is built of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeProduct {
    /// A wheel.
    Wheel,
    /// A wheel that links to the tree (PEP 660).
    Editable,
}

/// A wheel that was built here, now or before.
#[derive(Debug)]
pub struct BuiltFile {
    /// Its name.
    pub file_name: WheelFilename,
    /// Its bytes; they need no folder of the builder's any more.
    pub file: VerifiedFile,
    /// Whether the cache had it.
    pub from_cache: bool,
}

impl<'a> Builder<'a> {
    /// Makes a builder; nothing is opened, asked or written yet.
    pub fn new(settings: Settings, tools: Tools<'a>) -> Self {
        Self {
            settings,
            tools,
            kept: Slots::default(),
            workplace: Slots::default(),
            pages: Slots::default(),
            metadata: Slots::default(),
            downloads: Slots::default(),
            environments: Slots::default(),
            nested: Slots::default(),
            found: Mutex::default(),
        }
    }

    /// Finds the wheel that was built before of the archive that has one of `digests`, without the archive. Whatever is wrong
    /// with it counts as absence.
    pub fn kept_of_archive(
        &self,
        digests: &[Digest],
        subdirectory: Option<&str>,
        expected: &Expected,
    ) -> Option<BuiltFile> {
        digests.iter().find_map(|digest| {
            let origin = Origin::Archive {
                digest,
                subdirectory,
            };
            self.find_kept(&Question { origin, expected })
        })
    }

    /// Finds the wheel that was built before of the tree with `identity`, as [`Builder::kept_of_archive`].
    pub fn kept_of_tree(&self, identity: &str, expected: &Expected) -> Option<BuiltFile> {
        let origin = Origin::Tree(identity);
        self.find_kept(&Question { origin, expected })
    }

    /// Hashes the wheels that were found in the cache, and removes those that are damaged from it; returns their names.
    pub fn discard_damaged(&self) -> Vec<String> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = self.kept_cache();
        let is_damaged = |file: &VerifiedFile| {
            kept.as_ref()
                .is_some_and(|kept| discard_if_damaged(&kept.cache, file))
        };
        let damaged = found.drain(..).filter(|(_, file)| is_damaged(file));
        damaged.map(|(name, _)| name.as_str().to_owned()).collect()
    }

    /// Takes the wheel of a source distribution from the cache, or builds it.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn wheel_of_archive(&self, archive: &SourceArchive<'_>) -> Result<BuiltFile, Error> {
        self.wheel_in(archive, &[])
    }

    /// As [`Builder::wheel_of_archive`], for a build requirement of the last of `chain`, which is one of the one before.
    fn wheel_in(
        &self,
        archive: &SourceArchive<'_>,
        chain: &[PackageName],
    ) -> Result<BuiltFile, Error> {
        let expected = archive.expected;
        let origin = Origin::Archive {
            digest: archive.file.digest(),
            subdirectory: archive.subdirectory,
        };
        let question = Question { origin, expected };
        let workplace = self.workplace()?;
        let _claim = match self.build_turn(&workplace, &question, chain)? {
            Turn::Found(kept) => return Ok(kept),
            Turn::Ours(claim) => claim,
        };
        let folder = workplace.build_folder()?;
        let tree = folder.unpack(archive, self.settings.limits)?;
        let job = Job {
            tree: &tree,
            expected,
            product: TreeProduct::Wheel,
            chain,
        };
        let built = self.build(&workplace, &folder, job);
        let built = built.map_err(|error| error.with_tree_shown(&tree, archive.file_name))?;
        self.keep(&question, &built);
        self.take(&workplace, built)
    }

    /// Builds the wheel of a tree, or takes it from the cache where the tree has an identity.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn wheel_of_tree(&self, tree: &SourceTree<'_>) -> Result<BuiltFile, Error> {
        self.tree_in(tree, &[])
    }

    /// As [`Builder::wheel_of_tree`], for a build requirement of the last of `chain`, which is one of the one before.
    fn tree_in(&self, tree: &SourceTree<'_>, chain: &[PackageName]) -> Result<BuiltFile, Error> {
        let expected = tree.expected;
        let identity = match tree.product {
            TreeProduct::Wheel => tree.identity,
            TreeProduct::Editable => None,
        };
        let question = identity.map(|identity| Question {
            origin: Origin::Tree(identity),
            expected,
        });
        let workplace = self.workplace()?;
        let turn = question
            .as_ref()
            .map(|question| self.build_turn(&workplace, question, chain));
        let _claim = match turn.transpose()? {
            Some(Turn::Found(kept)) => return Ok(kept),
            Some(Turn::Ours(claim)) => claim,
            None => None,
        };
        let folder = workplace.build_folder()?;
        let job = Job {
            tree: tree.folder,
            expected,
            product: tree.product,
            chain,
        };
        let built = self.build(&workplace, &folder, job)?;
        if let Some(question) = &question {
            self.keep(question, &built);
        }
        self.take(&workplace, built)
    }

    /// Finds the wheel that was built before, or waits for another process that builds it. What builds a requirement of another
    /// build waits for nobody, as the other may wait for that.
    fn build_turn(
        &self,
        workplace: &Workplace,
        question: &Question<'_>,
        chain: &[PackageName],
    ) -> Result<Turn<BuiltFile>, Error> {
        if let Some(kept) = self.find_kept(question) {
            return Ok(Turn::Found(kept));
        }
        let wanted = Wanted {
            cache: workplace.cache(),
            key: &self.key(question),
            what: What::Wheel(&question.expected.name),
            patience: None,
        };
        if chain.is_empty() {
            return self.turn(wanted, || Ok(self.find_kept(question)));
        }
        Ok(match wanted.claim(None) {
            Claiming::Ours(claim) => Turn::Ours(Some(claim)),
            Claiming::Others(_) | Claiming::Unknown => Turn::Ours(None),
        })
    }
}
