//! `install --only-root`: the layer after `COPY . .`, into an environment that is there.

use std::fs;

use crate::support::scene::{Scene, contents};

/// An environment with everything but the project.
fn layered() -> Scene {
    let scene = Scene::new();
    scene.run(&["install", "--no-root"]).succeeded();
    scene.index.take_requests();
    scene
}

#[test]
fn nothing_but_the_project_is_needed() {
    let scene = layered();
    // Neither an index, nor a cache, nor any program but Python.
    let mut command = scene.command(&["install", "--only-root", "--no-cache", "--offline"]);
    command.env("PATH", "/nowhere");
    crate::support::workspace::Output::of(&mut command).succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0", "annapurna-0.1.0"]);
    assert!(scene.index.take_requests().is_empty());
}

/// What else is locked may be for other machines, or of a kind that this program does not know.
#[test]
fn the_locks_packages_do_not_matter() {
    let scene = layered();
    let source = "[package.source]\ntype = \"teleport\"\nurl = \"x\"\nreference = \"y\"\n";
    scene.write_lock(&format!(
        "[[package]]\nname = \"other\"\nversion = \"1\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = []\n{source}"
    ));
    scene.run(&["install"]).failed(1, &["teleport"]);
    scene.run(&["install", "--only-root"]).succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0", "annapurna-0.1.0"]);
}

#[test]
fn a_project_that_is_right_already_is_left_alone() {
    let scene = layered();
    scene.run(&["install", "--only-root"]).succeeded();
    let before = contents(&scene.venv());
    let modules = scene.workspace.project().join("annapurna");
    scene.run(&["install", "--only-root"]).succeeded();
    assert_eq!(contents(&scene.venv()), before);
    fs::write(modules.join("more.py"), "").unwrap();
    scene.run(&["install", "--only-root"]).succeeded();
    assert_ne!(contents(&scene.venv()), before);
}
