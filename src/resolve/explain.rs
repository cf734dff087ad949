//! From the solver's derivation to facts: its leaves, joined and in reading order. What follows from what is left out;
//! the facts alone contradict each other, and are a fraction of the lines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pubgrub::{DerivationTree, External, VersionSet};

use super::dependency::DependencySpecifier;
use super::error::Conflict;
use super::fact::{Fact, Run, Versions};
use super::goal::Goal;
use super::project::{Absence, KnownProject};
use super::provider::Provider;
use super::refusal::Refusal;
use super::release_set::ReleaseSet;
use crate::name::PackageName;

/// How many facts are kept from the beginning, and as many from the end.
const MAX_FACTS: usize = 6;

/// How many runs of versions a fact names.
const MAX_RUNS: usize = 3;

/// How many reasons are given why releases of one package are not candidates.
const MAX_REASONS: usize = 3;

/// The goals and releases for which there was no candidate.
pub(super) fn dead_ends(
    tree: &DerivationTree<Goal, ReleaseSet, Refusal>,
) -> Vec<(&Goal, &ReleaseSet)> {
    let mut dead_ends = Vec::new();
    for leaf in leaves(tree) {
        if let External::NoVersions(goal, set) = leaf {
            dead_ends.push((goal, set));
        }
    }
    dead_ends
}

/// Tells why there is no solution.
pub(super) fn explain(
    provider: &Provider<'_>,
    tree: &DerivationTree<Goal, ReleaseSet, Refusal>,
) -> Conflict {
    let mut account = Account {
        provider,
        required: BTreeSet::new(),
        dependencies: BTreeMap::new(),
        refused: BTreeMap::new(),
        wanted: BTreeSet::new(),
    };
    for leaf in leaves(tree) {
        account.take(leaf);
    }
    let mut beginning = account.facts();
    let mut between = beginning.split_off(beginning.len().min(MAX_FACTS));
    let n_omitted = between.len().saturating_sub(MAX_FACTS);
    let end = between.split_off(n_omitted);
    Conflict {
        beginning,
        n_omitted,
        end,
    }
}

/// The leaves of the tree, each once. Its depth has no bound, so there is no recursion.
fn leaves(
    tree: &DerivationTree<Goal, ReleaseSet, Refusal>,
) -> Vec<&External<Goal, ReleaseSet, Refusal>> {
    let mut leaves = Vec::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![tree];
    while let Some(tree) = waiting.pop() {
        match tree {
            DerivationTree::External(leaf) => leaves.push(leaf),
            DerivationTree::Derived(derived) => {
                for cause in [&derived.cause2, &derived.cause1] {
                    if seen.insert(Arc::as_ptr(cause)) {
                        waiting.push(cause);
                    }
                }
            }
        }
    }
    leaves
}

/// The leaves, joined.
struct Account<'a> {
    provider: &'a Provider<'a>,
    /// Packages that the inputs require.
    required: BTreeSet<PackageName>,
    /// Which releases of a goal require which package.
    dependencies: BTreeMap<(Goal, PackageName), ReleaseSet>,
    /// Which releases of a package are not candidates, and why.
    refused: BTreeMap<PackageName, BTreeMap<Refusal, ReleaseSet>>,
    /// Packages that are required.
    wanted: BTreeSet<PackageName>,
}

impl<'a> Account<'a> {
    fn take(&mut self, leaf: &External<Goal, ReleaseSet, Refusal>) {
        match leaf {
            External::NotRoot(..) => {}
            External::NoVersions(goal, set) => self.take_dead_end(goal, set),
            External::FromDependencyOf(goal, set, required, _) => {
                self.take_dependency(goal, set, required);
            }
            External::Custom(goal, set, refusal) => {
                if let Some(name) = goal.name() {
                    self.refuse(name, refusal.clone(), set);
                }
            }
        }
    }

    fn take_dependency(&mut self, goal: &Goal, set: &ReleaseSet, required: &Goal) {
        let Some(name) = required.name() else { return };
        self.wanted.insert(name.clone());
        match goal.name() {
            None => {
                self.required.insert(name.clone());
            }
            Some(own) if own == name => {}
            Some(_) => {
                let key = (goal.clone(), name.clone());
                let before = self
                    .dependencies
                    .entry(key)
                    .or_insert_with(ReleaseSet::empty);
                *before = before.union(set);
            }
        }
    }

    fn take_dead_end(&mut self, goal: &Goal, set: &ReleaseSet) {
        let Some((name, project)) = self.project(goal) else {
            return;
        };
        let leave = self.provider.grants.borrow().leave(name);
        for (number, release) in project.numbered() {
            if let Some(refusal) = release.refusal(leave)
                && set.contains(&number)
            {
                self.refuse(name, refusal, &ReleaseSet::singleton(number));
            }
        }
    }

    fn refuse(&mut self, name: &PackageName, refusal: Refusal, set: &ReleaseSet) {
        let reasons = self.refused.entry(name.clone()).or_default();
        let before = reasons.entry(refusal).or_insert_with(ReleaseSet::empty);
        *before = before.union(set);
    }

    fn project<'g>(&self, goal: &'g Goal) -> Option<(&'g PackageName, &'a KnownProject)> {
        let name = goal.name()?;
        Some((name, self.provider.known.project(name).ok()?))
    }

    fn facts(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        let inputs = self.provider.known.inputs.iter();
        for input in inputs.filter(|input| self.required.contains(&input.name)) {
            facts.push(Fact::Required(input.to_string()));
            facts.extend(self.unmatched(input));
        }
        let mut dependencies: Vec<_> = self.dependencies.iter().collect();
        dependencies.sort_by_key(|(key, _)| self.provider.place(&key.0));
        for ((goal, required), set) in dependencies {
            facts.extend(self.dependency(goal, required, set));
        }
        facts.extend(self.wanted.iter().filter_map(|name| self.absence(name)));
        for (name, reasons) in &self.refused {
            facts.extend(self.refusals(name, reasons));
        }
        facts
    }

    /// What the releases `set` of `goal` require of one package.
    fn dependency(&self, goal: &Goal, required: &PackageName, set: &ReleaseSet) -> Vec<Fact> {
        let Some((package, project)) = self.project(goal) else {
            return Vec::new();
        };
        let numbers = project.numbered().rev().map(|(number, _)| number);
        let mut written: Vec<&DependencySpecifier> = Vec::new();
        for number in numbers.filter(|number| set.contains(number)) {
            let known = self.provider.known.dependencies(goal, number);
            let dependencies = known.unwrap_or_else(|_| Ok(Vec::new())).unwrap_or_default();
            let about = dependencies.into_iter().filter(|one| one.name == *required);
            for dependency in about {
                if written
                    .iter()
                    .all(|one| one.to_string() != dependency.to_string())
                {
                    written.push(dependency);
                }
            }
        }
        let Some(newest) = written.first() else {
            return Vec::new();
        };
        let fact = Fact::Dependency {
            package: package.clone(),
            extra: goal.extra().cloned(),
            versions: self.candidates(package, project, set),
            requirement: newest.to_string(),
            n_others: written.len() - 1,
        };
        [fact].into_iter().chain(self.unmatched(newest)).collect()
    }

    /// That nothing in the index satisfies a requirement.
    fn unmatched(&self, dependency: &DependencySpecifier) -> Option<Fact> {
        let project = self.provider.known.project(&dependency.name).ok()?;
        let newest = project.releases.last()?;
        let set = project.matching(&dependency.specifiers);
        let mut numbers = project.numbered().map(|(number, _)| number);
        (!numbers.any(|number| set.contains(&number))).then(|| Fact::NoneMatches {
            requirement: dependency.to_string(),
            newest: newest.version.clone(),
        })
    }

    /// Why a package has no releases at all, if it has none.
    fn absence(&self, name: &PackageName) -> Option<Fact> {
        let project = self.provider.known.project(name).ok()?;
        match &project.absence {
            Some(Absence::Missing) => Some(Fact::NoProject(name.clone())),
            Some(Absence::Refused(refusal)) => Some(Fact::NoDirect {
                package: name.clone(),
                refusal: refusal.clone(),
            }),
            None if project.releases.is_empty() => Some(Fact::NoReleases(name.clone())),
            None => None,
        }
    }

    /// Why releases of a package are not candidates, about the newest first.
    fn refusals(&self, name: &PackageName, reasons: &BTreeMap<Refusal, ReleaseSet>) -> Vec<Fact> {
        let Ok(project) = self.provider.known.project(name) else {
            return Vec::new();
        };
        let newest = |set: &ReleaseSet| {
            let mut newest = project.numbered().rev();
            newest
                .find(|(number, _)| set.contains(number))
                .map(|(number, _)| number)
        };
        let mut reasons: Vec<_> = reasons.iter().collect();
        reasons.sort_by_key(|(_, set)| std::cmp::Reverse(newest(set)));
        let facts = reasons.into_iter().take(MAX_REASONS);
        let facts = facts.map(|(refusal, set)| Fact::Refused {
            package: name.clone(),
            versions: versions(project, set, |_| true),
            refusal: refusal.clone(),
        });
        facts.collect()
    }

    fn candidates(&self, name: &PackageName, project: &KnownProject, set: &ReleaseSet) -> Versions {
        let leave = self.provider.grants.borrow().leave(name);
        let is_candidate = |number| {
            let release = project.release(number);
            release.is_some_and(|release| release.refusal(leave).is_none())
        };
        versions(project, set, is_candidate)
    }
}

/// Tells which of the releases that count are in `set`.
fn versions(project: &KnownProject, set: &ReleaseSet, counts: impl Fn(u32) -> bool) -> Versions {
    let counting = project.numbered().map(|(number, _)| number);
    let counting: Vec<u32> = counting.filter(|number| counts(*number)).collect();
    if counting.iter().all(|number| set.contains(number)) {
        return Versions::All;
    }
    let stretches = counting.chunk_by(|one, next| set.contains(one) == set.contains(next));
    let runs = stretches.filter(|stretch| set.contains(&stretch[0]));
    let mut runs: Vec<Run> = runs
        .filter_map(|run| self::run(project, run, &counting))
        .collect();
    runs.reverse();
    let n_omitted = runs.len().saturating_sub(MAX_RUNS);
    runs.truncate(MAX_RUNS);
    Versions::Runs { runs, n_omitted }
}

fn run(project: &KnownProject, stretch: &[u32], counting: &[u32]) -> Option<Run> {
    let version = |number: &u32| Some(project.release(*number)?.version.clone());
    let (first, last) = (stretch.first()?, stretch.last()?);
    let run = match (first == counting.first()?, last == counting.last()?) {
        _ if first == last => Run::One(version(first)?),
        (true, _) => Run::UpTo(version(last)?),
        (false, true) => Run::From(version(first)?),
        (false, false) => Run::Between(version(first)?, version(last)?),
    };
    Some(run)
}
