//! The program as a whole: a project, a lock of wheels that are made here, an index on loopback, and what a person sees.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use insta::assert_snapshot;
use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::local_index::{Fault, LocalIndex};
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

/// A package of a lock.
pub(crate) struct Locked {
    pub(crate) wheel: WheelBuilder,
    group: &'static str,
    /// More keys of its table.
    more: String,
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

    fn in_group(mut self, group: &'static str) -> Self {
        self.group = group;
        self
    }

    fn of_extra(mut self, extra: &str) -> Self {
        self.more = format!("optional = true\nmarkers = \"extra == \\\"{extra}\\\"\"");
        self
    }

    fn with(mut self, more: &str) -> Self {
        self.more.push('\n');
        self.more.push_str(more);
        self
    }

    fn name(&self) -> String {
        self.wheel.distribution().name.to_string()
    }

    fn render(&self, digest: &str) -> String {
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
fn packages() -> Vec<Locked> {
    vec![
        Locked::new("acme", "1.0"),
        Locked::new("acme-bench", "1.0").in_group("bench"),
        Locked::new("acme-dev", "1.0").in_group("dev"),
        Locked::new("acme-docs", "1.0").of_extra("docs"),
        Locked::new("acme-postgres", "1.0").of_extra("postgres"),
    ]
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

    fn write_lock(&self, packages: &str) {
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
    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    pub(crate) fn venv(&self) -> PathBuf {
        self.workspace.project().join(".venv")
    }

    /// Lists the distributions of the environment.
    fn installed(&self) -> Vec<String> {
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

fn installed(venv: &Path) -> Vec<String> {
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
fn files(folder: &Path) -> Vec<String> {
    contents(folder).into_keys().collect()
}

/// Reads all files below a folder; links by where they lead.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
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
fn partials(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).into_iter().flatten();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".partial")).collect()
}

/// `PATH` with the interpreter itself first: what stands in for it (shims) takes longer to start.
fn search_path() -> &'static str {
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
fn says(program: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(arguments).current_dir("/").env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap());
    Output::of(&mut command)
        .succeeded()
        .stdout
        .trim()
        .to_owned()
}

// Installing.

#[test]
fn a_new_environment_holds_what_the_lock_says() {
    let scene = Scene::new();
    let output = scene.run(&["install"]).succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0", "annapurna-0.1.0"]);
    assert_eq!(output.stdout, "");
    assert_eq!(says(&scene.venv().join("bin/acme"), &[]), "acme 1.0");
    assert_eq!(
        says(&scene.venv().join("bin/annapurna"), &[]),
        "the project"
    );
    let python = scene.venv().join("bin/python");
    assert_eq!(says(&python, &["-m", "acme"]), "acme 1.0");
    assert_eq!(partials(&scene.workspace.project()), [""; 0]);
    let mut said: Vec<String> = scene.said(&output).lines().map(str::to_owned).collect();
    // In order of arrival.
    said[5..7].sort();
    assert_snapshot!(said.join("\n"), @r"
    Creating virtualenv annapurna in [project]/.venv
    Installing dependencies from lock file

    Package operations: 2 installs, 0 updates, 0 removals

      - Installing acme (1.0)
      - Installing acme-dev (1.0)

    Installing the current project: annapurna (0.1.0)

    2 installs, 0 updates, 0 removals in [time]
    ");
}

#[test]
fn a_second_run_asks_nobody_and_changes_nothing() {
    let scene = Scene::new();
    scene.run(&["install", "--no-root"]).succeeded();
    let before = contents(&scene.venv());
    scene.index.take_requests();
    let output = scene.run(&["install", "--no-root"]).succeeded();
    assert_eq!(scene.index.take_paths(), [""; 0]);
    assert!(contents(&scene.venv()) == before);
    assert_snapshot!(scene.said(&output), @r"
    Installing dependencies from lock file

    No dependencies to install or update
    ");
}

#[test]
fn a_second_run_with_the_project_installs_the_project_anew() {
    let scene = Scene::new();
    scene.run(&["install"]).succeeded();
    scene.index.take_requests();
    let code = "def main():\n    print('changed')\n";
    scene.workspace.write("annapurna/__init__.py", code);
    let output = scene.run(&["install"]).succeeded();
    assert_eq!(scene.index.take_paths(), [""; 0]);
    assert_eq!(says(&scene.venv().join("bin/annapurna"), &[]), "changed");
    assert_snapshot!(scene.said(&output), @r"
    Installing dependencies from lock file

    No dependencies to install or update

    Installing the current project: annapurna (0.1.0)

    0 installs, 0 updates, 0 removals in [time]
    ");
}

#[test]
fn what_is_missing_is_added() {
    let scene = Scene::new();
    scene
        .run(&["install", "--no-root", "--only", "main"])
        .succeeded();
    scene.has(&["acme-1.0"]);
    let before = contents(&scene.venv());
    let output = scene.run(&["install", "--no-root"]).succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0"]);
    let after = contents(&scene.venv());
    assert!(
        before
            .iter()
            .all(|(path, content)| after.get(path) == Some(content))
    );
    assert!(output.stderr.contains("1 install, 0 updates, 0 removals"));
    assert!(output.stderr.contains("  - Installing acme-dev (1.0)\n"));
}

#[test]
fn other_versions_are_updates_and_downgrades() {
    let scene = Scene::new();
    scene
        .run(&["install", "--no-root", "--only", "main"])
        .succeeded();
    scene.lock(&[Locked::new("acme", "2.0")]);
    let output = scene.run(&["install", "--no-root"]).succeeded();
    assert!(
        output.stderr.contains("  - Updating acme (1.0 -> 2.0)\n"),
        "{output:?}"
    );
    assert!(
        output
            .stderr
            .contains("0 installs, 1 update, 0 removals in")
    );
    assert_eq!(says(&scene.venv().join("bin/acme"), &[]), "acme 2.0");
    scene.lock(&[Locked::new("acme", "1.5")]);
    let output = scene.run(&["install", "--no-root"]).succeeded();
    assert!(
        output
            .stderr
            .contains("  - Downgrading acme (2.0 -> 1.5)\n"),
        "{output:?}"
    );
    assert_eq!(says(&scene.venv().join("bin/acme"), &[]), "acme 1.5");
    scene.has(&["acme-1.5"]);
}

#[test]
fn only_sync_removes() {
    let scene = Scene::new();
    scene.run(&["install", "--no-root"]).succeeded();
    scene
        .run(&["install", "--no-root", "--without", "dev"])
        .succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0"]);
    let output = scene
        .run(&["install", "--no-root", "--without", "dev", "--sync"])
        .succeeded();
    scene.has(&["acme-1.0"]);
    assert!(output.stderr.contains("  - Removing acme-dev (1.0)\n"));
    assert!(
        output
            .stderr
            .contains("0 installs, 0 updates, 1 removal in")
    );
    assert!(!scene.venv().join("bin/acme-dev").exists());
}

#[track_caller]
fn installs(arguments: &[&str], expected: &[&str]) {
    let scene = Scene::new();
    let arguments = [&["install"], arguments].concat();
    scene.run(&arguments).succeeded();
    scene.has(expected);
}

#[test]
fn groups_extras_and_the_project_are_chosen_by_flags() {
    installs(&["--no-root"], &["acme-1.0", "acme_dev-1.0"]);
    installs(&["--only-root"], &["annapurna-0.1.0"]);
    installs(
        &["--no-root", "--with", "bench"],
        &["acme-1.0", "acme_bench-1.0", "acme_dev-1.0"],
    );
    installs(
        &["--no-root", "--only", "dev,bench"],
        &["acme_bench-1.0", "acme_dev-1.0"],
    );
    installs(
        &["--no-root", "--without=dev", "-E", "docs postgres"],
        &["acme-1.0", "acme_docs-1.0", "acme_postgres-1.0"],
    );
    installs(
        &["--no-root", "--without=dev", "--extras", "docs"],
        &["acme-1.0", "acme_docs-1.0"],
    );
    installs(
        &["--no-root", "--all-groups", "--all-extras"],
        &[
            "acme-1.0",
            "acme_bench-1.0",
            "acme_dev-1.0",
            "acme_docs-1.0",
            "acme_postgres-1.0",
        ],
    );
}

#[test]
fn a_folder_is_built_unless_folders_are_left_out() {
    let pyproject = PYPROJECT.replace("[\"acme\"]", "[\"nanda @ file:nanda\"]");
    let scene = Scene::of(&pyproject, &[]);
    scene.workspace.write("nanda/nanda.py", "PEAK = 7816\n");
    scene.workspace.write(
        "nanda/pyproject.toml",
        "[project]\nname = \"nanda\"\nversion = \"3.0\"\n[build-system]\nrequires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n",
    );
    scene.write_lock(
        "[[package]]\nname = \"nanda\"\nversion = \"3.0\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = []\ndevelop = false\n\n[package.source]\ntype = \"directory\"\nurl = \"nanda\"\n",
    );
    scene
        .run(&["install", "--no-root", "--no-directory"])
        .succeeded();
    scene.has(&[]);
    scene.run(&["install", "--no-root"]).succeeded();
    scene.has(&["nanda-3.0"]);
    let python = scene.venv().join("bin/python");
    assert_eq!(
        says(&python, &["-c", "import nanda; print(nanda.PEAK)"]),
        "7816"
    );
}

#[test]
fn a_dry_run_says_what_would_be_and_does_nothing() {
    let scene = Scene::new();
    let output = scene
        .run(&["install", "--dry-run", "--no-cache"])
        .succeeded();
    assert_snapshot!(scene.said(&output), @r"
    Installing dependencies from lock file

    Package operations: 2 installs, 0 updates, 0 removals

      - Installing acme (1.0)
      - Installing acme-dev (1.0)

    Installing the current project: annapurna (0.1.0)
    ");
    assert!(!scene.venv().exists());
    assert_eq!(scene.index.take_paths(), [""; 0]);
}

#[test]
fn compiled_modules_are_listed_in_record() {
    let scene = Scene::new();
    scene
        .run(&["install", "--no-root", "--compile"])
        .succeeded();
    let files = contents(&scene.venv());
    let is_compiled = |path: &&String| path.contains("/acme/__pycache__/__init__.");
    let compiled: Vec<&String> = files.keys().filter(is_compiled).collect();
    assert_eq!(compiled.len(), 1, "{:?}", files.keys());
    let record = files
        .iter()
        .find(|(path, _)| path.ends_with("acme-1.0.dist-info/RECORD"));
    let record = String::from_utf8(record.unwrap().1.clone()).unwrap();
    assert!(record.contains("acme/__pycache__/__init__."), "{record}");
}

// The cache.

#[test]
fn offline_takes_all_from_the_cache() {
    let scene = Scene::new();
    scene.run(&["install", "--no-root"]).succeeded();
    fs::remove_dir_all(scene.venv()).unwrap();
    scene.index.take_requests();
    scene
        .run(&["install", "--no-root", "--offline"])
        .succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0"]);
    assert_eq!(scene.index.take_paths(), [""; 0]);
}

#[test]
fn offline_lists_what_the_cache_lacks() {
    let scene = Scene::new();
    let output = scene
        .run(&["-q", "install", "--no-root", "--offline"])
        .failed(1, &[]);
    assert!(!scene.venv().exists());
    assert_eq!(scene.index.take_paths(), [""; 0]);
    assert_snapshot!(scene.said(&output), @r"
    error: 2 locked files are not in the cache
      acme 1.0: acme-1.0-py3-none-any.whl
      acme-dev 1.0: acme_dev-1.0-py3-none-any.whl
    hint: install once without `--offline`, with the same cache
    ");
}

#[test]
fn without_a_cache_nothing_is_kept() {
    let scene = Scene::new();
    let outside = scene.workspace.home().join("named");
    let named = outside.to_str().unwrap();
    let variables = [("LOCK2VENV_CACHE_DIR", named)];
    scene
        .run_with(&variables, &["install", "--no-cache"])
        .succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0", "annapurna-0.1.0"]);
    assert_eq!(files(&scene.workspace.home()), [""; 0]);
    assert!(!outside.exists());
}

#[test]
fn the_cache_can_be_found_measured_and_emptied() {
    let scene = Scene::new();
    let folder = scene.workspace.cache();
    let output = scene.run(&["cache", "dir"]).succeeded();
    assert_eq!(output.stdout, format!("{}\n", folder.display()));
    let poetry = [("POETRY_CACHE_DIR", "/srv/poetry")];
    let output = scene.run_with(&poetry, &["cache", "dir"]).succeeded();
    assert_eq!(output.stdout, "/srv/poetry/lock2venv\n");
    scene.run(&["install", "--no-root"]).succeeded();
    let size: u64 = scene
        .run(&["cache", "size"])
        .succeeded()
        .stdout
        .trim()
        .parse()
        .unwrap();
    assert!(size > 0);
    scene.run(&["cache", "clear"]).succeeded();
    assert_eq!(scene.run(&["cache", "size"]).succeeded().stdout, "0\n");
    scene
        .run(&["install", "--no-root", "--offline", "--sync"])
        .succeeded();
    fs::remove_dir_all(scene.venv()).unwrap();
    scene
        .run(&["install", "--no-root", "--offline"])
        .failed(1, &["not in the cache"]);
    let other = scene.run_with(&[("LOCK2VENV_CACHE_DIR", "elsewhere")], &["cache", "dir"]);
    let expected = scene.workspace.project().join("elsewhere");
    assert_eq!(other.stdout, format!("{}\n", expected.display()));
}

#[test]
fn a_cache_that_may_not_be_written_is_read() {
    let scene = Scene::new();
    // Archives can be proven again, where unpacked wheels of others cannot.
    scene
        .run(&["install", "--no-root", "--only", "main", "--link-mode=copy"])
        .succeeded();
    fs::remove_dir_all(scene.venv()).unwrap();
    let cache = scene.workspace.cache();
    let is_root = fs::metadata(&cache).unwrap().uid() == 0;
    // Nothing is read-only for root; but what belongs to another is left alone.
    set_owner_or_mode(
        &cache,
        if is_root {
            Lid::Owner(12345)
        } else {
            Lid::Mode(0o555)
        },
    );
    let before = files(&cache);
    let output = scene.run(&["install", "--no-root"]).succeeded();
    set_owner_or_mode(
        &cache,
        if is_root {
            Lid::Owner(0)
        } else {
            Lid::Mode(0o755)
        },
    );
    scene.has(&["acme-1.0", "acme_dev-1.0"]);
    assert_eq!(files(&cache), before);
    assert!(output.stderr.contains("warning: "), "{output:?}");
    let asked = scene.index.take_paths();
    let n_acme = asked
        .iter()
        .filter(|path| path.contains("/acme-1.0"))
        .count();
    assert_eq!(n_acme, 1, "the cache was not read: {asked:?}");
}

#[derive(Clone, Copy)]
enum Lid {
    Owner(u32),
    Mode(u32),
}

fn set_owner_or_mode(folder: &Path, lid: Lid) {
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        if let Lid::Mode(0o755) | Lid::Owner(_) = lid {
            close(&next, lid);
        }
        for entry in fs::read_dir(&next).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            }
        }
        close(&next, lid);
    }
}

fn close(folder: &Path, lid: Lid) {
    match lid {
        Lid::Owner(owner) => std::os::unix::fs::chown(folder, Some(owner), None).unwrap(),
        Lid::Mode(mode) => {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
        }
    }
}

// What is refused.

#[test]
fn a_file_that_is_not_the_locked_one_is_never_installed() {
    let scene = Scene::new();
    let mut bytes = Locked::new("acme", "1.0").wheel.build();
    *bytes.last_mut().unwrap() ^= 1;
    scene
        .index
        .misbehave("/files/acme-1.0-py3-none-any.whl", Fault::Body(bytes), 9);
    let output = scene.run(&["-q", "install"]).failed(1, &[]);
    assert!(!scene.venv().exists());
    assert_eq!(partials(&scene.workspace.project()), [""; 0]);
    let said = scene.said(&output);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines[0],
        "error: `acme-1.0-py3-none-any.whl` is not the file that was locked"
    );
    let starts = ["  locked    sha256:", "  received  sha256:", "            "];
    for (line, start) in lines[1..4].iter().zip(starts) {
        assert!(line.starts_with(start), "{said}");
    }
    assert!(lines[3].ends_with(" bytes from http://[index]/files/acme-1.0-py3-none-any.whl"));
    assert!(lines[4].starts_with("hint: nothing of it was installed; "));
    let is_cached = |path: &String| path.contains("/archives/");
    let cached = files(&scene.workspace.cache());
    let n_cached = cached.into_iter().filter(is_cached).count();
    assert!(n_cached < 2, "the file was kept");
    let missing = "acme 1.0: acme-1.0-py3-none-any.whl";
    scene.run(&["install", "--offline"]).failed(1, &[missing]);
}

#[test]
fn an_index_that_claims_another_digest_is_not_asked_for_the_file() {
    let scene = Scene::new();
    scene
        .index
        .claim("acme-1.0-py3-none-any.whl", &"0".repeat(64));
    let output = scene.run(&["-q", "install", "--only", "main"]);
    output.failed(
        1,
        &[
            "is not the file that was locked",
            "\n  locked    sha256:",
            "\n  offered   sha256:0000",
        ],
    );
    assert_eq!(scene.index.take_paths(), ["/simple/acme/"]);
}

#[test]
fn a_stale_lock_is_refused() {
    let scene = Scene::new();
    scene.workspace.write(
        "pyproject.toml",
        PYPROJECT.replace("[\"acme\"]", "[\"acme>0\"]"),
    );
    let output = scene.run(&["install"]).failed(
        1,
        &["poetry.lock does not match pyproject.toml (content hash "],
    );
    assert!(
        output.stderr.ends_with(" now)\nhint: run `poetry lock`\n"),
        "{output:?}"
    );
    assert!(!scene.venv().exists());
}

#[test]
fn documents_that_cannot_be_read_are_told_with_line_and_column() {
    let scene = Scene::new();
    let lock = scene.workspace.project().join("poetry.lock");
    let good = fs::read_to_string(&lock).unwrap();
    let tell = |text: &str| {
        fs::write(&lock, text).unwrap();
        scene.said(&scene.run(&["install"]).failed(1, &[]))
    };
    assert_snapshot!(tell("[[package]]\nname = \"a\nversion = 1"), @r#"
    error: poetry.lock:2:10: not valid TOML: invalid basic string, expected `"`
    hint: run `poetry lock`
    "#);
    assert_snapshot!(tell(&good.replace("version = \"1.0\"", "<<<<<<< HEAD\nversion = \"1.0\"")), @r"
    error: poetry.lock:3:1: unresolved merge conflict
    hint: resolve it in pyproject.toml, take either side's poetry.lock, then run `poetry lock`
    ");
    assert_snapshot!(tell(&good.replace("lock-version = \"2.1\"", "lock-version = \"9.0\"")), @r"
    error: poetry.lock:63:1: unknown format version `9.0`
    hint: versions 1 and 2 are supported; lock with a Poetry that writes one of them
    ");
    assert_snapshot!(tell(&good.replace("version = \"1.0\"", "version = \"one\"")), @r"
    error: poetry.lock:1:1: the package `acme` has the invalid version `one`
    hint: run `poetry lock`
    ");
    assert_snapshot!(tell(good.split("[metadata]").next().unwrap()), @r"
    error: poetry.lock does not match pyproject.toml (it has no content hash)
    hint: run `poetry lock`
    ");
    fs::remove_file(&lock).unwrap();
    assert_snapshot!(scene.said(&scene.run(&["install"]).failed(1, &[])), @r"
    error: there is no poetry.lock in `[project]`
    hint: run `poetry lock`
    ");
    scene
        .workspace
        .write("pyproject.toml", "[project\nname = 1");
    assert_snapshot!(scene.said(&scene.run(&["install"]).failed(1, &[])), @r"error: pyproject.toml:1:9: not valid TOML: unclosed table, expected `]`");
    fs::remove_file(scene.workspace.project().join("pyproject.toml")).unwrap();
    assert_snapshot!(scene.said(&scene.run(&["install"]).failed(1, &[])), @r"
    error: there is no pyproject.toml in `[project]` or above it
    hint: name the project's folder: `-C DIR`, or `-P DIR` to stay in this one
    ");
    assert!(!scene.venv().exists());
}

#[test]
fn names_that_are_not_defined_are_misuse() {
    let scene = Scene::new();
    let tell = |arguments: &[&str]| {
        let arguments = [&["install"], arguments].concat();
        scene.said(&scene.run(&arguments).failed(2, &[]))
    };
    assert_snapshot!(tell(&["-E", "postgers"]), @r"
    error: extra `postgers` is not defined in pyproject.toml
    hint: did you mean `postgres`? defined extras: docs, postgres
    ");
    assert_snapshot!(tell(&["--with", "web,de"]), @r"
    error: groups `de`, `web` are not defined in pyproject.toml
    hint: did you mean `dev`? defined groups: bench, dev, main
    ");
    assert_snapshot!(tell(&["--all-extras", "-E", "docs"]), @r"error: `--extras` cannot be used with `--all-extras`");
    assert_snapshot!(tell(&["--all-groups", "--only", "dev"]), @r"error: `--with`, `--without` and `--only` cannot be used with `--all-groups`");
    assert_snapshot!(tell(&["--only-root", "--no-root"]), @r"error: `--only-root` and `--no-root` cannot be used together");
    assert_snapshot!(tell(&["--only-root", "--only", "dev"]), @r"error: `--only-root` cannot be used with `--with`, `--without`, `--only` or `--all-groups`");
    scene
        .run(&["install", "--no-rot"])
        .failed(2, &["--no-root"]);
    scene.run(&["instal"]).failed(2, &["install"]);
    scene
        .run(&["install", "--jobs", "0"])
        .failed(2, &["--jobs"]);
    assert_snapshot!(tell(&["--index-url", "nowhere"]), @r"
    error: the value of `--index-url` is not a URL
      relative URL without a base
    hint: it is the URL of a simple index, such as `https://pypi.org/simple/`
    ");
    assert!(!scene.venv().exists());
}

#[test]
fn packages_without_a_fitting_file_are_told_all_at_once() {
    let scene = Scene::new();
    let entry = |name: &str, files: &[&str]| {
        let files = files.iter().map(|file| {
            format!(
                "    {{file = \"{file}\", hash = \"sha256:{}\"}},\n",
                "1".repeat(64)
            )
        });
        let files: String = files.collect();
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1.0\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = [\n{files}]\n"
        )
    };
    let lock = [
        entry(
            "acme",
            &[
                "acme-1.0-cp27-cp27m-win32.whl",
                "acme-1.0-cp36-cp36m-win32.whl",
                "acme-1.0-py3-none-win32.whl",
            ],
        ),
        entry("nanda", &["nanda-1.0.tar.gz"]),
    ];
    scene.write_lock(&lock.join("\n"));
    let output = scene.run(&["install"]).failed(1, &[]);
    let said = scene.said(&output);
    let target = said
        .split(" on ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .to_owned();
    assert_snapshot!(said.replace(&target, "[target]"), @r"
    error: 2 packages cannot be installed
      no file of `acme` 1.0 can be installed on [target]
        3 wheels in poetry.lock: 2 for other Pythons (cp27 to cp36), 1 for other platforms
        no source distribution is listed
      `nanda` 1.0 has to be built from the source distribution `nanda-1.0.tar.gz`
    hint: use Python 3.6 or older: `--python 3.6`
    hint: source distributions are not built: offer its wheel in an index of your own and lock it from there, or leave its group out
    ");
    assert!(!scene.venv().exists());
}

#[test]
fn what_the_index_lacks_is_told_with_its_address() {
    let scene = Scene::new();
    scene
        .index
        .misbehave("/simple/acme/", Fault::Status(404, &[]), 9);
    scene.index.misbehave(
        "/files/acme_dev-1.0-py3-none-any.whl",
        Fault::Status(404, &[]),
        9,
    );
    let tell = |arguments: &[&str]| {
        let arguments = [&["-q", "install", "--only"], arguments].concat();
        scene.said(&scene.run(&arguments).failed(1, &[]))
    };
    assert_snapshot!(tell(&["main"]), @r"
    error: index `127.0.0.1` has no package `acme`
      http://[index]/simple/acme/
    hint: if it is on another index, name that as its source in pyproject.toml and run `poetry lock`
    ");
    assert_snapshot!(tell(&["dev"]), @r"
    error: `acme_dev-1.0-py3-none-any.whl` was not found at its URL (404 Not Found)
      http://[index]/files/acme_dev-1.0-py3-none-any.whl
    hint: the index no longer offers what was locked: run `poetry lock --regenerate` and review the change
    ");
    assert!(!scene.venv().exists());
}

#[test]
fn a_wheel_that_is_no_wheel_is_told() {
    let scene = Scene::new();
    let bad = WheelBuilder::new("acme", "1.0").file("../../evil.py", "");
    scene.lock(&[Locked {
        wheel: bad,
        ..Locked::new("acme", "1.0")
    }]);
    let output = scene.run(&["-q", "install", "--no-root"]).failed(1, &[]);
    assert_snapshot!(scene.said(&output), @r"
    error: `acme-1.0-py3-none-any.whl` is not a wheel that can be installed
      entry `../../evil.py` leads outside the archive
    hint: its digest matches the lock, so it was locked like this: nothing of it was installed; report it to its authors, or lock another version
    ");
    assert!(!scene.venv().exists());
    assert_eq!(partials(&scene.workspace.project()), [""; 0]);
}

#[test]
fn warnings_about_wheels_are_errors_when_strict() {
    let scene = Scene::new();
    let sloppy = WheelBuilder::new("acme", "1.0")
        .file("acme.py", "")
        .without_record_of("acme.py");
    scene.lock(&[Locked {
        wheel: sloppy,
        ..Locked::new("acme", "1.0")
    }]);
    let output = scene
        .run(&["-q", "install", "--no-root", "--strict"])
        .failed(1, &[]);
    assert_snapshot!(scene.said(&output), @r"
    error: `acme-1.0-py3-none-any.whl` contains `acme.py`, which its RECORD does not list
    hint: without `--strict` this is a warning
    ");
    assert!(!scene.venv().exists());
    let output = scene.run(&["install", "--no-root"]).succeeded();
    assert!(output.stderr.contains(
        "\nwarning: `acme-1.0-py3-none-any.whl` contains `acme.py`, which its RECORD does not list\n"
    ));
    scene.has(&["acme-1.0"]);
}

#[test]
fn a_project_of_another_backend_is_told_what_to_do() {
    let pyproject = PYPROJECT.replace("poetry.core.masonry.api", "hatchling.build");
    let scene = Scene::of(&pyproject, &packages());
    let output = scene.run(&["-q", "install"]).failed(1, &[]);
    assert_snapshot!(scene.said(&output), @r"
    error: `annapurna` cannot be built without Python: its build backend is `hatchling.build`
    hint: build its wheel with that backend, then lock and install the wheel
    hint: leave it out: `--no-root` for the project itself, `--no-directory` for directory dependencies
    ");
    assert!(!scene.venv().exists());
    scene.run(&["install", "--no-root"]).succeeded();
}

// The interpreter and the place.

#[test]
fn a_python_that_is_not_there_or_does_not_fit_is_told() {
    let scene = Scene::new();
    let tell = |python: &str| {
        let output = scene.run(&["install", "--python", python]).failed(1, &[]);
        scene.said(&output)
    };
    assert_snapshot!(tell("python9.9"), @r"
    error: no `python9.9` was found
      there is none on PATH, and none that asdf, pyenv, Rye, uv or Poetry installed
    hint: name an interpreter: `--python PATH`
    ");
    assert_snapshot!(tell("./nowhere/python"), @r"
    error: cannot run `./nowhere/python`
      No such file or directory (os error 2)
    hint: name a Python 3: `--python PATH` or `--python VERSION`
    ");
    let pyproject = PYPROJECT.replace(">=3.8", ">=4");
    scene.workspace.write("pyproject.toml", pyproject);
    scene.lock(&packages());
    let output = scene
        .run(&["install"])
        .failed(1, &["error: no Python >=4 was found\n", "/python3"]);
    assert!(
        output
            .stderr
            .ends_with("\nhint: name an interpreter: `--python PATH`\n"),
        "{output:?}"
    );
    assert!(!scene.venv().exists());
}

#[test]
fn an_environment_that_does_not_work_is_made_anew() {
    let scene = Scene::new();
    scene.run(&["install", "--no-root"]).succeeded();
    let configuration = scene.venv().join("pyvenv.cfg");
    let text = fs::read_to_string(&configuration).unwrap();
    let other = text.lines().map(|line| match line.split_once('=') {
        Some(("version ", _)) => "version = 3.4.0".to_owned(),
        _ => line.to_owned(),
    });
    let other: Vec<String> = other.collect();
    fs::write(&configuration, other.join("\n")).unwrap();
    let old = scene.venv().join("share/jupyter/old");
    fs::create_dir_all(old.parent().unwrap()).unwrap();
    fs::write(&old, "").unwrap();
    let output = scene.run(&["install", "--no-root"]).succeeded();
    assert!(
        output
            .stderr
            .contains(": it was created for Python 3.4.0, but its interpreter is 3."),
        "{output:?}"
    );
    assert!(!old.exists());
    scene.has(&["acme-1.0", "acme_dev-1.0"]);
    fs::remove_file(scene.venv().join("bin/python")).unwrap();
    std::os::unix::fs::symlink("/nowhere", scene.venv().join("bin/python")).unwrap();
    let output = scene.run(&["install", "--no-root"]).succeeded();
    assert!(
        output
            .stderr
            .contains("Recreating virtualenv annapurna in "),
        "{output:?}"
    );
    assert_eq!(says(&scene.venv().join("bin/acme"), &[]), "acme 1.0");
    assert_eq!(partials(&scene.workspace.project()), [""; 0]);
}

#[test]
fn a_folder_that_is_no_environment_is_never_touched() {
    let scene = Scene::new();
    scene.workspace.write("data/precious", "1");
    let before = contents(&scene.workspace.project());
    let output = scene.run(&["install", "--venv", "data"]).failed(1, &[]);
    assert_snapshot!(scene.said(&output), @r"
    error: `[project]/data` is not empty and is not a virtual environment
    hint: nothing in it was touched; name another folder: `--venv DIR`
    ");
    assert!(contents(&scene.workspace.project()) == before);
    scene
        .run(&["install", "--venv", "poetry.lock", "--sync"])
        .failed(1, &["poetry.lock` is not a folder"]);
    assert!(contents(&scene.workspace.project()) == before);
}

#[test]
fn an_environment_works_wherever_it_is_moved_to() {
    let scene = Scene::new();
    scene.run(&["install"]).succeeded();
    let deep = format!("a place with spaces/{}", "deep/".repeat(30));
    let folder = scene.workspace.home().join(deep);
    fs::create_dir_all(&folder).unwrap();
    let moved = folder.join("env");
    fs::rename(scene.venv(), &moved).unwrap();
    assert_eq!(says(&moved.join("bin/acme"), &[]), "acme 1.0");
    assert_eq!(says(&moved.join("bin/annapurna"), &[]), "the project");
    assert_eq!(says(&moved.join("bin/python"), &["-m", "acme"]), "acme 1.0");
    let script = ". \"$1/bin/activate\" && acme && command -v python";
    let told = says(
        Path::new("/bin/sh"),
        &["-c", script, "sh", moved.to_str().unwrap()],
    );
    assert_eq!(
        told,
        format!("acme 1.0\n{}", moved.join("bin/python").display())
    );
}

#[test]
fn folders_are_named_by_flags() {
    let scene = Scene::new();
    let root = scene.workspace.project();
    fs::create_dir(root.join("my place")).unwrap();
    let elsewhere = |arguments: &[&str]| {
        let mut command = scene.command(arguments);
        Output::of(command.current_dir(root.parent().unwrap())).succeeded()
    };
    elsewhere(&[
        "-C",
        "project/my place",
        "install",
        "--no-root",
        "--venv",
        "env",
    ]);
    assert_eq!(
        installed(&root.join("my place/env")),
        ["acme-1.0", "acme_dev-1.0"]
    );
    elsewhere(&[
        "-P",
        "project",
        "install",
        "--no-root",
        "--venv",
        "home/env 2",
    ]);
    assert_eq!(
        installed(&root.parent().unwrap().join("home/env 2")),
        ["acme-1.0", "acme_dev-1.0"]
    );
    assert!(!scene.venv().exists());
    elsewhere(&["install", "-P", "project", "--no-root"]);
    scene.has(&["acme-1.0", "acme_dev-1.0"]);
    scene
        .run(&["-C", "nowhere", "install"])
        .failed(1, &["Specified path 'nowhere' is not a valid directory."]);
}

#[track_caller]
fn installs_with(variables: &[(&str, &str)], expected: &[&str]) {
    let scene = Scene::new();
    scene.run_with(variables, &["install"]).succeeded();
    scene.has(expected);
}

#[test]
fn variables_stand_in_for_flags() {
    let all = ["acme-1.0", "acme_dev-1.0", "annapurna-0.1.0"];
    installs_with(&[("LOCK2VENV_NO_ROOT", "1")], &all[..2]);
    installs_with(&[("LOCK2VENV_NO_ROOT", "true")], &all[..2]);
    installs_with(&[("LOCK2VENV_NO_ROOT", "0")], &all);
    installs_with(&[("LOCK2VENV_NO_ROOT", "false")], &all);
    installs_with(&[("LOCK2VENV_NO_ROOT", "")], &all);
    installs_with(
        &[
            ("LOCK2VENV_WITH", ""),
            ("LOCK2VENV_PYTHON", ""),
            ("LOCK2VENV_VENV", ""),
        ],
        &all,
    );
    installs_with(
        &[("LOCK2VENV_ONLY", "dev"), ("LOCK2VENV_NO_ROOT", "yes")],
        &all[1..2],
    );
    installs_with(
        &[
            ("LOCK2VENV_EXTRAS", "docs"),
            ("LOCK2VENV_ONLY_ROOT", "off"),
            ("LOCK2VENV_NO_ROOT", "on"),
            ("LOCK2VENV_WITHOUT", "dev"),
        ],
        &["acme-1.0", "acme_docs-1.0"],
    );
    let scene = Scene::new();
    scene
        .run_with(&[("LOCK2VENV_NO_ROOT", "perhaps")], &["install"])
        .failed(2, &["--no-root"]);
    let output = scene
        .run_with(&[("LOCK2VENV_QUIET", "1")], &["install"])
        .succeeded();
    assert_eq!(output.stderr, "");
    let output = scene.run_with(
        &[("LOCK2VENV_QUIET", "0"), ("LOCK2VENV_DRY_RUN", "1")],
        &["install", "-v"],
    );
    assert!(output.succeeded().stderr.contains("No dependencies"));
}

#[test]
fn color_comes_when_it_is_asked_for() {
    let scene = Scene::new();
    let plain = scene.run(&["install", "--dry-run"]).succeeded();
    assert!(!plain.stderr.contains('\u{1b}'));
    let colored = scene
        .run(&["--color", "always", "install", "--dry-run"])
        .succeeded();
    assert!(
        colored.stderr.contains("\u{1b}[36macme\u{1b}[0m"),
        "{colored:?}"
    );
    let never = scene.run_with(&[("LOCK2VENV_COLOR", "never")], &["install", "-E", "x"]);
    assert!(!never.failed(2, &["error: extra"]).stderr.contains('\u{1b}'));
}

#[test]
fn verbose_tells_where_files_come_from() {
    let scene = Scene::new();
    let output = scene
        .run(&["install", "-v", "--only", "main", "--no-root"])
        .succeeded();
    assert!(
        output
            .stderr
            .contains("acme-1.0-py3-none-any.whl: downloaded\n"),
        "{output:?}"
    );
    fs::remove_dir_all(scene.venv()).unwrap();
    let output = scene
        .run(&["install", "-v", "--only", "main", "--no-root"])
        .succeeded();
    assert!(
        output
            .stderr
            .contains("acme-1.0-py3-none-any.whl: found in the cache\n"),
        "{output:?}"
    );
}

// Secrets.

#[test]
fn credentials_reach_their_index_alone_and_are_written_nowhere() {
    let internal = LocalIndex::start();
    internal.require("reader:hush-hush");
    let source = format!(
        "[[tool.poetry.source]]\nname = \"my-internal\"\nurl = \"{}\"\npriority = \"explicit\"\n",
        internal.url()
    );
    let scene = Scene::of(&format!("{PYPROJECT}\n{source}"), &[]);
    let secret = Locked::new("acme-dev", "1.0")
        .in_group("dev")
        .with(&format!(
            "\n[package.source]\ntype = \"legacy\"\nurl = \"{}\"\nreference = \"my-internal\"",
            internal.url()
        ));
    internal.add("acme-dev", &secret.wheel.file_name(), &secret.wheel.build());
    scene.lock(&[Locked::new("acme", "1.0"), secret]);
    let output = scene.run(&["-q", "install"]).failed(1, &[]);
    let said = scene
        .said(&output)
        .replace(&internal.at(""), "http://[internal]");
    assert_snapshot!(said, @r"
    error: index `my-internal` refused to show `acme-dev` (401 Unauthorized)
      http://[internal]/simple/acme-dev/, no credentials known
    hint: set POETRY_HTTP_BASIC_MY_INTERNAL_USERNAME and POETRY_HTTP_BASIC_MY_INTERNAL_PASSWORD
    ");
    let wrong = [
        ("POETRY_HTTP_BASIC_MY_INTERNAL_USERNAME", "reader"),
        ("POETRY_HTTP_BASIC_MY_INTERNAL_PASSWORD", "wrong-one"),
    ];
    let output = scene
        .run_with(&wrong, &["-v", "install"])
        .failed(1, &["credentials tried: environment"]);
    assert!(!output.stderr.contains("wrong-one"), "{output:?}");
    scene.index.take_requests();
    let right = [
        wrong[0],
        ("POETRY_HTTP_BASIC_MY_INTERNAL_PASSWORD", "hush-hush"),
    ];
    let output = scene.run_with(&right, &["-v", "install"]).succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0", "annapurna-0.1.0"]);
    for request in scene.index.take_requests() {
        assert_eq!(request.header("authorization"), None, "{}", request.path);
    }
    let written = [contents(&scene.workspace.home()), contents(&scene.venv())];
    let encoded = "cmVhZGVyOmh1c2gtaHVzaA";
    for secret in ["hush-hush", encoded] {
        assert!(!output.stderr.contains(secret) && !output.stdout.contains(secret));
        for (path, content) in written.iter().flatten() {
            let is_there = content
                .windows(secret.len())
                .any(|piece| piece == secret.as_bytes());
            assert!(!is_there, "{path}");
        }
    }
}

// Interruptions, and others at work.

/// Interrupts the program once `path` was asked for, and returns what it said.
#[track_caller]
fn interrupt(scene: &Scene, child: Child, path: &str, signal: Signal) -> String {
    scene.index.wait_for(path);
    let pid = Pid::from_child(&child);
    kill_process(pid, signal).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

const DEV_FILE: &str = "/files/acme_dev-1.0-py3-none-any.whl";

#[test]
fn an_interrupted_run_leaves_nothing_half_done() {
    for (signal, arguments) in [
        (Signal::INT, &["install"][..]),
        (Signal::TERM, &["install", "--compile"]),
        (Signal::INT, &["install", "--no-cache"]),
    ] {
        let scene = Scene::new();
        scene.index.misbehave(DEV_FILE, Fault::Stall(100), 1);
        let child = scene.start(arguments);
        scene.index.wait_for(DEV_FILE);
        assert_eq!(
            partials(&scene.workspace.project()).len(),
            1,
            "nothing was begun"
        );
        let said = interrupt(&scene, child, DEV_FILE, signal);
        assert!(said.ends_with("interrupted\n"), "{said}");
        assert!(!scene.venv().exists());
        assert_eq!(partials(&scene.workspace.project()), [""; 0]);
        scene.run(arguments).succeeded();
        scene.has(&["acme-1.0", "acme_dev-1.0", "annapurna-0.1.0"]);
    }
}

#[test]
fn an_interrupted_change_leaves_the_environment_as_it_was() {
    let scene = Scene::new();
    scene.run(&["install"]).succeeded();
    let before = contents(&scene.venv());
    scene.lock(&[
        Locked::new("acme", "2.0"),
        Locked::new("acme-dev", "2.0").in_group("dev"),
    ]);
    let path = "/files/acme-2.0-py3-none-any.whl";
    scene.index.misbehave(path, Fault::Stall(100), 1);
    let child = scene.start(&["install"]);
    scene.index.wait_for(path);
    assert_eq!(partials(&scene.venv()).len(), 1, "nothing was begun");
    interrupt(&scene, child, path, Signal::INT);
    assert_eq!(partials(&scene.venv()), [""; 0]);
    assert!(contents(&scene.venv()) == before);
    scene.run(&["install"]).succeeded();
    scene.has(&["acme-2.0", "acme_dev-2.0", "annapurna-0.1.0"]);
}

#[test]
fn a_killed_run_is_cleaned_up_by_the_next() {
    let scene = Scene::new();
    scene.index.misbehave(DEV_FILE, Fault::Stall(100), 1);
    let mut child = scene.start(&["install"]);
    scene.index.wait_for(DEV_FILE);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        partials(&scene.workspace.project()).len(),
        1,
        "nothing was begun"
    );
    scene.run(&["install"]).succeeded();
    assert_eq!(partials(&scene.workspace.project()), [""; 0]);
}

#[test]
fn a_run_that_is_overtaken_looks_again() {
    let scene = Scene::new();
    scene.index.misbehave(DEV_FILE, Fault::Hold, 1);
    let slow = scene.start(&["install", "--no-root", "--no-cache"]);
    scene.index.wait_for(DEV_FILE);
    scene.run(&["install", "--no-root"]).succeeded();
    let before = contents(&scene.venv());
    scene.index.let_go();
    let output = slow.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("Another process made this environment meanwhile"),
        "{said}"
    );
    assert!(
        said.ends_with("No dependencies to install or update\n"),
        "{said}"
    );
    assert!(contents(&scene.venv()) == before);
    assert_eq!(partials(&scene.workspace.project()), [""; 0]);
}

#[test]
fn a_change_waits_for_the_one_under_way() {
    let scene = Scene::new();
    scene
        .run(&["install", "--no-root", "--only", "main"])
        .succeeded();
    scene.index.misbehave(DEV_FILE, Fault::Hold, 1);
    let slow = scene.start(&["install", "--no-root"]);
    scene.index.wait_for(DEV_FILE);
    let mut waiting = scene.start(&["install", "--no-root", "--with", "bench"]);
    let mut said = String::new();
    let mut reader = io::BufReader::new(waiting.stderr.take().unwrap());
    io::BufRead::read_line(&mut reader, &mut said).unwrap();
    assert!(
        said.starts_with("Waiting for another process that is changing "),
        "{said}"
    );
    scene.index.let_go();
    assert!(slow.wait_with_output().unwrap().status.success());
    io::Read::read_to_string(&mut reader, &mut said).unwrap();
    assert!(waiting.wait().unwrap().success(), "{said}");
    assert!(said.contains("1 install, 0 updates, 0 removals"), "{said}");
    scene.has(&["acme-1.0", "acme_bench-1.0", "acme_dev-1.0"]);
}

#[test]
fn many_runs_at_once_share_a_cache_and_an_environment() {
    let scene = Scene::new();
    let targets = [".venv", ".venv", ".venv", "other", "other"];
    let children = targets.map(|venv| scene.start(&["install", "--venv", venv, "--compile"]));
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let expected = ["acme-1.0", "acme_dev-1.0", "annapurna-0.1.0"];
    scene.has(&expected);
    assert_eq!(
        installed(&scene.workspace.project().join("other")),
        expected
    );
    assert_eq!(partials(&scene.workspace.project()), [""; 0]);
    assert_eq!(partials(&scene.venv()), [""; 0]);
}

// The other commands.

#[test]
fn a_reader_that_goes_away_ends_an_export_in_silence() {
    let scene = Scene::new();
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let output = scene
        .command(&["export"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn();
    let output = output.unwrap().wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn completions_are_printed_for_each_shell() {
    let scene = Scene::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = scene.run(&["completions", shell]).succeeded();
        assert!(output.stdout.contains("no-directory"), "{shell}");
    }
    scene.run(&["completions", "cobol"]).failed(2, &["cobol"]);
    let version = scene.run(&["--version"]).succeeded().stdout;
    assert_eq!(
        version,
        format!("lock2venv {}\n", env!("CARGO_PKG_VERSION"))
    );
}
