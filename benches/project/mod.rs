//! The projects under `fixtures/projects` that benches read.

#![allow(dead_code, reason = "not every bench needs all of it")]

use std::path::Path;

use lock2venv::lock::Lock;
use lock2venv::project_files::{Disk, ProjectFiles};
use lock2venv::pyproject::Project;
use lock2venv::select::{Choice, DefaultGroups, Request};

/// A small, a middling and a large project.
pub(crate) const NAMES: [&str; 3] = ["annapurna", "web", "ds"];

/// The disk.
pub(crate) const DISK: Disk = Disk;

/// Reads the texts of a project.
pub(crate) fn files(name: &str) -> ProjectFiles {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ProjectFiles::read(&root.join("fixtures/projects").join(name)).unwrap()
}

/// Reads a project and its lock.
pub(crate) fn read(name: &str) -> (Project, Lock) {
    let files = files(name);
    let project = files.project().unwrap();
    let lock = Lock::parse(&files.lock.unwrap(), &project, &DISK).unwrap();
    (project, lock)
}

/// What is taken when nothing is asked for.
pub(crate) fn choice(project: &Project) -> Choice {
    Choice::new(project, &Request::default(), DefaultGroups::NonOptional).unwrap()
}
