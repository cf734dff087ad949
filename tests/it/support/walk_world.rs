//! Packages in random states, of every kind of source, and a project that locks some of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use fastrand::Rng;
use fs_err as fs;
use lock2venv::digest::{Algorithm, Digest};
use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;

use super::git_server::GitPlace;
use super::local_index::LocalIndex;
use super::locked_wheels::python;
use super::tar_builder::{TarEntry, gzip, tar};
use super::wheel_builder::WheelBuilder;
use super::workspace::{Output, Workspace};

const PYPROJECT: &str =
    "[tool.poetry]\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = \">=3.8\"\n";

/// A backend whose wheel is in its project already.
const BACKEND: &str = "import glob, os, shutil\n\
    def build_wheel(folder, config_settings=None, metadata_directory=None):\n    \
    name, = glob.glob('*.whl')\n    \
    shutil.copy(name, folder)\n    \
    return name\n";

const BUILD_SYSTEM: &str =
    "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n";

/// Files that packages may have; `{n}` is the name of the package.
const FILES: &[&str] = &[
    "ns/__init__.py",
    "ns/{n}.py",
    "ns/deep/{n}/x.py",
    "ns/deep/shared.txt",
    "top_{n}.py",
    "shared.py",
    "cv2/__init__.py",
    "cv2/data/x.txt",
    "{n}/__init__.py",
    "{n}/sub/m.py",
    "ns/__pycache__/own.txt",
    "odd name.txt",
    "ns/é.py",
];

/// Files in the way of each other.
const CLASHING: &[&str] = &["thing", "thing/y.py", "thing/z/w.py"];

/// Files of `.data`.
const DATA: &[&str] = &[
    "data/share/common/x",
    "data/share/{n}",
    "data/lib/extra/{n}",
    "scripts/raw-{n}",
    "scripts/raw",
    "headers/{n}.h",
    "purelib/pure_{n}.py",
    "platlib/plat.py",
];

/// A project, and what it may lock.
pub(crate) struct World {
    pub(crate) workspace: Workspace,
    pub(crate) rng: Rng,
    index: LocalIndex,
    repositories: GitPlace,
    /// For each package, its states.
    packages: Vec<Vec<State>>,
    /// Flags of every run, until something else is locked.
    flags: Vec<&'static str>,
    n_states: usize,
}

/// A package at one version, from one source.
struct State {
    /// The lock entry.
    entry: String,
    /// For people.
    label: String,
}

/// What a state consists of.
struct Content {
    name: &'static str,
    version: &'static str,
    files: Vec<(String, String)>,
    data: Vec<(String, String)>,
    script: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Wheel,
    Sdist,
    Url,
    File,
    FileSdist,
    Directory,
    DirectoryWithBackend,
    Develop,
    Git,
}

const KINDS: &[Kind] = &[
    Kind::Wheel,
    Kind::Wheel,
    Kind::Wheel,
    Kind::Sdist,
    Kind::Url,
    Kind::File,
    Kind::FileSdist,
    Kind::Directory,
    Kind::DirectoryWithBackend,
    Kind::Develop,
    Kind::Git,
];

impl World {
    /// Makes a world; its packages hold clashing files only if `clashes`.
    pub(crate) fn new(seed: u64, clashes: bool) -> Self {
        let mut world = Self {
            workspace: Workspace::new(),
            rng: Rng::with_seed(seed),
            index: LocalIndex::start(),
            repositories: GitPlace::new(),
            packages: Vec::new(),
            flags: Vec::new(),
            n_states: 0,
        };
        world.workspace.write("pyproject.toml", PYPROJECT);
        for name in ["a", "b-b", "c", "d", "e"] {
            // Of two files of an index with one version the one that is there stays.
            let states = [("1.0", 0), ("2.0", 0), ("1.5", 0), ("1.0", 4)];
            let states = states.map(|(version, first)| world.state(name, version, first, clashes));
            world.packages.push(states.into());
        }
        world
    }

    fn state(
        &mut self,
        name: &'static str,
        version: &'static str,
        first: usize,
        clashes: bool,
    ) -> State {
        let kind = KINDS[self.rng.usize(first..KINDS.len())];
        self.n_states += 1;
        let content = self.content(name, version, clashes);
        let source = self.source(&content, kind);
        let entry = format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\n{source}\n"
        );
        let label = format!("{name} {version} {kind:?}");
        State { entry, label }
    }

    fn content(&mut self, name: &'static str, version: &'static str, clashes: bool) -> Content {
        let rng = &mut self.rng;
        let own = format!("# {name}\n");
        let newer = format!("# {name} {version}\n");
        let texts = ["", "# same\n", &own, &newer];
        let mut some = |paths: &[&str], share: u8| {
            let mut chosen = Vec::new();
            for path in paths {
                let text = texts[rng.usize(..texts.len())];
                if rng.u8(..100) < share {
                    let path = path.replace("{n}", &name.replace('-', "_"));
                    chosen.push((path, text.to_owned()));
                }
            }
            chosen
        };
        let mut files = some(FILES, 30);
        if clashes {
            files.extend(some(&CLASHING[..1], 10));
            let has_file = files.last().is_some_and(|(path, _)| path == "thing");
            files.extend(some(&CLASHING[1..], if has_file { 0 } else { 15 }));
        }
        let data = some(DATA, 15);
        let scripts = [None, Some("tool"), Some("other-tool")];
        Content {
            name,
            version,
            files,
            data,
            script: scripts[rng.usize(..scripts.len())],
        }
    }

    /// Puts what is locked where it comes from, and returns the rest of the lock entry.
    fn source(&self, content: &Content, kind: Kind) -> String {
        let number = self.n_states;
        let folder = format!("sources/{number}");
        let wheel = content.wheel().build();
        let wheel_name = content.wheel_name(number);
        let sdist = || content.sdist(&wheel_name, &wheel);
        let sdist_name = format!("{}-{}.tar.gz", content.module(), content.version);
        match kind {
            Kind::Wheel => self.indexed(content, &wheel_name, &wheel, ""),
            Kind::Sdist => self.indexed(content, &sdist_name, &sdist(), ""),
            Kind::Url => {
                let url = self.index.at(&format!("/files/{wheel_name}"));
                let source = format!("[package.source]\ntype = \"url\"\nurl = \"{url}\"\n");
                self.indexed(content, &wheel_name, &wheel, &source)
            }
            Kind::File => self.local(&folder, &wheel_name, &wheel),
            Kind::FileSdist => self.local(&folder, &sdist_name, &sdist()),
            Kind::Directory => {
                content.write_tree(&self.workspace.project().join(&folder));
                directory(&folder, "develop = false")
            }
            Kind::Develop => {
                content.write_tree(&self.workspace.project().join(&folder));
                directory(&folder, "develop = true")
            }
            Kind::DirectoryWithBackend => {
                self.workspace
                    .write(&format!("{folder}/{wheel_name}"), &wheel);
                self.workspace
                    .write(&format!("{folder}/backend.py"), BACKEND);
                self.workspace
                    .write(&format!("{folder}/pyproject.toml"), BUILD_SYSTEM);
                directory(&folder, "develop = false")
            }
            Kind::Git => self.repository(content, number),
        }
    }

    fn indexed(&self, content: &Content, file: &str, bytes: &[u8], source: &str) -> String {
        let digest = self.index.add(content.name, file, bytes);
        format!("files = [{{file = \"{file}\", hash = \"{digest}\"}}]\n{source}")
    }

    fn local(&self, folder: &str, file: &str, bytes: &[u8]) -> String {
        self.workspace.write(&format!("{folder}/{file}"), bytes);
        let digest = Digest::of(Algorithm::Sha256, bytes);
        format!(
            "files = [{{file = \"{file}\", hash = \"{digest}\"}}]\n[package.source]\ntype = \"file\"\nurl = \"{folder}/{file}\"\n"
        )
    }

    fn repository(&self, content: &Content, number: usize) -> String {
        let name = number.to_string();
        self.repositories.create(&name);
        content.write_tree(&self.repositories.path(&name));
        let commit = self.repositories.commit(&name, "README", "one");
        let url = self.repositories.url(&name);
        format!(
            "files = []\n[package.source]\ntype = \"git\"\nurl = \"{url}\"\nreference = \"HEAD\"\nresolved_reference = \"{commit}\"\n"
        )
    }

    /// Locks some packages in some state, and says which.
    pub(crate) fn lock(&mut self) -> String {
        let mut chosen = Vec::new();
        for states in &self.packages {
            let state = &states[self.rng.usize(..states.len())];
            if self.rng.u8(..100) < 60 {
                chosen.push(state);
            }
        }
        let entries: String = chosen.iter().map(|state| &*state.entry).collect();
        let entries = if entries.is_empty() {
            "package = []\n".to_owned()
        } else {
            entries
        };
        let project = Project::parse(PYPROJECT, &self.workspace.project(), &Disk).unwrap();
        let hash = project.content_hash().unwrap();
        let metadata = format!(
            "[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"{hash}\"\n"
        );
        self.workspace
            .write("poetry.lock", format!("{entries}\n{metadata}"));
        let labels: Vec<&str> = chosen.iter().map(|state| &*state.label).collect();
        let flags = [&[][..], &[], &["--editable"]];
        self.flags = flags[self.rng.usize(..flags.len())].to_vec();
        format!("{} {}", labels.join(", "), self.flags.join(" "))
    }

    pub(crate) fn venv(&self) -> PathBuf {
        self.workspace.project().join(".venv")
    }

    pub(crate) fn run(&self, command: &str) -> Output {
        let arguments = [&[command][..], &self.flags].concat();
        let mut command: Command = self.workspace.command(&arguments);
        command.env("LOCK2VENV_INDEX_URL", self.index.url());
        if !self.venv().exists() {
            command.env("LOCK2VENV_PYTHON", python());
        }
        Output::of(&mut command)
    }
}

fn directory(folder: &str, develop: &str) -> String {
    format!("files = []\n{develop}\n[package.source]\ntype = \"directory\"\nurl = \"{folder}\"\n")
}

impl Content {
    fn module(&self) -> String {
        self.name.replace('-', "_")
    }

    /// The number, as a build tag, keeps files of one version apart.
    fn wheel_name(&self, number: usize) -> String {
        let (module, version) = (self.module(), self.version);
        format!("{module}-{version}-{number}-py3-none-any.whl")
    }

    fn wheel(&self) -> WheelBuilder {
        let mut wheel = WheelBuilder::new(self.name, self.version);
        for (path, text) in &self.files {
            wheel = wheel.file(path, text);
        }
        for (path, text) in &self.data {
            wheel = wheel.data(path, text);
        }
        match self.script {
            Some(script) => wheel.console_script(script, &format!("{}:main", self.module())),
            None => wheel,
        }
    }

    fn sdist(&self, wheel_name: &str, wheel: &[u8]) -> Vec<u8> {
        let root = format!("{}-{}", self.module(), self.version);
        let file = |name: &str, text: &[u8]| TarEntry::file(format!("{root}/{name}"), text);
        gzip(&tar(&[
            file("pyproject.toml", BUILD_SYSTEM.as_bytes()),
            file("backend.py", BACKEND.as_bytes()),
            file(wheel_name, wheel),
        ]))
    }

    /// Writes a project of poetry-core, which has the modules and the script.
    fn write_tree(&self, folder: &Path) {
        let own = (format!("{}/__init__.py", self.module()), String::new());
        let files = self.files.iter();
        let is_python = |path: &str| Path::new(path).extension().is_some_and(|end| end == "py");
        let is_module = |path: &str| is_python(path) && !path.starts_with("thing");
        let mut files: Vec<_> = files.filter(|(path, _)| is_module(path)).collect();
        if files.is_empty() {
            files.push(&own);
        }
        let mut tops: Vec<&str> = files
            .iter()
            .filter_map(|(path, _)| path.split('/').next())
            .collect();
        tops.sort_unstable();
        tops.dedup();
        for (path, text) in &files {
            let path = folder.join("src").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let includes = tops
            .iter()
            .map(|top| format!("{{include = \"{top}\", from = \"src\"}}"));
        let includes = includes.collect::<Vec<_>>().join(", ");
        let script = self
            .script
            .map(|script| format!("{script} = \"{}:main\"\n", self.module()))
            .unwrap_or_default();
        let (name, version) = (self.name, self.version);
        let text = format!(
            "[tool.poetry]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\nauthors = []\npackages = [{includes}]\n\n[tool.poetry.scripts]\n{script}\n[build-system]\nrequires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n"
        );
        fs::write(folder.join("pyproject.toml"), text).unwrap();
    }
}
