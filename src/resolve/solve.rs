//! Runs of the solver, and questions between them.

use pubgrub::{DerivationTree, PubGrubError};

use super::candidates::{Candidates, Problem, Question};
use super::error::{Conflict, Error};
use super::explain;
use super::goal::Goal;
use super::grants::Grants;
use super::known::Known;
use super::prefetch;
use super::provider::{Interruption, Provider, STEP_LIMIT};
use super::refusal::Refusal;
use super::release_set::ReleaseSet;
use super::solution::{Choice, Solution};

/// Chooses one version of each package that `problem` needs.
///
/// Of several solutions the one is taken that has the first requirement's package in its newest version, then the next
/// one's, and so on, as far as nothing was in the way. The same problem with the same answers has the same solution.
///
/// # Errors
///
/// Any [`Error`]. [`Error::Conflict`] says what rules out every solution.
pub fn resolve<C: Candidates>(
    problem: Problem<'_>,
    candidates: &mut C,
) -> Result<Solution, Error<C::Error>> {
    let mut known = Known::new(problem)?;
    let mut grants = Grants::default();
    loop {
        let (outcome, left) = run(&known, grants);
        grants = left;
        match outcome {
            Outcome::Solved(solution) => return Ok(solution),
            Outcome::Again => {}
            Outcome::Unknown(questions) => ask(&mut known, questions, candidates)?,
            Outcome::Impossible(conflict) => return Err(Error::Conflict(conflict)),
            Outcome::TooComplex => return Err(Error::TooComplex { limit: STEP_LIMIT }),
        }
    }
}

fn ask<C: Candidates>(
    known: &mut Known<'_>,
    questions: Vec<Question>,
    candidates: &mut C,
) -> Result<(), Error<C::Error>> {
    let answers = candidates.answer(&questions).map_err(Error::Candidates)?;
    let mut answers = answers.into_iter();
    for question in questions {
        let unanswered = || Error::Unanswered(Box::new(question.clone()));
        let answer = answers.next().ok_or_else(unanswered)?;
        if known.learn(question.clone(), answer).is_err() {
            return Err(unanswered());
        }
    }
    Ok(())
}

/// How one run ended.
enum Outcome {
    Solved(Solution),
    /// The rules have changed.
    Again,
    Unknown(Vec<Question>),
    Impossible(Conflict),
    TooComplex,
}

fn run(known: &Known<'_>, grants: Grants) -> (Outcome, Grants) {
    let provider = Provider::new(known, grants);
    let outcome = match pubgrub::resolve(&provider, Goal::Root, 0u32) {
        Ok(chosen) => accept(&provider, &Choice::new(known, chosen)),
        Err(PubGrubError::NoSolution(tree)) => refuse(&provider, &tree),
        Err(
            PubGrubError::ErrorRetrievingDependencies { source, .. }
            | PubGrubError::ErrorChoosingVersion { source, .. }
            | PubGrubError::ErrorInShouldCancel(source),
        ) => interrupt(&provider, source),
    };
    (outcome, provider.grants.into_inner())
}

fn accept(provider: &Provider<'_>, choice: &Choice<'_>) -> Outcome {
    let mut grants = provider.grants.borrow_mut();
    match choice.withdraw(&mut grants) {
        Ok(true) => return Outcome::Again,
        Ok(false) => {}
        Err(question) => return Outcome::Unknown(vec![question]),
    }
    match choice.solution(&grants) {
        Ok(solution) => Outcome::Solved(solution),
        Err(question) => Outcome::Unknown(vec![question]),
    }
}

/// Without a solution, pre-releases are looked at where nothing else is left. Whether the rules really call for them is
/// checked when they are chosen.
fn refuse(provider: &Provider<'_>, tree: &DerivationTree<Goal, ReleaseSet, Refusal>) -> Outcome {
    let mut grants = provider.grants.borrow_mut();
    let mut has_granted = false;
    for (goal, set) in explain::dead_ends(tree) {
        let project = goal.name().map(|name| (name, provider.known.project(name)));
        if let Some((name, Ok(project))) = project {
            has_granted |= grants.grant_rest(name, project, set);
        }
    }
    if has_granted {
        return Outcome::Again;
    }
    drop(grants);
    Outcome::Impossible(explain::explain(provider, tree))
}

fn interrupt(provider: &Provider<'_>, interruption: Interruption) -> Outcome {
    match interruption {
        Interruption::Unknown(question) => {
            Outcome::Unknown(prefetch::questions(provider, &question))
        }
        Interruption::Granted => Outcome::Again,
        Interruption::TooLong => Outcome::TooComplex,
    }
}
