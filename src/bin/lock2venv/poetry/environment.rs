//! `poetry env info` and `poetry env list`.

use std::path::{Path, PathBuf};

use lock2venv::environment::Environment;
use lock2venv::interpreter::Interpreter;
use lock2venv::session::Placement;

use super::arguments::{Env, EnvInfo, EnvList};
use super::{not_here, read};
use crate::context::Context;
use crate::diagnose::Failure;
use crate::place;
use crate::print_data;

pub(super) fn run(command: &Env, context: &Context) -> Result<(), Failure> {
    match command {
        Env::Info(arguments) => info(arguments, context),
        Env::List(arguments) => list(arguments, context),
        Env::Other(words) => {
            let words = [&["env".into()], words.as_slice()].concat();
            Err(not_here(&words))
        }
    }
}

/// Prints what the environment is. As with Poetry, a question for the path alone fails where there is none.
fn info(arguments: &EnvInfo, context: &Context) -> Result<(), Failure> {
    let (project, configuration) = read(context)?;
    let placement = place::placement(&project, &configuration, context)?;
    let folder = placement.folder().filter(|folder| folder.is_dir());
    let Some(folder) = folder else {
        return Err(none(&placement));
    };
    let text = match (arguments.path, arguments.executable) {
        (true, _) => folder.display().to_string(),
        (false, true) => folder.join("bin/python").display().to_string(),
        (false, false) => whole(folder)?,
    };
    print_data(format!("{text}\n").as_bytes())
}

fn none(placement: &Placement) -> Failure {
    match placement.folder() {
        Some(folder) => {
            let headline = format!(
                "there is no environment yet: it will be `{}`",
                folder.display()
            );
            Failure::text(headline).hint("run `poetry install`")
        }
        None => Failure::text("there is no environment: `virtualenvs.create` is false"),
    }
}

/// In Poetry's layout.
fn whole(folder: &Path) -> Result<String, Failure> {
    let environment = Environment::read(folder).map_err(|error| Failure::new(&error))?;
    let base = environment.map(|environment| environment.base_executable());
    let base: PathBuf = base.unwrap_or_else(|| folder.join("bin/python"));
    let interpreter = Interpreter::query(&base).map_err(|error| Failure::new(&error))?;
    let of = &interpreter.target.marker_environment;
    let python = folder.join("bin/python");
    let is_valid = if python.exists() { "True" } else { "False" };
    let real = std::fs::canonicalize(&base).unwrap_or(base);
    let prefix = real.parent().and_then(Path::parent).unwrap_or(&real);
    Ok(format!(
        "\nVirtualenv\nPython:         {version}\nImplementation: {implementation}\nPath:           {path}\nExecutable:     {python}\nValid:          {is_valid}\n\n\
         Base\nPlatform:   {platform}\nOS:         {os}\nPython:     {version}\nPath:       {prefix}\nExecutable: {real}",
        version = of.python_full_version,
        implementation = of.platform_python_implementation,
        path = folder.display(),
        python = python.display(),
        platform = of.sys_platform,
        os = of.os_name,
        prefix = prefix.display(),
        real = real.display(),
    ))
}

fn list(arguments: &EnvList, context: &Context) -> Result<(), Failure> {
    let (project, configuration) = read(context)?;
    let found = Placement::list(&project, &configuration).map_err(Failure::from)?;
    let current = place::placement(&project, &configuration, context)?;
    let lines = found.iter().map(|folder| {
        let name = match folder.file_name() {
            Some(name) if !arguments.full_path => Path::new(name).display(),
            _ => folder.display(),
        };
        let mark = if current.folder() == Some(folder) {
            " (Activated)"
        } else {
            ""
        };
        format!("{name}{mark}\n")
    });
    print_data(lines.collect::<String>().as_bytes())
}
