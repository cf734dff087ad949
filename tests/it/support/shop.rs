//! A project with one package, and its environment.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;

use super::local_index::LocalIndex;
use super::wheel_builder::WheelBuilder;
use super::workspace::{Output, Workspace};

const PYPROJECT: &str = "[tool.poetry]\nname = \"webshop\"\nversion = \"1.0\"\ndescription = \"\"\nauthors = []\n\n[tool.poetry.dependencies]\npython = \">=3.8\"\nacme = \"*\"\n";

/// A project with one package, at whatever place.
pub(crate) struct Scene {
    pub(crate) workspace: Workspace,
    pub(crate) index: LocalIndex,
    fresh: OnceCell<BTreeMap<String, String>>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let scene = Self {
            workspace: Workspace::new(),
            index: LocalIndex::start(),
            fresh: OnceCell::new(),
        };
        scene.write_project(&scene.workspace.project());
        scene
    }

    pub(crate) fn write_project(&self, folder: &Path) {
        let wheel = WheelBuilder::new("acme", "1.0")
            .file("acme/__init__.py", "def main():\n    print('acme')\n")
            .file("acme-1.0.data/data/share/acme/page", "of acme\n")
            .console_script("acme", "acme:main");
        let digest = self.index.add("acme", &wheel.file_name(), &wheel.build());
        let project = Project::parse(PYPROJECT, folder, &Disk).unwrap();
        let lock = format!(
            "[[package]]\nname = \"acme\"\nversion = \"1.0\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = [\n    {{file = \"{}\", hash = \"{digest}\"}},\n]\n\n[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"{}\"\n",
            wheel.file_name(),
            project.content_hash().unwrap()
        );
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("pyproject.toml"), PYPROJECT).unwrap();
        fs::write(folder.join("poetry.lock"), lock).unwrap();
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.workspace.project()
    }

    pub(crate) fn venv(&self) -> PathBuf {
        self.project().join(".venv")
    }

    pub(crate) fn command_in(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = self.workspace.command(&["install", "--no-root"]);
        command.args(arguments).current_dir(folder);
        command.env("LOCK2VENV_INDEX_URL", self.index.url());
        command
    }

    pub(crate) fn install_in(&self, folder: &Path) -> Output {
        Output::of(&mut self.command_in(folder, &[]))
    }

    pub(crate) fn install(&self) -> Output {
        self.install_in(&self.project())
    }

    pub(crate) fn said(&self, output: &Output) -> String {
        let project = self.project();
        output
            .stderr
            .replace(project.to_str().unwrap(), "[project]")
    }

    /// What a new environment of the project holds.
    pub(crate) fn fresh(&self) -> &BTreeMap<String, String> {
        self.fresh.get_or_init(|| {
            let folder = self.workspace.home().join("fresh");
            self.write_project(&folder);
            self.install_in(&folder).succeeded();
            holds(&folder.join(".venv"))
        })
    }
}

/// What is in a folder: files by their size, links by where they lead, folders as such; activation scripts name their place.
pub(crate) fn holds(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let name = path
                .strip_prefix(folder)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            let what = if metadata.is_symlink() {
                format!("-> {}", fs::read_link(&path).unwrap().display())
            } else if metadata.is_dir() {
                folders.push(path);
                "/".to_owned()
            } else if name.starts_with("bin/activate") {
                "script".to_owned()
            } else {
                metadata.len().to_string()
            };
            found.insert(name, what);
        }
    }
    found
}

/// Makes an environment one that has to be made again.
pub(crate) fn break_python(venv: &Path) {
    fs::remove_file(venv.join("bin/python")).unwrap();
    symlink("/nowhere/python", venv.join("bin/python")).unwrap();
}

pub(crate) fn library(venv: &Path) -> PathBuf {
    let lib = fs::read_dir(venv.join("lib")).unwrap().next().unwrap();
    lib.unwrap().path().join("site-packages")
}

pub(crate) fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}
