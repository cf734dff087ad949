//! What every command needs to know of the place it runs in.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use lock2venv::configuration::Configuration;
use lock2venv::project_files::Disk;
use lock2venv::pyproject::FileSystem as _;

use crate::args::Global;
use crate::diagnose::Failure;
use crate::report::{Verbosity, print_line, print_warning};

/// By which name the program was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// By its own.
    Lock2venv,
    /// By that of Poetry, which it stands in for.
    Poetry,
}

/// The surroundings of one run.
pub(crate) struct Context {
    /// By which name the program was called.
    pub(crate) caller: Caller,
    /// The working directory, absolute.
    pub(crate) working_folder: PathBuf,
    /// The folder that the project is looked for in, and above.
    pub(crate) project_folder: PathBuf,
    /// Whether nothing is to be kept but what was asked for.
    pub(crate) keeps_nothing: bool,
    /// Whether the authorities that are built in are trusted instead of the system's.
    uses_built_in_authorities: bool,
    /// How much is said.
    pub(crate) verbosity: Verbosity,
    /// The environment variables that are UTF-8.
    pub(crate) variables: BTreeMap<String, String>,
}

impl Context {
    pub(crate) fn new(global: &Global, caller: Caller) -> Result<Self, Failure> {
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
        let project_folder = match &global.project {
            Some(folder) => project_folder(folder, &working_folder)?,
            None => working_folder.clone(),
        };
        Ok(Self {
            caller,
            project_folder,
            working_folder,
            keeps_nothing: global.no_cache,
            uses_built_in_authorities: global.builtin_certificates,
            verbosity,
            variables: std::env::vars_os().filter_map(is_text).collect(),
        })
    }

    /// Reads what the user set, for the project in `root`.
    pub(crate) fn configuration(&self, root: &Path) -> Result<Configuration, Failure> {
        let configuration = Configuration::read(root, self.variables.clone())?;
        if self.uses_built_in_authorities {
            return Ok(configuration.with_built_in_authorities());
        }
        Ok(configuration)
    }

    /// Warns, unless quiet.
    pub(crate) fn warn(&self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            print_warning(text);
        }
    }

    /// Prints a line, unless quiet: a warning in Poetry's own words.
    pub(crate) fn say(&self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            print_line(text);
        }
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
            None => self.user_cache_folder()?,
        };
        Some(parent.join("lock2venv"))
    }

    /// The [XDG base directory], on every system; a relative one counts as unset, as that specification has it.
    ///
    /// [XDG base directory]: https://specifications.freedesktop.org/basedir-spec/latest/
    fn user_cache_folder(&self) -> Option<PathBuf> {
        let named = self.variable("XDG_CACHE_HOME").map(PathBuf::from);
        let named = named.filter(|folder| folder.is_absolute());
        named.or_else(|| Some(std::env::home_dir()?.join(".cache")))
    }
}

/// Finds the folder that `-P` names, which has to be there, as Poetry finds it: a relative path is resolved, an absolute one is
/// taken as it is. One with `..` is resolved in any case, so that the folders above it are those that it leads to.
fn project_folder(named: &Path, working_folder: &Path) -> Result<PathBuf, Failure> {
    let is_resolved =
        named.is_absolute() && !named.components().any(|part| part == Component::ParentDir);
    let folder = if is_resolved {
        named.to_owned()
    } else {
        Disk.resolve(&working_folder.join(named))
    };
    // Below a folder without permission there is nothing to be seen, not even `.`.
    let seen = std::fs::metadata(folder.join("."));
    seen.map_err(|error| Failure::not_a_directory(&folder, &error).about(&["project"]))?;
    Ok(folder)
}
