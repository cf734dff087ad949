//! Fills an environment from a lock: the use case that joins the stages.
//!
//! [`Session::install`] does all of it, and begins again where another process was quicker or a copy in the cache turned
//! out to be damaged. Its steps are verbs, too: [`Session::environment`] finds the environment and its interpreter,
//! [`Session::plan`] plans what it lacks, [`Session::run`] carries that out. [`Session::rehearse`] goes as far as it can
//! without changing anything.
//!
//! A session reads no variables and no home folder: its surroundings are values in [`SessionSettings`]. It prints nothing: what
//! happens is a [`SessionEvent`], what came of it a value.

mod builds;
mod damage;
mod distributions;
mod download;
mod elsewhere;
mod error;
mod goal;
mod guard;
mod interruption;
mod lookup;
mod own_python;
mod placement;
mod recovery;
mod recreation;
mod rehearsal;
mod retries;
mod run;
mod runtime;
mod settings;
mod target_environment;
mod unlisted;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::event::{Reporter, SessionEvent, Warning};
use crate::installed::Installed;
use crate::name::PackageName;
use crate::plan::{self, Plan};
use crate::project_files::Disk;
use crate::pyproject::{Project, ProjectSource};
use crate::store::{PrivateCache, Trust};
use crate::target::Target;
use crate::wheelhouse::Wheelhouse;

use recovery::Mode;

pub use distributions::DistributionBuild;
pub use download::{DownloadPlaces, DownloadReport, SourcesAs};
pub use elsewhere::Elsewhere;
pub use error::{Error, Race};
pub use goal::{Goal, Part, ProjectOrigin};
pub use interruption::{Interrupted, Interruption};
pub use lookup::InterpreterLookup;
pub use placement::Placement;
pub use recreation::Recreation;
pub use settings::SessionSettings;
pub use target_environment::TargetEnvironment;

/// Fills environments.
#[derive(Clone)]
pub struct Session {
    settings: SessionSettings,
}

/// A plan, and what a run of it depends on besides.
#[derive(Clone, Debug)]
pub struct SessionPlan {
    /// The changes.
    pub plan: Plan,
    /// The name of the project, if it is among what is installed.
    pub project: Option<PackageName>,
    /// The project's own sources.
    sources: Vec<ProjectSource>,
    /// What narrows the build requirements of packages, by package.
    build_constraints: BTreeMap<PackageName, Vec<String>>,
    /// Where files are looked for first.
    wheelhouse: Option<Arc<Wheelhouse>>,
}

/// What was done.
#[derive(Clone, Debug)]
pub struct SessionReport {
    /// The changes.
    pub plan: Plan,
    /// The name of the project, if it is among what was installed.
    pub project: Option<PackageName>,
    /// Whether anything was changed: the environment itself is, when it is made, although the plan is empty.
    pub is_changed: bool,
    /// What was not as it should be about the files that were installed, in order and without repetition; each was also
    /// reported as an event. What indexes and the cache had to be warned of (a yanked file, a cache that cannot be written) is
    /// an event only.
    pub warnings: Vec<Warning>,
}

impl Session {
    /// Makes a session; nothing is read or asked yet.
    pub fn new(settings: SessionSettings) -> Self {
        Self { settings }
    }

    /// Fills the environment at `root`, an absolute path, so that it holds what `goal` says.
    ///
    /// # Errors
    ///
    /// [`Error::CacheInside`], [`Error::WholeImage`], those of [`Session::environment`], [`Session::plan`] and [`Session::run`], and
    /// [`Error::AlwaysRaced`] in place of [`Error::Raced`] and [`Error::Damaged`].
    pub fn install(
        &self,
        goal: &Goal<'_>,
        root: &Path,
        reporter: &dyn Reporter,
    ) -> Result<SessionReport, Error> {
        let root = &self.place(root);
        self.check_places(root)?;
        if self.settings.image_root.is_some() {
            let parent = root.parent().unwrap_or(root);
            fs_err::create_dir_all(parent).map_err(crate::environment::Error::from)?;
        }
        retries::attempt(reporter, |trust| self.attempt(goal, root, trust, reporter))
    }

    fn attempt(
        &self,
        goal: &Goal<'_>,
        root: &Path,
        trust: Trust,
        reporter: &dyn Reporter,
    ) -> Result<SessionReport, Error> {
        self.unless_interrupted(|| {
            let target = self.environment(root, goal.project, reporter)?;
            let plan = self.plan(goal, &target, reporter)?;
            self.run_trusting(plan, target, trust, reporter)
        })
    }

    /// Makes every error after an interruption that interruption: whatever went wrong is a consequence of it.
    fn unless_interrupted<T>(&self, act: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        act().or_else(|error| {
            self.settings.interruption.check()?;
            Err(error)
        })
    }

    /// Plans as [`Session::install`] does, builds the wheel of the project, checks other folders and proves local files, and
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// Those of [`Session::install`] that come before anything is downloaded.
    pub fn rehearse(
        &self,
        goal: &Goal<'_>,
        root: &Path,
        reporter: &dyn Reporter,
    ) -> Result<SessionPlan, Error> {
        let root = &self.place(root);
        self.check_places(root)?;
        self.unless_interrupted(|| {
            let target = self.environment(root, goal.project, reporter)?;
            let plan = self.plan_in(Mode::Rehearsal, goal, &target, reporter)?;
            self.prove_local(&plan, &target, reporter)?;
            plan.report(reporter);
            Ok(plan)
        })
    }

    /// Finds the environment at `root`, an absolute path, waits until nobody else changes it, and finds an interpreter that
    /// `project` allows. Where the settings say so it is the installation of that interpreter itself, wherever `root` is.
    ///
    /// # Errors
    ///
    /// [`Error::Interpreter`], [`Error::Environment`], [`Error::NotRemovable`], [`Error::OwnPython`].
    pub fn environment(
        &self,
        root: &Path,
        project: &Project,
        reporter: &dyn Reporter,
    ) -> Result<TargetEnvironment, Error> {
        let cache = self.private_cache();
        let lookup = &self.settings.lookup;
        let search = lookup.search(root, &project.python_constraint, cache.as_ref());
        if self.settings.fills_python {
            return TargetEnvironment::of_python(&project.name, &search, reporter);
        }
        let runtime = self.settings.runtime_python.as_deref();
        let target = TargetEnvironment::find(root, &project.name, &search, runtime, reporter)?;
        if let Some(python) = runtime {
            runtime::check_python(python, target.interpreter())?;
        }
        Ok(target)
    }

    /// Returns where the environment `root` is made: below the root of the image, if it is for one.
    fn place(&self, root: &Path) -> PathBuf {
        let below = self.settings.image_root.as_ref();
        below.map_or_else(
            || root.to_owned(),
            |below| runtime::place_below(below, root),
        )
    }

    /// Plans what `target` lacks. What an interrupted change left there is completed before.
    ///
    /// # Errors
    ///
    /// [`Error::Select`], [`Error::Plan`], [`Error::Configuration`]; [`Error::Environment`] and [`Error::Install`] when what
    /// is installed cannot be read or completed.
    pub fn plan(
        &self,
        goal: &Goal<'_>,
        target: &TargetEnvironment,
        reporter: &dyn Reporter,
    ) -> Result<SessionPlan, Error> {
        self.plan_in(Mode::Change, goal, target, reporter)
    }

    fn plan_in(
        &self,
        mode: Mode,
        goal: &Goal<'_>,
        target: &TargetEnvironment,
        reporter: &dyn Reporter,
    ) -> Result<SessionPlan, Error> {
        let planning = Planning {
            goal,
            on: &target.interpreter().target,
            installed: &recovery::installed(target, mode, reporter)?,
            reporter,
        };
        let plan = self.plan_with(&planning, BTreeSet::new())?;
        let losers = recovery::losers(target, planning.installed, &plan.plan)?;
        if losers.is_empty() {
            return Ok(plan);
        }
        self.plan_with(&planning, losers)
    }

    fn plan_with(
        &self,
        planning: &Planning<'_>,
        reinstalls: BTreeSet<PackageName>,
    ) -> Result<SessionPlan, Error> {
        let Planning {
            goal,
            on,
            installed,
            ..
        } = *planning;
        let wheelhouse = self.wheelhouse(on)?;
        let built = wheelhouse.as_ref().map(|house| house.built_packages());
        let configuration = &self.settings.configuration;
        let options = plan::PlanOptions {
            reinstalls,
            project: goal.project_name(installed),
            removes_others: goal.removes_others,
            skips_directories: goal.skips_directories,
            is_editable: goal.is_editable,
            builds: self.settings.builds,
            built: built.unwrap_or_default(),
            sources: goal.sources().map(<[_]>::to_vec),
            no_binary: configuration.no_binary()?,
            only_binary: configuration.only_binary()?,
            weak_hashes: self.settings.weak_hashes,
        };
        let wanted = goal.wanted(&on.marker_environment)?;
        let completed = self.completed(&wanted, installed, &options, planning.reporter)?;
        let wanted = plan::with_completed(&wanted, &completed);
        let mut plan = plan::plan(&wanted, on, installed, &options)?;
        unlisted::warn_of_unproven(&plan, planning.reporter);
        let action = goal.project_action(installed);
        let project = action.is_some().then(|| goal.project.name.clone());
        if let Some(action) = action {
            plan.push(action);
        }
        Ok(SessionPlan {
            plan,
            project,
            sources: goal.project.sources.clone(),
            build_constraints: goal.project.build_constraints(&Disk)?,
            wheelhouse,
        })
    }

    /// Carries `plan` out: fetches and builds what it installs, and fills or changes `target`.
    ///
    /// # Errors
    ///
    /// [`Error::Raced`] and [`Error::Damaged`] when all has to begin again with [`Session::environment`]; otherwise what
    /// cannot be fetched, built or put in place. A new environment is not there then, and one that was there holds each
    /// distribution as it was, or new, or so that the next plan completes it.
    pub fn run(
        &self,
        plan: SessionPlan,
        target: TargetEnvironment,
        reporter: &dyn Reporter,
    ) -> Result<SessionReport, Error> {
        self.run_trusting(plan, target, Trust::Name, reporter)
    }

    /// Refuses a cache inside the environment, which would be removed with it.
    fn check_places(&self, root: &Path) -> Result<(), Error> {
        if self.settings.image_root.as_deref() == Some(root) {
            return Err(Error::WholeImage(root.to_owned()));
        }
        match &self.settings.cache_folder {
            Some(folder) if folder.starts_with(root) => Err(Error::CacheInside {
                cache: folder.clone(),
                environment: root.to_owned(),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Returns the cache where its content is trusted without proof: not when others may write there.
    fn private_cache(&self) -> Option<PrivateCache> {
        PrivateCache::at(self.settings.cache_folder.as_ref()?)
    }
}

/// What all plans for one run have in common.
struct Planning<'a> {
    goal: &'a Goal<'a>,
    on: &'a Target,
    installed: &'a Installed,
    reporter: &'a dyn Reporter,
}

impl SessionPlan {
    fn report(&self, reporter: &dyn Reporter) {
        reporter.step(SessionEvent::Planned {
            plan: &self.plan,
            project: self.project.as_ref(),
        });
    }
}
