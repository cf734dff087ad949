//! `lock2venv run CMD`: runs a command in the project's environment, as `poetry run` does.
//!
//! The command takes the place of this process, so its exit status and signals are its own.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use lock2venv::project_files::ProjectFiles;

use crate::context::Context;
use crate::diagnose::Failure;

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The environment [default: .venv beside pyproject.toml]
    #[arg(long, value_name = "DIR", env = "LOCK2VENV_VENV")]
    pub(crate) venv: Option<PathBuf>,
    /// The command and its arguments: a program of the environment or on PATH, or a script that pyproject.toml names
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true)]
    pub(crate) command: Vec<OsString>,
}

/// Runs the command in the environment that was named, or in `.venv` beside pyproject.toml.
pub(crate) fn run(arguments: &Run, context: &Context) -> Result<(), Failure> {
    let root = match &arguments.venv {
        Some(folder) => context.working_folder.join(folder),
        None => project_root(&context.project_folder).join(".venv"),
    };
    if !root.join("pyvenv.cfg").is_file() {
        let headline = format!("there is no environment in `{}`", root.display());
        return Err(Failure::text(headline).hint("run `lock2venv install`"));
    }
    Err(replace_process(&root, &arguments.command, context))
}

/// Finds the folder of the nearest pyproject.toml in or above `folder`, else `folder`.
fn project_root(folder: &Path) -> &Path {
    let mut folders = folder.ancestors();
    let found = folders.find(|folder| folder.join("pyproject.toml").is_file());
    found.unwrap_or(folder)
}

/// Runs `words` in the environment at `root` in place of this process; returns only why that is impossible.
///
/// The environment of the process is as Poetry sets it: `PATH` begins with the scripts of the environment, `VIRTUAL_ENV` names it, and
/// there is no `PYTHONHOME`.
pub(crate) fn replace_process(root: &Path, words: &[OsString], context: &Context) -> Failure {
    let scripts = root.join("bin");
    replace(&scripts, words, context, |command| {
        command
            .env("PATH", search_path(&scripts))
            .env("VIRTUAL_ENV", root)
            .env_remove("PYTHONHOME")
            .env_remove("__PYVENV_LAUNCHER__");
    })
}

/// Runs `words` with the Python whose prefix is `prefix`, in place of this process; returns only why that is impossible.
///
/// As with Poetry, its own programs go before those on `PATH`, and the environment of the process stays as it is.
pub(crate) fn replace_process_in_python(
    prefix: &Path,
    words: &[OsString],
    context: &Context,
) -> Failure {
    replace(&prefix.join("bin"), words, context, |_| {})
}

/// Runs a program of `scripts`, a script of pyproject.toml, or a program on `PATH`, once `prepare` has seen the command.
fn replace(
    scripts: &Path,
    words: &[OsString],
    context: &Context,
    prepare: impl FnOnce(&mut Command),
) -> Failure {
    let Some((program, arguments)) = words.split_first() else {
        return Failure::text("there is no command to run").misuse();
    };
    let own = scripts.join(program);
    let mut command = if own.exists() {
        with_arguments(own.as_os_str(), arguments)
    } else if let Some(code) = script_code(program, arguments, context) {
        let mut command = Command::new(python_in(scripts));
        command.args([OsStr::new("-c"), OsStr::new(&code)]);
        command
    } else {
        with_arguments(program, arguments)
    };
    prepare(&mut command);
    not_run(program, &command.exec())
}

/// An environment has a `python`; a Python itself may have nothing but `python3`.
fn python_in(scripts: &Path) -> PathBuf {
    let named = ["python", "python3"].map(|name| scripts.join(name));
    let found = named.iter().find(|path| path.exists());
    found.unwrap_or(&named[0]).clone()
}

fn with_arguments(program: &OsStr, arguments: &[OsString]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// An empty entry of `PATH` would be the working directory.
fn search_path(scripts: &Path) -> OsString {
    let mut path = scripts.as_os_str().to_owned();
    if let Some(rest) = std::env::var_os("PATH").filter(|rest| !rest.is_empty()) {
        path.push(":");
        path.push(rest);
    }
    path
}

fn not_run(program: &OsStr, error: &std::io::Error) -> Failure {
    let program = program.display();
    if error.kind() == std::io::ErrorKind::NotFound {
        return Failure::poetry(format!("Command not found: {program}"));
    }
    Failure::text(format!("cannot run `{program}`")).detail(error.to_string())
}

/// Returns what Python has to run for a script that pyproject.toml names and nobody installed; `None` when it names none of that name.
/// As with Poetry, `src` is on the module search path where the package is there.
fn script_code(name: &OsStr, arguments: &[OsString], context: &Context) -> Option<String> {
    let name = name.to_str().filter(|name| !name.contains('/'))?;
    let files = ProjectFiles::read(&context.project_folder).ok()?;
    let document: toml::Table = files.pyproject.parse().ok()?;
    let reference = script_reference(&document, name)?;
    let (module, callable) = reference.split_once(':')?;
    let is_dotted = |text: &str| {
        let of_name = |character: char| character.is_alphanumeric() || character == '_';
        text.split('.')
            .all(|part| !part.is_empty() && part.chars().all(of_name))
    };
    if !is_dotted(module) || !is_dotted(callable) {
        return None;
    }
    context.warn(&format!(
        "`{name}` is a script of pyproject.toml that is not installed, so `sys.argv[0]` is `{name}` alone; install the project, too"
    ));
    let words = [name.to_owned()].into_iter();
    let words = words.chain(
        arguments
            .iter()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    let words: Vec<String> = words.collect();
    // A list of texts in JSON is one in Python.
    let words = serde_json::to_string(&words).ok()?;
    let top = module.split('.').next().unwrap_or(module);
    let source = files.root.join("src");
    let is_in_source = source.join(top).is_dir() || source.join(format!("{top}.py")).is_file();
    let path = if is_in_source {
        let source = serde_json::to_string(&source.to_string_lossy()).ok()?;
        format!("sys.path.append({source}); ")
    } else {
        String::new()
    };
    Some(format!(
        "import sys; from importlib import import_module; sys.argv = {words}; {path}sys.exit(import_module('{module}').{callable}())"
    ))
}

/// Finds what a script runs: in `[project.scripts]`, which hides that of Poetry, or in `[tool.poetry.scripts]`.
fn script_reference(document: &toml::Table, name: &str) -> Option<String> {
    let at = |keys: &[&str]| {
        let (first, rest) = keys.split_first()?;
        let start = document.get(*first)?;
        rest.iter().try_fold(start, |value, key| value.get(key))
    };
    let script =
        at(&["project", "scripts", name]).or_else(|| at(&["tool", "poetry", "scripts", name]))?;
    let of_table = || {
        let is_console = script.get("type")?.as_str()? == "console";
        script.get("reference")?.as_str().filter(|_| is_console)
    };
    let reference = script.as_str().or_else(of_table)?;
    // Extras of old entry points are no part of the name.
    let reference = reference.split('[').next()?;
    Some(reference.trim().to_owned())
}
