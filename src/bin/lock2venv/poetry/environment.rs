//! `poetry env info` and `poetry env list`.

use std::path::{Path, PathBuf};

use lock2venv::environment::Environment;
use lock2venv::interpreter::Interpreter;
use lock2venv::session::Placement;

use super::arguments::{Env, EnvInfo, EnvList};
use super::{PYTHON, not_here, read};
use crate::context::Context;
use crate::diagnose::Failure;
use crate::install::settings;
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

/// Prints what the environment is. As with Poetry, a question for a path alone fails where there is none.
fn info(arguments: &EnvInfo, context: &Context) -> Result<(), Failure> {
    let (project, configuration) = read(context)?;
    let python = context.variable(PYTHON);
    let placement = place::placement(python, &project, &configuration, context)?;
    let folder = placement.folder().filter(|folder| folder.is_dir());
    let text = match (folder, arguments.path, arguments.executable) {
        (Some(folder), true, _) => folder.display().to_string(),
        (Some(folder), false, true) => folder.join("bin/python").display().to_string(),
        (Some(folder), false, false) => whole(folder)?,
        (None, false, false) => {
            let lookup = settings::lookup(python, context, &configuration)?;
            let found = lookup.find(&project.root, &project.python_constraint)?;
            described(None, &found, &found.base_executable)
        }
        (None, _, _) => return Err(none(&placement)),
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
    Ok(described(Some(folder), &interpreter, &base))
}

/// In Poetry's layout, which has `NA` where there is no environment.
fn described(folder: Option<&Path>, interpreter: &Interpreter, base: &Path) -> String {
    let of = &interpreter.target.marker_environment;
    let own = match folder {
        None => "Path:           NA\nExecutable:     NA".to_owned(),
        Some(folder) => {
            let python = folder.join("bin/python");
            let is_valid = if python.exists() { "True" } else { "False" };
            format!(
                "Path:           {}\nExecutable:     {}\nValid:          {is_valid}",
                folder.display(),
                python.display(),
            )
        }
    };
    let real = std::fs::canonicalize(base).unwrap_or_else(|_| base.to_owned());
    let prefix = real.parent().and_then(Path::parent).unwrap_or(&real);
    format!(
        "\nVirtualenv\nPython:         {version}\nImplementation: {implementation}\n{own}\n\n\
         Base\nPlatform:   {platform}\nOS:         {os}\nPython:     {version}\nPath:       {prefix}\nExecutable: {real}",
        version = of.python_full_version,
        implementation = of.platform_python_implementation,
        platform = of.sys_platform,
        os = of.os_name,
        prefix = prefix.display(),
        real = real.display(),
    )
}

fn list(arguments: &EnvList, context: &Context) -> Result<(), Failure> {
    let (project, configuration) = read(context)?;
    let found = Placement::list(&project, &configuration).map_err(Failure::from)?;
    let python = context.variable(PYTHON);
    let current = place::placement(python, &project, &configuration, context)?;
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
