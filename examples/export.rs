//! Prints the main group of the project in the working directory as requirements, without hashes.

use lock2venv::export::{self, ExportOptions, Extent};
use lock2venv::lock::LockDocument;
use lock2venv::project_files::{Disk, ProjectFiles};
use lock2venv::select::{self, Choice, DefaultGroups, Request};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = ProjectFiles::read(&std::env::current_dir()?)?;
    let project = files.project()?;
    let document = LockDocument::parse(files.lock.as_ref().ok_or("there is no poetry.lock")?)?;
    document.check_freshness(&project)?;
    let lock = document.read(&project.root, &Disk)?;
    let choice = Choice::new(&project, &Request::default(), DefaultGroups::Main)?;
    let selection = select::select(&project, &lock, &choice)?;
    let options = ExportOptions {
        without_hashes: true,
        ..ExportOptions::default()
    };
    let export = export::export(&project, &selection, Extent::Requirements, &options)?;
    std::io::Write::write_all(&mut std::io::stdout(), export.text.as_bytes())?;
    Ok(())
}
