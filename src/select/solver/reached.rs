//! What packages require, with their extras, in one environment.

use std::collections::{BTreeSet, HashSet};

use super::Decided;
use super::fit::{serves, supports_python_of};
use crate::lock::Package;
use crate::marker::MarkerEnvironment;
use crate::name::{ExtraName, PackageName};
use crate::pyproject::{Dependency, Project};
use crate::select::Choice;

/// Returns what `package` with `extras` requires in `environment`.
pub(super) fn required<'a>(
    package: &'a Package,
    extras: &BTreeSet<ExtraName>,
    environment: &MarkerEnvironment,
) -> Vec<&'a Dependency> {
    let activated = Activated::new(package, extras);
    let requires = package.requires.iter().chain(activated.missing);
    let requires = requires.filter(|require| {
        // Whether an extra is asked for is looked at apart, so every word about extras in the marker holds.
        require.marker().evaluate(environment, &require.in_extras)
            && supports_python_of(require, environment)
            && (!require.is_optional || activated.names.contains(&require.name))
            && (require.in_extras.is_empty()
                || require
                    .in_extras
                    .iter()
                    .any(|extra| activated.extras.contains(extra)))
    });
    requires.collect()
}

/// What extras of a package bring in.
struct Activated<'a> {
    /// The extras, with those that they name in turn (`demo[all]` as `demo[one,two]`).
    pub(super) extras: BTreeSet<ExtraName>,
    pub(super) names: HashSet<&'a PackageName>,
    /// Dependencies that the lock lists for an extra and not among the dependencies of the package: those of packages from a
    /// place of their own are pruned to what was in use.
    missing: Vec<&'a Dependency>,
}

impl<'a> Activated<'a> {
    pub(super) fn new(package: &'a Package, extras: &BTreeSet<ExtraName>) -> Self {
        let mut activated = Self {
            extras: BTreeSet::new(),
            names: HashSet::new(),
            missing: Vec::new(),
        };
        let source = package.source.as_ref();
        let is_pruned = source.is_some_and(|source| source.location.is_direct_origin());
        let is_listed = |extra: &ExtraName| {
            let mut requires = package.requires.iter();
            requires.any(|require| require.in_extras.contains(extra))
        };
        let mut stack: Vec<&ExtraName> = extras.iter().collect();
        while let Some(extra) = stack.pop() {
            if !activated.extras.insert(extra.clone()) {
                continue;
            }
            let lists = package.extras.iter().filter(|(name, _)| name == extra);
            for dependency in lists.flat_map(|(_, dependencies)| dependencies) {
                if dependency.name == package.name {
                    stack.extend(&dependency.extras);
                    continue;
                }
                activated.names.insert(&dependency.name);
                if is_pruned && !is_listed(extra) {
                    activated.missing.push(dependency);
                }
            }
        }
        activated
    }
}

/// Which of the decided packages are to be installed.
pub(super) struct Wanted<'c, 'a, 'b> {
    pub(super) environment: &'c MarkerEnvironment,
    pub(super) decided: &'c Decided<'a, 'b>,
}

impl<'a, 'b> Wanted<'_, 'a, 'b> {
    /// Returns the names of what is needed whichever extras of the project are chosen.
    ///
    /// A requirement of the project counts even where its marker does not hold: once something else brings its package in,
    /// Poetry takes that package for one that is not optional.
    pub(super) fn required(&self, requirements: &'b [Dependency]) -> HashSet<&'b PackageName>
    where
        'a: 'b,
    {
        let always = requirements
            .iter()
            .filter(|requirement| !requirement.is_optional);
        let mut stack: Vec<&Dependency> = always.collect();
        let mut seen: HashSet<(&PackageName, &BTreeSet<ExtraName>)> = HashSet::new();
        while let Some(dependency) = stack.pop() {
            let Some(decision) = self.decided.get(&dependency.name) else {
                continue;
            };
            if !decision.is_with(&dependency.extras) || !serves(decision.package, dependency) {
                continue;
            }
            if seen.insert((&dependency.name, &dependency.extras)) {
                let next = required(decision.package, &dependency.extras, self.environment);
                stack.extend(next);
            }
        }
        seen.into_iter().map(|(name, _)| name).collect()
    }

    /// Returns the names of what the chosen extras of the project bring in, directly or not.
    pub(super) fn of_extras(
        &self,
        project: &'b Project,
        choice: &Choice,
    ) -> HashSet<&'b PackageName>
    where
        'a: 'b,
    {
        let chosen = project
            .extras
            .iter()
            .filter(|(extra, _)| choice.extras.contains(*extra));
        let mut stack: Vec<&PackageName> = chosen.flat_map(|(_, names)| names).collect();
        let mut names = HashSet::new();
        while let Some(name) = stack.pop() {
            let Some(decision) = self.decided.get(name) else {
                continue;
            };
            if names.insert(name) {
                let next = required(decision.package, &decision.extras, self.environment);
                stack.extend(next.into_iter().map(|dependency| &dependency.name));
            }
        }
        names
    }
}
