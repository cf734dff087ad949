//! The layers of an image: what a step does not need must not be there, and what it needs and lacks is named.

use std::fs;

use crate::support::fixture_sources::SourceCase;
use crate::support::workspace::Workspace;

/// The case `directory` of `fixtures/sources`, with only some of the files of its dependency.
fn with_files(keeps: &[&str]) -> Workspace {
    let workspace = SourceCase::new("directory").workspace;
    let local = workspace.project().join("libs/local");
    for path in ["pyproject.toml", "local"] {
        if keeps.contains(&path) {
            continue;
        }
        let path = local.join(path);
        let _ = fs::remove_dir_all(&path);
        let _ = fs::remove_file(path);
    }
    if keeps.is_empty() {
        fs::remove_dir_all(workspace.project().join("libs")).unwrap();
    }
    workspace
}

#[test]
fn a_layer_without_directories_needs_none_of_their_files() {
    for keeps in [&[][..], &["pyproject.toml"], &["local"]] {
        let workspace = with_files(keeps);
        workspace
            .run(&["install", "--no-root", "--no-directory"])
            .succeeded();
        assert!(workspace.project().join(".venv/bin/python").exists());
    }
}

#[test]
fn a_directory_that_is_not_there_is_named_with_the_flag_that_leaves_it_out() {
    for (keeps, what) in [
        (&[][..], "there is no folder `"),
        (&["local"], "contains no pyproject.toml"),
        (&["pyproject.toml"], "there is no module or package `local`"),
    ] {
        let workspace = with_files(keeps);
        for flags in [
            &["install", "--no-root"][..],
            &["install", "--no-root", "--editable"],
        ] {
            workspace
                .run(flags)
                .failed(1, &["`local`", what, "`--no-directory`"]);
        }
        assert!(!workspace.project().join(".venv").exists(), "{keeps:?}");
    }
}

#[test]
fn the_layer_of_dependencies_needs_neither_readme_nor_package() {
    let workspace = SourceCase::new("directory").workspace;
    workspace.change_project(|text| {
        let text = text.replace(
            "package-mode = false",
            "packages = [{ include = \"case\" }]",
        );
        text.replace("version = \"1\"", "version = \"1\"\nreadme = \"README.md\"")
    });
    workspace.run(&["install", "--no-root"]).succeeded();
    let refuses = |what: &str| {
        let output = workspace.run(&["install"]);
        output.failed(1, &["`case`", what, "`--no-root`"]);
    };
    refuses("the package `case` does not exist");
    workspace.write("case/__init__.py", "");
    refuses("the readme `README.md` does not exist");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let case = SourceCase::new("file-wheel");
    let libs = case.workspace.project().join("libs");
    fs::remove_dir_all(&libs).unwrap();
    let file = libs.join("file_wheel-1.0-py3-none-any.whl");
    case.install(&["--no-directory"]).failed(
        1,
        &[
            "cannot read the file of `file-wheel`",
            file.to_str().unwrap(),
            "copy it before this step of an image build",
        ],
    );
}
