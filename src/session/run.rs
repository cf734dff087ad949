//! Carries a plan out: makes or changes the environment, from what the cache has and what is fetched and built.

use super::guard::DestinationGuard;
use super::target_environment::TargetEnvironment;
use super::{Error, Race, Session, SessionPlan, SessionReport, damage, runtime};
use crate::builder::{Builder, Tools};
use crate::event::{Event, Reporter, SessionEvent, Warning};
use crate::install::{
    self, Destination, FilePool, InstallOptions, Installation, KeptWheels, PreparedWheel,
    WheelContent,
};
use crate::interpreter::Interpreter;
use crate::plan::{self, Distribution};
use crate::prepare::{Prepare, wheels};
use crate::store::{self, Cache, Trust};

/// What all steps of a run need.
struct Context<'a> {
    plan: &'a SessionPlan,
    distributions: &'a [&'a Distribution],
    destination: &'a Destination,
    interpreter: &'a Interpreter,
    reporter: &'a dyn Reporter,
}

impl Session {
    pub(super) fn run_trusting(
        &self,
        plan: SessionPlan,
        target: TargetEnvironment,
        trust: Trust,
        reporter: &dyn Reporter,
    ) -> Result<SessionReport, Error> {
        if plan.plan.is_nothing_to_do() && target.is_usable() {
            if let Some(folder) = &self.settings.cache_folder {
                store::tidy(folder);
            }
            plan.report(reporter);
            if self.settings.refuses_startup || reporter.hears_of_startup() {
                self.review_startup(&target, reporter)?;
            }
            runtime::settle_parents(self, target.root())?;
            return Ok(plan.into_report(false, Vec::new()));
        }
        let interruption = &self.settings.interruption;
        let root = target.root().to_owned();
        target.announce(reporter);
        let guard = interruption.while_making(
            || DestinationGuard::new(target, self.usage()),
            |guard| guard.hidden_folder().to_owned(),
        )?;
        plan.report(reporter);
        let done = self.fill(&plan, &guard, trust, reporter);
        interruption.check()?;
        reporter.step(SessionEvent::WorkEnded);
        let warnings = done?;
        let hidden = guard.hidden_folder().to_owned();
        interruption.while_publishing(&hidden, || guard.publish())??;
        runtime::settle_parents(self, &root)?;
        Ok(plan.into_report(true, warnings))
    }

    /// Tells of what runs at the start in an environment that is as it should be.
    fn review_startup(
        &self,
        target: &TargetEnvironment,
        reporter: &dyn Reporter,
    ) -> Result<(), Error> {
        let files = install::startup_files(target.root(), &target.interpreter().layout)?;
        for file in &files {
            reporter.report(Event::Startup(file));
        }
        if self.settings.refuses_startup {
            install::refuse_startup(files)?;
        }
        Ok(())
    }

    /// Puts everything in place, but publishes nothing.
    fn fill(
        &self,
        plan: &SessionPlan,
        guard: &DestinationGuard,
        trust: Trust,
        reporter: &dyn Reporter,
    ) -> Result<Vec<Warning>, Error> {
        let distributions: Vec<&Distribution> = plan.plan.distributions().collect();
        let context = Context {
            plan,
            distributions: &distributions,
            destination: &guard.destination(),
            interpreter: guard.interpreter(),
            reporter,
        };
        let mut options = self.install_options(guard)?;
        store::tidy_temporary(&self.temporary_folder());
        // Opened first, for from then on nobody takes what is made in it for a dead one's.
        let cache = self.cache(context.destination)?.with_trust(trust);
        if trust == Trust::Nothing && !cache.is_written() {
            options.cache = None;
        }
        let done = self.install_wheels(&context, cache, trust, &options);
        done.map_err(|error| self.explain(error, &context, &options, trust))
    }

    fn install_wheels(
        &self,
        context: &Context<'_>,
        cache: Cache,
        trust: Trust,
        options: &InstallOptions,
    ) -> Result<Vec<Warning>, Error> {
        // What programs work in goes before it.
        let stop = self.settings.interruption.stop();
        let (distributions, destination) = (context.distributions, context.destination);
        let pool = FilePool::start(self.n_jobs())?;
        let mut unpacked = install::unpacked(distributions, destination, options, &pool);
        let cache = cache.with_archives(!unpacked.is_written);
        let kept = unpacked.finder.take();
        let (ready, missing) = divide(distributions, unpacked, context.reporter);
        let client = self.client(&plan::index_sources(&context.plan.sources))?;
        let builder = Builder::new(
            self.builder_settings(context.plan, trust)?,
            Tools {
                interpreter: context.interpreter,
                client: &client,
                pool: &pool,
                stop: &stop,
                reporter: context.reporter,
            },
        );
        let job = Prepare {
            distributions: &missing,
            project: context.plan.project.as_ref(),
            client: &client,
            cache: &cache,
            kept: kept.as_ref(),
            folders: &self.build_options(&[&destination.root, &destination.folder]),
            building: self.builds(&builder),
            options: &self.prepare_options(&stop, context.plan.wheelhouse.clone())?,
            reporter: context.reporter,
        };
        let done = std::thread::scope(|scope| {
            let prepared = wheels(scope, job)?;
            let halt = prepared.halt();
            let wheels = ready
                .into_iter()
                .map(Ok)
                .chain(prepared.map(|wheel| Ok(wheel?)));
            let installation = Installation {
                plan: &context.plan.plan,
                destination,
                options,
                kept: kept.as_ref(),
                pool: &pool,
                reporter: context.reporter,
                on_failure: &|| halt.request(),
            };
            install::install(installation, wheels)
        });
        for warning in cache.take_warnings() {
            context.reporter.report(Event::Warning(warning));
        }
        let done = done.map_err(|error| damage::of_builds(error, &builder, trust));
        done.map(|report| report.warnings)
    }

    /// Finds out whether other processes or a damaged cache are to blame for an error.
    fn explain(
        &self,
        error: Error,
        context: &Context<'_>,
        options: &InstallOptions,
        trust: Trust,
    ) -> Error {
        if error.is_of_a_changed_cache() {
            return Error::Raced(Race::Cache);
        }
        // Where nothing was trusted no archive of the cache was used unproven: none can be to blame.
        let is_suspect = trust == Trust::Name;
        let cache = is_suspect.then(|| self.cache(context.destination).ok());
        let kept = options.cache.as_ref();
        let names = damage::remove(&error, context.distributions, cache.flatten(), kept);
        if names.is_empty() {
            return error;
        }
        Error::Damaged { names }
    }
}

impl SessionPlan {
    fn into_report(self, is_changed: bool, warnings: Vec<Warning>) -> SessionReport {
        SessionReport {
            plan: self.plan,
            project: self.project,
            is_changed,
            warnings,
        }
    }
}

/// Parts what is to be installed into wheels that the cache has unpacked and what has to be prepared.
fn divide<'a>(
    distributions: &[&'a Distribution],
    unpacked: KeptWheels,
    reporter: &dyn Reporter,
) -> (Vec<PreparedWheel>, Vec<&'a Distribution>) {
    let (mut ready, mut missing) = (Vec::new(), Vec::new());
    for (distribution, found) in distributions.iter().zip(unpacked.found) {
        let (Some(wheel), Some(file)) = (found, distribution.wheel().cloned()) else {
            missing.push(*distribution);
            continue;
        };
        let wheel = PreparedWheel {
            id: distribution.id,
            file,
            content: WheelContent::Kept(Box::new(wheel)),
            from_cache: true,
        };
        reporter.report(Event::Fetched {
            file: wheel.file.as_str(),
            from_cache: true,
        });
        ready.push(wheel);
    }
    (ready, missing)
}
