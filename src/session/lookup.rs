//! Where an interpreter is looked for: the surroundings of the process as values.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::interpreter::{self, Interpreter, InterpreterRequest, Search, Shims};
use crate::store::PrivateCache;
use crate::version::VersionConstraint;

/// Where to look for an interpreter, besides in the environment itself. By default nowhere.
#[derive(Clone, Debug, Default)]
pub struct InterpreterLookup {
    /// The interpreter that was asked for.
    pub request: Option<InterpreterRequest>,
    /// The value of `VIRTUAL_ENV`.
    pub virtual_env: Option<PathBuf>,
    /// The value of `PATH`.
    pub path: Option<OsString>,
    /// The folders in which version managers keep Pythons: [`managed_folders`](crate::interpreter::managed_folders).
    pub managed: Vec<PathBuf>,
    /// The value of `PYENV_VERSION`.
    pub pyenv_version: Option<String>,
    /// The working directory, absolute, by which shims of pyenv are resolved; without it they are run.
    pub working_folder: Option<PathBuf>,
}

impl InterpreterLookup {
    /// Finds the interpreter for the environment at `root`, without a look at that; nothing is cached.
    ///
    /// # Errors
    ///
    /// Those of [`Search::find`].
    pub fn find(
        &self,
        root: &Path,
        requires_python: &VersionConstraint,
    ) -> Result<Interpreter, interpreter::Error> {
        self.search(root, requires_python, None).find()
    }

    /// Returns the search for the interpreter of the environment at `root`; `cache` keeps what interpreters
    /// said of themselves.
    pub(super) fn search<'a>(
        &'a self,
        root: &Path,
        requires_python: &'a VersionConstraint,
        cache: Option<&'a PrivateCache>,
    ) -> Search<'a> {
        Search {
            request: self.request.as_ref(),
            // The environment itself may be the active one: it is looked at for itself, and is no reason to keep itself.
            virtual_env: self
                .virtual_env
                .as_deref()
                .filter(|active| !is_at(active, root)),
            path: self.path.as_deref(),
            managed: &self.managed,
            requires_python,
            cache,
            shims: self.working_folder.as_deref().map(|working_folder| Shims {
                pyenv_version: self.pyenv_version.as_deref(),
                working_folder,
            }),
        }
    }
}

/// Tells whether the active environment, which `VIRTUAL_ENV` names, is the one at `root`.
pub(super) fn is_at(active: &Path, root: &Path) -> bool {
    let resolved = |path: &Path| fs::canonicalize(path).ok();
    active == root || resolved(active).is_some_and(|active| resolved(root) == Some(active))
}
