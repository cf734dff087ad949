//! Called by the name `poetry`: answers the commands that buildpacks, plugins and Dockerfiles run, as Poetry answers them.
//!
//! The environment is where Poetry has it, the project is installed as a link to its sources, and what is refused ends with 1. What
//! changes a lock, and all else that is not here, is an error that says which program this is.

mod arguments;
mod builds;
mod check;
mod config;
mod environment;

use std::ffi::OsStr;
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory as _;
use lock2venv::configuration::Configuration;
use lock2venv::project_files::ProjectFiles;
use lock2venv::pyproject::Project;

use crate::args::Install;
use crate::context::{Caller, Context};
use crate::diagnose::Failure;
use crate::install::{self, Others};
use crate::place::{Asked, Place};
use crate::report::print_line;
use crate::run::{Run, replace_process, replace_process_in_python};
use crate::{build, command_line, enter, export, prepare_terminal, print_data};

use arguments::{Arguments, Cache, Command, Version};

/// The Poetry whose commands and settings are answered.
const POETRY_VERSION: &str = "2.5.1";

/// The variable that names the interpreter, as `--python` does for `install`.
const PYTHON: &str = "LOCK2VENV_PYTHON";

/// What Poetry ends with when a command line makes no sense.
const MISUSE: i32 = 1;

/// Tells whether the program was called by the name of Poetry: a link to it, or a copy.
pub(crate) fn is_called() -> bool {
    let is_poetry = |path: &Path| path.file_stem() == Some(OsStr::new("poetry"));
    match std::env::args_os().next() {
        Some(name) => is_poetry(Path::new(&name)),
        None => std::env::current_exe().is_ok_and(|path| is_poetry(&path)),
    }
}

/// Carries out the command line.
pub(crate) fn run() -> ExitCode {
    let (arguments, variables) = command_line::read::<Arguments>(MISUSE);
    prepare_terminal(&arguments.global, &variables);
    match carry_out(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.could_not().print(&variables),
    }
}

fn carry_out(arguments: Arguments) -> Result<(), Failure> {
    if arguments.version {
        return version();
    }
    let Some(command) = arguments.command else {
        let help = Arguments::command().render_help();
        return print_data(help.to_string().as_bytes());
    };
    enter(&arguments.global)?;
    let context = Context::new(&arguments.global, Caller::Poetry)?;
    match command {
        Command::Install(arguments) => {
            let others = Others::of(arguments.sync);
            install(arguments.install, others, &context)
        }
        Command::Sync(arguments) => install(*arguments, Others::Removed, &context),
        Command::Export(arguments) => export::run(&arguments, &context),
        Command::Run(arguments) => run_in_environment(&arguments, &context),
        Command::Build(arguments) => build::run(&arguments, &context),
        Command::Env(command) => environment::run(&command, &context),
        Command::Check(arguments) => check::run(&arguments, &context),
        Command::Config(arguments) => config::run(&arguments, &context),
        Command::Cache(Cache::Clear(_)) => {
            let folder = crate::args::CacheFolder { cache_dir: None };
            crate::cache::run(&crate::args::Cache::Clear(folder), &context)
        }
        Command::Cache(Cache::List) => Ok(()),
        Command::Version(arguments) => project_version(&arguments, &context),
        Command::Other(words) => Err(not_here(&words)),
    }
}

/// Says the version as Poetry does, for whatever reads it; a person also learns which program it is.
fn version() -> Result<(), Failure> {
    print_data(format!("Poetry (version {POETRY_VERSION})\n").as_bytes())?;
    if std::io::stderr().is_terminal() {
        print_line(&format!(
            "This is lock2venv {}, called by the name of Poetry",
            env!("CARGO_PKG_VERSION")
        ));
    }
    Ok(())
}

/// Poetry always links to the sources; a variable says otherwise.
fn install(mut arguments: Install, others: Others, context: &Context) -> Result<(), Failure> {
    arguments.editable |= context.variable("LOCK2VENV_EDITABLE").is_none();
    install::run(&arguments, others, context)
}

fn run_in_environment(arguments: &Run, context: &Context) -> Result<(), Failure> {
    let (project, configuration) = read(context)?;
    let words = &arguments.command;
    let asked = Asked {
        venv: arguments.venv.as_deref(),
        python: context.variable(PYTHON),
    };
    let place = Place::find(asked, &project, &configuration, context)?;
    if let Place::Python(prefix) = &place {
        return Err(replace_process_in_python(prefix, words, context));
    }
    if !place.folder().join("bin/python").exists() {
        let headline = format!("there is no environment in `{}`", place.folder().display());
        return Err(Failure::text(headline).hint("run `poetry install`"));
    }
    Err(replace_process(place.folder(), words, context))
}

/// Prints name and version of the project, or the version alone.
fn project_version(arguments: &Version, context: &Context) -> Result<(), Failure> {
    if arguments.new.is_some() {
        return Err(not_here(&["version".into()]));
    }
    let (project, _) = read(context)?;
    let version = &project.version;
    let text = if arguments.short {
        format!("{version}\n")
    } else {
        format!("{} {version}\n", project.name)
    };
    print_data(text.as_bytes())
}

/// Reads the project and the settings that hold for it.
fn read(context: &Context) -> Result<(Project, Configuration), Failure> {
    let files = ProjectFiles::read(&context.project_folder)?;
    let project = files.project()?;
    let configuration = Configuration::read(&project.root, context.variables.clone())?;
    Ok((project, configuration))
}

/// Says which program this is, and what to do.
fn not_here(words: &[std::ffi::OsString]) -> Failure {
    let word = |at: usize| {
        words
            .get(at)
            .and_then(|word| word.to_str())
            .unwrap_or_default()
    };
    let (command, second) = (word(0), word(1));
    let failure = Failure::text(format!(
        "there is no `{command}` here: this is lock2venv, called by the name of Poetry"
    ))
    .detail("it exports and installs what poetry.lock has, and changes neither the lock nor pyproject.toml");
    failure.hint(match (command, second) {
        ("self", "add") => "leave the command out: `export` is built in, and there are no plugins".to_owned(),
        ("self", _) => "leave the command out: there are no plugins, and lock2venv is updated as it was installed".to_owned(),
        ("lock", _) if words.iter().any(|word| word == "--check") => "use `poetry check --lock`".to_owned(),
        ("env", "use") => "name the interpreter by LOCK2VENV_PYTHON".to_owned(),
        ("shell", _) => "to run one command: `poetry run CMD`; to activate the environment: `source $(poetry env info --path)/bin/activate`".to_owned(),
        _ => format!("run `{command}` with Poetry itself, such as `pipx run poetry {command}`"),
    })
}
