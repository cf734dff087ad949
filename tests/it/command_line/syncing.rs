//! `lock2venv sync`: what `install --sync` does, under Poetry's name for it.

use crate::support::scene::{Locked, Scene, contents};

#[test]
fn what_the_lock_does_not_have_is_removed() {
    let scene = Scene::new();
    scene.run(&["install"]).succeeded();
    scene.lock(&[Locked::new("acme", "2.0")]);
    let output = scene.run(&["sync"]).succeeded();
    output.said(&["0 installs, 1 update, 1 removal in"]);
    scene.has(&["acme-2.0", "annapurna-0.1.0"]);
    scene.run(&["sync", "--no-root"]).succeeded();
    scene.has(&["acme-2.0", "annapurna-0.1.0"]);
}

#[test]
fn groups_that_are_not_chosen_are_removed() {
    let scene = Scene::new();
    scene.run(&["install", "--no-root"]).succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0"]);
    let rehearsed = ["sync", "--no-root", "--without", "dev", "--dry-run"];
    let before = contents(&scene.venv());
    scene.run(&rehearsed).succeeded();
    assert!(contents(&scene.venv()) == before);
    scene.run(&rehearsed[..4]).succeeded();
    scene.has(&["acme-1.0"]);
}

#[test]
fn it_makes_what_install_makes() {
    let scene = Scene::new();
    scene.run(&["sync", "--venv", "one"]).succeeded();
    scene
        .run(&["install", "--sync", "--venv", "other"])
        .succeeded();
    let files = |name: &str| {
        let files = contents(&scene.workspace.project().join(name)).into_iter();
        let files = files.filter(|(path, _)| !path.starts_with("bin/activate"));
        files.collect::<Vec<_>>()
    };
    assert!(files("one") == files("other"));
}

#[test]
fn help_has_the_words_of_poetry_and_no_flag_that_it_does_not_have() {
    let scene = Scene::new();
    let help = scene.run(&["sync", "--help"]).succeeded().stdout;
    assert!(help.starts_with("Update the project's environment according to the lockfile"));
    assert!(!help.contains("--sync "), "{help}");
    scene.run(&["sync", "--sync"]).failed(2, &["--sync"]);
}
