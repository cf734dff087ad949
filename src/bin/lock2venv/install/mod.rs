//! `lock2venv install` and `lock2venv sync`: reads what was asked for, has a session carry it out, and says what happens.

pub(crate) mod compile;
pub(crate) mod image;
pub(crate) mod interrupt;
mod leniency;
mod lock_alone;
mod narration;
mod operations;
pub(crate) mod project;
pub(crate) mod settings;
pub(crate) mod strictness;

use std::path::Path;
use std::time::{Duration, Instant};

use lock2venv::interpreter::InterpreterRequest;
use lock2venv::session::{Error, Goal, Part, ProjectOrigin, Session, SessionSettings};

use crate::args::Install;
use crate::context::Context;
use crate::diagnose::{Failure, of_python};
use crate::place::{Asked, MAKE_ONE, Place, SYSTEM_PYTHON, warn_of_elsewhere};
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
    let named = arguments.venv.as_deref();
    let asked = Asked {
        venv: named,
        python: arguments.supply.python.as_deref(),
    };
    let place = Place::find(asked, &locked.project, &configuration, context)?;
    let root = place.folder();
    let narration = Narration::new(Terminal::new(context.verbosity), arguments.only_root);
    let interruption = interrupt::watch(narration.freezer())?;
    warn_of_elsewhere(named, root, &configuration, context)?;
    let mut settings = settings::of(arguments, context, configuration)?;
    settings.leniency = leniency;
    arguments.image.apply(context, &mut settings)?;
    settings.interruption = interruption;
    if let Place::Python(prefix) = &place {
        fill_python(prefix, &mut settings, context)?;
    }
    let session = Session::new(settings);
    let goal = Goal {
        removes_others: others == Others::Removed,
        ..goal(arguments, &locked)
    };
    if let Place::Active(active) = &place {
        check_active(&session, active, &locked, &narration)?;
    }
    if arguments.dry_run {
        let plan = session.rehearse(&goal, root, &narration).map_err(ended)?;
        narration.list(&Operations::of(&plan.plan, plan.project.as_ref()));
        return Ok(());
    }
    let report = session.install(&goal, root, &narration);
    let report = report.map_err(|error| ended_in(&place, error))?;
    if report.is_changed {
        let operations = Operations::of(&report.plan, report.project.as_ref());
        narration.conclude(&operations, &seconds(started.elapsed()));
    }
    Ok(())
}

/// Has the Python itself filled. The first line has the words of Poetry.
fn fill_python(
    prefix: &Path,
    settings: &mut SessionSettings,
    context: &Context,
) -> Result<(), Failure> {
    if settings.image_root.is_some() || settings.runtime_python.is_some() {
        let headline = "`--root` and `--runtime-python` are for environments, and `virtualenvs.create` is false";
        return Err(Failure::text(headline).misuse().hint(MAKE_ONE));
    }
    context.say("Skipping virtualenv creation, as specified in config file.");
    context.say(&format!(
        "Installing into the Python in `{}`",
        prefix.display()
    ));
    settings.fills_python = true;
    let request = || InterpreterRequest::parse(SYSTEM_PYTHON);
    settings.lookup.request.get_or_insert_with(request);
    Ok(())
}

/// Refuses an active environment that would have to be made again: it may be needed for more than this project.
fn check_active(
    session: &Session,
    active: &Path,
    locked: &LockedProject,
    narration: &Narration,
) -> Result<(), Failure> {
    let target = session.environment(active, &locked.project, narration);
    let target = target.map_err(ended)?;
    let Some(reason) = target.recreation() else {
        return Ok(());
    };
    let headline = format!(
        "the active environment `{}` cannot be used",
        active.display()
    );
    let hint = "make it again, with a Python that the project allows, or unset VIRTUAL_ENV";
    Err(Failure::text(headline)
        .detail(reason.to_string())
        .hint(hint))
}

/// What keeps the environment from being filled; when the process was asked to end, nothing more is said here.
pub(crate) fn ended(error: Error) -> Failure {
    ended_with(error, Failure::from)
}

fn ended_in(place: &Place, error: Error) -> Failure {
    match place {
        Place::Python(_) => ended_with(error, of_python),
        Place::Own(_) | Place::Active(_) => ended(error),
    }
}

fn ended_with(error: Error, explain: impl Fn(Error) -> Failure) -> Failure {
    if matches!(error, Error::Interrupted(_)) {
        interrupt::wait_for_end();
    }
    explain(error)
}

fn root_use(arguments: &Install) -> RootUse {
    if arguments.only_root {
        RootUse::Alone
    } else if arguments.no_root {
        RootUse::LeftOut
    } else {
        RootUse::Included
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
