//! Runs that are interrupted or killed, and runs beside each other.

use std::io;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::local_index::Fault;
use crate::support::scene::{Locked, Scene, contents, installed, partials};

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
        said.contains("Another process created this environment"),
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
