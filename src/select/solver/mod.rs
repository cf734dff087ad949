//! What a lock before version 2.1 has for one known environment.
//!
//! Such locks do not say what wants a package. `poetry install` solves the project's requirements again, with the lock as its
//! only index and every marker held against the environment; so does this module. It differs from the [`walk`](super::walk)
//! that `poetry export` takes: that one keeps markers, which makes it fail on locks that install well, and it overlooks
//! optional dependencies that a lock writes in two forms (`uvloop` of `uvicorn[standard]`).
//!
//! Nearly every package is locked once for an environment, so the first choice (the highest version that fits) nearly always
//! stands. Where it does not, the requirement that it fails is remembered, or the package that cannot be served is ruled out,
//! and the choice starts again; either happens once for each requirement or package, so there is an end.

mod fit;
mod reached;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Choice, Error, Selected, direct_names};
use crate::lock::{Lock, Package};
use crate::marker::{Marker, MarkerEnvironment};
use crate::name::{ExtraName, PackageName};
use crate::pyproject::{Dependency, Project};
use crate::version::Version;
use fit::{serves, supports_python_of};
use reached::{Wanted, required};

pub use fit::Unserved;

/// Selects the packages of `lock` that `poetry install` puts into `environment`, by name.
pub(super) fn select<'a>(
    project: &Project,
    lock: &'a Lock,
    choice: &Choice,
    environment: &MarkerEnvironment,
) -> Result<Vec<Selected<'a>>, Error> {
    let extras: Vec<ExtraName> = choice.extras.iter().cloned().collect();
    let requirements = project.requirements(&choice.groups)?;
    // What only extras bring in is solved for whether or not they are chosen, as Poetry does: the versions of the rest
    // do not depend on that choice.
    let holds = |requirement: &&Dependency| {
        requirement.marker().evaluate(environment, &extras)
            && supports_python_of(requirement, environment)
    };
    let relevant: Vec<&Dependency> = requirements.iter().filter(holds).collect();
    let mut solver = Solver::new(project, lock, environment);
    let decided = solver.solve(&relevant)?;
    let wanted = Wanted {
        environment,
        decided: &decided,
    };
    let mut names = wanted.required(&requirements);
    names.extend(wanted.of_extras(project, choice));
    let direct = direct_names(project, choice);
    let wanted = decided.into_iter();
    let wanted = wanted.filter(|(name, _)| names.contains(name));
    let selected = wanted.map(|(name, decision)| Selected {
        package: decision.package,
        marker: Marker::any(),
        extras: decision.extras,
        is_direct: direct.contains(name),
    });
    Ok(selected.collect())
}

/// Each package that was decided for, by name.
type Decided<'a, 'b> = BTreeMap<&'b PackageName, Decision<'a, 'b>>;

struct Decision<'a, 'b> {
    package: &'a Package,
    extras: BTreeSet<ExtraName>,
    /// What asked for it.
    wants: Vec<Want<'a, 'b>>,
}

impl Decision<'_, '_> {
    /// Tells whether anything asked for the package with just these extras.
    fn is_with(&self, extras: &BTreeSet<ExtraName>) -> bool {
        let mut wants = self.wants.iter();
        extras.is_empty() || wants.any(|want| want.requirement.extras == *extras)
    }
}

/// A requirement, and the package that has it; the project has those without one.
#[derive(Clone, Copy)]
struct Want<'a, 'b> {
    by: Option<&'a Package>,
    requirement: &'b Dependency,
}

struct Solver<'a, 'b> {
    project: &'b PackageName,
    environment: &'b MarkerEnvironment,
    /// The packages that support the environment's Python, the highest version first.
    candidates: BTreeMap<&'a PackageName, Vec<&'a Package>>,
    /// Packages that cannot be had, since something that they require cannot.
    ruled_out: Vec<&'a Package>,
    /// Requirements that a first choice failed.
    learned: Vec<&'b Dependency>,
}

/// Why an attempt ended without a decision for everything.
enum Obstacle {
    /// More is known now, so the next attempt goes another way.
    Learned,
    /// There is no way.
    Final(Error),
}

impl<'a: 'b, 'b> Solver<'a, 'b> {
    fn new(project: &'b Project, lock: &'a Lock, environment: &'b MarkerEnvironment) -> Self {
        // Poetry takes a version before a release for that release here, so that its users can install anything.
        let python = Version::parse(&environment.python_full_version).map(|python| python.stable());
        let mut candidates: BTreeMap<_, Vec<&Package>> = BTreeMap::new();
        for package in &lock.packages {
            let is_supported = |python: &Version| package.python_constraint.allows(python);
            if python.as_ref().is_ok_and(is_supported) {
                candidates.entry(&package.name).or_default().push(package);
            }
        }
        for packages in candidates.values_mut() {
            packages.sort_by(|one, other| other.version.cmp(&one.version));
        }
        Self {
            project: &project.name,
            environment,
            candidates,
            ruled_out: Vec::new(),
            learned: Vec::new(),
        }
    }

    fn solve(&mut self, requirements: &[&'b Dependency]) -> Result<Decided<'a, 'b>, Error> {
        loop {
            match self.attempt(requirements) {
                Ok(decided) => return Ok(decided),
                Err(Obstacle::Learned) => {}
                Err(Obstacle::Final(error)) => return Err(error),
            }
        }
    }

    fn attempt(&mut self, requirements: &[&'b Dependency]) -> Result<Decided<'a, 'b>, Obstacle> {
        let mut decided: Decided<'a, 'b> = BTreeMap::new();
        // What names a place of its own is decided first: it then serves whatever else wants the package.
        let (of_places, others): (Vec<_>, Vec<_>) = requirements
            .iter()
            .copied()
            .partition(|requirement: &&Dependency| requirement.is_direct_origin());
        let wants = of_places.into_iter().chain(others);
        let wants = wants.map(|requirement| Want {
            by: None,
            requirement,
        });
        let mut queue: VecDeque<Want<'a, 'b>> = wants.collect();
        while let Some(want) = queue.pop_front() {
            let name = &want.requirement.name;
            if name == self.project {
                continue;
            }
            if !decided.contains_key(name) {
                decided.insert(name, self.decide(want, &decided)?);
            } else if !self.join(want, &mut decided)? {
                continue;
            }
            let decision = &decided[name];
            let next = required(decision.package, &decision.extras, self.environment);
            queue.extend(next.into_iter().map(|requirement| Want {
                by: Some(decision.package),
                requirement,
            }));
        }
        Ok(decided)
    }

    /// Takes the highest version that serves `want`, and what was learned of the package before.
    fn decide(
        &mut self,
        want: Want<'a, 'b>,
        decided: &Decided<'a, 'b>,
    ) -> Result<Decision<'a, 'b>, Obstacle> {
        let wanted = [want];
        let learned = self.learned.iter().copied();
        let learned = learned.filter(|requirement| requirement.name == want.requirement.name);
        let all: Vec<&Dependency> = learned.chain([want.requirement]).collect();
        let package = self.find(&all).or_else(|| self.find(&[want.requirement]));
        let Some(package) = package else {
            return Err(self.rule_out(&wanted, decided));
        };
        Ok(Decision {
            package,
            extras: want.requirement.extras.clone(),
            wants: wanted.to_vec(),
        })
    }

    /// Adds `want` to the decision for its package; tells whether that brings in extras.
    fn join(
        &mut self,
        want: Want<'a, 'b>,
        decided: &mut Decided<'a, 'b>,
    ) -> Result<bool, Obstacle> {
        let requirement = want.requirement;
        let Some(decision) = decided.get_mut(&requirement.name) else {
            return Ok(false);
        };
        decision.wants.push(want);
        if serves(decision.package, requirement) {
            let n_extras = decision.extras.len();
            decision.extras.extend(requirement.extras.iter().cloned());
            return Ok(decision.extras.len() > n_extras);
        }
        let wants = decision.wants.clone();
        let all: Vec<&Dependency> = wants.iter().map(|want| want.requirement).collect();
        let is_known = self
            .learned
            .iter()
            .any(|known| std::ptr::eq(*known, requirement));
        if self.find(&all).is_some() && !is_known {
            self.learned.push(requirement);
            return Err(Obstacle::Learned);
        }
        Err(self.rule_out(&wants, decided))
    }

    fn find(&self, requirements: &[&Dependency]) -> Option<&'a Package> {
        let name = &requirements.first()?.name;
        let candidates = self.candidates.get(name)?.iter().copied();
        let mut candidates = candidates.filter(|package| !self.is_ruled_out(package));
        candidates.find(|package| {
            let mut requirements = requirements.iter();
            requirements.all(|requirement| serves(package, requirement))
        })
    }

    fn is_ruled_out(&self, package: &Package) -> bool {
        let mut ruled_out = self.ruled_out.iter();
        ruled_out.any(|other| std::ptr::eq(*other, package))
    }

    /// Rules out the last of the packages with `wants` that another version can stand in for.
    fn rule_out(&mut self, wants: &[Want<'a, 'b>], decided: &Decided<'a, 'b>) -> Obstacle {
        for by in wants.iter().rev().filter_map(|want| want.by) {
            let Some(decision) = decided.get(&by.name) else {
                continue;
            };
            self.ruled_out.push(by);
            let asked = decision.wants.iter();
            let asked: Vec<&Dependency> = asked.map(|want| want.requirement).collect();
            if self.find(&asked).is_some() {
                return Obstacle::Learned;
            }
            self.ruled_out.pop();
        }
        Obstacle::Final(unserved(wants))
    }
}

fn unserved(wants: &[Want<'_, '_>]) -> Error {
    let describe = |want: &Want<'_, '_>| Unserved {
        requirement: want.requirement.describe(),
        by: want
            .by
            .map(|package| (package.name.clone(), package.version.clone())),
    };
    Error::NotLocked(wants.iter().map(describe).collect())
}
