//! `lock2venv install` of what has to be built: source distributions of an index, local archives and folders.

use std::fs;
use std::process::Command;

use lock2venv::digest::Digest;
use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;

use crate::support::build_scene::{MAKER, Source};
use crate::support::local_index::LocalIndex;
use crate::support::locked_wheels::python;
use crate::support::shop::library;
use crate::support::wheel_builder::WheelBuilder;
use crate::support::workspace::{Output, Workspace};

/// A project that locks the source distribution of `demo`, and an index that also has its build backend.
pub(crate) struct Scene {
    pub(crate) workspace: Workspace,
    pub(crate) index: LocalIndex,
}

impl Scene {
    pub(crate) fn new(source: &Source) -> Self {
        let scene = Self {
            workspace: Workspace::new(),
            index: LocalIndex::start(),
        };
        let maker = WheelBuilder::new("maker", "1.0").file("maker.py", MAKER);
        scene.index.add("maker", &maker.file_name(), &maker.build());
        let digest = scene
            .index
            .add("demo", &source.file_name(), &source.archive());
        let files = file_entry(&source.file_name(), &digest);
        scene.lock(&files, "");
        scene
    }

    /// Locks `demo` with these files and this source.
    pub(crate) fn lock(&self, files: &str, source: &str) {
        let pyproject = "[project]\nname = \"shop\"\nversion = \"1\"\nrequires-python = \">=3.8\"\ndependencies = [\"demo\"]\n\n[tool.poetry]\npackage-mode = false\n";
        self.workspace.write("pyproject.toml", pyproject);
        let project = Project::parse(pyproject, &self.workspace.project(), &Disk).unwrap();
        let hash = project.content_hash().unwrap();
        let package = "[[package]]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\n";
        let metadata = format!(
            "[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"{hash}\"\n"
        );
        let text = format!("{package}files = [{files}]\n\n{source}\n{metadata}");
        self.workspace.write("poetry.lock", text);
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Output::of(&mut self.command(arguments))
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.command(arguments);
        command.env("LOCK2VENV_INDEX_URL", self.index.url());
        command.env("LOCK2VENV_PYTHON", python());
        // What failed builds wrote goes with the workspace.
        command.env("TMPDIR", self.workspace.home());
        command
    }

    pub(crate) fn read(&self, path: &str) -> String {
        let venv = self.workspace.project().join(".venv");
        fs::read_to_string(library(&venv).join(path)).unwrap()
    }

    fn is_installed(&self) -> bool {
        self.workspace.project().join(".venv").exists()
    }
}

pub(crate) fn file_entry(file: &str, digest: &Digest) -> String {
    format!("{{file = \"{file}\", hash = \"{digest}\"}}")
}

fn failing() -> Source {
    let hook = "for n in range(100): print('line', n)\nprint('demo.c:1:10: fatal error: ffi.h: No such file or directory')\nraise SystemExit(1)";
    Source::new("demo").file("hook.py", hook)
}

#[test]
fn a_source_distribution_is_built_and_its_wheel_kept() {
    let scene = Scene::new(&Source::new("demo"));
    let first = scene.run(&["install"]).succeeded();
    assert!(first.stderr.contains("demo"), "{}", first.stderr);
    assert!(scene.read("demo.py").contains("\"maker 1.0\""));
    assert!(
        scene
            .read("demo-1.0.dist-info/METADATA")
            .contains("Name: demo")
    );
    assert!(
        scene
            .read("demo-1.0.dist-info/RECORD")
            .contains("demo.py,sha256=")
    );
    let built = scene.read("demo.py");
    scene.index.take_paths();
    fs::remove_dir_all(scene.workspace.project().join(".venv")).unwrap();
    scene.run(&["install", "--offline"]).succeeded();
    assert_eq!(scene.read("demo.py"), built);
    assert!(scene.index.take_paths().is_empty());
    let again = scene.run(&["install"]).succeeded();
    assert!(
        again
            .stderr
            .contains("No dependencies to install or update"),
        "{}",
        again.stderr
    );
}

#[test]
fn a_source_distribution_is_kept_for_builds_without_the_network() {
    let scene = Scene::new(&Source::new("demo"));
    scene.run(&["install"]).succeeded();
    scene.index.take_paths();
    fs::remove_dir_all(scene.workspace.project().join(".venv")).unwrap();
    scene.workspace.write("build.txt", "maker < 2\n");
    let constrained = ["install", "--offline", "--build-constraint", "build.txt"];
    let output = scene.run(&constrained).succeeded();
    assert!(output.stderr.contains("Building demo"), "{}", output.stderr);
    assert_eq!(scene.index.take_paths(), [""; 0]);
}

#[test]
fn without_a_cache_a_source_distribution_is_built_each_time() {
    let scene = Scene::new(&Source::new("demo"));
    for _ in 0..2 {
        scene.run(&["install", "--no-cache"]).succeeded();
        assert!(scene.read("demo.py").contains("maker 1.0"));
        fs::remove_dir_all(scene.workspace.project().join(".venv")).unwrap();
    }
    let asked = scene.index.take_paths();
    let file = "/files/demo-1.0.tar.gz";
    assert_eq!(asked.iter().filter(|path| *path == file).count(), 2);
    assert!(!scene.workspace.cache().exists());
}

#[test]
fn a_folder_for_temporary_files_that_is_not_there_is_named() {
    let scene = Scene::new(&Source::new("demo"));
    let mut command = scene.command(&["install", "--no-cache"]);
    Output::of(command.env("TMPDIR", "/nowhere")).failed(
        1,
        &[
            "cannot use `/nowhere`",
            "TMPDIR names the folder for temporary files",
        ],
    );
}

#[test]
fn without_builds_every_package_that_needs_one_is_named() {
    let scene = Scene::new(&Source::new("demo"));
    for arguments in [
        &["install", "--no-build"][..],
        &["install", "--no-build", "--dry-run"],
    ] {
        scene.run(arguments).failed(
            1,
            &[
                "`demo` 1.0 has to be built from the source distribution `demo-1.0.tar.gz`",
                "--no-build",
            ],
        );
    }
    assert!(!scene.is_installed());
    assert!(scene.index.take_paths().is_empty());
}

#[test]
fn a_rehearsal_builds_nothing() {
    let scene = Scene::new(&failing());
    let output = scene.run(&["install", "--dry-run"]).succeeded();
    assert!(output.stderr.contains("demo (1.0)"), "{}", output.stderr);
    assert!(!scene.is_installed());
    assert!(scene.index.take_paths().is_empty());
}

#[test]
fn a_failed_build_shows_its_last_lines_and_what_is_missing() {
    let scene = Scene::new(&failing());
    let output = scene.run(&["install"]).failed(
        1,
        &[
            "the wheel of `demo` 1.0 cannot be built",
            "line 99",
            "fatal error: ffi.h",
            "apt-get install libffi-dev",
        ],
    );
    assert!(!output.stderr.contains("line 12\n"), "{}", output.stderr);
    let log = output.stderr.lines();
    let log = log.filter_map(|line| line.split_once("the whole output: "));
    let log = log.map(|(_, path)| path).next().unwrap();
    let text = fs::read_to_string(log).unwrap();
    assert!(text.contains("line 12\n"), "{text}");
    assert!(!scene.is_installed());
}

#[test]
fn a_cached_source_distribution_is_built_when_its_build_failed_before() {
    let hook = "import os\nif not os.path.exists(os.environ['TMPDIR'] + '/ready'):\n    raise SystemExit(1)\n";
    let scene = Scene::new(&Source::new("demo").file("hook.py", hook));
    let install = ["install", "--link-mode", "copy"];
    scene.run(&install).failed(1, &["cannot be built"]);
    fs::write(scene.workspace.home().join("ready"), "").unwrap();
    scene.index.take_paths();
    for _ in 0..10 {
        scene.run(&install).succeeded();
        assert!(scene.read("demo.py").contains("maker 1.0"));
        let asked = scene.index.take_paths();
        assert!(!asked.contains(&"/files/demo-1.0.tar.gz".to_owned()));
        fs::remove_dir_all(scene.workspace.project().join(".venv")).unwrap();
        // Without the built wheel, but with the archive.
        let built = scene.workspace.cache().join("v1/built");
        fs::remove_dir_all(built).unwrap();
    }
}

#[test]
fn a_module_that_the_build_lacks_is_named_with_what_helps() {
    let scene = Scene::new(&Source::new("demo").file("hook.py", "import pkg_resources"));
    let old = [
        "`pkg_resources`",
        "`setuptools<82`",
        "--build-constraint FILE",
    ];
    scene.run(&["install"]).failed(1, &old);
    let scene = Scene::new(&Source::new("demo").file("hook.py", "import absent.part"));
    let expected = ["the module `absent`", "build-constraints"];
    scene.run(&["install"]).failed(1, &expected);
}

#[test]
fn what_keeps_build_requirements_from_being_chosen_has_a_hint() {
    let run = |requirement: &str, arguments: &[&str]| {
        let scene = Scene::new(&Source::new("demo").requiring(requirement));
        scene.workspace.write("build.txt", "maker > 1");
        scene.run(&[&["install"], arguments].concat())
    };
    let sources = ["`absent` is not in the index", "priority `explicit`"];
    run("absent", &[]).failed(1, &sources);
    let newer = ["the newest is 1.0", "report it to the authors"];
    run("maker>=2", &[]).failed(1, &newer);
    let excluded = [
        "is excluded by constraint",
        "`--build-constraint` excludes it",
    ];
    run("maker", &["--build-constraint", "build.txt"]).failed(1, &excluded);
}

#[test]
fn a_build_constraint_narrows_the_build_requirements() {
    let scene = Scene::new(&Source::new("demo"));
    let newer = WheelBuilder::new("maker", "2.0").file("maker.py", MAKER);
    scene.index.add("maker", &newer.file_name(), &newer.build());
    scene.workspace.write("build.txt", "maker < 2  # not yet\n");
    scene
        .run(&["install", "--build-constraint", "build.txt"])
        .succeeded();
    assert!(scene.read("demo.py").contains("maker 1.0"));
    let missing = ["install", "--build-constraint", "absent.txt"];
    scene.run(&missing).failed(2, &["absent.txt"]);
}

#[test]
fn other_bytes_than_the_locked_ones_are_never_built() {
    let scene = Scene::new(&Source::new("demo"));
    let other = Source::new("demo").file("hook.py", "open('/built', 'w')");
    scene
        .index
        .add("demo", &other.file_name(), &other.archive());
    scene
        .run(&["install"])
        .failed(1, &["`demo-1.0.tar.gz` is not the file that was locked"]);
    assert!(!scene.is_installed());
}

#[test]
fn a_local_source_distribution_is_built() {
    let source = Source::new("demo");
    let scene = Scene::new(&source);
    scene
        .workspace
        .write("vendor/demo-1.0.tar.gz", source.archive());
    let digest = Digest::of(lock2venv::digest::Algorithm::Sha256, &source.archive());
    let table = "[package.source]\ntype = \"file\"\nurl = \"vendor/demo-1.0.tar.gz\"\n";
    scene.lock(&file_entry("demo-1.0.tar.gz", &digest), table);
    scene.run(&["install"]).succeeded();
    assert!(scene.read("demo.py").contains("maker 1.0"));
    let origin = scene.read("demo-1.0.dist-info/direct_url.json");
    assert!(origin.contains("archive_info"), "{origin}");
}

#[test]
fn a_folder_with_another_backend_is_built_by_it() {
    let source = Source::new("demo");
    let scene = Scene::new(&source);
    source.write_to(&scene.workspace.project().join("libs/demo"));
    let table = "[package.source]\ntype = \"directory\"\nurl = \"libs/demo\"\n";
    scene.lock("", table);
    scene.run(&["install"]).succeeded();
    assert!(scene.read("demo.py").contains("maker 1.0"));
    let origin = scene.read("demo-1.0.dist-info/direct_url.json");
    assert!(origin.contains("dir_info"), "{origin}");
    let refused = scene.run(&["install", "--no-build", "--venv", "other"]);
    refused.failed(1, &["`demo`", "--no-build"]);
}
