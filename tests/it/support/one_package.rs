//! A project whose lock has one package, and an index that has its wheel.

use std::fmt::Write as _;
use std::process::Command;

use lock2venv::digest::{Algorithm, Digest};
use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;

use crate::support::local_index::LocalIndex;
use crate::support::wheel_builder::WheelBuilder;
use crate::support::workspace::{Output, Workspace, search_path};

/// What opens an index that wants it, for the source `private`.
const CREDENTIALS: [(&str, &str); 2] = [
    ("POETRY_HTTP_BASIC_PRIVATE_USERNAME", "reader-canary"),
    ("POETRY_HTTP_BASIC_PRIVATE_PASSWORD", "hush-canary"),
];

/// A project that wants `acme`, with these sources, and these lines in the lock entry.
pub(crate) struct OnePackage {
    pub(crate) workspace: Workspace,
    /// That of the wheel.
    pub(crate) digest: Digest,
}

impl OnePackage {
    /// Writes both documents; a source without an address is PyPI.
    pub(crate) fn new(sources: &[(&str, &str)], entry: &str) -> Self {
        let workspace = Workspace::new();
        let mut pyproject = concat!(
            "[project]\nname = \"annapurna\"\nversion = \"1\"\nrequires-python = \">=3.8\"\n",
            "dependencies = [\"acme\"]\n[tool.poetry]\npackage-mode = false\n",
        )
        .to_owned();
        for (name, url) in sources {
            let url = if url.is_empty() {
                String::new()
            } else {
                format!("url = \"{url}\"\n")
            };
            let _ = write!(
                pyproject,
                "[[tool.poetry.source]]\nname = \"{name}\"\n{url}priority = \"supplemental\"\n"
            );
        }
        workspace.write("pyproject.toml", &pyproject);
        let project = Project::parse(&pyproject, &workspace.project(), &Disk).unwrap();
        let digest = Digest::of(Algorithm::Sha256, &wheel().build());
        workspace.write(
            "poetry.lock",
            format!(
                "[[package]]\nname = \"acme\"\nversion = \"1.0\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = [{{file = \"{}\", hash = \"{digest}\"}}]\n{entry}\n[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"{}\"\n",
                wheel().file_name(),
                project.content_hash().unwrap()
            ),
        );
        Self { workspace, digest }
    }

    /// The source `private` is at `project` by pyproject.toml, and at `locked` by poetry.lock.
    pub(crate) fn moved(project: &str, locked: &str) -> Self {
        Self::new(&[("private", project)], &legacy(locked, "private"))
    }

    /// Prepares a run with the credentials of `private`.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.command(arguments);
        command.env("PATH", search_path());
        command.envs(CREDENTIALS);
        command
    }

    /// Runs the program with the credentials of `private`.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Output::of(&mut self.command(arguments))
    }
}

/// The wheel that is locked.
pub(crate) fn wheel() -> WheelBuilder {
    WheelBuilder::new("acme", "1.0").file("acme.py", "VERSION = 1\n")
}

/// The source of a lock entry.
pub(crate) fn legacy(url: &str, reference: &str) -> String {
    format!("[package.source]\ntype = \"legacy\"\nurl = \"{url}\"\nreference = \"{reference}\"\n")
}

/// An index that has the wheel.
pub(crate) fn index() -> LocalIndex {
    let index = LocalIndex::start();
    index.add("acme", &wheel().file_name(), &wheel().build());
    index
}
