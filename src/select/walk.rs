//! The walk through locks before version 2.1, which do not say what wants a package.
//!
//! It starts at the project's requirements and follows the dependencies of the packages it meets, breadth first, carrying the
//! marker along. Each dependency is looked at once for each region of Pythons that the locked versions of the package divide
//! (so that `numpy` 1.21 and 1.26 can both be met), the highest version comes first, and a version that was chosen where
//! the markers meet is kept. This is the walk of poetry-plugin-export; where it fails, so does this one.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{Hash, Hasher};

use super::{Choice, Error, Selected, Selection, direct_names, is_same};
use crate::lock::{Lock, Package};
use crate::marker::Marker;
use crate::name::{ExtraName, PackageName};
use crate::pyproject::{Dependency, Project};
use crate::source::{Location, are_same};
use crate::version::{Range, Version, VersionConstraint, regions};

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

/// The packages of a lock by name, the highest version first.
struct Locked<'a> {
    packages: &'a [Package],
    by_name: HashMap<&'a PackageName, Candidates<'a>>,
}

struct Candidates<'a> {
    packages: Vec<&'a Package>,
    /// The regions of Pythons that they divide.
    regions: Vec<Marker>,
}

impl<'a> Locked<'a> {
    fn new(packages: &'a [Package]) -> Self {
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
    fn find(&self, requirement: &Dependency) -> Option<&'a Package> {
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
    fn names_of_extras(&self, lock: &'a Lock, choice: &Choice) -> HashSet<&'a PackageName> {
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
        let mut elected: Vec<&'a Package> = Vec::new();
        for package in &candidates.packages {
            let decided = self.find(package, &BTreeSet::new());
            let meets =
                decided.is_some_and(|index| !self.found[index].marker.intersect(marker).is_empty());
            if meets && !elected.iter().any(|other| is_same(other, package)) {
                elected.push(package);
            }
        }
        if elected.len() > 1 {
            return Err(failed());
        }
        let python = self.memo.python_constraint(marker);
        let compatible = candidates.packages.iter().copied().filter(|package| {
            package.python_constraint.allows_all(&python)
                && requirement.constraint.allows(&package.version)
                && (requirement.source.is_none()
                    || are_same(
                        requirement.source.as_ref(),
                        package.resolved_source.as_ref(),
                    ))
        });
        let Some(elected) = elected.pop() else {
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

/// A marker as a key. Equal markers may still differ in a reversed comparison (`"x" in os_name`); what is remembered of one
/// must not be given for the other.
#[derive(Clone)]
struct Exact(Marker);

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_identical(&other.0)
    }
}

impl Eq for Exact {}

impl Hash for Exact {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Remembers what was worked out of markers: a walk meets the same few again and again.
#[derive(Default)]
struct Memo<'a> {
    intersections: HashMap<(Exact, Exact), Marker>,
    without_extras: HashMap<Exact, Marker>,
    python_constraints: HashMap<Exact, VersionConstraint>,
    supported: HashMap<&'a str, Marker>,
}

impl<'a> Memo<'a> {
    fn intersect(&mut self, one: &Marker, other: &Marker) -> Marker {
        if one.is_any() {
            return other.clone();
        }
        let key = (Exact(one.clone()), Exact(other.clone()));
        let known = self.intersections.entry(key);
        known.or_insert_with(|| one.intersect(other)).clone()
    }

    fn without_extras(&mut self, marker: Marker) -> Marker {
        let known = self.without_extras.entry(Exact(marker));
        known
            .or_insert_with_key(|key| key.0.without_extras())
            .clone()
    }

    /// Returns the Pythons on which a dependency with `marker` is wanted, as poetry-core works them out.
    fn python_constraint(&mut self, marker: &Marker) -> VersionConstraint {
        let known = self.python_constraints.entry(Exact(marker.clone()));
        let constraint = known.or_insert_with(|| {
            let constraint = VersionConstraint::parse_marker(&marker.python_versions());
            constraint.unwrap_or_else(|_| VersionConstraint::any())
        });
        constraint.clone()
    }

    /// Returns the marker that holds on the Pythons that `package` supports.
    fn supported(&mut self, package: &'a Package) -> Marker {
        let known = self.supported.entry(&package.python_versions);
        let constraint = &package.python_constraint;
        let marker = known.or_insert_with(|| {
            if constraint.is_any() {
                Marker::any()
            } else {
                Marker::from_python_constraint(constraint)
            }
        });
        marker.clone()
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

/// Prints a package as Python's `repr` does in Poetry.
fn debug_form(package: &Package) -> String {
    let mut parts = vec![
        format!("'{}'", package.written_name),
        format!("'{}'", package.version.text()),
    ];
    if let Some(source) = &package.resolved_source {
        parts.push(format!("source_type='{}'", source.location.word()));
        parts.push(format!("source_url='{}'", source.location));
        let rest = [
            ("source_reference", &source.reference),
            ("source_resolved_reference", &source.resolved_reference),
            ("source_subdirectory", &source.subdirectory),
        ];
        let rest = rest
            .iter()
            .filter_map(|(key, value)| Some((key, value.as_ref()?)));
        parts.extend(rest.map(|(key, value)| format!("{key}='{value}'")));
    }
    if package.is_develop {
        parts.push("develop=True".to_owned());
    }
    format!("Package({})", parts.join(", "))
}

/// Prints a package as Poetry does in sentences: `urllib3 (2.2.3)`.
fn display_form(package: &Package) -> String {
    let place = package
        .resolved_source
        .as_ref()
        .and_then(|source| match &source.location {
            Location::Index(_) => None,
            Location::Git(_) => {
                let full = |text: &&String| text.len() == 40;
                let locked = source.resolved_reference.as_ref().filter(full);
                let asked = source.reference.as_ref().filter(full);
                match locked.or(asked) {
                    Some(revision) => Some(revision[..7].to_owned()),
                    None => source
                        .resolved_reference
                        .clone()
                        .or_else(|| source.reference.clone()),
                }
            }
            location @ (Location::Url(_) | Location::File(_) | Location::Directory(_)) => {
                Some(location.to_string())
            }
        });
    let version = package.version.text();
    match place {
        Some(place) => format!("{} ({version} {place})", package.name),
        None => format!("{} ({version})", package.name),
    }
}
