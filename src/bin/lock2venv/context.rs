//! What every command needs to know of the place it runs in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use crate::args::Global;
use crate::diagnose::Failure;
use crate::report::Verbosity;

/// The surroundings of one run.
pub(crate) struct Context {
    /// The working directory, absolute.
    pub(crate) working_folder: PathBuf,
    /// The folder that the project is looked for in, and above.
    pub(crate) project_folder: PathBuf,
    /// How much is said.
    pub(crate) verbosity: Verbosity,
    /// The environment variables that are UTF-8.
    pub(crate) variables: BTreeMap<String, String>,
}

impl Context {
    pub(crate) fn new(global: &Global) -> Result<Self, Failure> {
        let here = Path::new(".");
        let working_folder =
            std::env::current_dir().map_err(|error| Failure::folder(here, &error))?;
        let verbosity = match (global.quiet, global.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, _) => Verbosity::Verbose,
        };
        let is_text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Ok(Self {
            project_folder: global.project.as_ref().map_or_else(
                || working_folder.clone(),
                |folder| working_folder.join(folder),
            ),
            working_folder,
            verbosity,
            variables: std::env::vars_os().filter_map(is_text).collect(),
        })
    }

    /// Returns the value of an environment variable that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Returns the cache's folder: as asked for, else `lock2venv` in the folder that Poetry was told to use
    /// (`POETRY_CACHE_DIR`), else in the user's cache folder; `None` without a home.
    pub(crate) fn cache_folder(&self, asked: Option<&Path>) -> Option<PathBuf> {
        if let Some(folder) = asked {
            return Some(self.working_folder.join(folder));
        }
        let parent = match self.variable("POETRY_CACHE_DIR") {
            Some(folder) => self.working_folder.join(folder),
            None => etcetera::choose_base_strategy().ok()?.cache_dir(),
        };
        Some(parent.join("lock2venv"))
    }
}
