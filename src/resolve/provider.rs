//! The questions of the `PubGrub` solver, answered from what is known.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BTreeMap;

use pubgrub::{Dependencies, DependencyProvider, PackageResolutionStatistics, VersionSet};

use super::candidates::Question;
use super::dependency::DependencySpecifier;
use super::goal::Goal;
use super::grants::Grants;
use super::known::Known;
use super::refusal::Refusal;
use super::release_set::ReleaseSet;

/// How many steps a solution may take. Real ones take some hundred.
pub(super) const STEP_LIMIT: usize = 100_000;

/// One run of the solver.
pub(super) struct Provider<'a> {
    pub(super) known: &'a Known<'a>,
    pub(super) grants: RefCell<Grants>,
    /// The order in which goals came up.
    seen: RefCell<BTreeMap<Goal, usize>>,
    n_steps: Cell<usize>,
}

/// Why a run of the solver ends early.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Interruption {
    /// It has to know more.
    #[error("something is not known yet")]
    Unknown(Question),
    /// The rules have changed.
    #[error("more releases are candidates now")]
    Granted,
    /// It takes too long.
    #[error("there are too many steps")]
    TooLong,
}

impl<'a> Provider<'a> {
    pub(super) fn new(known: &'a Known<'a>, grants: Grants) -> Self {
        Self {
            known,
            grants: RefCell::new(grants),
            seen: RefCell::default(),
            n_steps: Cell::new(0),
        }
    }

    /// The candidates for `goal` in `set`, best first.
    pub(super) fn ranked(&self, goal: &Goal, set: &ReleaseSet) -> Result<Vec<u32>, Interruption> {
        let Some(name) = goal.name() else {
            return Ok(vec![0]);
        };
        let project = self.known.project(name).map_err(Interruption::Unknown)?;
        let preference = self.known.problem.preferences.get(name);
        let leave = self.grants.borrow().leave(name);
        Ok(project.ranked(set, leave, preference))
    }

    /// The place of `goal` in the order in which goals came up.
    pub(super) fn place(&self, goal: &Goal) -> usize {
        let mut seen = self.seen.borrow_mut();
        let next = seen.len();
        *seen.entry(goal.clone()).or_insert(next)
    }

    /// The goals that a requirement sets, and the releases that reach them.
    pub(super) fn goals(
        &self,
        dependency: &DependencySpecifier,
    ) -> Result<(Vec<Goal>, ReleaseSet), Interruption> {
        let name = &dependency.name;
        let project = self.known.project(name).map_err(Interruption::Unknown)?;
        if self.grants.borrow_mut().grant(dependency, project) {
            return Err(Interruption::Granted);
        }
        let extras = dependency.extras.iter();
        let extras = extras.map(|extra| Goal::Extra(name.clone(), extra.clone()));
        let goals = [Goal::Package(name.clone())].into_iter().chain(extras);
        Ok((goals.collect(), project.matching(&dependency.specifiers)))
    }

    fn terms(
        &self,
        goal: &Goal,
        number: u32,
        dependencies: &[&DependencySpecifier],
    ) -> Result<Dependencies<Goal, ReleaseSet, Refusal>, Interruption> {
        let mut terms: Vec<(Goal, ReleaseSet)> = Vec::new();
        if let Goal::Extra(name, _) = goal {
            terms.push((Goal::Package(name.clone()), ReleaseSet::singleton(number)));
        }
        for dependency in dependencies {
            let (goals, set) = self.goals(dependency)?;
            let is_own = |required: &Goal| required == goal;
            if goals.iter().any(is_own) && !set.contains(&number) {
                return Ok(Dependencies::Unavailable(Refusal::InvalidDependency(
                    dependency.to_string(),
                )));
            }
            for required in goals.into_iter().filter(|required| required != goal) {
                self.place(&required);
                merge(&mut terms, required, &set);
            }
        }
        Ok(Dependencies::Available(terms.into_iter().collect()))
    }
}

/// Joins several requirements on one goal.
fn merge(terms: &mut Vec<(Goal, ReleaseSet)>, goal: Goal, set: &ReleaseSet) {
    match terms.iter_mut().find(|(other, _)| *other == goal) {
        Some((_, before)) => *before = before.intersection(set),
        None => terms.push((goal, set.clone())),
    }
}

impl DependencyProvider for Provider<'_> {
    type P = Goal;
    type V = u32;
    type VS = ReleaseSet;
    type M = Refusal;
    type Err = Interruption;
    type Priority = (u32, Reverse<usize>);

    /// What has been in the way most often comes first, then what came up first.
    fn prioritize(
        &self,
        goal: &Goal,
        _: &ReleaseSet,
        statistics: &PackageResolutionStatistics,
    ) -> Self::Priority {
        (statistics.conflict_count(), Reverse(self.place(goal)))
    }

    fn choose_version(&self, goal: &Goal, set: &ReleaseSet) -> Result<Option<u32>, Interruption> {
        Ok(self.ranked(goal, set)?.first().copied())
    }

    fn get_dependencies(
        &self,
        goal: &Goal,
        number: &u32,
    ) -> Result<Dependencies<Goal, ReleaseSet, Refusal>, Interruption> {
        let known = self.known.dependencies(goal, *number);
        match known.map_err(Interruption::Unknown)? {
            Ok(dependencies) => self.terms(goal, *number, &dependencies),
            Err(refusal) => Ok(Dependencies::Unavailable(refusal)),
        }
    }

    fn should_cancel(&self) -> Result<(), Interruption> {
        self.n_steps.set(self.n_steps.get() + 1);
        if self.n_steps.get() > STEP_LIMIT {
            return Err(Interruption::TooLong);
        }
        Ok(())
    }
}
