//! `install --no-root` where there is a poetry.lock and no pyproject.toml, as in the first layer of an image.

use std::path::Path;

use lock2venv::configuration::Configuration;
use lock2venv::lock::{Location, Lock, LockDocument};
use lock2venv::name::GroupName;
use lock2venv::project_files::{Disk, Error, read_lock};
use lock2venv::select::LockChoice;
use lock2venv::session::ProjectOrigin;

use super::project::{LockedProject, RootUse};
use crate::args::Groups;
use crate::context::Context;
use crate::diagnose::{Failure, lock_warning};
use crate::provided;

/// Reads the lock of `folder`, in which and above which there is no pyproject.toml.
pub(super) fn read(
    folder: &Path,
    groups: &Groups,
    root: RootUse,
    context: &Context,
) -> Result<LockedProject, Failure> {
    let Some(text) = read_lock(folder)? else {
        return Err(Error::NotFound(folder.to_owned()).into());
    };
    if root != RootUse::LeftOut {
        return Err(needs_project(folder));
    }
    provided::check_alone(groups)?;
    let document = LockDocument::parse(&text)?;
    let lock = document.read(folder, &Disk)?;
    let project = document.project(&lock)?;
    let LockChoice { choice, left_out } = LockChoice::new(&project, &groups.into())?;
    context.say(
        "There is no pyproject.toml: whether poetry.lock is up to date is checked by the next install that has one",
    );
    if choice.has_ignored_groups {
        context.warn("`--with` and `--without` are ignored when `--only` is used");
    }
    if !left_out.is_empty() {
        context.warn(&left_out_warning(&left_out));
    }
    if let Some(warning) = document.warning() {
        context.warn(&lock_warning(&warning));
    }
    Ok(LockedProject {
        project,
        lock,
        choice,
        origin: ProjectOrigin::Lock,
    })
}

/// Warns where the lock of `folder` is not used because a project above it, in `root`, is found first, as Poetry finds it.
pub(super) fn warn_of_another(
    folder: &Path,
    root: &Path,
    context: &Context,
) -> Result<(), Failure> {
    if read_lock(folder)?.is_some() {
        context.warn(&format!(
            "`{}` is not used: there is no pyproject.toml beside it, but one in `{}`",
            folder.join("poetry.lock").display(),
            root.display()
        ));
    }
    Ok(())
}

fn needs_project(folder: &Path) -> Failure {
    let headline = format!(
        "there is no pyproject.toml in `{}` or above it",
        folder.display()
    );
    Failure::text(headline).hint(
        "poetry.lock is enough for dependencies alone: `--no-root` and the groups, such as `--only main`",
    )
}

fn left_out_warning(groups: &[GroupName]) -> String {
    let names: Vec<String> = groups.iter().map(|group| format!("`{group}`")).collect();
    format!(
        "poetry.lock does not say which groups are optional: {} left out; name groups with `--with` or `--without`",
        names.join(", ")
    )
}

/// Says of which sources of the lock the credentials are not sent, because nothing but the lock says where the source is.
pub(super) fn warn_of_credentials(
    lock: &Lock,
    configuration: &Configuration,
    context: &Context,
) -> Result<(), Failure> {
    let repositories = configuration.repositories()?;
    let mut names: Vec<&str> = Vec::new();
    for source in lock
        .packages
        .iter()
        .filter_map(|package| package.source.as_ref())
    {
        let (Location::Index(url), Some(name)) = (&source.location, &source.reference) else {
            continue;
        };
        let is_confirmed = url.parse().is_ok_and(|url| {
            let mut named = repositories.iter().filter(|known| known.is_named(name));
            named.any(|known| known.url.covers(&url))
        });
        let is_told = names.contains(&name.as_str());
        if !is_confirmed && !is_told && configuration.credentials(name)?.is_some() {
            names.push(name);
        }
    }
    for name in names {
        let variable = name.to_uppercase().replace(['-', '.'], "_");
        context.warn(&format!(
            "the credentials of `{name}` are not sent: without pyproject.toml only poetry.lock says where it is; confirm its URL with POETRY_REPOSITORIES_{variable}_URL=<URL>"
        ));
    }
    Ok(())
}
