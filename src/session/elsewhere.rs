//! Tells when Poetry would put packages into another place than the environment that is filled.
//!
//! Poetry fills the environment that is active, and with `virtualenvs.create = false` the Python that it runs on. A session
//! fills the one that it is given, by custom `.venv` beside pyproject.toml: an active environment may be that of another
//! project, and removing what the lock does not have would empty it. Who counts on Poetry's way has to learn of it, or an
//! image starts without packages.

use std::path::{Path, PathBuf};

use super::lookup::is_at;
use crate::configuration::{self, Configuration};
use crate::environment::Environment;

/// The place that Poetry would fill instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// The active environment.
    Active(PathBuf),
    /// The Python that Poetry runs on, for `virtualenvs.create` is false.
    System,
}

impl Elsewhere {
    /// Finds the place that Poetry would fill instead of the environment at `root`, if it is another; `active` is the
    /// environment that `VIRTUAL_ENV` names, absolute.
    ///
    /// # Errors
    ///
    /// A value of `virtualenvs.create` that makes no sense.
    pub fn find(
        root: &Path,
        active: Option<&Path>,
        configuration: &Configuration,
    ) -> Result<Option<Self>, configuration::Error> {
        if let Some(active) = active.filter(|active| is_other(active, root)) {
            return Ok(Some(Self::Active(active.to_owned())));
        }
        let is_system = !configuration.creates_environments()?;
        Ok(is_system.then_some(Self::System))
    }
}

/// Tells whether `active` is an environment, and another one than that at `root`.
fn is_other(active: &Path, root: &Path) -> bool {
    matches!(Environment::read(active), Ok(Some(_))) && !is_at(active, root)
}
