//! A project with a lock of wheels that are made here, and an index on loopback that has them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;

use crate::support::local_index::LocalIndex;
use crate::support::wheel_builder::WheelBuilder;
use crate::support::workspace::{Output, Workspace};

pub(crate) const PYPROJECT: &str = r#"
[project]
name = "annapurna"
version = "0.1.0"
requires-python = ">=3.8"
dependencies = ["acme"]

[project.optional-dependencies]
docs = ["acme-docs"]
postgres = ["acme-postgres"]

[project.scripts]
annapurna = "annapurna:main"

[tool.poetry.group.dev.dependencies]
acme-dev = "*"

[tool.poetry.group.bench]
optional = true

[tool.poetry.group.bench.dependencies]
acme-bench = "*"

[build-system]
requires = ["poetry-core>=2.0"]
build-backend = "poetry.core.masonry.api"
"#;

/// A project, and the index that has what its lock names.
pub(crate) struct Scene {
    pub(crate) workspace: Workspace,
    pub(crate) index: LocalIndex,
}

impl Scene {
    /// Makes a project that nothing is installed for.
    pub(crate) fn new() -> Self {
        let scene = Self::of(PYPROJECT, &[]);
        scene.lock(&packages());
        scene
    }

    pub(crate) fn of(pyproject: &str, packages: &[Locked]) -> Self {
        let scene = Self {
            workspace: Workspace::new(),
            index: LocalIndex::start(),
        };
        scene.workspace.write("pyproject.toml", pyproject);
        let code = "def main():\n    print('the project')\n";
        scene.workspace.write("annapurna/__init__.py", code);
        scene.lock(packages);
        scene
    }

    /// Writes poetry.lock, and offers the wheels on the index.
    pub(crate) fn lock(&self, packages: &[Locked]) {
        let rendered = packages.iter().map(|locked| {
            let bytes = locked.wheel.build();
            let digest = self
                .index
                .add(&locked.name(), &locked.wheel.file_name(), &bytes);
            locked.render(&digest.to_string())
        });
        self.write_lock(&rendered.collect::<Vec<_>>().join("\n"));
    }

    pub(crate) fn write_lock(&self, packages: &str) {
        let root = self.workspace.project();
        let pyproject = fs::read_to_string(root.join("pyproject.toml")).unwrap();
        let project = Project::parse(&pyproject, &root, &Disk).unwrap();
        let hash = project.content_hash().unwrap();
        let extras = "[extras]\ndocs = [\"acme-docs\"]\npostgres = [\"acme-postgres\"]\n";
        let metadata = format!(
            "[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"{hash}\"\n"
        );
        let packages = if packages.is_empty() {
            "package = []\n"
        } else {
            packages
        };
        let text = format!("{packages}\n{extras}\n{metadata}");
        self.workspace.write("poetry.lock", text);
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.command(arguments);
        command.env("PATH", search_path());
        command.env("LOCK2VENV_INDEX_URL", self.index.url());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Output::of(&mut self.command(arguments))
    }

    pub(crate) fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
        Output::of(self.command(arguments).envs(variables.iter().copied()))
    }

    /// Starts the program and leaves it alone.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    pub(crate) fn venv(&self) -> PathBuf {
        self.workspace.project().join(".venv")
    }

    /// Lists the distributions of the environment.
    pub(crate) fn installed(&self) -> Vec<String> {
        installed(&self.venv())
    }

    /// Asserts which distributions the environment has.
    #[track_caller]
    pub(crate) fn has(&self, expected: &[&str]) {
        assert_eq!(self.installed(), expected);
    }

    /// What was written to standard error, without what differs from run to run.
    pub(crate) fn said(&self, output: &Output) -> String {
        let project = self.workspace.project();
        let text = output
            .stderr
            .replace(project.to_str().unwrap(), "[project]");
        let address = self.index.at("");
        let text = text.replace(&address, "http://[index]");
        let lines = text.lines().map(|line| match line.rsplit_once(" in ") {
            Some((start, end)) if end.ends_with(" s") => format!("{start} in [time]"),
            _ => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// A package of a lock.
pub(crate) struct Locked {
    pub(crate) wheel: WheelBuilder,
    pub(crate) group: &'static str,
    /// More keys of its table.
    pub(crate) more: String,
}

impl Locked {
    pub(crate) fn new(name: &str, version: &str) -> Self {
        let module = name.replace('-', "_");
        let code = format!("VERSION = '{version}'\ndef main():\n    print('{name}', VERSION)\n");
        let wheel = WheelBuilder::new(name, version)
            .file(&format!("{module}/__init__.py"), code)
            .file(
                &format!("{module}/__main__.py"),
                format!("import {module}\n{module}.main()\n"),
            )
            .console_script(name, &format!("{module}:main"));
        Self {
            wheel,
            group: "main",
            more: "optional = false".to_owned(),
        }
    }

    pub(crate) fn in_group(mut self, group: &'static str) -> Self {
        self.group = group;
        self
    }

    pub(crate) fn of_extra(mut self, extra: &str) -> Self {
        self.more = format!("optional = true\nmarkers = \"extra == \\\"{extra}\\\"\"");
        self
    }

    pub(crate) fn with(mut self, more: &str) -> Self {
        self.more.push('\n');
        self.more.push_str(more);
        self
    }

    fn name(&self) -> String {
        self.wheel.distribution().name.to_string()
    }

    pub(crate) fn render(&self, digest: &str) -> String {
        let distribution = self.wheel.distribution();
        format!(
            "[[package]]\nname = \"{}\"\nversion = \"{}\"\ndescription = \"\"\npython-versions = \"*\"\ngroups = [\"{}\"]\n{}\nfiles = [\n    {{file = \"{}\", hash = \"{digest}\"}},\n]\n",
            distribution.name,
            distribution.version,
            self.group,
            self.more.split("\n[").next().unwrap(),
            self.wheel.file_name()
        ) + &self
            .more
            .find("\n[")
            .map_or(String::new(), |at| format!("{}\n", &self.more[at..]))
    }
}

/// What the lock holds unless a test says otherwise.
pub(crate) fn packages() -> Vec<Locked> {
    vec![
        Locked::new("acme", "1.0"),
        Locked::new("acme-bench", "1.0").in_group("bench"),
        Locked::new("acme-dev", "1.0").in_group("dev"),
        Locked::new("acme-docs", "1.0").of_extra("docs"),
        Locked::new("acme-postgres", "1.0").of_extra("postgres"),
    ]
}

pub(crate) fn installed(venv: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for path in files(venv) {
        let folder = path.strip_suffix("/METADATA");
        let name = folder.and_then(|folder| folder.strip_suffix(".dist-info"));
        names.extend(name.map(|name| name.rsplit('/').next().unwrap().to_owned()));
    }
    names.sort();
    names
}

/// Lists the files below a folder by their path in it.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    contents(folder).into_keys().collect()
}

/// Reads all files below a folder; links by where they lead.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let entry = entry.unwrap();
            let path = entry.path();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            let content = if kind.is_symlink() {
                fs::read_link(&path)
                    .unwrap()
                    .into_os_string()
                    .into_encoded_bytes()
            } else {
                fs::read(&path).unwrap()
            };
            let name = path.strip_prefix(folder).unwrap();
            found.insert(name.to_str().unwrap().to_owned(), content);
        }
    }
    found
}

/// Names of hidden folders in the making.
pub(crate) fn partials(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).into_iter().flatten();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".partial")).collect()
}

/// `PATH` with the interpreter itself first: what stands in for it (shims) takes longer to start.
pub(crate) fn search_path() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let path = std::env::var("PATH").unwrap();
        let code = "import os, sys; print(os.path.dirname(os.path.realpath(sys.executable)))";
        let output = Command::new("python3").args(["-c", code]).output().unwrap();
        let folder = String::from_utf8(output.stdout).unwrap();
        format!("{}:{path}", folder.trim())
    })
}

/// Runs a program of an environment and returns what it says.
#[track_caller]
pub(crate) fn says(program: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(arguments).current_dir("/").env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap());
    Output::of(&mut command)
        .succeeded()
        .stdout
        .trim()
        .to_owned()
}
