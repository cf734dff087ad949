//! `lock2venv install`: reads, selects, plans, and has the plan carried out.

mod arrivals;
mod damage;
mod elsewhere;
mod interrupt;
mod leniency;
mod meanwhile;
mod operations;
mod project;
mod recovery;
mod rehearsal;
mod site;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lock2venv::archive::SizeLimits;
use lock2venv::bytecode;
use lock2venv::configuration::Configuration;
use lock2venv::event::{Event, Reporter as _};
use lock2venv::fetch::{self, Fetch, Network};
use lock2venv::http;
use lock2venv::index::{self, Client};
use lock2venv::install::{self, Destination, LinkMode, Options, Unpacked};
use lock2venv::installed::Installed;
use lock2venv::interpreter::managed_folders;
use lock2venv::name::PackageName;
use lock2venv::plan::{self, Builds, Distribution, IndexSource, Plan};
use lock2venv::project_wheel;
use lock2venv::store::{self, Cache, KeptWheel, Trust};
use lock2venv::url::Url;
use lock2venv::wheel::Leniency;

use crate::args::{self, Install};
use crate::context::Context;
use crate::diagnose::Failure;
use crate::report::Terminal;

use arrivals::Arrivals;
use damage::Stop;
use interrupt::Interrupt;
use meanwhile::Meanwhile;
use operations::Operations;
use project::LockedProject;
use site::{Look, Site, Workplace};

/// Fills the environment of the project.
pub(crate) fn run(arguments: &Install, context: &Context) -> Result<(), Failure> {
    let started = Instant::now();
    check_flags(arguments)?;
    let leniency = leniency::parse(&arguments.lenient)?;
    let project = LockedProject::read(arguments, context)?;
    let configuration = Configuration::read(&project.root, context.variables.clone())?;
    let run = Run {
        arguments,
        context,
        project,
        configuration,
        cache_folder: cache_folder(arguments, context)?,
        leniency,
    };
    run.install(started)
}

/// One run of the command: everything that it was told.
struct Run<'a> {
    arguments: &'a Install,
    context: &'a Context,
    project: LockedProject,
    configuration: Configuration,
    /// `None` when nothing is to be kept.
    cache_folder: Option<PathBuf>,
    /// The rules about wheels that are lifted.
    leniency: Leniency,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// These copies in the cache were damaged and are gone: they have to be fetched again.
    Damaged(Vec<String>),
    /// Another process made the environment or changed the cache meanwhile, so there is a new state of things.
    Overtaken,
}

impl Outcome {
    /// Says why all begins again.
    fn tell(&self, terminal: &Terminal) {
        match self {
            Self::Done => {}
            Self::Damaged(names) => {
                for name in names {
                    terminal.line(&format!(
                        "The copy of {name} in the cache was damaged: fetching it again"
                    ));
                }
            }
            Self::Overtaken => {
                terminal.line("Another process changed the cache meanwhile: looking again");
            }
        }
    }
}

/// How often other processes may be quicker.
const MOST_ATTEMPTS: usize = 3;

impl Run<'_> {
    fn install(&self, started: Instant) -> Result<(), Failure> {
        let interrupt = Interrupt::watch()?;
        self.check_places()?;
        self.warn_of_elsewhere()?;
        let mut damaged = Vec::new();
        for _ in 0..MOST_ATTEMPTS {
            // Where a copy was damaged nothing is believed any more; and one in a cache that may only be read stays there.
            let trust = if damaged.is_empty() {
                Trust::Name
            } else {
                Trust::Nothing
            };
            let outcome = self.attempt(started, &interrupt, trust);
            match outcome.map_err(|failure| explain_damage(failure, &damaged))? {
                Outcome::Done => return Ok(()),
                Outcome::Damaged(names) => damaged.extend(names),
                Outcome::Overtaken => {}
            }
        }
        Err(
            Failure::text("other processes change the environment or the cache all the time")
                .hint("run the same command again when they have ended"),
        )
    }

    /// Refuses a cache inside the environment, which would be removed with it.
    fn check_places(&self) -> Result<(), Failure> {
        let root = site::root(self.arguments, self.context, &self.project);
        match &self.cache_folder {
            Some(folder) if folder.starts_with(&root) => {
                let (cache, root) = (folder.display(), root.display());
                let text =
                    format!("the cache `{cache}` would be inside of the environment `{root}`");
                let failure = Failure::text(&text).misuse();
                Err(failure.hint("name another folder: `--cache-dir DIR`, or use `--no-cache`"))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn warn_of_elsewhere(&self) -> Result<(), Failure> {
        let root = site::root(self.arguments, self.context, &self.project);
        let (context, configuration) = (self.context, &self.configuration);
        if let Some(text) = elsewhere::warning(self.arguments, context, configuration, &root)? {
            Terminal::new(context.verbosity).warn(&text);
        }
        Ok(())
    }

    fn attempt(
        &self,
        started: Instant,
        interrupt: &Interrupt,
        trust: Trust,
    ) -> Result<Outcome, Failure> {
        let mut terminal = Terminal::new(self.context.verbosity);
        let site = self.site(&terminal)?;
        let (plan, has_project) = self.plan(&site, &terminal)?;
        let operations = Operations::of(&plan, has_project.then_some(&self.project.name));
        if self.arguments.dry_run {
            self.rehearse(&plan, &site, &terminal)?;
            self.announce(&operations, &terminal);
            operations.list(&terminal);
            operations.name_project(&terminal);
            return Ok(Outcome::Done);
        }
        if plan.is_nothing_to_do() && site.is_usable() {
            if let Some(folder) = &self.cache_folder {
                store::tidy(folder);
            }
            self.announce(&operations, &terminal);
            return Ok(Outcome::Done);
        }
        site.announce(&self.project, &terminal);
        let workplace = interrupt.while_making(
            || site.prepare(&self.project),
            |workplace| workplace.hidden_folder().to_owned(),
        )?;
        self.announce(&operations, &terminal);
        terminal.begin(operations.n_all(), operations.lines().clone());
        interrupt.before_last_words(terminal.freezer());
        let done = self.carry_out(&plan, &workplace, trust, &terminal);
        interrupt.check();
        terminal.finish();
        let done = done?;
        if done != Outcome::Done {
            done.tell(&terminal);
            return Ok(done);
        }
        if !interrupt.while_publishing(|| workplace.publish())? {
            terminal.line("Another process made this environment meanwhile: looking again");
            return Ok(Outcome::Overtaken);
        }
        operations.name_project(&terminal);
        terminal.line(&format!("\n{operations} in {}", seconds(started.elapsed())));
        Ok(Outcome::Done)
    }

    /// Says what will be done about dependencies, if anything is to be.
    fn announce(&self, operations: &Operations, terminal: &Terminal) {
        if !self.arguments.only_root {
            operations.announce(terminal);
        }
    }

    fn site(&self, terminal: &Terminal) -> Result<Site, Failure> {
        let answers = self.private_cache("v1/interpreters");
        let poetry = self.configuration.python_installation_dir()?;
        let look = Look {
            context: self.context,
            answers: answers.as_deref(),
            managed: &managed_folders(&self.context.variables, poetry),
        };
        Site::find(self.arguments, look, &self.project, terminal)
    }

    /// Plans; the answer also tells whether the project itself is among the actions.
    fn plan(&self, site: &Site, terminal: &Terminal) -> Result<(Plan, bool), Failure> {
        let mode = if self.arguments.dry_run {
            recovery::Mode::DryRun
        } else {
            recovery::Mode::Change
        };
        let installed = recovery::installed(site, mode, terminal)?;
        let plan = self.plan_with(site, &installed, BTreeSet::new())?;
        let losers = recovery::losers(site, &installed, &plan.0)?;
        if losers.is_empty() {
            return Ok(plan);
        }
        self.plan_with(site, &installed, losers)
    }

    fn plan_with(
        &self,
        site: &Site,
        installed: &Installed,
        reinstalls: BTreeSet<PackageName>,
    ) -> Result<(Plan, bool), Failure> {
        let interpreter = site.interpreter();
        let options = plan::Options {
            reinstalls,
            project: Some(self.project.name.clone()),
            removes_others: self.arguments.sync,
            skips_directories: self.arguments.no_directory,
            is_editable: self.arguments.editable,
            builds: Builds::Refused,
            sources: Some(self.project.project.sources.clone()),
            no_binary: self.configuration.no_binary()?,
            only_binary: self.configuration.only_binary()?,
        };
        let wanted = self
            .project
            .wanted(self.arguments, &interpreter.target.marker_environment)?;
        let mut plan = plan::plan(&wanted, &interpreter.target, installed, &options)?;
        let action = self.project.action(self.arguments, installed);
        let has_project = action.is_some();
        if let Some(action) = action {
            plan.push(action);
        }
        Ok((plan, has_project))
    }

    fn carry_out(
        &self,
        plan: &Plan,
        workplace: &Workplace,
        trust: Trust,
        terminal: &Terminal,
    ) -> Result<Outcome, Failure> {
        let destination = workplace.destination();
        let mut options = self.install_options(workplace)?;
        let distributions: Vec<&Distribution> = plan.distributions().collect();
        // Opened first, for from then on nobody takes what is made in it for a dead one's.
        let cache = self.cache(&destination)?.with_trust(trust);
        if trust == Trust::Nothing && !cache.is_written() {
            options.trees = None;
        }
        let mut unpacked = install::unpacked(&distributions, &destination, &options);
        let cache = cache.with_archives(!unpacked.is_written);
        let client = self.client()?;
        let finder = unpacked.finder.take();
        let (here, fetched) = divide(&distributions, unpacked, terminal);
        let meanwhile = Meanwhile::new(finder);
        let job = Fetch {
            distributions: &fetched,
            client: &client,
            cache: &cache,
            unpacked: Some(&meanwhile),
            options: &self.fetch_options()?,
            reporter: terminal,
        };
        let done: Result<_, Stop> = std::thread::scope(|scope| {
            let building =
                self.build_options([destination.root.clone(), destination.folder.clone()]);
            let arrivals = Arrivals::start(scope, job, here, &building, &meanwhile)?;
            let arrivals = arrivals.map(|arrival| arrival.map_err(Stop::Other));
            install::install(plan, arrivals, &destination, &options, terminal)
        });
        for warning in cache.take_warnings() {
            terminal.report(Event::Warning(warning));
        }
        match done {
            Ok(_) => Ok(Outcome::Done),
            Err(Stop::Install(install::Error::Changed { .. })) => Ok(Outcome::Overtaken),
            Err(stop) => {
                let cache = self.cache(&destination).ok();
                let damaged = stop.remove_damaged(&distributions, cache, options.trees.as_deref());
                if damaged.is_empty() {
                    return Err(stop.into());
                }
                Ok(Outcome::Damaged(damaged))
            }
        }
    }

    /// Returns a folder of the cache whose content is believed without proof: none when others may write there.
    fn private_cache(&self, name: &str) -> Option<PathBuf> {
        let folder = self.cache_folder.as_ref()?;
        store::is_private(folder).then(|| folder.join(name))
    }

    fn cache(&self, destination: &Destination) -> Result<Cache, Failure> {
        let Some(folder) = &self.cache_folder else {
            return Ok(Cache::disabled(&destination.folder));
        };
        Ok(Cache::open(folder, &destination.folder)?)
    }

    fn client(&self) -> Result<Client, Failure> {
        let index_url = self
            .arguments
            .index_url
            .as_deref()
            .map(Url::parse)
            .transpose();
        let index_url = index_url.map_err(|error| {
            Failure::new(&error)
                .hint("`--index-url` takes the address of a simple index")
                .misuse()
        })?;
        let sources = self.project.sources();
        let settings = index::Settings {
            index_url,
            sources: sources
                .map(|(name, url)| IndexSource { name, url })
                .collect(),
            configuration: self.configuration.clone(),
            base_delay: http::BASE_DELAY,
            limits: self.index_limits()?,
        };
        Ok(Client::new(settings)?)
    }

    fn index_limits(&self) -> Result<http::Limits, Failure> {
        let limits = http::Limits::for_timeout(self.configuration.timeout()?);
        let file_bytes = self.arguments.max_download.unwrap_or(limits.file_bytes);
        Ok(http::Limits {
            file_bytes,
            ..limits
        })
    }

    fn size_limits(&self) -> SizeLimits {
        let SizeLimits { n_bytes, ratio } = SizeLimits::default();
        SizeLimits {
            n_bytes: self.arguments.max_unpacked.unwrap_or(n_bytes),
            ratio: self.arguments.max_ratio.unwrap_or(ratio),
        }
    }

    fn fetch_options(&self) -> Result<fetch::Options, Failure> {
        let asked = self.configuration.max_workers()?;
        Ok(fetch::Options {
            network: if self.arguments.offline {
                Network::Offline
            } else {
                Network::Online
            },
            n_connections: asked.unwrap_or(fetch::N_CONNECTIONS).max(1),
            patience: fetch::PATIENCE,
        })
    }

    /// Keeps the environment and the cache out of the wheels that are built here.
    fn build_options<const N: usize>(&self, environments: [PathBuf; N]) -> project_wheel::Options {
        let cache = self.cache_folder.clone();
        project_wheel::Options {
            outside: environments.into_iter().chain(cache).collect(),
            ..project_wheel::Options::default()
        }
    }

    fn install_options(&self, workplace: &Workplace) -> Result<Options, Failure> {
        let asked = self.arguments.jobs.map(usize::from);
        let available = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let jobs = asked.unwrap_or(available);
        Ok(Options {
            strict: self.arguments.strict,
            leniency: self.leniency.clone(),
            limits: self.size_limits(),
            compile: self
                .arguments
                .compile
                .then(|| self.bytecode_settings(workplace, jobs))
                .transpose()?,
            link_mode: link_mode(self.arguments.link_mode),
            trees: self.private_cache("v1/trees"),
            jobs,
            installer_name: "lock2venv".to_owned(),
        })
    }

    fn bytecode_settings(
        &self,
        workplace: &Workplace,
        jobs: usize,
    ) -> Result<bytecode::Settings, Failure> {
        let interpreter = workplace.interpreter();
        let cache_tag = interpreter.bytecode.cache_tag.clone();
        let cache_tag = cache_tag.ok_or_else(|| {
            Failure::text("this Python keeps no bytecode").hint("leave `--compile` out")
        })?;
        Ok(bytecode::Settings {
            interpreter: interpreter.base_executable.clone(),
            magic_number: interpreter.bytecode.magic_number,
            cache_tag,
            n_workers: jobs,
            packs: self.private_cache("v1/bytecode"),
        })
    }
}

/// Says also why the files were fetched.
fn explain_damage(failure: Failure, damaged: &[String]) -> Failure {
    damaged.iter().fold(failure, |failure, name| {
        failure.detail(format!("the copy of `{name}` in the cache was damaged"))
    })
}

/// Parts what is to be installed into what the cache has unpacked and what has to be fetched.
fn divide<'a>(
    distributions: &[&'a Distribution],
    unpacked: Unpacked,
    terminal: &Terminal,
) -> (Vec<(&'a Distribution, KeptWheel)>, Vec<&'a Distribution>) {
    let (mut here, mut fetched) = (Vec::new(), Vec::new());
    for (distribution, found) in distributions.iter().zip(unpacked.found) {
        match found {
            Some(wheel) => here.push((*distribution, wheel)),
            None => fetched.push(*distribution),
        }
    }
    for (distribution, _) in &here {
        terminal.report(Event::Fetched {
            file: distribution.file_name().unwrap_or_default(),
            from_cache: true,
        });
    }
    (here, fetched)
}

fn link_mode(mode: args::LinkMode) -> LinkMode {
    match mode {
        args::LinkMode::Auto => LinkMode::Auto,
        args::LinkMode::Reflink => LinkMode::Reflink,
        args::LinkMode::Hardlink => LinkMode::Hardlink,
        args::LinkMode::Copy => LinkMode::Copy,
    }
}

fn cache_folder(arguments: &Install, context: &Context) -> Result<Option<PathBuf>, Failure> {
    if context.keeps_nothing {
        return Ok(None);
    }
    let folder = context.cache_folder(arguments.cache_dir.as_deref());
    let no_home = || {
        Failure::text("there is no home folder, so no cache folder")
            .hint("name one with `--cache-dir DIR`, or use `--no-cache`")
    };
    folder.map(Some).ok_or_else(no_home)
}

/// What Poetry's `install` refuses.
fn check_flags(arguments: &Install) -> Result<(), Failure> {
    let groups = &arguments.groups;
    let names_groups =
        !(groups.with.is_empty() && groups.without.is_empty() && groups.only.is_empty());
    let refused = if arguments.only_root && arguments.no_root {
        "`--only-root` and `--no-root` cannot be used together"
    } else if arguments.only_root && (names_groups || groups.all_groups) {
        "`--only-root` cannot be used with `--with`, `--without`, `--only` or `--all-groups`"
    } else {
        return Ok(());
    };
    Err(Failure::text(refused).misuse())
}

fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}
