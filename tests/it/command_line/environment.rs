//! The environment and its Python: those that do not work, and those that are moved.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use crate::support::scene::{PYPROJECT, Scene, contents, packages, partials, says};

#[test]
fn a_python_that_is_not_there_or_does_not_fit_is_told() {
    let scene = Scene::new();
    let tell = |python: &str| {
        let output = scene.run(&["install", "--python", python]).failed(1, &[]);
        scene.said(&output)
    };
    assert_snapshot!(tell("python9.9"), @r"
    error: no `python9.9` was found
      there is none on PATH, and none installed by asdf, pyenv, Rye, uv or Poetry
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
