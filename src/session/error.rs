//! Why an environment was not filled.

use std::path::PathBuf;

use thiserror::Error;

use super::{Interrupted, Recreation};
use crate::event::{DistributionFormat, SessionEvent};
use crate::name::PackageName;
use crate::{
    builder, configuration, environment, index, install, interpreter, plan, prepare, project_wheel,
    pyproject, select, store, wheelhouse,
};

/// Why an environment was not filled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The cache folder is inside of the environment, and would be removed with it.
    #[error("the cache `{}` would be inside the environment `{}`", cache.display(), environment.display())]
    CacheInside {
        /// The cache folder.
        cache: PathBuf,
        /// The environment.
        environment: PathBuf,
    },
    /// The environment would be the whole root of an image.
    #[error("the environment would be all of `{}`, the root of the image", .0.display())]
    WholeImage(PathBuf),
    /// The interpreter that will run the environment is another one than it is made for.
    #[error("`{}` is {found}, but the environment is made for {wanted}", path.display())]
    RuntimePython {
        /// The interpreter.
        path: PathBuf,
        /// Its implementation and version, as far as known.
        found: String,
        /// Implementation and version that the environment is made for.
        wanted: String,
    },
    /// The interpreter that will run the environment is here, and does not answer like one.
    #[error(transparent)]
    RuntimePythonUnusable(interpreter::Error),
    /// The interpreter that will run the environment is to be found relative to nobody knows what.
    #[error("`{}` is not an absolute path", .0.display())]
    RuntimePythonNotAbsolute(PathBuf),
    /// Packages cannot be installed into the Python itself.
    #[error("packages cannot be installed into the Python `{}` itself", python.display())]
    OwnPython {
        /// The interpreter.
        python: PathBuf,
        /// Why not.
        source: interpreter::OwnSchemeFault,
    },
    /// A setting of Poetry's makes no sense.
    #[error(transparent)]
    Configuration(#[from] configuration::Error),
    /// pyproject.toml cannot be read.
    #[error(transparent)]
    Project(#[from] pyproject::Error),
    /// There is no interpreter that can be used.
    #[error(transparent)]
    Interpreter(#[from] interpreter::Error),
    /// The environment cannot be read, made or published.
    #[error(transparent)]
    Environment(#[from] environment::Error),
    /// The environment has to be made again, and holds what is not an environment's.
    #[error("the environment has to be recreated ({reason}), but it cannot be removed")]
    NotRemovable {
        /// Why it has to be made again.
        reason: Box<Recreation>,
        /// What keeps it from being removed.
        source: environment::Error,
    },
    /// The lock does not give what was chosen.
    #[error(transparent)]
    Select(#[from] select::Error),
    /// What was chosen cannot be installed here.
    #[error(transparent)]
    Plan(#[from] plan::Error),
    /// Bytecode was asked for, and the interpreter keeps none.
    #[error("this Python does not store bytecode")]
    NoBytecode,
    /// The cache cannot be used.
    #[error(transparent)]
    Cache(#[from] store::Error),
    /// Repositories are in a wheelhouse only as the wheels that are built of them.
    #[error("{} git dependencies can only be downloaded as wheels", packages.len())]
    OnlyBuilt {
        /// The packages.
        packages: Vec<PackageName>,
    },
    /// A folder of files cannot be read or filled.
    #[error(transparent)]
    Wheelhouse(#[from] wheelhouse::Error),
    /// No index can be asked.
    #[error(transparent)]
    Index(#[from] index::Error),
    /// Wheels could not be fetched, proven or built.
    #[error(transparent)]
    Prepare(Box<prepare::Error>),
    /// Files could not be put in place.
    #[error(transparent)]
    Install(#[from] install::Error),
    /// The wheel of the project cannot be built.
    #[error("the wheel of `{name}` cannot be built")]
    ProjectWheel {
        /// The project.
        name: PackageName,
        /// Why not.
        source: Box<project_wheel::Error>,
    },
    /// The project's backend could not build a distribution, or its build environment could not be made.
    #[error("the {format} of `{name}` cannot be built")]
    ProjectBuild {
        /// The project.
        name: PackageName,
        /// What was built.
        format: DistributionFormat,
        /// Why not.
        source: Box<builder::Error>,
    },
    /// The folder for distributions cannot be emptied.
    #[error("cannot empty the folder `{}`", folder.display())]
    Clean {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The folder for distributions is to be emptied, and holds the project.
    #[error("the folder `{}` contains the project, so it is not emptied", folder.display())]
    CleanProject {
        /// The folder.
        folder: PathBuf,
    },
    /// Another process was quicker: the same call again finds a new state of things.
    #[error(transparent)]
    Raced(#[from] Race),
    /// Copies in the cache were damaged. They are gone, and the same call again fetches them.
    #[error("{} copies in the cache were damaged", names.len())]
    Damaged {
        /// The names of what was damaged.
        names: Vec<String>,
    },
    /// Something else went wrong after damaged copies were removed from the cache.
    #[error("damaged copies were removed from the cache, and could not be replaced")]
    AfterDamage {
        /// The names of what was damaged.
        names: Vec<String>,
        /// What went wrong.
        source: Box<Error>,
    },
    /// Other processes were quicker each time.
    #[error("other processes change the environment or the cache all the time")]
    AlwaysRaced,
    /// The process was asked to end.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// What another process was quicker with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Race {
    /// It made the environment.
    #[error("another process created this environment meanwhile")]
    Environment,
    /// It changed the cache.
    #[error("another process changed the cache meanwhile")]
    Cache,
}

impl From<prepare::Error> for Error {
    fn from(error: prepare::Error) -> Self {
        Self::Prepare(Box::new(error))
    }
}

impl Race {
    pub(super) fn event(self) -> SessionEvent<'static> {
        match self {
            Self::Environment => SessionEvent::EnvironmentRaced,
            Self::Cache => SessionEvent::CacheRaced,
        }
    }
}

impl Error {
    /// Tells whether another process removed or replaced what this one had found in the cache.
    pub(super) fn is_of_a_changed_cache(&self) -> bool {
        let is_installed = matches!(self, Self::Install(install::Error::Changed { .. }));
        let is_prepared = |error: &prepare::Error| matches!(error, prepare::Error::Vanished { .. });
        is_installed || matches!(self, Self::Prepare(error) if is_prepared(error))
    }

    /// Keeps with the error why files were fetched again.
    pub(super) fn after_damage(self, names: Vec<String>) -> Self {
        if names.is_empty() || matches!(self, Self::Interrupted(_)) {
            return self;
        }
        Self::AfterDamage {
            names,
            source: Box::new(self),
        }
    }
}
