//! `lock2venv check`: holds an environment against the lock and its RECORDs, or the lock against pyproject.toml.

mod arguments;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use lock2venv::audit::check::{Allowed, CheckOptions, CheckPlan, CheckReport, Problem, stale_lock};
use lock2venv::interpreter::Interpreter;
use lock2venv::name::PackageName;
use lock2venv::session::{Goal, Part};

use crate::args::ReportFormat;
use crate::context::Context;
use crate::diagnose::{Failure, count};
use crate::install::project::{LockedProject, RootUse};
use crate::install::settings;
use crate::install::strictness::Strictness;
use crate::print_data;
use crate::report::Terminal;

pub(crate) use arguments::Check;

/// What installers put into an environment for themselves.
const OF_INSTALLERS: [&str; 3] = ["pip", "setuptools", "wheel"];

/// Checks the environment, or the lock alone.
pub(crate) fn run(arguments: &Check, context: &Context) -> Result<(), Failure> {
    let started = Instant::now();
    check_flags(arguments)?;
    let mut stale = None;
    let groups = &arguments.groups;
    let locked =
        LockedProject::read_checked(groups, root_use(arguments), context, |document, project| {
            stale = stale_lock(document, project);
            Ok(())
        })?;
    let mut report = if arguments.lock {
        CheckReport::default()
    } else {
        let plan = plan(arguments, context, &locked)?;
        let usual = || std::thread::available_parallelism().ok();
        let jobs = arguments.jobs.map(usize::from).and_then(NonZeroUsize::new);
        let n_threads = jobs.or_else(usual).map_or(1, NonZeroUsize::get);
        let terminal = Terminal::new(context.verbosity);
        terminal.begin(plan.n_files(), BTreeMap::new());
        let report = plan.run(n_threads, &terminal);
        terminal.finish();
        report?
    };
    report.problems.splice(..0, stale);
    print_data(&match arguments.format {
        ReportFormat::Json => report.to_json().into_bytes(),
        ReportFormat::Text => {
            text::render(&report, context.verbosity, started.elapsed()).into_bytes()
        }
    })?;
    judge(&report)
}

fn root_use(arguments: &Check) -> RootUse {
    match (arguments.only_root, arguments.no_root) {
        // A lock is up to date with a project, or with nothing.
        _ if arguments.lock => RootUse::Included,
        (true, _) => RootUse::Alone,
        (false, true) => RootUse::LeftOut,
        (false, false) => RootUse::Included,
    }
}

fn plan(
    arguments: &Check,
    context: &Context,
    locked: &LockedProject,
) -> Result<CheckPlan, Failure> {
    let root = match &arguments.venv {
        Some(folder) => context.working_folder.join(folder),
        None => locked.project.root.join(".venv"),
    };
    let interpreter = interpreter(arguments, context, locked, &root)?;
    let runtime_root = arguments.runtime_root.as_ref();
    let runtime_root = runtime_root.map(|folder| context.working_folder.join(folder));
    if let Some(folder) = runtime_root.as_ref().filter(|folder| !folder.is_dir()) {
        let text = format!("`--runtime-root` names no folder: `{}`", folder.display());
        return Err(Failure::text(text).misuse().about(&["runtime_root"]));
    }
    let options = CheckOptions {
        interpreter: interpreter.as_ref(),
        allowed: allowed(&arguments.allow),
        refuses_startup: Strictness::parse(arguments.strict.as_deref())?.of_startup,
        runtime_root: runtime_root.as_deref(),
    };
    let goal = Goal {
        project_origin: locked.origin,
        part: match (arguments.only_root, arguments.no_root) {
            (true, _) => Part::Project,
            (false, true) => Part::Dependencies,
            (false, false) => Part::All,
        },
        skips_directories: arguments.no_directory,
        is_editable: arguments.editable,
        ..Goal::new(&locked.project, &locked.lock, &locked.choice)
    };
    Ok(CheckPlan::new(&goal, &root, &options)?)
}

/// Finds the interpreter that was asked for, if one was.
fn interpreter(
    arguments: &Check,
    context: &Context,
    locked: &LockedProject,
    root: &Path,
) -> Result<Option<Interpreter>, Failure> {
    let Some(python) = arguments.python.as_deref() else {
        return Ok(None);
    };
    let configuration = context.configuration(&locked.project.root)?;
    let lookup = settings::lookup(Some(python), context, &configuration)?;
    Ok(Some(lookup.find(root, &locked.project.python_constraint)?))
}

fn allowed(names: &[String]) -> Allowed {
    let names = names.iter().flat_map(|names| names.split(','));
    let names: Vec<&str> = names
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    if names.contains(&":all:") {
        return Allowed::All;
    }
    let names: BTreeSet<PackageName> = names.into_iter().map(PackageName::new).collect();
    Allowed::Packages(names)
}

fn check_flags(arguments: &Check) -> Result<(), Failure> {
    if arguments.only_root && arguments.no_root {
        let refused = "`--only-root` and `--no-root` cannot be used together";
        return Err(Failure::text(refused).misuse());
    }
    Ok(())
}

/// Makes it a failure when anything is wrong.
fn judge(report: &CheckReport) -> Result<(), Failure> {
    if report.is_as_locked() {
        return Ok(());
    }
    let number = count(report.problems.len(), "problem");
    let failure = Failure::text(format!("the check found {number}"));
    Err(hints(report).into_iter().fold(failure, Failure::hint))
}

fn hints(report: &CheckReport) -> BTreeSet<String> {
    let problems = report.problems.iter();
    let hints = problems.filter_map(|problem| hint(problem, report.is_python));
    hints.collect()
}

/// What to do about a problem; `is_python` tells that a Python itself was checked, which nobody makes again.
fn hint(problem: &Problem, is_python: bool) -> Option<String> {
    if let Problem::StaleLock { .. } = problem {
        return Some("run `poetry lock`".to_owned());
    }
    if let Problem::Extra { name, .. } = problem {
        let names = OF_INSTALLERS.join(",");
        let hint = format!("`--allow {names}` allows what `python -m venv` installs");
        return Some(hint).filter(|_| OF_INSTALLERS.contains(&name.as_str()));
    }
    let is_damaged = matches!(
        problem,
        Problem::Changed { .. } | Problem::Missing { .. } | Problem::MissingScript { .. }
    );
    let hint = if is_python {
        "to replace what is damaged, remove its packages by `pip uninstall` and install them again"
    } else {
        "to replace what is damaged, remove the environment and run `lock2venv install`"
    };
    is_damaged.then(|| hint.to_owned())
}
