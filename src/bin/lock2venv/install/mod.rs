//! `lock2venv install` and `lock2venv sync`: reads what was asked for, has a session carry it out, and says what happens.

pub(crate) mod compile;
pub(crate) mod interrupt;
mod leniency;
mod lock_alone;
mod narration;
mod operations;
pub(crate) mod project;
pub(crate) mod settings;
pub(crate) mod strictness;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lock2venv::configuration::Configuration;
use lock2venv::session::{Elsewhere, Error, Goal, Part, ProjectOrigin, Session};

use crate::args::Install;
use crate::context::Context;
use crate::diagnose::Failure;
use crate::report::Terminal;

use narration::Narration;
use operations::Operations;
use project::{LockedProject, RootUse};

/// What becomes of distributions that are not in the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    /// They stay.
    Kept,
    /// They are removed.
    Removed,
}

impl Others {
    /// Reads the flag `--sync`.
    pub(crate) fn of(is_sync: bool) -> Self {
        if is_sync { Self::Removed } else { Self::Kept }
    }
}

/// Fills the environment of the project.
pub(crate) fn run(arguments: &Install, others: Others, context: &Context) -> Result<(), Failure> {
    let started = Instant::now();
    check_flags(arguments)?;
    let leniency = leniency::parse(&arguments.lenient)?;
    let locked = LockedProject::read(&arguments.groups, root_use(arguments), context)?;
    let configuration = context.configuration(&locked.project.root)?;
    if locked.origin == ProjectOrigin::Lock {
        lock_alone::warn_of_credentials(&locked.lock, &configuration, context)?;
    }
    if let Some(choice) = &arguments.compile {
        compile::warn_of_unknown(choice, &locked, context);
    }
    let root = root(arguments, context, &locked);
    let narration = Narration::new(Terminal::new(context.verbosity), arguments.only_root);
    let interruption = interrupt::watch(narration.freezer())?;
    warn_of_elsewhere(arguments, context, &configuration, &root)?;
    let mut settings = settings::of(arguments, context, configuration)?;
    settings.leniency = leniency;
    settings.interruption = interruption;
    let session = Session::new(settings);
    let goal = Goal {
        removes_others: others == Others::Removed,
        ..goal(arguments, &locked)
    };
    if arguments.dry_run {
        let plan = session.rehearse(&goal, &root, &narration).map_err(ended)?;
        narration.list(&Operations::of(&plan.plan, plan.project.as_ref()));
        return Ok(());
    }
    let report = session.install(&goal, &root, &narration).map_err(ended)?;
    if report.is_changed {
        let operations = Operations::of(&report.plan, report.project.as_ref());
        narration.conclude(&operations, &seconds(started.elapsed()));
    }
    Ok(())
}

/// What keeps the environment from being filled; when the process was asked to end, nothing more is said here.
pub(crate) fn ended(error: Error) -> Failure {
    if matches!(error, Error::Interrupted(_)) {
        interrupt::wait_for_end();
    }
    error.into()
}

/// Returns the folder of the environment: as named, else beside pyproject.toml.
fn root_use(arguments: &Install) -> RootUse {
    if arguments.only_root {
        RootUse::Alone
    } else if arguments.no_root {
        RootUse::LeftOut
    } else {
        RootUse::Included
    }
}

fn root(arguments: &Install, context: &Context, locked: &LockedProject) -> PathBuf {
    match &arguments.venv {
        Some(folder) => context.working_folder.join(folder),
        None => locked.project.root.join(".venv"),
    }
}

fn goal<'a>(arguments: &Install, locked: &'a LockedProject) -> Goal<'a> {
    let part = match (arguments.only_root, arguments.no_root) {
        (true, _) => Part::Project,
        (false, true) => Part::Dependencies,
        (false, false) => Part::All,
    };
    Goal {
        project_origin: locked.origin,
        part,
        skips_directories: arguments.no_directory,
        is_editable: arguments.editable,
        ..Goal::new(&locked.project, &locked.lock, &locked.choice)
    }
}

/// Warns where Poetry would fill another place, unless this one was named.
fn warn_of_elsewhere(
    arguments: &Install,
    context: &Context,
    configuration: &Configuration,
    root: &Path,
) -> Result<(), Failure> {
    if arguments.venv.is_some() {
        return Ok(());
    }
    let active = context.variable("VIRTUAL_ENV");
    let active = active.map(|active| context.working_folder.join(active));
    let root_shown = root.display();
    match Elsewhere::find(root, active.as_deref(), configuration)? {
        None => {}
        Some(Elsewhere::Active(active)) => context.warn(&format!(
            "`VIRTUAL_ENV` names `{0}`, but packages are installed into `{root_shown}`; to use the other: `--venv {0}`",
            active.display()
        )),
        Some(Elsewhere::System) => context.warn(&format!(
            "`virtualenvs.create` is false, but packages are installed into `{root_shown}`, not into the system's Python; put `{}` on `PATH`",
            root.join("bin").display()
        )),
    }
    Ok(())
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
