//! `lock2venv build`.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use lock2venv::project_wheel::{self, BuildOptions};

use crate::support::build_scene::MAKER;
use crate::support::locked_wheels::python;
use crate::support::scene::{PYPROJECT, Scene, files};
use crate::support::wheel_builder::WheelBuilder;
use crate::support::workspace::Output;

const WHEEL: &str = "annapurna-0.1.0-py3-none-any.whl";

fn dist(scene: &Scene) -> Vec<String> {
    files(&scene.workspace.project().join("dist"))
}

#[test]
fn the_wheel_needs_no_python_and_no_index() {
    let scene = Scene::new();
    let mut command = scene.command(&["build", "--format", "wheel"]);
    command.env("PATH", "/nowhere").env_remove("HOME");
    let output = Output::of(&mut command).succeeded();
    assert_snapshot!(scene.said(&output), @r"
    Building annapurna (0.1.0)
    Building wheel
      - Built annapurna-0.1.0-py3-none-any.whl
    ");
    assert_eq!(dist(&scene), [WHEEL]);
    assert!(scene.index.take_requests().is_empty());
    let root = scene.workspace.project();
    let built = project_wheel::build(&root, &BuildOptions::default()).unwrap();
    let expected = tempfile::tempdir().unwrap();
    built.save(expected.path()).unwrap();
    let read = |folder: &Path| fs::read(folder.join(WHEEL)).unwrap();
    assert_eq!(read(&root.join("dist")), read(expected.path()));
    // What is there already is no part of the next one.
    scene.run(&["build", "-f", "wheel"]).succeeded();
    assert_eq!(read(&root.join("dist")), read(expected.path()));
}

#[test]
fn a_lock_is_not_needed() {
    let scene = Scene::new();
    fs::remove_file(scene.workspace.project().join("poetry.lock")).unwrap();
    let output = scene.run(&["build", "-q", "-f", "wheel"]).succeeded();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
}

/// The project with `maker` as its backend.
fn with_backend() -> Scene {
    let scene = Scene::new();
    let (project, _) = PYPROJECT.split_once("[build-system]").unwrap();
    let backend = "[build-system]\nrequires = [\"maker\"]\nbuild-backend = \"maker\"\n";
    scene
        .workspace
        .write("pyproject.toml", format!("{project}{backend}"));
    scene.workspace.write("spec", "annapurna 0.1.0");
    let maker = WheelBuilder::new("maker", "1.0").file("maker.py", MAKER);
    scene.index.add("maker", &maker.file_name(), &maker.build());
    scene
}

fn run(scene: &Scene, arguments: &[&str]) -> Output {
    let mut command = scene.command(arguments);
    command.env("LOCK2VENV_PYTHON", python());
    command.env("TMPDIR", scene.workspace.home());
    Output::of(&mut command)
}

#[test]
fn both_distributions_come_from_the_backend() {
    let scene = with_backend();
    let settings = [
        "build",
        "-c",
        "a=b=c",
        "--config-settings",
        "a=last",
        "-c",
        "e=",
    ];
    let output = run(&scene, &settings).succeeded();
    assert_snapshot!(scene.said(&output), @r"
    Building annapurna (0.1.0)
    Building sdist
      - Built annapurna-0.1.0.tar.gz
    Building wheel
      - Built annapurna-0.1.0-py3-none-any.whl
    ");
    assert_eq!(dist(&scene), [WHEEL, "annapurna-0.1.0.tar.gz"]);
    let bytes = fs::read(scene.workspace.project().join("dist").join(WHEEL)).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(
        text.contains(r#""settings": {"a": "last", "e": ""}"#),
        "{text}"
    );
}

#[test]
fn the_backend_runs_on_the_interpreter_of_the_environment() {
    let scene = with_backend();
    run(&scene, &["install", "--no-root"]).succeeded();
    let mut command = scene.command(&["build", "-f", "wheel"]);
    command.env("PATH", "/nowhere");
    Output::of(&mut command).succeeded();
    assert_eq!(dist(&scene), [WHEEL]);
}

/// Wheels of poetry-core 1 are not those of poetry-core 2.
#[test]
fn a_project_that_wants_another_poetry_core_gets_it() {
    let scene = with_backend();
    let another =
        WheelBuilder::new("poetry-core", "1.9.1").file("poetry/core/masonry/api.py", MAKER);
    scene
        .index
        .add("poetry-core", &another.file_name(), &another.build());
    for (requirement, is_another) in [("poetry-core<2", true), ("poetry-core>=1.9", false)] {
        let pyproject = PYPROJECT.replace("poetry-core>=2.0", requirement);
        scene.workspace.write("pyproject.toml", pyproject);
        run(&scene, &["build", "-f", "wheel"]).succeeded();
        let bytes = fs::read(scene.workspace.project().join("dist").join(WHEEL)).unwrap();
        let has_maker = String::from_utf8_lossy(&bytes).contains("Generator: maker");
        assert_eq!(has_maker, is_another, "{requirement}");
    }
}

#[test]
fn one_format_alone_is_built() {
    let scene = with_backend();
    run(&scene, &["build", "-f", "sdist", "-o", "out/here"]).succeeded();
    let folder = scene.workspace.project().join("out/here");
    assert_eq!(files(&folder), ["annapurna-0.1.0.tar.gz"]);
    let elsewhere = scene.workspace.home().join("elsewhere");
    let named = elsewhere.to_str().unwrap();
    run(&scene, &["build", "-f", "wheel", "-o", named]).succeeded();
    assert_eq!(files(&elsewhere), [WHEEL]);
    assert!(dist(&scene).is_empty());
}

#[test]
fn what_a_backend_says_is_shown() {
    let scene = with_backend();
    scene
        .workspace
        .write("hook.py", "raise ValueError('no such thing')");
    let output = run(&scene, &["build", "-f", "wheel"]);
    output.failed(
        1,
        &["the wheel of `annapurna` cannot be built", "no such thing"],
    );
    let offline = ["build", "--offline", "--cache-dir", "empty"];
    run(&scene, &offline).failed(1, &["the sdist of `annapurna`", "without `--offline`"]);
    assert!(dist(&scene).is_empty());
}

#[test]
fn the_version_gets_a_local_part() {
    let scene = Scene::new();
    let output = scene
        .run(&["build", "-f", "wheel", "-l", "ci.7"])
        .succeeded();
    output.said(&["`--local-version` is deprecated: use `--config-settings local-version=ci.7`"]);
    assert_eq!(dist(&scene), ["annapurna-0.1.0+ci.7-py3-none-any.whl"]);
    let refused = scene.run(&["build", "-f", "wheel", "-c", "local-version=a b"]);
    refused.failed(1, &["`a b` is not the local part of a version"]);
}

#[test]
fn the_folder_is_emptied_when_that_is_asked_for() {
    let scene = Scene::new();
    scene.workspace.write("dist/old.whl", "");
    scene.workspace.write("dist/sub/file", "");
    scene.run(&["build", "-f", "wheel"]).succeeded();
    assert_eq!(dist(&scene), [WHEEL, "old.whl", "sub/file"]);
    scene.run(&["build", "-f", "wheel", "--clean"]).succeeded();
    assert_eq!(dist(&scene), [WHEEL]);
}

/// `poetry build --clean -o .` removes the project.
#[test]
fn the_project_is_not_removed() {
    let scene = Scene::new();
    for folder in [".", "..", "annapurna/..", "/"] {
        let output = scene.run(&["build", "-f", "wheel", "--clean", "-o", folder]);
        output.failed(2, &["contains the project, so it is not emptied"]);
        assert!(scene.workspace.project().join("pyproject.toml").exists());
    }
}

/// Nothing is removed for a build that cannot succeed.
#[test]
fn a_project_that_cannot_be_built_loses_nothing() {
    let scene = Scene::new();
    scene.workspace.write("dist/old.whl", "");
    fs::remove_dir_all(scene.workspace.project().join("annapurna")).unwrap();
    let output = scene
        .run(&["build", "-f", "wheel", "--clean"])
        .failed(1, &[]);
    assert_snapshot!(scene.said(&output), @r"
    Building annapurna (0.1.0)
    error: the wheel of `annapurna` cannot be built
      there is no module or package `annapurna`, and the project lists no `packages`
    hint: `packages` in `[tool.poetry]` lists what the project consists of
    ");
    assert_eq!(dist(&scene), ["old.whl"]);
}

#[test]
fn what_is_no_package_is_not_built() {
    let scene = Scene::new();
    scene.workspace.write(
        "pyproject.toml",
        PYPROJECT.replace(
            "[build-system]",
            "[tool.poetry]\npackage-mode = false\n[build-system]",
        ),
    );
    for format in ["all", "sdist", "wheel"] {
        scene.run(&["build", "-f", format]).failed(
            1,
            &["the project is not a package: `package-mode` is false"],
        );
    }
}

#[test]
fn settings_have_a_key() {
    let scene = Scene::new();
    let output = scene.run(&["build", "-c", "verbose"]);
    output.failed(2, &["`verbose` is not of the form `key=value`"]);
    scene
        .run(&["build", "-f", "egg"])
        .failed(2, &["egg", "wheel"]);
}
