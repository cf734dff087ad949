//! An index that lacks the best of the locked files: the next best one is taken, as Poetry does, with a warning.

use std::fs;

use lock2venv::digest::{Algorithm, Digest};

use crate::from_source::{Scene, file_entry};
use crate::support::build_scene::Source;
use crate::support::local_index::Fault;
use crate::support::locked_wheels::LockedWheels;
use crate::support::shop::library;
use crate::support::wheel_builder::WheelBuilder;

/// Wins by its build tag.
const BEST: &str = "demo-1.0-1-py3-none-any.whl";
const NEXT: &str = "demo-1.0-py3-none-any.whl";

fn wheel() -> WheelBuilder {
    WheelBuilder::new("demo", "1.0").file("demo.py", "")
}

/// Locks two wheels, of which the index has the second.
fn project() -> LockedWheels {
    let project = LockedWheels::new(&[wheel()]);
    let path = project.workspace.project().join("poetry.lock");
    let text = fs::read_to_string(&path).unwrap();
    let hex = "0".repeat(64);
    let both = format!("files = [\n    {{file = \"{BEST}\", hash = \"sha256:{hex}\"}},");
    fs::write(&path, text.replace("files = [", &both)).unwrap();
    project
}

fn has_demo(project: &LockedWheels) -> bool {
    library(&project.venv()).join("demo.py").exists()
}

#[test]
fn the_next_best_wheel_is_taken_with_a_warning() {
    let project = project();
    let output = project.run(&["install"]).succeeded();
    output.said(&["warning: ", "does not offer the locked", BEST, NEXT]);
    assert!(has_demo(&project));
    let again = project.run(&["install"]).succeeded();
    again.said(&["No dependencies to install or update"]);
    // The cache has what was taken, packed or unpacked.
    for flags in [&["--offline"][..], &["--offline", "--link-mode", "copy"]] {
        let offline = project.install_again(flags).succeeded();
        offline.said(&["warning: ", "is not in the cache", NEXT]);
        assert!(has_demo(&project));
    }
    project.install_again(&[]).succeeded().said(&["warning: "]);
}

#[test]
fn another_file_of_that_name_is_not_taken() {
    let project = project();
    project.index.add("demo", BEST, b"other bytes");
    let output = project.run(&["install"]).succeeded();
    output.said(&["warning: ", BEST, NEXT]);
    assert!(has_demo(&project));
}

#[test]
fn what_is_taken_instead_has_to_be_as_locked() {
    let project = project();
    let path = format!("/files/{NEXT}");
    let other = Fault::Body(b"other".to_vec());
    project.index.misbehave(&path, other, 9);
    let refused = project.run(&["install"]);
    refused.failed(1, &[&format!("`{NEXT}` is not the file")]);
}

#[test]
fn where_nothing_locked_is_there_the_best_is_named() {
    let project = project();
    project.index.claim(NEXT, &"1".repeat(64));
    let refused = project.run(&["install"]).failed(1, &[BEST]);
    assert!(!refused.stderr.contains("warning"), "{}", refused.stderr);
}

#[test]
fn a_wheelhouse_has_what_was_taken() {
    let project = project();
    project.run(&["download", "house"]).succeeded();
    let house = project.workspace.project().join("house");
    assert!(house.join(NEXT).exists());
    let flags = ["--offline", "--no-cache", "--find-links", "house"];
    project.install_again(&flags).succeeded();
    assert!(has_demo(&project));
}

#[test]
fn a_source_distribution_is_built_where_the_wheel_is_missing() {
    let source = Source::new("demo");
    let scene = Scene::new(&source);
    let digest = Digest::of(Algorithm::Sha256, &source.archive());
    let missing = Digest::parse(&format!("sha256:{}", "0".repeat(64))).unwrap();
    let files = [
        file_entry(NEXT, &missing),
        file_entry(&source.file_name(), &digest),
    ];
    scene.lock(&files.join(", "), "");
    let output = scene.run(&["install"]).succeeded();
    output.said(&["warning: ", NEXT, &source.file_name()]);
    assert!(scene.read("demo.py").contains("\"maker 1.0\""));
    let venv = scene.workspace.project().join(".venv");
    fs::remove_dir_all(&venv).unwrap();
    scene.run(&["install", "--offline"]).succeeded();
    assert!(scene.read("demo.py").contains("\"maker 1.0\""));
    fs::remove_dir_all(&venv).unwrap();
    let refused = scene.run(&["install", "--no-build", "--no-cache"]);
    refused.failed(1, &["demo"]);
}
