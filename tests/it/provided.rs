//! `--provided`: what the runtime has already stays out, with what only that needs.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;

use crate::support::local_index::LocalIndex;
use crate::support::project::{LockedProject, names_in};
use crate::support::wheel_builder::WheelBuilder;

/// Each package with what it needs.
const PACKAGES: [(&str, &[&str]); 5] = [
    ("boto3", &["botocore", "jmespath"]),
    ("botocore", &["jmespath", "urllib3"]),
    ("jmespath", &[]),
    ("requests", &["urllib3"]),
    ("urllib3", &[]),
];

fn project() -> LockedProject {
    let wheels = PACKAGES
        .map(|(name, _)| WheelBuilder::new(name, "1.0").file(&format!("{name}/__init__.py"), ""));
    let project = LockedProject::new(&wheels);
    let folder = project.workspace.project();
    let text = fs::read_to_string(folder.join("pyproject.toml")).unwrap();
    let names = PACKAGES.map(|(name, _)| format!("\"{name}\"")).join(", ");
    let pyproject = text.replace(&names, "\"boto3\", \"requests\"");
    assert_ne!(pyproject, text);
    let parsed = Project::parse(&pyproject, &folder, &Disk).unwrap();
    let hash = parsed.content_hash().unwrap();
    let lock = fs::read_to_string(folder.join("poetry.lock")).unwrap();
    let mut changed = String::new();
    let mut current: &[&str] = &[];
    for line in lock.lines() {
        if let Some((_, needs)) = PACKAGES
            .iter()
            .find(|(name, _)| line == format!("name = \"{name}\""))
        {
            current = needs;
        }
        let fresh = format!("content-hash = \"{hash}\"");
        let line = if line.starts_with("content-hash") {
            &fresh
        } else {
            line
        };
        writeln!(changed, "{line}").unwrap();
        if line.starts_with("files = ") && !current.is_empty() {
            writeln!(changed, "[package.dependencies]").unwrap();
            for name in current {
                writeln!(changed, "{name} = \"*\"").unwrap();
            }
        }
    }
    project.workspace.write("pyproject.toml", pyproject);
    project.workspace.write("poetry.lock", changed);
    project
}

fn installed(project: &LockedProject) -> Vec<String> {
    let lib = project.workspace.project().join(".venv/lib");
    let python = names_in(&lib).remove(0);
    let names = names_in(&lib.join(python).join("site-packages"));
    let names = names.into_iter().filter(|name| !name.contains('-'));
    names.collect()
}

#[test]
fn install_and_sync_leave_it_out() {
    let project = project();
    project.run(&["install"]).succeeded();
    assert_eq!(installed(&project).len(), 5);
    let synced = project.run(&["sync", "--provided", "Boto3"]).succeeded();
    synced.said(&["Left out as provided: boto3, botocore, jmespath"]);
    assert_eq!(installed(&project), ["requests", "urllib3"]);
    let check = |more: &[&str]| project.run(&[&["check"], more].concat());
    check(&["--provided", "boto3"]).succeeded();
    assert_eq!(check(&[]).code, 1);
}

#[test]
fn export_download_and_verify_leave_it_out() {
    let project = project();
    let export = project.run(&[
        "export",
        "--without-hashes",
        "--provided",
        "botocore, urllib3",
    ]);
    let export = export.succeeded();
    assert_eq!(export.stderr, "Left out as provided: botocore, urllib3\n");
    let names = export
        .stdout
        .lines()
        .map(|line| line.split("==").next().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["boto3", "jmespath", "requests"]);
    project
        .run(&["download", "house", "--provided=boto3"])
        .succeeded();
    let house = project.workspace.project().join("house");
    let wheels = names_in(&house).into_iter();
    let wheels = wheels.filter(|name| Path::new(name).extension() == Some(OsStr::new("whl")));
    assert_eq!(wheels.count(), 2);
    let verified = |arguments: &[&str]| {
        let output = project.run(&[&["verify", "--provided=boto3"], arguments].concat());
        let output = output
            .succeeded()
            .said(&["Left out as provided: boto3, botocore, jmespath"]);
        output.stdout.split(" are").next().unwrap().to_owned()
    };
    assert_eq!(verified(&[]), "2 of 2 files of 2 packages");
    assert_eq!(verified(&["--only", "main"]), "2 of 2 files of 2 packages");
}

fn project_name(project: &LockedProject) -> String {
    let text = fs::read_to_string(project.workspace.project().join("pyproject.toml")).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("name = "))
        .unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

#[test]
fn what_is_not_locked_is_an_error() {
    let project = project();
    project.run(&["install", "--provided", "boto"]).failed(
        2,
        &["poetry.lock has no package `boto`", "did you mean `boto3`?"],
    );
    project
        .run(&["export", "--provided", "numpy"])
        .failed(2, &["poetry.lock has no package `numpy`"]);
    for names in ["--provided=", "--provided= , "] {
        let refused = project.run(&["install", names]);
        refused.failed(2, &["no package is named"]);
    }
    project
        .run(&["install", "--compile="])
        .failed(2, &["no package is named"]);
    let name = project_name(&project);
    project.run(&["install", "--provided", &name]).failed(
        2,
        &[
            &format!("names `{name}`, the project itself"),
            "`--no-root`",
        ],
    );
    assert!(!project.workspace.project().join(".venv").exists());
    fs::remove_file(project.workspace.project().join("pyproject.toml")).unwrap();
    project
        .run(&[
            "install",
            "--no-root",
            "--only",
            "main",
            "--provided",
            "boto3",
        ])
        .failed(2, &["`--provided` needs pyproject.toml"]);
}

#[test]
fn nothing_of_it_is_fetched() {
    let project = project();
    project.run(&["install", "--provided", "boto3"]).succeeded();
    let asked = |index: &LocalIndex| index.take_paths().join(" ");
    let paths = asked(&project.index);
    assert!(paths.contains("requests") && !paths.contains("boto") && !paths.contains("jmespath"));
}
