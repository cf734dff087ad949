//! Fills `.venv` in the working directory from the lock of the project there, and keeps nothing else.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;

use lock2venv::configuration::Configuration;
use lock2venv::event::Silent;
use lock2venv::lock::LockDocument;
use lock2venv::project_files::{Disk, ProjectFiles};
use lock2venv::select::{Choice, DefaultGroups, Request};
use lock2venv::session::{Goal, Session, SessionReport, SessionSettings};

fn main() -> Result<(), Box<dyn Error>> {
    let report = install(&std::env::current_dir()?)?;
    let n_installed = report.plan.distributions().count();
    writeln!(std::io::stdout(), "installed {n_installed}")?;
    Ok(())
}

/// Fills the environment of the project in `folder`.
pub(crate) fn install(folder: &Path) -> Result<SessionReport, Box<dyn Error>> {
    let files = ProjectFiles::read(folder)?;
    let project = files.project()?;
    let document = LockDocument::parse(files.lock.as_ref().ok_or("there is no poetry.lock")?)?;
    document.check_freshness(&project)?;
    let lock = document.read(&project.root, &Disk)?;
    let choice = Choice::new(&project, &Request::default(), DefaultGroups::NonOptional)?;

    let mut settings = SessionSettings::new(Configuration::read(&project.root, std::env::vars())?);
    settings.lookup.path = std::env::var_os("PATH");
    let goal = Goal::new(&project, &lock, &choice);
    Ok(Session::new(settings).install(&goal, &project.root.join(".venv"), &Silent)?)
}
