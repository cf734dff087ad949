//! The project that is installed: its documents, and what of its lock is wanted.

use std::path::PathBuf;

use lock2venv::installed::Installed;
use lock2venv::lock::{Document, Lock};
use lock2venv::marker::MarkerEnvironment;
use lock2venv::name::PackageName;
use lock2venv::plan::{Action, Distribution, DistributionId, Form, Origin, Wanted};
use lock2venv::project_files::{Disk, ProjectFiles};
use lock2venv::pyproject::Project;
use lock2venv::select::{self, Choice, DefaultGroups};
use lock2venv::url::WrittenUrl;

use crate::args::Install;
use crate::context::Context;
use crate::diagnose::{Failure, lock_warning};

/// A project and the lock that fits it.
pub(super) struct LockedProject {
    pub(super) root: PathBuf,
    pub(super) name: PackageName,
    pub(super) project: Project,
    lock: Lock,
    choice: Choice,
}

impl LockedProject {
    pub(super) fn read(arguments: &Install, context: &Context) -> Result<Self, Failure> {
        let files = ProjectFiles::read(&context.project_folder)?;
        let project = files.project()?;
        for warning in &project.warnings {
            context.warn(&warning.to_string());
        }
        let text = files.lock.as_ref().ok_or_else(|| no_lock(&files.root))?;
        let document = Document::parse(text)?;
        document.check_freshness(&project)?;
        let request = (&arguments.groups).into();
        let choice = Choice::new(&project, &request, DefaultGroups::NonOptional)?;
        if choice.has_ignored_groups {
            context.warn("`--with` and `--without` are ignored when `--only` is used");
        }
        if let Some(warning) = document.warning() {
            context.warn(&lock_warning(&warning));
        }
        Ok(Self {
            name: project.name.clone(),
            lock: document.read(&project.root, &Disk)?,
            root: files.root,
            project,
            choice,
        })
    }

    /// Lists the packages of the lock that are wanted in `environment`.
    pub(super) fn wanted(
        &self,
        arguments: &Install,
        environment: &MarkerEnvironment,
    ) -> Result<Vec<Wanted<'_>>, Failure> {
        if arguments.only_root {
            return Ok(Vec::new());
        }
        let selected = select::select_for(&self.project, &self.lock, &self.choice, environment)?;
        let wanted = selected.into_iter().map(|selected| Wanted {
            package: selected.package,
            is_requested: selected.is_direct,
        });
        Ok(wanted.collect())
    }

    /// Returns what is done about the project itself. It is always built anew, as with Poetry: nothing tells whether its
    /// sources are those that were installed.
    pub(super) fn action(&self, arguments: &Install, installed: &Installed) -> Option<Action> {
        if arguments.no_root || !self.project.is_package {
            return None;
        }
        let new = Distribution {
            id: DistributionId::default(),
            name: self.name.clone(),
            version: self.project.version.clone(),
            origin: Origin::Directory {
                path: self.root.clone(),
            },
            form: Form::Tree {
                is_editable: arguments.editable,
            },
            is_requested: true,
        };
        let mut there = installed
            .distributions
            .iter()
            .filter(|there| there.name == self.name);
        Some(match there.next() {
            Some(from) => Action::Replace {
                from: from.clone(),
                to: new,
            },
            None => Action::Install(new),
        })
    }

    /// Lists the sources of pyproject.toml that are not PyPI, by name and address.
    pub(super) fn sources(&self) -> impl Iterator<Item = (String, WrittenUrl)> {
        let sources = self.project.sources.iter();
        sources.filter_map(|source| Some((source.name.clone(), source.url.clone()?)))
    }
}

fn no_lock(root: &std::path::Path) -> Failure {
    Failure::text(format!("there is no poetry.lock in `{}`", root.display()))
        .hint("run `poetry lock`")
}
