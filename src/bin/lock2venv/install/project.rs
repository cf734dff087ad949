//! The documents of the project that is installed.

use lock2venv::lock::{Lock, LockDocument};
use lock2venv::project_files::{self, Disk, ProjectFiles};
use lock2venv::pyproject::Project;
use lock2venv::select::{Choice, DefaultGroups};
use lock2venv::session::ProjectOrigin;

use super::lock_alone;
use crate::args::Groups;
use crate::context::Context;
use crate::diagnose::{Failure, lock_warning};
use crate::provided::{self, Chosen};

/// A project, the lock that fits it, and what is chosen of that.
pub(crate) struct LockedProject {
    pub(crate) project: Project,
    pub(crate) lock: Lock,
    pub(crate) choice: Choice,
    /// What the project was read from.
    pub(crate) origin: ProjectOrigin,
}

/// Whether the project itself is wanted beside its dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RootUse {
    Included,
    LeftOut,
    /// It is wanted without its dependencies.
    Alone,
}

impl LockedProject {
    pub(crate) fn read(groups: &Groups, root: RootUse, context: &Context) -> Result<Self, Failure> {
        Self::read_checked(groups, root, context, |document, project| {
            Ok(document.check_freshness(project)?)
        })
    }

    /// Reads them after `check`, which a lock without a project is not shown to.
    pub(crate) fn read_checked(
        groups: &Groups,
        root: RootUse,
        context: &Context,
        check: impl FnOnce(&LockDocument<'_>, &Project) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let files = match ProjectFiles::read(&context.project_folder) {
            Err(project_files::Error::NotFound(folder)) => {
                return lock_alone::read(&folder, groups, root, context);
            }
            files => files?,
        };
        if files.root != context.project_folder {
            lock_alone::warn_of_another(&context.project_folder, &files.root, context)?;
        }
        let project = files.project()?;
        for warning in &project.warnings {
            context.warn(&warning.to_string());
        }
        for [one, other] in shared_variables(&project, context) {
            context.warn(&format!(
                "the sources `{one}` and `{other}` share the variables {}_…, so both get the same credentials",
                variable(other)
            ));
        }
        let text = files.lock.as_ref().ok_or_else(|| no_lock(&files.root))?;
        let document = LockDocument::parse(text)?;
        check(&document, &project)?;
        let request = groups.into();
        let choice = Choice::new(&project, &request, DefaultGroups::NonOptional)?;
        if choice.has_ignored_groups {
            context.warn("`--with` and `--without` are ignored when `--only` is used");
        }
        if let Some(warning) = document.warning() {
            context.warn(&lock_warning(&warning));
        }
        let mut lock = if root == RootUse::Alone {
            // Whatever else it holds need not be understood here.
            Lock::empty(&project.root)
        } else {
            document.read(&project.root, &Disk)?
        };
        if root != RootUse::Alone {
            let chosen = Chosen {
                document: &document,
                project: &project,
                choice: &choice,
            };
            provided::leave_out(groups, &chosen, &mut lock, context)?;
        }
        Ok(Self {
            lock,
            project,
            choice,
            origin: ProjectOrigin::Pyproject,
        })
    }
}

/// Finds sources whose names differ only in what variables cannot express, where such a variable is set.
fn shared_variables<'a>(project: &'a Project, context: &Context) -> Vec<[&'a str; 2]> {
    let names = project.sources.iter().map(|source| source.name.as_str());
    let names: Vec<&str> = names.collect();
    let is_set = |start: &str| {
        let halves = ["_USERNAME", "_PASSWORD"].map(|half| format!("{start}{half}"));
        let mut set = context.variables.keys();
        set.any(|name| halves.iter().any(|half| name.starts_with(half)))
    };
    let mut shared = Vec::new();
    for (position, other) in names.iter().enumerate() {
        let start = variable(other);
        let mut before = names[..position].iter();
        let twin = before.find(|one| variable(one) == start);
        shared.extend(twin.filter(|_| is_set(&start)).map(|one| [*one, *other]));
    }
    shared
}

/// How the variables with the credentials of a source begin.
fn variable(source: &str) -> String {
    let name = source.to_uppercase().replace(['-', '.'], "_");
    format!("POETRY_HTTP_BASIC_{name}")
}

fn no_lock(root: &std::path::Path) -> Failure {
    Failure::text(format!("there is no poetry.lock in `{}`", root.display()))
        .hint("run `poetry lock`")
}
