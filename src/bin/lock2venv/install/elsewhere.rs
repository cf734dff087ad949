//! Says so when Poetry would have put packages into another place than this program does.
//!
//! Poetry fills the environment that is active, and with `virtualenvs.create = false` the Python that it runs on. Here packages
//! go to `.venv` beside pyproject.toml, or to where `--venv` says: an active environment may be that of another project, and
//! `--sync` would empty it. A Dockerfile that counts on Poetry's way has to learn of it, or its image starts without packages.

use std::path::{Path, PathBuf};

use fs_err as fs;
use lock2venv::configuration::{self, Configuration};
use lock2venv::environment::Environment;

use crate::args::Install;
use crate::context::Context;

/// Returns what to say, if anything, before packages go to `root` because nobody named a place.
pub(super) fn warning(
    arguments: &Install,
    context: &Context,
    configuration: &Configuration,
    root: &Path,
) -> Result<Option<String>, configuration::Error> {
    if arguments.venv.is_some() {
        return Ok(None);
    }
    let root_shown = root.display();
    if let Some(active) = active(context, root) {
        return Ok(Some(format!(
            "`VIRTUAL_ENV` names `{0}`, which is not filled: packages go to `{root_shown}`; to fill the other: `--venv {0}`",
            active.display()
        )));
    }
    if configuration.creates_environments()? {
        return Ok(None);
    }
    Ok(Some(format!(
        "`virtualenvs.create` is false, but nothing is installed into the system's Python: packages go to `{root_shown}`; put `{}` on `PATH`",
        root.join("bin").display()
    )))
}

/// Tells whether the active environment, which `VIRTUAL_ENV` names, is the one at `root`.
pub(super) fn is_at(active: &Path, root: &Path) -> bool {
    let resolved = |path: &Path| fs::canonicalize(path).ok();
    active == root || resolved(active).is_some_and(|active| resolved(root) == Some(active))
}

/// The active environment, when it is there and another one.
fn active(context: &Context, root: &Path) -> Option<PathBuf> {
    let active = context
        .working_folder
        .join(context.variable("VIRTUAL_ENV")?);
    let is_there = matches!(Environment::read(&active), Ok(Some(_)));
    (is_there && !is_at(&active, root)).then_some(active)
}
