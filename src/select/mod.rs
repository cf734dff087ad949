//! Which packages of a lock a choice of groups and extras takes, and under which markers.
//!
//! Locks of version 2.1 tell it of each package, group by group. Older ones have to be walked from the project's requirements
//! (see `walk`). Either way the outcome is a [`Selection`], from which `export` makes text. What to install in one known
//! environment is another question, which [`select_for`] answers: there no marker is left open.

mod alone;
mod choice;
mod solver;
mod walk;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use crate::lock::{Lock, Package};
use crate::marker::{Marker, MarkerEnvironment};
use crate::name::{ExtraName, PackageName};
use crate::pyproject::{Dependency, Project};
use crate::source::are_same;

pub use alone::LockChoice;
pub use choice::{Choice, DefaultGroups, Request, UnknownGroup};
pub use solver::Unserved;

/// The packages of a lock that are wanted, each under its marker.
#[derive(Clone, Debug)]
pub struct Selection<'a> {
    /// The packages. Several versions of one package may be here, under markers of their own; in selections from older locks
    /// one version may occur several times with different extras.
    pub packages: Vec<Selected<'a>>,
    /// Whether the markers already hold the Pythons of project and package. They do in selections from locks before version
    /// 2.1; in others they are those of the lock.
    pub has_python_markers: bool,
}

/// One wanted package.
#[derive(Clone, Debug)]
pub struct Selected<'a> {
    /// The package.
    pub package: &'a Package,
    /// Where it is wanted.
    pub marker: Marker,
    /// The extras with which it is wanted, as far as known; locks of version 2.1 do not tell.
    pub extras: BTreeSet<ExtraName>,
    /// Whether the project itself asks for it, in one of the chosen groups.
    pub is_direct: bool,
}

/// Why no selection could be made. The text is Poetry's where Poetry has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Extras were named and all of them asked for.
    #[error("You cannot specify explicit `--extras` while exporting using `--all-extras`.")]
    ExtrasAndAllExtras,
    /// Groups were named and all of them asked for.
    #[error(
        "You cannot specify explicit `--with`, `--without`, or `--only` while exporting using `--all-groups`."
    )]
    GroupsAndAllGroups,
    /// The project has no such extras.
    #[error("Extra [{}] is not specified.", join(unknown))]
    UnknownExtras {
        /// Those it does not have.
        unknown: Vec<ExtraName>,
        /// Those it has.
        defined: Vec<ExtraName>,
    },
    /// The project has no such groups.
    #[error("Group(s) not found: {}", join_unknown(unknown))]
    UnknownGroups {
        /// Those it does not have.
        unknown: Vec<UnknownGroup>,
        /// Those it has.
        defined: Vec<crate::name::GroupName>,
    },
    /// There is no project, and no group was named.
    #[error("without pyproject.toml, groups have to be named")]
    GroupsNotNamed {
        /// Those that the lock has packages of.
        locked: Vec<crate::name::GroupName>,
    },
    /// There is no project, and these groups were neither taken nor left out.
    #[error(
        "poetry.lock does not say whether groups are optional: {}",
        join_groups(groups)
    )]
    GroupsUndecided {
        /// The groups.
        groups: Vec<crate::name::GroupName>,
    },
    /// There is no project, and the lock does not have what was asked for.
    #[error("poetry.lock has no {what} {}", unknown.join(", "))]
    NotInLock {
        /// Groups or extras.
        what: Missing,
        /// Those that it does not have.
        unknown: Vec<String>,
        /// Those that it has.
        locked: Vec<String>,
    },
    /// The project contradicts itself.
    #[error(transparent)]
    Project(#[from] crate::pyproject::Error),
    /// The walk through an older lock found no package for a requirement.
    #[error("Dependency walk failed at {0}")]
    WalkFailed(String),
    /// The walk through an older lock came to need two versions of a package at once.
    #[error(
        "The `{name}` package has the following compatible candidates `[{}]`;  but, the exporter dependency walker previously elected `{elected}` which is not compatible with the dependency `{requirement}`. Please relock with Poetry 2.0 or later to solve this issue.",
        candidates.join(", ")
    )]
    WalkConflict {
        /// The package.
        name: PackageName,
        /// The versions that the requirement allows, as Poetry prints them.
        candidates: Vec<String>,
        /// The version chosen before.
        elected: String,
        /// The requirement.
        requirement: String,
    },
    /// No package of an older lock serves these requirements of one package at once, on the environment's Python.
    #[error("no locked version satisfies {}", join_unserved(.0))]
    NotLocked(Vec<Unserved>),
}

/// What a lock does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Packages of a group.
    Group,
    /// An extra.
    Extra,
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Group => "package of the group",
            Self::Extra => "extra",
        })
    }
}

fn join_unserved(unserved: &[Unserved]) -> String {
    let parts = unserved.iter().map(|unserved| match &unserved.by {
        Some((name, version)) => format!("`{}` of {name} {version}", unserved.requirement),
        None => format!("`{}` of the project", unserved.requirement),
    });
    parts.collect::<Vec<_>>().join(" and ")
}

fn join(names: &[ExtraName]) -> String {
    let names: Vec<&str> = names.iter().map(ExtraName::as_str).collect();
    names.join(", ")
}

fn join_groups(groups: &[crate::name::GroupName]) -> String {
    let names: Vec<&str> = groups.iter().map(crate::name::GroupName::as_str).collect();
    names.join(", ")
}

fn join_unknown(unknown: &[UnknownGroup]) -> String {
    let parts = unknown.iter().map(|unknown| {
        let options: Vec<String> = unknown
            .options
            .iter()
            .map(|option| format!("--{option}"))
            .collect();
        format!("{} (via {})", unknown.group, options.join(", "))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// Selects the packages of `lock` that `choice` takes, as `poetry export` does.
///
/// # Errors
///
/// [`Error::Project`], and for locks before version 2.1 [`Error::WalkFailed`] and [`Error::WalkConflict`].
pub fn select<'a>(
    project: &Project,
    lock: &'a Lock,
    choice: &Choice,
) -> Result<Selection<'a>, Error> {
    if lock.has_groups {
        return Ok(select_groups(project, lock, choice));
    }
    walk::select(project, lock, choice)
}

/// Selects the packages of `lock` that `choice` takes in `environment`, ordered by name, as `poetry install` does.
///
/// Locks of version 2.1 tell the markers of each package. With older ones the project's requirements are solved again, with
/// the lock as the only index; so a lock that cannot be exported may well be installed.
///
/// # Errors
///
/// [`Error::UnknownExtras`] when the lock lacks an extra, [`Error::Project`], and for locks before version 2.1
/// [`Error::NotLocked`].
pub fn select_for<'a>(
    project: &Project,
    lock: &'a Lock,
    choice: &Choice,
    environment: &MarkerEnvironment,
) -> Result<Vec<Selected<'a>>, Error> {
    check_extras(lock, choice)?;
    if !lock.has_groups {
        return solver::select(project, lock, choice, environment);
    }
    let extras: Vec<ExtraName> = choice.extras.iter().cloned().collect();
    let selection = select_groups(project, lock, choice);
    let selected = selection.on(environment, &extras);
    Ok(selected.into_iter().cloned().collect())
}

/// Checks that the lock knows the chosen extras, as `poetry install` does and `poetry export` does not.
fn check_extras(lock: &Lock, choice: &Choice) -> Result<(), Error> {
    let is_locked = |extra: &ExtraName| lock.extras.iter().any(|(locked, _)| locked == extra);
    let unknown: Vec<ExtraName> = choice
        .extras
        .iter()
        .filter(|extra| !is_locked(extra))
        .cloned()
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let defined = lock.extras.iter().map(|(extra, _)| extra.clone()).collect();
    Err(Error::UnknownExtras { unknown, defined })
}

impl<'a> Selection<'a> {
    /// Returns the packages that are wanted in `environment`, ordered by name.
    ///
    /// A package whose marker does not hold there is left out, and so is one that does not support its Python.
    pub fn on(&self, environment: &MarkerEnvironment, extras: &[ExtraName]) -> Vec<&Selected<'a>> {
        let mut wanted: Vec<&Selected<'a>> = self
            .packages
            .iter()
            .filter(|selected| selected.marker.evaluate(environment, extras))
            .collect();
        wanted.sort_by(|one, other| one.package.name.cmp(&other.package.name));
        wanted.dedup_by(|one, other| std::ptr::eq(one.package, other.package));
        wanted
    }
}

/// Selects by the groups and markers that a lock of version 2.1 tells.
#[allow(
    clippy::mutable_key_type,
    reason = "what a marker remembers inside is no part of its equality"
)]
fn select_groups<'a>(project: &Project, lock: &'a Lock, choice: &Choice) -> Selection<'a> {
    let extras: Vec<ExtraName> = choice.extras.iter().cloned().collect();
    let direct = direct_names(project, choice);
    let mut applied: HashMap<Vec<Marker>, Marker> = HashMap::new();
    let mut packages = Vec::with_capacity(lock.packages.len());
    for (package, groups) in distinct(&lock.packages) {
        let mut markers: Vec<Marker> = Vec::new();
        for name in sorted_groups(choice) {
            let group = groups.iter().find(|(group, _)| group == name);
            markers.extend(group.map(|(_, marker)| marker.clone()));
        }
        if markers.is_empty() {
            continue;
        }
        let marker = applied
            .entry(markers)
            .or_insert_with_key(|markers| apply(markers, &extras))
            .clone();
        if marker.is_empty() {
            continue;
        }
        packages.push(Selected {
            package,
            marker,
            extras: BTreeSet::new(),
            is_direct: direct.contains(&package.name),
        });
    }
    Selection {
        packages,
        has_python_markers: false,
    }
}

fn apply(markers: &[Marker], extras: &[ExtraName]) -> Marker {
    let mut union = Marker::empty();
    for marker in markers {
        union = union.union(marker);
    }
    union.apply_extras(extras)
}

/// Returns the main group, then the others by name: the order in which Poetry joins their markers.
fn sorted_groups(choice: &Choice) -> impl Iterator<Item = &crate::name::GroupName> {
    let is_main = |group: &&crate::name::GroupName| group.as_str() == crate::pyproject::MAIN;
    let main = choice.groups.iter().filter(is_main);
    main.chain(choice.groups.iter().filter(move |group| !is_main(group)))
}

/// Returns each package once, with its groups. Should a lock hold the same package twice, the first entry stands in its place
/// and the last one tells its groups, as in Poetry.
fn distinct(packages: &[Package]) -> Vec<(&Package, &[(crate::name::GroupName, Marker)])> {
    let mut distinct: Vec<(&Package, &[_])> = Vec::with_capacity(packages.len());
    let mut by_name: HashMap<&PackageName, Vec<usize>> = HashMap::new();
    for package in packages {
        let same_name = by_name.entry(&package.name).or_default();
        let same = same_name
            .iter()
            .find(|index| is_same(distinct[**index].0, package));
        if let Some(index) = same {
            distinct[*index].1 = &package.groups;
            continue;
        }
        same_name.push(distinct.len());
        distinct.push((package, &package.groups));
    }
    distinct
}

/// Tells whether two entries of a lock are one package.
fn is_same(one: &Package, other: &Package) -> bool {
    one.name == other.name
        && one.version == other.version
        && are_same(one.resolved_source.as_ref(), other.resolved_source.as_ref())
}

/// Returns the names of what the chosen groups depend on themselves.
fn direct_names(project: &Project, choice: &Choice) -> HashSet<PackageName> {
    let direct = direct_dependencies(project, choice).into_iter();
    direct.map(|dependency| dependency.name.clone()).collect()
}

/// Returns what the chosen groups depend on themselves, for whichever extras.
pub fn direct_dependencies<'p>(project: &'p Project, choice: &Choice) -> Vec<&'p Dependency> {
    let mut dependencies = Vec::new();
    let chosen = project
        .groups
        .iter()
        .filter(|group| choice.groups.contains(&group.name));
    let mut groups: Vec<_> = chosen.collect();
    while let Some(group) = groups.pop() {
        dependencies.extend(group.dependencies());
        groups.extend(group.includes.iter().filter_map(|name| project.group(name)));
    }
    dependencies
}
