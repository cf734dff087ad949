//! The place of a project's environment: as named, else where the program that was called has it.

use std::path::{Path, PathBuf};

use lock2venv::configuration::Configuration;
use lock2venv::environment::Environment;
use lock2venv::pyproject::Project;
use lock2venv::session::{Elsewhere, Placement};

use crate::context::{Caller, Context};
use crate::diagnose::Failure;
use crate::install::settings;

/// What is filled where there is to be no environment, as Poetry fills the Python that it runs on.
pub(crate) const SYSTEM_PYTHON: &str = "python3";

/// What to do where the Python itself cannot be filled.
pub(crate) const MAKE_ONE: &str = "make an environment: set POETRY_VIRTUALENVS_CREATE=true and POETRY_VIRTUALENVS_IN_PROJECT=true, \
    and put its .venv/bin on PATH; or set VIRTUAL_ENV to one that `python -m venv` made";

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// The environment, as `--venv` names it.
    pub(crate) venv: Option<&'a Path>,
    /// The interpreter, as `--python` names it.
    pub(crate) python: Option<&'a str>,
}

/// Where an environment is, or will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a folder that is ours to fill, and to fill again.
    Own(PathBuf),
    /// It is the active environment, which is never made again.
    Active(PathBuf),
    /// It is the installation of the Python that is found, for `virtualenvs.create` is false.
    Python(PathBuf),
}

impl Place {
    /// Finds the place for the environment of `project`.
    pub(crate) fn find(
        asked: Asked<'_>,
        project: &Project,
        configuration: &Configuration,
        context: &Context,
    ) -> Result<Self, Failure> {
        if let Some(folder) = asked.venv {
            return Ok(Self::Own(context.working_folder.join(folder)));
        }
        if context.caller == Caller::Lock2venv {
            return Ok(Self::Own(project.root.join(".venv")));
        }
        match placement(asked.python, project, configuration, context)? {
            Placement::InProject(folder) | Placement::Central(folder) => Ok(Self::Own(folder)),
            Placement::Active(folder) => match Environment::read(&folder) {
                Ok(Some(_)) => Ok(Self::Active(folder)),
                _ => Err(not_an_environment(&folder)),
            },
            Placement::System => {
                python(asked.python, project, configuration, context).map(Self::Python)
            }
        }
    }

    /// Returns the folder.
    pub(crate) fn folder(&self) -> &Path {
        match self {
            Self::Own(folder) | Self::Active(folder) | Self::Python(folder) => folder,
        }
    }
}

/// Finds where Poetry has the environment of `project`, whose interpreter may be named.
pub(crate) fn placement(
    python: Option<&str>,
    project: &Project,
    configuration: &Configuration,
    context: &Context,
) -> Result<Placement, Failure> {
    let lookup = settings::lookup(python, context, configuration)?;
    let active = active(context);
    let found = Placement::find(project, configuration, active.as_deref(), &lookup);
    Ok(found?)
}

/// Conda's own environment counts as none, as with Poetry: most of its users have it active all the time.
fn active(context: &Context) -> Option<PathBuf> {
    let set = context.variables.get("VIRTUAL_ENV");
    let set = set.or_else(|| context.variables.get("CONDA_PREFIX"));
    let is_base = context.variable("CONDA_DEFAULT_ENV") == Some("base");
    let set = set.filter(|set| !set.is_empty() && !is_base);
    set.map(|set| context.working_folder.join(set))
}

fn not_an_environment(folder: &Path) -> Failure {
    let headline = format!(
        "the active environment `{}` is not a virtual environment, and lock2venv installs into no other",
        folder.display()
    );
    Failure::text(headline).hint(
        "unset VIRTUAL_ENV and CONDA_PREFIX, or let VIRTUAL_ENV name what `python -m venv` made",
    )
}

/// Finds the Python that is filled where Poetry makes no environment: the first `python3` on `PATH`, unless another is named.
fn python(
    named: Option<&str>,
    project: &Project,
    configuration: &Configuration,
    context: &Context,
) -> Result<PathBuf, Failure> {
    let named = named.unwrap_or(SYSTEM_PYTHON);
    let lookup = settings::lookup(Some(named), context, configuration)?;
    let found = lookup.find(&project.root, &project.python_constraint);
    match found {
        Ok(python) => Ok(python.base_prefix),
        Err(error) => Err(Failure::from(error).hint(MAKE_ONE)),
    }
}

/// Warns where Poetry would fill another place than `root`, unless that was named.
pub(crate) fn warn_of_elsewhere(
    named: Option<&Path>,
    root: &Path,
    configuration: &Configuration,
    context: &Context,
) -> Result<(), Failure> {
    if named.is_some() || context.caller == Caller::Poetry {
        return Ok(());
    }
    let active = context.variable("VIRTUAL_ENV");
    let active = active.map(|active| context.working_folder.join(active));
    let root_shown = root.display();
    match Elsewhere::find(root, active.as_deref(), configuration)? {
        None => {}
        Some(Elsewhere::Active(active)) => context.warn(&format!(
            "`VIRTUAL_ENV` names `{0}`, but packages are installed into `{root_shown}`; to use the other: `--venv {0}`",
            active.display()
        )),
        Some(Elsewhere::System) => context.warn(&format!(
            "`virtualenvs.create` is false, but packages are installed into `{root_shown}`, not into the system's Python; put `{}` on `PATH`",
            root.join("bin").display()
        )),
    }
    Ok(())
}
