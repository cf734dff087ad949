//! `lock2venv run`: a command in the project's environment, in place of the program.

use std::fs;

use crate::support::scene::{PYPROJECT, Scene};

/// A project whose dependencies are installed.
fn scene() -> Scene {
    let scene = Scene::new();
    let install = ["install", "--no-root", "--only", "main"];
    scene.run(&install).succeeded();
    scene
}

#[test]
fn programs_of_the_environment_run_first() {
    let scene = scene();
    let output = scene.run(&["run", "acme"]).succeeded();
    assert_eq!(output.stdout, "acme 1.0\n");
    let code = "import os, sys; print(os.environ['VIRTUAL_ENV'], sys.prefix, os.environ.get('PYTHONHOME'))";
    let variables = [("PYTHONHOME", "/nowhere")];
    let output = scene.run_with(&variables, &["run", "python", "-c", code]);
    let venv = scene.venv().display().to_string();
    assert_eq!(output.succeeded().stdout, format!("{venv} {venv} None\n"));
    let output = scene.run(&["run", "sh", "-c", "echo $PATH"]).succeeded();
    assert!(output.stdout.starts_with(&format!("{venv}/bin:")));
    let alone = scene.run_with(&[("PATH", "")], &["run", "/bin/sh", "-c", "echo $PATH"]);
    assert_eq!(alone.succeeded().stdout, format!("{venv}/bin\n"));
}

#[test]
fn flags_after_the_command_are_its_own() {
    let scene = scene();
    for line in [
        &["run", "echo", "-v", "--help"][..],
        &["run", "--", "echo", "-v", "--help"],
    ] {
        assert_eq!(scene.run(line).succeeded().stdout, "-v --help\n");
    }
    let from_below = scene.run(&["-C", "annapurna", "run", "acme"]);
    assert_eq!(from_below.succeeded().stdout, "acme 1.0\n");
}

#[test]
fn exit_status_and_signals_are_those_of_the_command() {
    let scene = scene();
    assert_eq!(scene.run(&["run", "sh", "-c", "exit 7"]).code, 7);
    assert_eq!(
        scene.run(&["run", "sh", "-c", "kill -TERM $$"]).code,
        128 + 15
    );
    let refused = scene.run(&["run", "no-such-program"]);
    refused.failed(1, &["Command not found: no-such-program"]);
    let refused = scene.run(&["run", "/etc"]);
    refused.failed(1, &["error: cannot run `/etc`"]);
    scene.run(&["run"]).failed(2, &["<CMD>"]);
}

#[test]
fn without_an_environment_nothing_runs() {
    let scene = Scene::new();
    let refused = scene.run(&["run", "echo", "x"]);
    let refused = refused.failed(
        1,
        &["there is no environment in", "run `lock2venv install`"],
    );
    assert_eq!(refused.stdout, "");
    let named = scene.run(&["run", "--venv", "elsewhere", "echo", "x"]);
    named.failed(1, &["project/elsewhere`"]);
}

#[test]
fn scripts_of_the_project_run_although_they_are_not_installed() {
    let scene = scene();
    let warning = "warning: `annapurna` is a script of pyproject.toml that is not installed";
    let output = scene
        .run(&["run", "annapurna"])
        .succeeded()
        .said(&[warning]);
    assert_eq!(output.stdout, "the project\n");
    scene.run(&["install", "--only-root"]).succeeded();
    let output = scene.run(&["run", "annapurna"]).succeeded();
    assert_eq!(
        (output.stdout.as_str(), output.stderr.as_str()),
        ("the project\n", "")
    );
}

#[test]
fn scripts_of_poetry_and_packages_in_src_are_found_too() {
    let scene = scene();
    let root = scene.workspace.project();
    let scripts = "[project.scripts]\nannapurna = \"annapurna:main\"\n";
    let of_poetry = "[tool.poetry.scripts]\nclimb = \"peak.way:up.go\"\nodd = { reference = \"x.sh\", type = \"file\" }\n";
    scene
        .workspace
        .write("pyproject.toml", PYPROJECT.replace(scripts, of_poetry));
    let code = "import sys\nclass up:\n    def go():\n        print(sys.argv)\n        return 3\n";
    scene.workspace.write("src/peak/way.py", code);
    let output = scene.run(&["run", "climb", "it's", "\"high\""]);
    assert_eq!(
        (output.code, output.stdout.as_str()),
        (3, "['climb', \"it's\", '\"high\"']\n")
    );
    scene
        .run(&["run", "odd"])
        .failed(1, &["Command not found: odd"]);
    fs::remove_file(root.join("pyproject.toml")).unwrap();
    scene
        .run(&["run", "climb"])
        .failed(1, &["Command not found: climb"]);
}
