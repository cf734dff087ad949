//! A project that is nothing but a lock of wheels, their index, and what installs of it make.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;

use super::local_index::LocalIndex;
use super::wheel_builder::WheelBuilder;
use super::workspace::{Output, Workspace};

/// A project whose lock names wheels of an index of its own.
pub(crate) struct LockedWheels {
    pub(crate) workspace: Workspace,
    pub(crate) index: LocalIndex,
}

impl LockedWheels {
    /// Locks `wheels`, each a direct dependency.
    pub(crate) fn new(wheels: &[WheelBuilder]) -> Self {
        let project = Self {
            workspace: Workspace::new(),
            index: LocalIndex::start(),
        };
        project.lock(wheels);
        project
    }

    /// Locks `wheels` instead of what was locked before.
    pub(crate) fn lock(&self, wheels: &[WheelBuilder]) {
        let names = wheels.iter().map(|wheel| wheel.distribution().name);
        let dependencies: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
        let pyproject = format!(
            "[project]\nname = \"shop\"\nversion = \"1\"\nrequires-python = \">=3.8\"\ndependencies = [{}]\n\n[tool.poetry]\npackage-mode = false\n",
            dependencies.join(", ")
        );
        self.workspace.write("pyproject.toml", &pyproject);
        let project = Project::parse(&pyproject, &self.workspace.project(), &Disk).unwrap();
        let packages: String = wheels.iter().map(|wheel| self.package(wheel)).collect();
        let hash = project.content_hash().unwrap();
        let metadata = format!(
            "[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"{hash}\"\n"
        );
        self.workspace
            .write("poetry.lock", format!("{packages}{metadata}"));
    }

    fn package(&self, wheel: &WheelBuilder) -> String {
        let distribution = wheel.distribution();
        let name = distribution.name.to_string();
        let digest = self.index.add(&name, &wheel.file_name(), &wheel.build());
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{}\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = [\n    {{file = \"{}\", hash = \"{digest}\"}},\n]\n\n",
            distribution.version,
            wheel.file_name()
        )
    }

    /// Prepares a run of the program with the index, and with an interpreter that is no shim.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.command(arguments);
        command.env("LOCK2VENV_INDEX_URL", self.index.url());
        command.env("LOCK2VENV_PYTHON", python());
        command
    }

    /// Runs the program.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Output::of(&mut self.command(arguments))
    }

    /// Removes the environment and makes it again.
    pub(crate) fn install_again(&self, arguments: &[&str]) -> Output {
        drop(fs::remove_dir_all(self.venv()));
        self.run(&[&["install"], arguments].concat())
    }

    pub(crate) fn venv(&self) -> PathBuf {
        self.workspace.project().join(".venv")
    }
}

/// The interpreter that stands behind `python3`.
pub(crate) fn python() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let code = "import os, sys; print(os.path.realpath(sys.executable))";
        let output = Command::new("python3").args(["-c", code]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    })
}

/// What is below a folder: the content of each file, and whether it may be run; where links lead.
pub(crate) fn snapshot(folder: &Path) -> BTreeMap<String, (Vec<u8>, bool)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                folders.push(path);
                continue;
            }
            let content = if metadata.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                target.into_os_string().into_encoded_bytes()
            } else {
                fs::read(&path).unwrap()
            };
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
            let is_executable = metadata.permissions().mode() & 0o111 != 0;
            found.insert(name.to_owned(), (content, is_executable));
        }
    }
    found
}
