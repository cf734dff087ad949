//! Packages of which the lock lists no file: what their index has is installed, as Poetry does.

use std::fs;

use crate::support::local_index::Fault;
use crate::support::locked_wheels::LockedWheels;
use crate::support::shop::library;
use crate::support::wheel_builder::WheelBuilder;

const WARNING: &str = "warning: poetry.lock lists no file of `demo` 1.0";

fn wheel(name: &str, version: &str) -> WheelBuilder {
    WheelBuilder::new(name, version).file(&format!("{name}.py"), "")
}

/// Two packages, of which the first has no files in the lock; the index has another version of it, too.
fn project() -> LockedWheels {
    let project = LockedWheels::new(&[wheel("demo", "1.0"), wheel("other", "1.0")]);
    let newer = wheel("demo", "2.0");
    let index = &project.index;
    index.add("demo", &newer.file_name(), &newer.build());
    empty(&project);
    index.take_paths();
    project
}

/// Empties the first list of files.
fn empty(project: &LockedWheels) {
    let path = project.workspace.project().join("poetry.lock");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("files = [").unwrap();
    let (_, after) = rest.split_once("\n]").unwrap();
    fs::write(&path, format!("{before}files = []{after}")).unwrap();
}

#[test]
fn what_the_index_has_is_installed() {
    let project = project();
    let output = project.run(&["install"]).succeeded();
    output.said(&["Installing demo (1.0)", WARNING]);
    let library = library(&project.venv());
    assert!(library.join("demo-1.0.dist-info").exists());
    let asked = project.index.take_paths();
    let files = asked.iter().filter(|path| path.starts_with("/files/demo"));
    assert_eq!(
        files.collect::<Vec<_>>(),
        ["/files/demo-1.0-py3-none-any.whl"]
    );
    // Nothing has to be asked for what is there.
    let again = project.run(&["install"]).succeeded();
    assert!(!again.stderr.contains("warning"), "{}", again.stderr);
    assert!(project.index.take_paths().is_empty());
}

#[test]
fn a_dry_run_asks_the_index_and_warns() {
    let project = project();
    let output = project.run(&["install", "--dry-run"]).succeeded();
    output.said(&["Installing demo (1.0)", WARNING]);
    assert_eq!(project.index.take_paths(), ["/simple/demo/"]);
}

#[test]
fn other_bytes_than_the_index_claims_are_refused() {
    let project = project();
    let file = "/files/demo-1.0-py3-none-any.whl";
    project
        .index
        .misbehave(file, Fault::Body(b"other".to_vec()), 9);
    let refused = project.run(&["install"]);
    refused.failed(1, &["`demo-1.0-py3-none-any.whl` is not the file"]);
}

#[test]
fn what_no_index_can_be_asked_for_is_to_be_locked_again() {
    let missing = [
        "no file of `demo` 1.0",
        "lists no file of it",
        "poetry lock",
    ];
    project().run(&["install", "--offline"]).failed(1, &missing);
    // The index has other versions only.
    let project = LockedWheels::new(&[wheel("demo", "1.0")]);
    empty(&project);
    let path = project.workspace.project().join("poetry.lock");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replace(
            "version = \"1.0\"\ndescription",
            "version = \"3.0\"\ndescription",
        ),
    )
    .unwrap();
    let missing = ["no file of `demo` 3.0", "lists no file of it"];
    project.run(&["install"]).failed(1, &missing);
}
