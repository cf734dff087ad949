//! The git that a run uses, found once it is needed.

use std::ffi::OsString;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::configuration::{self, Configuration};
use crate::git::{self, Git};
use crate::process::Stop;
use crate::url::{Credentials, WrittenUrl};

/// What git is started with.
#[derive(Clone, Default)]
pub struct GitSettings {
    /// The variables of this process: what git itself and its helpers want to know.
    pub variables: Vec<(OsString, OsString)>,
    /// Poetry's settings, for the credentials of repositories.
    pub configuration: Configuration,
    /// Ends git.
    pub stop: Stop,
}

impl fmt::Debug for GitSettings {
    /// Shows neither variables nor settings, which may hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GitSettings")
            .finish_non_exhaustive()
    }
}

/// The git of one run, shared by its threads.
#[derive(Clone)]
pub(super) struct Repositories<'a> {
    settings: &'a GitSettings,
    git: Arc<Mutex<Option<Git>>>,
}

impl<'a> Repositories<'a> {
    pub(super) fn new(settings: &'a GitSettings) -> Self {
        Self {
            settings,
            git: Arc::default(),
        }
    }

    /// Returns the git on `PATH`; it is looked for by the first who asks.
    pub(super) fn git(&self) -> Result<Git, git::Error> {
        let mut git = self.git.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(git) = &*git {
            return Ok(git.clone());
        }
        let found = Git::find(self.settings.variables.iter().cloned(), self.stop())?;
        Ok(git.insert(found).clone())
    }

    /// Returns the credentials that Poetry's settings have for a repository.
    pub(super) fn credentials(
        &self,
        url: &WrittenUrl,
    ) -> Result<Option<Credentials>, configuration::Error> {
        self.settings.configuration.git_credentials(url)
    }

    pub(super) fn stop(&self) -> &'a Stop {
        &self.settings.stop
    }
}
