//! What the lock wants, held against what is installed. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::report::Problem;
use crate::installed::{Installed, InstalledDistribution};
use crate::lock::{Location, Package};
use crate::name::PackageName;
use crate::plan::{
    InstalledDifference, WantedPackage, difference, installed_from, project_difference,
};
use crate::session::{Goal, Part, ProjectOrigin};
use crate::version::Version;

/// What may be installed although it is not locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// These packages.
    Packages(BTreeSet<PackageName>),
    /// Anything.
    All,
}

impl Default for Allowed {
    /// Nothing.
    fn default() -> Self {
        Self::Packages(BTreeSet::new())
    }
}

impl Allowed {
    fn has(&self, name: &PackageName) -> bool {
        match self {
            Self::Packages(names) => names.contains(name),
            Self::All => true,
        }
    }
}

/// Compares what is installed with `wanted`, which are the packages of `goal`; ordered by name.
pub(super) fn compare(
    goal: &Goal<'_>,
    wanted: &[WantedPackage<'_>],
    installed: &Installed,
    allowed: &Allowed,
) -> Vec<Problem> {
    let mut present = by_name(installed);
    let mut problems: BTreeMap<&PackageName, Vec<Problem>> = BTreeMap::new();
    for wanted in wanted {
        let name = &wanted.package.name;
        let there = present.remove(name).unwrap_or_default();
        problems.insert(name, package(goal, *wanted, &there));
    }
    let own = match goal.project_origin {
        ProjectOrigin::Pyproject => Some(&goal.project.name),
        ProjectOrigin::Lock => installed_from(installed, &goal.project.root),
    };
    let there = own.and_then(|name| present.remove(name));
    if goal.part != Part::Dependencies && goal.project.is_package {
        let there = there.unwrap_or_default();
        problems.insert(&goal.project.name, project(goal, &there));
    }
    if goal.part != Part::Project {
        let others = present.into_iter().filter(|(name, _)| !allowed.has(name));
        for (name, there) in others {
            let extra = there.into_iter().map(|one| Problem::Extra {
                name: name.clone(),
                version: one.version.clone(),
            });
            problems.insert(name, extra.collect());
        }
    }
    problems.into_values().flatten().collect()
}

fn by_name(installed: &Installed) -> BTreeMap<&PackageName, Vec<&InstalledDistribution>> {
    let mut present: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for distribution in &installed.distributions {
        present
            .entry(&distribution.name)
            .or_default()
            .push(distribution);
    }
    present
}

fn package(
    goal: &Goal<'_>,
    wanted: WantedPackage<'_>,
    there: &[&InstalledDistribution],
) -> Vec<Problem> {
    let package = wanted.package;
    let is_left_out = goal.skips_directories && is_directory(package);
    let one = match there {
        [] if is_left_out => return Vec::new(),
        [one] => *one,
        several => return vec![not_one(&package.name, &package.version, several)],
    };
    let difference = difference(one, package, goal.is_editable);
    problem(one, &package.version, difference)
}

fn project(goal: &Goal<'_>, there: &[&InstalledDistribution]) -> Vec<Problem> {
    let project = goal.project;
    let [one] = there else {
        return vec![not_one(&project.name, &project.version, there)];
    };
    let difference = project_difference(one, project, goal.is_editable);
    problem(one, &project.version, difference)
}

fn is_directory(package: &Package) -> bool {
    let source = package.resolved_source.as_ref();
    source.is_some_and(|source| matches!(source.location, Location::Directory(_)))
}

fn not_one(name: &PackageName, locked: &Version, there: &[&InstalledDistribution]) -> Problem {
    let name = name.clone();
    if there.is_empty() {
        let version = locked.clone();
        return Problem::NotInstalled { name, version };
    }
    let versions = there.iter().map(|one| one.version.clone());
    Problem::Duplicate {
        name,
        versions: versions.collect(),
    }
}

fn problem(
    one: &InstalledDistribution,
    locked: &Version,
    difference: Option<InstalledDifference>,
) -> Vec<Problem> {
    let name = one.name.clone();
    let problem = difference.map(|difference| {
        if difference == InstalledDifference::Version {
            return Problem::WrongVersion {
                name,
                locked: locked.clone(),
                installed: one.version.clone(),
            };
        }
        Problem::WrongOrigin {
            name,
            version: locked.clone(),
            difference,
        }
    });
    problem.into_iter().collect()
}
