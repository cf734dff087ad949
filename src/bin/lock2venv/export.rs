//! `lock2venv export`.

use std::path::Path;

use lock2venv::export::{self, Extent, Options};
use lock2venv::lock::Document;
use lock2venv::project_files::{Disk, ProjectFiles};
use lock2venv::select::{self, Choice, DefaultGroups, Request};

/// What `export` was asked for.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) format: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) without_hashes: bool,
    pub(crate) without_urls: bool,
    pub(crate) with_credentials: bool,
    pub(crate) request: Request,
}

/// Prints or writes the export of the project in `folder`.
pub(crate) fn run(
    arguments: &Arguments,
    folder: &Path,
) -> Result<String, Box<dyn std::error::Error>> {
    let format = arguments.format.as_deref().unwrap_or("requirements.txt");
    let extent = match format {
        "requirements.txt" => Extent::Requirements,
        "constraints.txt" => Extent::Constraints,
        _ => return Err(format!("Invalid export format: {format}").into()),
    };
    let files = ProjectFiles::read(folder)?;
    let project = files.project()?;
    for warning in &project.warnings {
        anstream::eprintln!("{warning}");
    }
    let text = files.lock.as_deref().ok_or("poetry.lock does not exist")?;
    let document = Document::parse(text)?;
    document.check_freshness(&project)?;
    let choice = Choice::new(&project, &arguments.request, DefaultGroups::Main)?;
    let lock = document.read(&project.root, &Disk)?;
    let selection = select::select(&project, &lock, &choice)?;
    let options = Options {
        without_hashes: arguments.without_hashes,
        without_urls: arguments.without_urls,
        ..Options::default()
    };
    let export = export::export(&project, &selection, extent, &options)?;
    for warning in &export.warnings {
        anstream::eprintln!("{warning}");
    }
    Ok(export.text)
}
