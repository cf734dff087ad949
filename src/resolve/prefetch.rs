//! What will be asked next, guessed, so that it can be asked at once.
//!
//! The solver needs one answer at a time. Following every requirement to its best release, conflicts aside, finds nearly
//! all that it will need: a resolution takes about two rounds of questions for each level of dependencies.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use pubgrub::VersionSet;

use super::candidates::Question;
use super::goal::Goal;
use super::project::KnownProject;
use super::provider::{Interruption, Provider};
use super::release_set::ReleaseSet;

/// How many releases of one project are asked about at once, when one after the other was not the one.
const MAX_AHEAD: usize = 16;

/// Returns `needed` and what else will be needed.
pub(super) fn questions(provider: &Provider<'_>, needed: &Question) -> Vec<Question> {
    let mut walk = Walk {
        provider,
        sets: BTreeMap::new(),
        questions: vec![needed.clone()],
    };
    walk.follow();
    if let Question::Metadata { name, .. } = needed {
        walk.ask_ahead(&Goal::Package(name.clone()));
    }
    walk.questions
}

struct Walk<'a> {
    provider: &'a Provider<'a>,
    /// What is left of each project by the requirements that were followed.
    sets: BTreeMap<Goal, ReleaseSet>,
    questions: Vec<Question>,
}

impl Walk<'_> {
    fn follow(&mut self) {
        let mut waiting = VecDeque::from([Goal::Root]);
        let mut seen = BTreeSet::from([Goal::Root]);
        while let Some(goal) = waiting.pop_front() {
            for required in self.requirements(&goal) {
                if seen.insert(required.clone()) {
                    waiting.push_back(required);
                }
            }
        }
    }

    /// The goals that the best release of `goal` sets; what is not known of them is asked.
    fn requirements(&mut self, goal: &Goal) -> Vec<Goal> {
        let known = self.provider.known;
        let set = self.sets.get(goal).cloned();
        let ranked = self
            .provider
            .ranked(goal, &set.unwrap_or_else(ReleaseSet::full));
        let Some(best) = ranked.unwrap_or_default().first().copied() else {
            return Vec::new();
        };
        let dependencies = match known.dependencies(goal, best) {
            Ok(Ok(dependencies)) => dependencies,
            Ok(Err(_)) => return Vec::new(),
            Err(question) => {
                self.ask(question);
                return Vec::new();
            }
        };
        let mut required = Vec::new();
        for dependency in dependencies {
            match self.provider.goals(dependency) {
                Ok((goals, set)) => {
                    for goal in goals {
                        self.narrow(&goal, &set);
                        required.push(goal);
                    }
                }
                Err(Interruption::Unknown(question)) => self.ask(question),
                Err(Interruption::Granted | Interruption::TooLong) => {}
            }
        }
        required
    }

    fn narrow(&mut self, goal: &Goal, set: &ReleaseSet) {
        let before = self
            .sets
            .entry(goal.clone())
            .or_insert_with(ReleaseSet::full);
        let both = before.intersection(set);
        // What excludes each other is for the solver to sort out.
        if both != ReleaseSet::empty() {
            *before = both;
        }
    }

    fn ask(&mut self, question: Question) {
        if !self.questions.contains(&question) {
            self.questions.push(question);
        }
    }

    /// Asks about the next releases of a project, as many as were asked about before.
    fn ask_ahead(&mut self, goal: &Goal) {
        let known = self.provider.known;
        let Some(name) = goal.name() else { return };
        let Ok(project) = known.project(name) else {
            return;
        };
        let n_ahead = n_asked(project).saturating_sub(1).min(MAX_AHEAD);
        let set = self.sets.get(goal).cloned();
        let ranked = self
            .provider
            .ranked(goal, &set.unwrap_or_else(ReleaseSet::full));
        let ranked = ranked.unwrap_or_default().into_iter();
        let unknown = ranked.filter_map(|number| known.details(name, number).err());
        for question in unknown.take(n_ahead) {
            self.ask(question);
        }
    }
}

fn n_asked(project: &KnownProject) -> usize {
    let releases = project.releases.iter();
    releases.filter(|release| release.details.is_some()).count()
}
