//! The settings of a session, and the options of the stages that follow from them.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::guard::{DestinationGuard, Use};
use super::{Error, InterpreterLookup, Interruption, Session};
use crate::archive::SizeLimits;
use crate::build::Stop;
use crate::bytecode;
use crate::configuration::Configuration;
use crate::http::Network;
use crate::index::{self, Client};
use crate::install::{self, CompileChoice, Destination, KeptForm, LinkMode};
use crate::plan::{Builds, IndexSource, WeakHashes};
use crate::platform::file::DEFAULT_DATE;
use crate::prepare;
use crate::project_wheel;
use crate::store::Cache;
use crate::target::Target;
use crate::url::Url;
use crate::wheel::Leniency;
use crate::wheelhouse::Wheelhouse;

/// The surroundings of the process, and how to install. Not `Debug`: the address of an index may
/// hold a password.
#[derive(Clone)]
pub struct SessionSettings {
    /// Poetry's settings.
    pub configuration: Configuration,
    /// The cache folder, absolute; `None` when nothing is to be kept.
    pub cache_folder: Option<PathBuf>,
    /// Where interpreters are looked for.
    pub lookup: InterpreterLookup,
    /// What replaces PyPI.
    pub index_url: Option<Url>,
    /// Whether the network may be used.
    pub network: Network,
    /// The largest file that is downloaded, in bytes, unless it is the usual one.
    pub max_download: Option<u64>,
    /// What a wheel may unpack to.
    pub size_limits: SizeLimits,
    /// Whether what is otherwise a warning about a wheel is an error.
    pub is_strict: bool,
    /// Whether code that runs whenever Python starts is an error.
    pub refuses_startup: bool,
    /// The rules about wheels that are lifted.
    pub leniency: Leniency,
    /// Whose modules are compiled to bytecode.
    pub compiles: CompileChoice,
    /// How files of the cache come into the environment.
    pub link_mode: LinkMode,
    /// How the cache keeps wheels that are installed now.
    pub kept_form: KeptForm,
    /// How many threads work on files, and as many interpreters on bytecode; `None` for one for each processor.
    pub n_jobs: Option<NonZeroUsize>,
    /// What the wheels of folders depend on besides the folders.
    pub build: project_wheel::BuildOptions,
    /// All variables of this process, for git, build backends and what they start.
    pub variables: Vec<(OsString, OsString)>,
    /// Whether source distributions, repositories and folders may be built by their build backends.
    pub builds: Builds,
    /// Whether MD5 and SHA-1 count where the lock has nothing better (`--allow-weak-hashes`).
    pub weak_hashes: WeakHashes,
    /// Requirements that narrow the build requirements of all packages (`--build-constraint`).
    pub build_constraints: Vec<String>,
    /// An existing folder for temporary files of builds, and for what failed builds wrote; `None` for that of the system.
    pub temporary_folder: Option<PathBuf>,
    /// Folders, absolute, where locked files and what was built of them are looked for before the network is asked
    /// (`--find-links`).
    pub find_links: Vec<PathBuf>,
    /// Whether the process was asked to end.
    pub interruption: Interruption,
    /// The folder, absolute, that will be `/` where the environment is used: it is made below this one, with parents that are the
    /// same each time (`--root`).
    pub image_root: Option<PathBuf>,
    /// The interpreter, absolute, that will run the environment where it is used (`--runtime-python`); it need not be here.
    pub runtime_python: Option<PathBuf>,
    /// Whether the installation of the interpreter itself is filled, and no environment (`virtualenvs.create = false`).
    pub fills_python: bool,
}

impl SessionSettings {
    /// Keeps nothing, looks for interpreters nowhere, and installs by the strict rules.
    pub fn new(configuration: Configuration) -> Self {
        Self {
            configuration,
            cache_folder: None,
            lookup: InterpreterLookup::default(),
            index_url: None,
            network: Network::Online,
            max_download: None,
            size_limits: SizeLimits::default(),
            is_strict: false,
            refuses_startup: false,
            leniency: Leniency::default(),
            compiles: CompileChoice::None,
            link_mode: LinkMode::default(),
            kept_form: KeptForm::default(),
            n_jobs: None,
            build: project_wheel::BuildOptions::default(),
            variables: Vec::new(),
            builds: Builds::default(),
            weak_hashes: WeakHashes::default(),
            build_constraints: Vec::new(),
            temporary_folder: None,
            find_links: Vec::new(),
            interruption: Interruption::default(),
            image_root: None,
            runtime_python: None,
            fills_python: false,
        }
    }
}

impl Session {
    pub(super) fn cache(&self, destination: &Destination) -> Result<Cache, Error> {
        let Some(folder) = &self.settings.cache_folder else {
            let none = Cache::disabled(&destination.folder);
            return Ok(none.with_temporary_folder(self.temporary_folder()));
        };
        let cache = Cache::open(folder, &destination.folder)?;
        Ok(cache.with_temporary_folder(self.temporary_folder()))
    }

    /// Returns where temporary files go: as settings say, or the system.
    pub(super) fn temporary_folder(&self) -> PathBuf {
        let folder = self.settings.temporary_folder.clone();
        folder.unwrap_or_else(tempfile::env::temp_dir)
    }

    pub(super) fn client(&self, sources: &[IndexSource]) -> Result<Client, Error> {
        let configuration = self.settings.configuration.clone();
        let mut settings = index::IndexSettings::new(configuration, sources.to_vec())?;
        settings.index_url.clone_from(&self.settings.index_url);
        if let Some(n_bytes) = self.settings.max_download {
            settings.limits.file_bytes = n_bytes;
        }
        Ok(Client::new(settings)?)
    }

    /// Returns how many threads work on files. Asks the system, which a run with nothing to do need not.
    pub(super) fn n_jobs(&self) -> usize {
        let usual = || std::thread::available_parallelism().ok();
        let asked = self.settings.n_jobs.or_else(usual);
        asked.map_or(1, NonZeroUsize::get)
    }

    pub(super) fn prepare_options(
        &self,
        stop: &Stop,
        wheelhouse: Option<Arc<Wheelhouse>>,
    ) -> Result<prepare::PrepareOptions, Error> {
        let asked = self.settings.configuration.max_workers()?;
        Ok(prepare::PrepareOptions {
            network: self.settings.network,
            n_connections: asked.unwrap_or(prepare::N_CONNECTIONS).max(1),
            n_builds: self.n_jobs(),
            patience: prepare::PATIENCE,
            wheelhouse,
            git: prepare::GitSettings {
                variables: self.settings.variables.clone(),
                configuration: self.settings.configuration.clone(),
                stop: stop.clone(),
            },
        })
    }

    /// Lists the folders where files are looked for first; `None` when there are none.
    pub(super) fn wheelhouse(&self, target: &Target) -> Result<Option<Arc<Wheelhouse>>, Error> {
        let folders = &self.settings.find_links;
        if folders.is_empty() {
            return Ok(None);
        }
        let house = Wheelhouse::open(folders, &target.tags)?;
        let settings = self.settings.configuration.build_config_settings()?;
        Ok(Some(Arc::new(house.with_settings(&settings))))
    }

    /// Keeps `environments` and the cache out of the wheels that are built here. In the folder of a Python itself a project may be
    /// as well as anywhere.
    pub(super) fn build_options(&self, environments: &[&Path]) -> project_wheel::BuildOptions {
        let mut options = self.settings.build.clone();
        if !self.settings.fills_python {
            let environments = environments.iter().map(|folder| (*folder).to_owned());
            options.outside.extend(environments);
        }
        options.outside.extend(self.settings.cache_folder.clone());
        options
    }

    pub(super) fn install_options(
        &self,
        guard: &DestinationGuard,
    ) -> Result<install::InstallOptions, Error> {
        let settings = &self.settings;
        let bytecode = || self.bytecode_settings(guard);
        Ok(install::InstallOptions {
            strict: settings.is_strict,
            refuses_startup: settings.refuses_startup,
            leniency: settings.leniency.clone(),
            limits: settings.size_limits,
            compile: match settings.compiles {
                CompileChoice::None => None,
                CompileChoice::All | CompileChoice::Only(_) => Some(bytecode()?),
            },
            compiled: settings.compiles.clone(),
            link_mode: settings.link_mode,
            kept_form: settings.kept_form,
            cache: self.private_cache(),
            installer_name: "lock2venv".to_owned(),
            date: self.date(),
        })
    }

    fn bytecode_settings(
        &self,
        guard: &DestinationGuard,
    ) -> Result<bytecode::CompileSettings, Error> {
        let interpreter = guard.interpreter();
        let cache_tag = interpreter.bytecode.cache_tag.clone();
        Ok(bytecode::CompileSettings {
            interpreter: interpreter.base_executable.clone(),
            magic_number: interpreter.bytecode.magic_number,
            cache_tag: cache_tag.ok_or(Error::NoBytecode)?,
            n_workers: self.n_jobs(),
            cache: self.private_cache(),
            date: self.date(),
        })
    }

    pub(super) fn usage(&self) -> Use {
        Use {
            date: self.date(),
            below: self.settings.image_root.clone(),
            python: self.settings.runtime_python.clone(),
        }
    }

    /// The date of what is made here: the user's (`SOURCE_DATE_EPOCH`), or else always the same.
    pub(super) fn date(&self) -> i64 {
        self.settings
            .build
            .source_date_epoch
            .unwrap_or(DEFAULT_DATE)
    }
}
