//! Reads an environment, and then its files.

use std::path::Path;

use super::expected::{self, Allowed};
use super::hash;
use super::listed::Inventory;
use super::report::{CheckReport, Error, Problem};
use super::subject::Subject;
use super::walk;
use crate::environment::{StartupFolders, installed};
use crate::event::Reporter;
use crate::installed::StartupFile;
use crate::interpreter::Interpreter;
use crate::lock::{self, LockDocument};
use crate::pyproject::Project;
use crate::session::{Goal, Part};

/// What an environment has to be like beyond the lock.
#[derive(Clone, Debug, Default)]
pub struct CheckOptions<'a> {
    /// The interpreter that was asked for.
    pub interpreter: Option<&'a Interpreter>,
    /// What may be installed although it is not locked.
    pub allowed: Allowed,
    /// Whether code that runs whenever Python starts is a problem.
    pub refuses_startup: bool,
    /// The folder of the unpacked image that has to have the environment's Python; the one here does not count then.
    pub runtime_root: Option<&'a Path>,
}

/// An environment that was read, and whose files are not yet.
pub struct CheckPlan {
    subject: Subject,
    inventory: Inventory,
    n_distributions: usize,
    /// Of the environment and its distributions.
    problems: Vec<Problem>,
    part: Part,
    refuses_startup: bool,
}

impl CheckPlan {
    /// Reads the environment at `root`, an absolute path, and compares its distributions with what `goal` wants.
    ///
    /// Where only the project itself is wanted, nothing else is looked at. Without a Python that answers, nobody knows what is
    /// wanted, so only RECORDs count.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn new(goal: &Goal<'_>, root: &Path, options: &CheckOptions<'_>) -> Result<Self, Error> {
        let python = &goal.project.python_constraint;
        let mut subject = Subject::read(root, python, options.interpreter)?;
        let mut installed = installed(&subject.root, &subject.layout)?;
        if goal.part == Part::Project {
            let project = &goal.project.name;
            installed.distributions.retain(|one| one.name == *project);
            installed.leftovers.clear();
            installed.unfinished.clear();
        }
        let mut problems = std::mem::take(&mut subject.problems);
        if let Some(image) = options.runtime_root {
            problems = subject.problem_in(image).into_iter().collect();
        }
        if let Some(interpreter) = subject.interpreter.as_ref().or(options.interpreter) {
            let wanted = goal.wanted(&interpreter.target.marker_environment)?;
            let allowed = &options.allowed;
            problems.extend(expected::compare(goal, &wanted, &installed, allowed));
        }
        Ok(Self {
            inventory: Inventory::read(&subject, &installed)?,
            n_distributions: installed.distributions.len(),
            subject,
            problems,
            part: goal.part,
            refuses_startup: options.refuses_startup,
        })
    }

    /// Returns how many files will be compared, which [`Event::Compared`](crate::event::Event::Compared) counts.
    pub fn n_files(&self) -> usize {
        self.inventory.files.len()
    }

    /// Looks through the environment, and hashes what RECORDs list on `n_threads` threads.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] for a folder that cannot be listed.
    pub fn run(self, n_threads: usize, reporter: &dyn Reporter) -> Result<CheckReport, Error> {
        let Self {
            subject,
            mut inventory,
            mut problems,
            part,
            refuses_startup,
            n_distributions,
        } = self;
        problems.append(&mut inventory.problems);
        let startup = startup(&subject, &inventory, part)?;
        if refuses_startup {
            problems.extend(startup.iter().cloned().map(Problem::Startup));
        }
        let unlisted = match part {
            Part::Project => walk::Unlisted::default(),
            Part::All | Part::Dependencies => walk::unlisted(&subject, &inventory)?,
        };
        let hashed = hash::compare(&inventory, &subject.root, n_threads, reporter);
        problems.extend(hashed.problems);
        problems.extend(inventory.missing_scripts(&subject.root));
        let foreign = unlisted.foreign.into_iter();
        problems.extend(foreign.map(|path| Problem::Foreign { path }));
        Ok(CheckReport {
            is_python: subject.is_python,
            python: subject.python().map(str::to_owned),
            root: Some(subject.root),
            n_distributions,
            n_files: inventory.files.len(),
            n_bytes: hashed.n_bytes,
            n_unlisted_bytecode: unlisted.n_bytecode,
            startup,
            problems,
        })
    }
}

/// Finds what runs at the start, and whose it is. Of the project alone nobody else's counts.
fn startup(
    subject: &Subject,
    inventory: &Inventory,
    part: Part,
) -> Result<Vec<StartupFile>, Error> {
    let found = StartupFolders::new(&subject.layout).find(&subject.root)?;
    let files = found.into_iter().map(|file| {
        let claims = inventory.files.get(&file.path);
        let claim = claims.and_then(|claims| claims.first());
        StartupFile {
            distribution: claim.map(|claim| claim.distribution.clone()),
            ..file
        }
    });
    let counts = |file: &StartupFile| part != Part::Project || file.distribution.is_some();
    Ok(files.filter(counts).collect())
}

/// Tells whether a lock does not belong to its project, as `poetry check --lock` does.
pub fn stale_lock(document: &LockDocument<'_>, project: &Project) -> Option<Problem> {
    match document.check_freshness(project) {
        Err(lock::Error::Stale { locked, current }) => Some(Problem::StaleLock { locked, current }),
        Ok(()) | Err(_) => None,
    }
}
