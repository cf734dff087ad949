//! `lock2venv export`.

use lock2venv::export::{self, Extent, Options};
use lock2venv::lock::Document;
use lock2venv::project_files::{Disk, ProjectFiles};
use lock2venv::select::{self, Choice, DefaultGroups, Request};

use crate::args::{Export, Groups};
use crate::context::Context;
use crate::diagnose::Failure;
use crate::print_data;
use crate::report::print_line;

/// Prints or writes the export of the project.
pub(crate) fn run(arguments: &Export, context: &Context) -> Result<(), Failure> {
    let text = text(arguments, context).map_err(|error| Failure::poetry(format!("\n{error}")))?;
    match &arguments.output {
        None => print_data(text.as_bytes()),
        Some(path) => {
            let path = context.working_folder.join(path);
            std::fs::write(&path, text).map_err(|error| Failure::output(&path, &error))
        }
    }
}

impl From<&Groups> for Request {
    fn from(groups: &Groups) -> Self {
        Self {
            with: groups.with.clone(),
            without: groups.without.clone(),
            only: groups.only.clone(),
            all_groups: groups.all_groups,
            extras: groups.extras.clone(),
            all_extras: groups.all_extras,
        }
    }
}

fn text(arguments: &Export, context: &Context) -> Result<String, Box<dyn std::error::Error>> {
    let extent = match arguments.format.as_str() {
        "requirements.txt" => Extent::Requirements,
        "constraints.txt" => Extent::Constraints,
        format => return Err(format!("Invalid export format: {format}").into()),
    };
    let files = ProjectFiles::read(&context.project_folder)?;
    let project = files.project()?;
    for warning in &project.warnings {
        print_line(&warning.to_string());
    }
    let text = files.lock.as_deref().ok_or("poetry.lock does not exist")?;
    let document = Document::parse(text)?;
    document.check_freshness(&project)?;
    let choice = Choice::new(&project, &(&arguments.groups).into(), DefaultGroups::Main)?;
    let lock = document.read(&project.root, &Disk)?;
    let selection = select::select(&project, &lock, &choice)?;
    let options = Options {
        without_hashes: arguments.without_hashes,
        without_urls: arguments.without_urls,
        ..Options::default()
    };
    let export = export::export(&project, &selection, extent, &options)?;
    for warning in &export.warnings {
        print_line(&warning.to_string());
    }
    Ok(export.text)
}
