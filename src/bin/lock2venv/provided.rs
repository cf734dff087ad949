//! `--provided`: what the runtime has already is left out of what is exported, installed, downloaded and checked.

use std::collections::BTreeSet;

use lock2venv::lock::{Lock, LockDocument};
use lock2venv::name::PackageName;
use lock2venv::pyproject::{Dependency, Project};
use lock2venv::select::{Choice, direct_dependencies};

use crate::args::Groups;
use crate::context::Context;
use crate::diagnose::{Failure, meant};

/// A lock that was read, and what is chosen of it.
pub(crate) struct Chosen<'c> {
    pub(crate) document: &'c LockDocument<'c>,
    pub(crate) project: &'c Project,
    pub(crate) choice: &'c Choice,
}

/// Takes what is provided out of `lock`, the packages of the document, and says what that was.
pub(crate) fn leave_out(
    groups: &Groups,
    chosen: &Chosen<'_>,
    lock: &mut Lock,
    context: &Context,
) -> Result<(), Failure> {
    let Chosen {
        document,
        project,
        choice,
    } = chosen;
    let provided = names(groups);
    if provided.is_empty() {
        return Ok(());
    }
    if !lock.has_groups {
        let text = "`--provided` needs a poetry.lock of version 2.1";
        return Err(misuse(text).hint("lock again with Poetry 2: `poetry lock`"));
    }
    check(&provided, lock, project)?;
    let direct = direct_dependencies(project, choice).into_iter();
    let wanted = direct.filter(|dependency| is_wanted(dependency, choice));
    let roots: Vec<_> = wanted
        .map(|dependency| (dependency.name.clone(), dependency.extras.clone()))
        .collect();
    let left_out = document.leave_out(lock, &provided, &roots);
    let left_out: Vec<&str> = left_out.iter().map(PackageName::as_str).collect();
    context.say(&format!("Left out as provided: {}", left_out.join(", ")));
    Ok(())
}

/// Refuses the flag where there is no pyproject.toml: what the project asks for itself is not in a lock.
pub(crate) fn check_alone(groups: &Groups) -> Result<(), Failure> {
    if names(groups).is_empty() {
        return Ok(());
    }
    let text = "`--provided` needs pyproject.toml";
    Err(misuse(text)
        .hint("only pyproject.toml tells what the project needs itself, whatever else needs it"))
}

/// Reads the value of the flag, which names at least one package.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    let is_name = |part: &str| !part.trim().is_empty();
    if text.split(',').any(is_name) {
        Ok(text.to_owned())
    } else {
        Err("no package is named".to_owned())
    }
}

fn names(groups: &Groups) -> BTreeSet<PackageName> {
    let names = groups.provided.iter().flat_map(|names| names.split(','));
    let names = names.map(str::trim).filter(|name| !name.is_empty());
    names.map(PackageName::new).collect()
}

fn is_wanted(dependency: &Dependency, choice: &Choice) -> bool {
    let is_chosen = |extra| choice.extras.contains(extra);
    !dependency.is_optional || dependency.in_extras.iter().any(is_chosen)
}

fn check(provided: &BTreeSet<PackageName>, lock: &Lock, project: &Project) -> Result<(), Failure> {
    let locked: BTreeSet<&str> = lock
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let Some(unknown) = provided.iter().find(|name| !locked.contains(name.as_str())) else {
        return Ok(());
    };
    if *unknown == project.name {
        let text = format!("`--provided` names `{}`, the project itself", project.name);
        return Err(misuse(&text).hint("to leave the project itself out: `--no-root`"));
    }
    let failure = misuse(&format!(
        "poetry.lock has no package `{}`",
        unknown.as_str()
    ));
    Err(match meant(unknown.as_str(), locked) {
        Some(name) => failure.hint(format!("did you mean `{name}`?")),
        None => {
            failure.hint("what is not locked is not installed: leave the name out of `--provided`")
        }
    })
}

fn misuse(text: &str) -> Failure {
    Failure::text(text.to_owned()).misuse().about(&["provided"])
}
