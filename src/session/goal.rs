//! What an environment shall hold.

use crate::installed::Installed;
use crate::lock::Lock;
use crate::marker::MarkerEnvironment;
use crate::name::PackageName;
use crate::plan::{self, Action, Distribution, DistributionId, Form, Origin, WantedPackage};
use crate::pyproject::{Project, ProjectSource};
use crate::select::{self, Choice};

/// What an environment shall hold, and what becomes of the rest.
#[derive(Clone, Copy, Debug)]
pub struct Goal<'a> {
    /// The project.
    pub project: &'a Project,
    /// The lock that fits it. Its packages do not count where the project alone is installed.
    pub lock: &'a Lock,
    /// What the project was read from.
    pub project_origin: ProjectOrigin,
    /// The groups and extras.
    pub choice: &'a Choice,
    /// Which part of all that is installed.
    pub part: Part,
    /// Whether what is installed and not wanted is removed, as `poetry sync` does.
    pub removes_others: bool,
    /// Whether directory dependencies that are not there yet are left out.
    pub skips_directories: bool,
    /// Whether the project and those directory dependencies that the lock calls editable become links to their sources.
    pub is_editable: bool,
}

/// What a project was read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProjectOrigin {
    /// Its pyproject.toml.
    #[default]
    Pyproject,
    /// Its lock alone ([`LockDocument::project`](crate::lock::LockDocument::project)). Then packages come from the URLs that the
    /// lock names, with no credentials but those that Poetry's settings have for these URLs, or netrc for their hosts.
    Lock,
}

/// Which part of a project and its lock is installed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// The project and its dependencies.
    #[default]
    All,
    /// The dependencies.
    Dependencies,
    /// The project itself.
    Project,
}

impl<'a> Goal<'a> {
    /// Wants the project and what is chosen of its lock, and removes nothing else.
    pub fn new(project: &'a Project, lock: &'a Lock, choice: &'a Choice) -> Self {
        Self {
            project,
            lock,
            choice,
            project_origin: ProjectOrigin::default(),
            part: Part::All,
            removes_others: false,
            skips_directories: false,
            is_editable: false,
        }
    }

    /// Lists the packages of the lock that are wanted in `environment`.
    ///
    /// # Errors
    ///
    /// Those of [`select::select_for`].
    pub fn wanted(
        &self,
        environment: &MarkerEnvironment,
    ) -> Result<Vec<WantedPackage<'a>>, select::Error> {
        if self.part == Part::Project {
            return Ok(Vec::new());
        }
        let selected = select::select_for(self.project, self.lock, self.choice, environment)?;
        let wanted = selected.into_iter().map(|selected| WantedPackage {
            package: selected.package,
            is_requested: selected.is_direct,
        });
        Ok(wanted.collect())
    }

    /// Returns the sources of the project, where they are known.
    pub(super) fn sources(&self) -> Option<&'a [ProjectSource]> {
        match self.project_origin {
            ProjectOrigin::Pyproject => Some(&self.project.sources),
            ProjectOrigin::Lock => None,
        }
    }

    /// Returns the name of the project: without pyproject.toml, that of what was installed from its folder.
    pub(super) fn project_name(&self, installed: &Installed) -> Option<PackageName> {
        match self.project_origin {
            ProjectOrigin::Pyproject => Some(self.project.name.clone()),
            ProjectOrigin::Lock => plan::installed_from(installed, &self.project.root).cloned(),
        }
    }

    /// Returns what is done about the project itself. It is always built again, as with Poetry: nothing tells whether its
    /// sources are those that were installed.
    pub(super) fn project_action(&self, installed: &Installed) -> Option<Action> {
        let project = self.project;
        if self.part == Part::Dependencies || !project.is_package {
            return None;
        }
        let to = Distribution {
            id: DistributionId::default(),
            name: project.name.clone(),
            version: project.version.clone(),
            origin: Origin::Directory {
                path: project.root.clone(),
            },
            form: Form::Tree {
                is_editable: self.is_editable,
            },
            is_requested: true,
            next_best: None,
        };
        let mut there = installed.distributions.iter();
        Some(match there.find(|there| there.name == project.name) {
            Some(from) => Action::Replace {
                from: from.clone(),
                to,
            },
            None => Action::Install(to),
        })
    }
}
