//! A project without a package of its own, whose lock names wheels of an index on loopback.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;

use super::local_index::LocalIndex;
use super::wheel_builder::WheelBuilder;
use super::workspace::{Output, Workspace};

/// The project, and the index that has what its lock names.
pub(crate) struct LockedProject {
    pub(crate) workspace: Workspace,
    pub(crate) index: LocalIndex,
}

impl LockedProject {
    /// Makes a project that locks `wheels`, and has installed none.
    pub(crate) fn new(wheels: &[WheelBuilder]) -> Self {
        let project = Self {
            workspace: Workspace::new(),
            index: LocalIndex::start(),
        };
        let names = wheels.iter().map(|wheel| wheel.distribution().name);
        let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
        let names = names.join(", ");
        let text = format!(
            "[project]\nname = \"annapurna\"\nversion = \"1\"\nrequires-python = \">=3.8\"\n\
             dependencies = [{names}]\n[tool.poetry]\npackage-mode = false\n"
        );
        project.workspace.write("pyproject.toml", text);
        project.write_lock(wheels);
        project
    }

    fn write_lock(&self, wheels: &[WheelBuilder]) {
        let mut text = String::new();
        for wheel in wheels {
            let (distribution, file) = (wheel.distribution(), wheel.file_name());
            let name = distribution.name.as_str();
            let digest = self.index.add(name, &file, &wheel.build());
            writeln!(
                text,
                "[[package]]\nname = \"{name}\"\nversion = \"{}\"\ndescription = \"\"\noptional = false\n\
                 python-versions = \"*\"\ngroups = [\"main\"]\nfiles = [{{file = \"{file}\", hash = \"{digest}\"}}]",
                distribution.version
            )
            .unwrap();
        }
        let folder = self.workspace.project();
        let pyproject = fs::read_to_string(folder.join("pyproject.toml")).unwrap();
        let project = Project::parse(&pyproject, &folder, &Disk).unwrap();
        let hash = project.content_hash().unwrap();
        writeln!(
            text,
            "[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"{hash}\""
        )
        .unwrap();
        self.workspace.write("poetry.lock", text);
    }

    /// Prepares a run of the program.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.command(arguments);
        command.env("LOCK2VENV_INDEX_URL", self.index.url());
        command
    }

    /// Runs the program.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Output::of(&mut self.command(arguments))
    }

    /// Starts the program and leaves it alone.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }
}

/// Lists what lies in a folder, by name.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
