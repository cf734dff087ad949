//! `poetry check`: whether poetry.lock matches pyproject.toml, and whether that can be read and its readme files are there.

use std::path::Path;

use lock2venv::audit::check::stale_lock;
use lock2venv::lock::LockDocument;
use lock2venv::project_files::ProjectFiles;
use lock2venv::pyproject::Project;
use toml::Value;

use super::arguments::Check;
use crate::context::Context;
use crate::diagnose::Failure;
use crate::print_data;

const STALE: &str = "Error: pyproject.toml changed significantly since poetry.lock was last generated. Run `poetry lock` to fix the lock file.";

pub(super) fn run(arguments: &Check, context: &Context) -> Result<(), Failure> {
    let files = ProjectFiles::read(&context.project_folder)?;
    let project = files.project()?;
    let mut errors = missing_readmes(&project);
    match &files.lock {
        None if arguments.lock => errors.push("Error: poetry.lock was not found.".to_owned()),
        None => {}
        Some(text) => {
            let document = LockDocument::parse(text)?;
            errors.extend(stale_lock(&document, &project).map(|_| STALE.to_owned()));
        }
    }
    if !errors.is_empty() {
        return Err(Failure::poetry(errors.join("\n")));
    }
    if !arguments.lock {
        context.say("Classifiers and sources are not checked by lock2venv");
    }
    print_data(b"All set!\n")
}

fn missing_readmes(project: &Project) -> Vec<String> {
    let table = project.document.table();
    let of_project = table.get("project").and_then(|table| table.get("readme"));
    let of_poetry = table
        .get("tool")
        .and_then(|table| table.get("poetry")?.get("readme"));
    let named = [of_project, of_poetry].into_iter().flatten();
    let named = named.flat_map(|readme| {
        let listed = readme.as_array().into_iter().flatten();
        let named = [Some(readme), readme.get("file")].into_iter().flatten();
        named.chain(listed).filter_map(Value::as_str)
    });
    let is_missing = |name: &&str| !Path::new(&project.root).join(name).exists();
    let missing = named.filter(is_missing);
    missing
        .map(|name| format!("Error: Declared README file does not exist: {name}"))
        .collect()
}
