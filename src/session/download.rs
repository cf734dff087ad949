//! Fills a wheelhouse with what a lock has for a target: its files, as they are locked, or wheels in their place.
//!
//! What is there already and proven is left as it is. Nothing of the cache is taken unproven, for what is put into a wheelhouse leaves
//! this machine.

use std::collections::BTreeSet;
use std::path::Path;

use super::target_environment::own_interpreter;
use super::{Error, Goal, Part, Planning, Session, SessionPlan};
use crate::builder::{Builder, Tools};
use crate::environment::Environment;
use crate::event::{Event, Reporter, SessionEvent};
use crate::install::{FilePool, PreparedWheel, WheelContent};
use crate::installed::Installed;
use crate::interpreter::Interpreter;
use crate::name::PackageName;
use crate::plan::{self, Distribution, Form, Origin};
use crate::prepare::{Building, Prepare, wheels};
use crate::store::{Cache, Trust};
use crate::wheelhouse::{Stock, Wheelhouse};

/// What becomes of source distributions, repositories and folders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourcesAs {
    /// Source distributions as they are locked; repositories are refused, folders left out.
    #[default]
    Locked,
    /// Wheels.
    Wheels,
}

/// What a wheelhouse holds of a lock.
#[derive(Clone, Debug, Default)]
pub struct DownloadReport {
    /// How many files were put there.
    pub n_new: usize,
    /// How many were there, and proven.
    pub n_present: usize,
    /// The directory dependencies that are not there.
    pub left_out: Vec<PackageName>,
}

/// Where things are, all absolute.
#[derive(Clone, Copy, Debug)]
pub struct DownloadPlaces<'a> {
    /// The wheelhouse, which is made when it is not there.
    pub wheelhouse: &'a Path,
    /// The environment of the project, which need not be there. If it is, its interpreter is the target, unless another was
    /// asked for.
    pub environment: &'a Path,
}

impl Session {
    /// Puts into a wheelhouse what `goal` wants of the lock, the project itself excepted.
    ///
    /// # Errors
    ///
    /// [`Error::Interpreter`], [`Error::OnlyBuilt`], [`Error::Wheelhouse`]; otherwise what cannot be planned, fetched or built.
    /// What was put there before stays.
    pub fn download(
        &self,
        goal: &Goal<'_>,
        places: DownloadPlaces<'_>,
        sources: SourcesAs,
        reporter: &dyn Reporter,
    ) -> Result<DownloadReport, Error> {
        self.unless_interrupted(|| {
            let interpreter = self.download_interpreter(goal, places.environment)?;
            let goal = Goal {
                part: Part::Dependencies,
                is_editable: false,
                ..*goal
            };
            let planning = Planning {
                goal: &goal,
                on: &interpreter.target,
                installed: &Installed::default(),
                reporter,
            };
            let plan = self.plan_with(&planning, BTreeSet::new())?;
            let interruption = &self.settings.interruption;
            let settings = self.settings.configuration.build_config_settings()?;
            let stock = interruption.while_making(
                || Ok::<_, Error>(Stock::begin(places.wheelhouse)?),
                |stock| stock.hidden_folder().to_owned(),
            )?;
            let stock = stock.with_settings(settings.clone());
            let folders = [places.wheelhouse.to_owned()];
            let house = Wheelhouse::open(&folders, &planning.on.tags)?.with_settings(&settings);
            let missing = Missing::of(&plan, &house, sources)?;
            let download = Download {
                plan: &plan,
                interpreter: &interpreter,
                stock: &stock,
                sources,
                reporter,
            };
            reporter.step(SessionEvent::Downloading {
                missing: &missing.distributions,
            });
            let done = self.stock_up(&download, &missing.distributions);
            interruption.check()?;
            reporter.step(SessionEvent::WorkEnded);
            done?;
            Ok(missing.into_report())
        })
    }

    fn download_interpreter(
        &self,
        goal: &Goal<'_>,
        environment: &Path,
    ) -> Result<Interpreter, Error> {
        let cache = self.private_cache();
        let lookup = &self.settings.lookup;
        let constraint = &goal.project.python_constraint;
        let search = lookup.search(environment, constraint, cache.as_ref());
        if search.request.is_none()
            && let Ok(Some(environment)) = Environment::read(environment)
            && let Ok(own) = own_interpreter(&environment, &search)
        {
            return Ok(own);
        }
        Ok(search.find()?)
    }

    fn stock_up(&self, download: &Download<'_>, missing: &[&Distribution]) -> Result<(), Error> {
        if missing.is_empty() {
            return Ok(());
        }
        let (plan, stock, reporter) = (download.plan, download.stock, download.reporter);
        let cache = self.download_cache(stock)?;
        let client = self.client(&plan::index_sources(&plan.sources))?;
        let stop = self.settings.interruption.stop();
        let pool = FilePool::start(self.n_jobs())?;
        let builder = Builder::new(
            self.builder_settings(plan, Trust::Nothing)?,
            Tools {
                interpreter: download.interpreter,
                client: &client,
                pool: &pool,
                stop: &stop,
                reporter,
            },
        );
        let job = Prepare {
            distributions: missing,
            project: None,
            client: &client,
            cache: &cache,
            kept: None,
            folders: &self.build_options(&[stock.folder()]),
            building: match download.sources {
                SourcesAs::Locked => Building::Stocked(stock),
                SourcesAs::Wheels => self.builds(&builder),
            },
            options: &self.prepare_options(&stop, plan.wheelhouse.clone())?,
            reporter,
        };
        std::thread::scope(|scope| {
            for wheel in wheels(scope, job)? {
                download.put(&wheel?)?;
            }
            Ok(())
        })
    }

    /// What is fetched goes to the wheelhouse alone.
    fn download_cache(&self, stock: &Stock) -> Result<Cache, Error> {
        let scratch = stock.hidden_folder();
        let cache = match &self.settings.cache_folder {
            Some(folder) => Cache::open(folder, scratch)?,
            None => Cache::disabled(scratch),
        };
        Ok(cache.with_archives(false).with_trust(Trust::Nothing))
    }
}

impl Download<'_> {
    fn put(&self, wheel: &PreparedWheel) -> Result<(), Error> {
        let Some(distribution) = self.plan.plan.distribution(wheel.id) else {
            return Ok(());
        };
        let distribution = taken(distribution, wheel);
        match (&wheel.content, &distribution.form) {
            (WheelContent::Archive(file), Form::Wheel(_)) => self.stock.put(distribution, file)?,
            (WheelContent::Archive(file), Form::Sdist { .. } | Form::Tree { .. }) => {
                self.stock
                    .put_built(distribution, wheel.file.as_str(), file)?;
            }
            (WheelContent::Built(built), _) => self.stock.put_packed(distribution, built)?,
            // Nothing is asked of the unpacked wheels of the cache.
            (WheelContent::Kept(_), _) => return Ok(()),
        }
        self.reporter.report(Event::Stocked {
            name: &distribution.name,
            version: &distribution.version,
        });
        Ok(())
    }
}

/// Returns which of the choices a wheel is, or was built of.
fn taken<'d>(distribution: &'d Distribution, wheel: &PreparedWheel) -> &'d Distribution {
    let WheelContent::Archive(file) = &wheel.content else {
        return distribution;
    };
    let is_it = |one: &&Distribution| match &one.form {
        Form::Wheel(_) => one.origin.digests().contains(file.digest()),
        Form::Sdist { .. } | Form::Tree { .. } => true,
    };
    distribution.choices().find(is_it).unwrap_or(distribution)
}

/// What all steps need.
struct Download<'a> {
    plan: &'a SessionPlan,
    interpreter: &'a Interpreter,
    stock: &'a Stock,
    sources: SourcesAs,
    reporter: &'a dyn Reporter,
}

/// What has to be put there, and what has not.
#[derive(Default)]
struct Missing<'p> {
    distributions: Vec<&'p Distribution>,
    n_present: usize,
    left_out: Vec<PackageName>,
}

impl<'p> Missing<'p> {
    fn of(plan: &'p SessionPlan, house: &Wheelhouse, sources: SourcesAs) -> Result<Self, Error> {
        let mut missing = Self::default();
        let mut repositories = Vec::new();
        for distribution in plan.plan.distributions() {
            let is_folder = matches!(distribution.origin, Origin::Directory { .. });
            if !is_folder && is_present(distribution, house, sources) {
                missing.n_present += 1;
            } else if sources == SourcesAs::Wheels || distribution.file_name().is_some() {
                missing.distributions.push(distribution);
            } else if is_folder {
                missing.left_out.push(distribution.name.clone());
            } else {
                repositories.push(distribution.name.clone());
            }
        }
        if repositories.is_empty() {
            return Ok(missing);
        }
        Err(Error::OnlyBuilt {
            packages: repositories,
        })
    }

    fn into_report(self) -> DownloadReport {
        DownloadReport {
            n_new: self.distributions.len(),
            n_present: self.n_present,
            left_out: self.left_out,
        }
    }
}

/// A wheel that was built is as good as what it was built of.
fn is_present(distribution: &Distribution, house: &Wheelhouse, sources: SourcesAs) -> bool {
    let is_wanted_as_locked = sources == SourcesAs::Locked || distribution.wheel().is_some();
    let is_there = is_wanted_as_locked && house.has_file(distribution);
    is_there || house.has_built(distribution)
}
