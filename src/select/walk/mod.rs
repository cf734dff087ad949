//! The walk through locks before version 2.1, which do not say what wants a package.
//!
//! It starts at the project's requirements and follows the dependencies of the packages it meets, breadth first, carrying the
//! marker along. Each dependency is looked at once for each region of Pythons that the locked versions of the package divide
//! (so that `numpy` 1.21 and 1.26 can both be met), the highest version comes first, and a version that was chosen where
//! the markers meet is kept. This is the walk of poetry-plugin-export; where it fails, so does this one.

mod locked;
mod memo;
mod package_text;

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::{Choice, Error, Selected, Selection, direct_names, is_same};
use crate::lock::{Lock, Package};
use crate::marker::Marker;
use crate::name::{ExtraName, PackageName};
use crate::pyproject::{Dependency, Project};
use crate::source::are_same;
use crate::version::VersionConstraint;
use locked::Locked;
use memo::Memo;
use package_text::{debug_form, display_form};

/// Walks from the requirements of the chosen groups through `lock`.
pub(super) fn select<'a>(
    project: &Project,
    lock: &'a Lock,
    choice: &Choice,
) -> Result<Selection<'a>, Error> {
    let requirements = project.requirements(&choice.groups)?;
    let locked = Locked::new(&lock.packages);
    let of_extras = locked.names_of_extras(lock, choice);
    let python = Marker::from_python_constraint(&project.python_constraint);
    let mut walk = Walk::new(&locked);
    for requirement in &requirements {
        let first = locked.find(requirement);
        let is_wanted =
            first.is_some_and(|package| !package.is_optional || of_extras.contains(&package.name));
        if is_wanted {
            let marker = requirement.marker().intersect(&python);
            walk.queue.push_back((requirement, marker));
        }
    }
    walk.run(&project.name)?;
    let direct = direct_names(project, choice);
    let packages = walk.found.into_iter().map(|found| Selected {
        is_direct: direct.contains(&found.package.name),
        package: found.package,
        marker: found.marker,
        extras: found.extras,
    });
    Ok(Selection {
        packages: packages.collect(),
        has_python_markers: true,
    })
}

/// A package that the walk came to, with the extras it was asked for.
struct Found<'a> {
    package: &'a Package,
    extras: BTreeSet<ExtraName>,
    marker: Marker,
}

struct Walk<'a, 'b> {
    locked: &'b Locked<'a>,
    memo: Memo<'a>,
    queue: VecDeque<(&'b Dependency, Marker)>,
    seen: HashMap<(&'b PackageName, Marker), Vec<&'b Dependency>>,
    found: Vec<Found<'a>>,
    found_by_name: HashMap<&'a PackageName, Vec<usize>>,
}

impl<'a: 'b, 'b> Walk<'a, 'b> {
    fn new(locked: &'b Locked<'a>) -> Self {
        Self {
            locked,
            memo: Memo::default(),
            queue: VecDeque::new(),
            seen: HashMap::new(),
            found: Vec::new(),
            found_by_name: HashMap::new(),
        }
    }

    fn run(&mut self, project: &PackageName) -> Result<(), Error> {
        while let Some((requirement, marker)) = self.queue.pop_front() {
            if self.is_seen(requirement, &marker) || requirement.name == *project {
                continue;
            }
            let key = (&requirement.name, marker.clone());
            self.seen.entry(key).or_default().push(requirement);
            let package = self.elect(requirement, &marker)?;
            self.visit(package, requirement, &marker);
        }
        Ok(())
    }

    fn is_seen(&self, requirement: &'b Dependency, marker: &Marker) -> bool {
        let seen = self.seen.get(&(&requirement.name, marker.clone()));
        let mut seen = seen.into_iter().flatten();
        seen.any(|other| other.is_same_as(requirement))
    }

    /// Chooses the package for `requirement`, as far as earlier choices leave one.
    fn elect(&mut self, requirement: &Dependency, marker: &Marker) -> Result<&'a Package, Error> {
        let failed = || Error::WalkFailed(requirement.describe());
        let candidates = self
            .locked
            .by_name
            .get(&requirement.name)
            .ok_or_else(failed)?;
        let mut chosen = self.chosen(&candidates.packages, marker);
        if chosen.len() > 1 {
            return Err(failed());
        }
        let python = self.memo.python_constraint(marker);
        let packages = candidates.packages.iter().copied();
        let compatible = packages.filter(|package| is_compatible(package, requirement, &python));
        let Some(elected) = chosen.pop() else {
            return compatible.clone().next().ok_or_else(failed);
        };
        let kept = compatible.clone().find(|package| is_same(package, elected));
        kept.ok_or_else(|| Error::WalkConflict {
            name: requirement.name.clone(),
            candidates: compatible.map(debug_form).collect(),
            elected: display_form(elected),
            requirement: requirement.describe(),
        })
    }

    /// Returns those of `packages` that the walk has come to where `marker` holds.
    fn chosen(&self, packages: &[&'a Package], marker: &Marker) -> Vec<&'a Package> {
        let mut chosen: Vec<&'a Package> = Vec::new();
        for package in packages {
            let found = self.find(package, &BTreeSet::new());
            let meets =
                found.is_some_and(|index| !self.found[index].marker.intersect(marker).is_empty());
            if meets && !chosen.iter().any(|other| is_same(other, package)) {
                chosen.push(package);
            }
        }
        chosen
    }

    /// Notes that `package` is wanted, and queues what it depends on.
    fn visit(&mut self, package: &'a Package, requirement: &'b Dependency, marker: &Marker) {
        let supported = self.memo.supported(package);
        let marker = self.memo.intersect(&supported, marker);
        for require in &package.requires {
            if require.is_optional && !is_activated(require, package, &requirement.extras) {
                continue;
            }
            let base = self.memo.intersect(require.marker(), &marker);
            let base = self.memo.without_extras(base);
            if base.is_empty() {
                continue;
            }
            let Some(candidates) = self.locked.by_name.get(&require.name) else {
                self.queue.push_back((require, base));
                continue;
            };
            for region in &candidates.regions {
                let marker = self.memo.intersect(region, &base);
                if !marker.is_empty() {
                    self.queue.push_back((require, marker));
                }
            }
        }
        self.note(package, &requirement.extras, marker);
    }

    fn note(&mut self, package: &'a Package, extras: &BTreeSet<ExtraName>, marker: Marker) {
        if let Some(index) = self.find(package, extras) {
            let found = &mut self.found[index];
            found.marker = found.marker.union(&marker);
            return;
        }
        let same_name = self.found_by_name.entry(&package.name).or_default();
        same_name.push(self.found.len());
        self.found.push(Found {
            package,
            extras: extras.clone(),
            marker,
        });
    }

    fn find(&self, package: &Package, extras: &BTreeSet<ExtraName>) -> Option<usize> {
        let same_name = self.found_by_name.get(&package.name)?;
        let found = same_name.iter().copied();
        let mut same = found.filter(|index| {
            let found = &self.found[*index];
            found.extras == *extras && is_same(found.package, package)
        });
        same.next()
    }
}

/// Tells whether one of `extras` of `package` brings in its optional dependency `require`.
fn is_activated(require: &Dependency, package: &Package, extras: &BTreeSet<ExtraName>) -> bool {
    let mut activated = package
        .extras
        .iter()
        .filter(|(extra, _)| extras.contains(extra));
    activated.any(|(_, dependencies)| {
        dependencies
            .iter()
            .any(|dependency| dependency.is_same_as(require))
    })
}

/// Tells whether `package` is what `requirement` asks for on all Pythons of `python`.
fn is_compatible(package: &Package, requirement: &Dependency, python: &VersionConstraint) -> bool {
    let source = requirement.source.as_ref();
    package.python_constraint.allows_all(python)
        && requirement.constraint.allows(&package.version)
        && (source.is_none() || are_same(source, package.resolved_source.as_ref()))
}
