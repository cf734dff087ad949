//! The packages of a lock, by name.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::lock::{Lock, Package};
use crate::marker::Marker;
use crate::name::PackageName;
use crate::pyproject::Dependency;
use crate::select::Choice;
use crate::version::{Range, Version, VersionConstraint, regions};

/// The packages of a lock by name, the highest version first.
pub(super) struct Locked<'a> {
    pub(super) packages: &'a [Package],
    pub(super) by_name: HashMap<&'a PackageName, Candidates<'a>>,
}

pub(super) struct Candidates<'a> {
    pub(super) packages: Vec<&'a Package>,
    /// The regions of Pythons that they divide.
    pub(super) regions: Vec<Marker>,
}

impl<'a> Locked<'a> {
    pub(super) fn new(packages: &'a [Package]) -> Self {
        let mut by_name: HashMap<&PackageName, Candidates<'a>> = HashMap::new();
        for package in packages {
            let candidates = by_name.entry(&package.name).or_insert_with(|| Candidates {
                packages: Vec::new(),
                regions: Vec::new(),
            });
            candidates.packages.push(package);
        }
        // Most packages support the same few Pythons.
        let mut known: HashMap<Vec<&str>, Vec<Marker>> = HashMap::new();
        let names: BTreeSet<&PackageName> = by_name.keys().copied().collect();
        for name in names {
            if let Some(candidates) = by_name.get_mut(name) {
                let packages = &mut candidates.packages;
                packages.sort_by(|one, other| other.version.cmp(&one.version));
                let pythons = packages
                    .iter()
                    .map(|package| package.python_versions.as_str());
                let regions = known.entry(pythons.collect());
                candidates.regions = regions.or_insert_with(|| region_markers(packages)).clone();
            }
        }
        Self { packages, by_name }
    }

    /// Finds the package that Poetry takes for `requirement` when it asks whether that is optional: the first in the lock's
    /// order that fits; one that is a release, where there is one.
    pub(super) fn find(&self, requirement: &Dependency) -> Option<&'a Package> {
        let fits = |package: &&Package| {
            package.name == requirement.name && requirement.constraint.allows(&package.version)
        };
        let is_hidden = |package: &Package| {
            let is_direct_origin = package
                .source
                .as_ref()
                .is_some_and(|source| source.location.is_direct_origin());
            package.version.is_unstable()
                && requirement.allows_prereleases != Some(true)
                && !is_direct_origin
        };
        let mut fitting = self.packages.iter().filter(fits);
        let shown = fitting.clone().find(|package| !is_hidden(package));
        if requirement.allows_prereleases == Some(false) {
            return shown;
        }
        shown.or_else(|| fitting.next())
    }

    /// Returns the names of all packages that the chosen extras bring in, directly or not.
    pub(super) fn names_of_extras(
        &self,
        lock: &'a Lock,
        choice: &Choice,
    ) -> HashSet<&'a PackageName> {
        let last: HashMap<&PackageName, &Package> = self
            .packages
            .iter()
            .map(|package| (&package.name, package))
            .collect();
        let chosen = lock
            .extras
            .iter()
            .filter(|(extra, _)| choice.extras.contains(extra));
        let mut stack: Vec<&PackageName> = chosen.flat_map(|(_, names)| names).collect();
        let mut names = HashSet::new();
        while let Some(name) = stack.pop() {
            let Some(package) = last.get(name) else {
                continue;
            };
            if names.insert(&package.name) {
                stack.extend(package.requires.iter().map(|require| &require.name));
            }
        }
        names
    }
}

fn region_markers(packages: &[&Package]) -> Vec<Marker> {
    let constraints: Vec<VersionConstraint> = packages
        .iter()
        .map(|package| package.python_constraint.clone())
        .collect();
    regions(&constraints).iter().map(region_marker).collect()
}

fn region_marker(region: &Range) -> Marker {
    let bound = |version: &Version, operator: &str| {
        let variable = match version.precision() {
            0..=2 => "python_version",
            _ => "python_full_version",
        };
        let text = format!("{variable} {operator} \"{}\"", version.normal());
        Marker::parse(&text).unwrap_or_else(|_| Marker::any())
    };
    let mut marker = Marker::any();
    if let Some(min) = &region.min {
        let operator = if min.is_included { ">=" } else { ">" };
        marker = marker.intersect(&bound(&min.version, operator));
    }
    if let Some(max) = &region.max {
        let operator = if max.is_included { "<=" } else { "<" };
        marker = marker.intersect(&bound(&max.version, operator));
    }
    marker
}
