//! `install --no-root` with poetry.lock alone: the layer of an image that a new version of the project does not change.

use std::fs;

use insta::assert_snapshot;

use crate::support::fixture_sources::SourceCase;
use crate::support::local_index::LocalIndex;
use crate::support::scene::{Locked, PYPROJECT, Scene};
use crate::support::workspace::Output;

/// A project whose pyproject.toml is not there yet.
fn without_project() -> Scene {
    let scene = Scene::new();
    fs::remove_file(scene.workspace.project().join("pyproject.toml")).unwrap();
    scene
}

fn change_lock(scene: &Scene, from: &str, to: &str) {
    let path = scene.workspace.project().join("poetry.lock");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    scene.workspace.write("poetry.lock", text.replace(from, to));
}

#[test]
fn named_groups_and_extras_are_installed() {
    for (flags, expected) in [
        (&["--only", "main"][..], &["acme-1.0"][..]),
        (&["--only", "dev"], &["acme_dev-1.0"]),
        (
            &["--with", "dev", "--without", "bench"],
            &["acme-1.0", "acme_dev-1.0"],
        ),
        (&["--without", "dev,bench"], &["acme-1.0"]),
        (
            &["--all-groups"],
            &["acme-1.0", "acme_bench-1.0", "acme_dev-1.0"],
        ),
        (
            &["--only", "main", "-E", "docs"],
            &["acme-1.0", "acme_docs-1.0"],
        ),
    ] {
        let scene = without_project();
        let flags = [&["install", "--no-root"], flags].concat();
        let output = scene.run(&flags).succeeded();
        assert!(!output.stderr.contains("warning"), "{output:?}");
        scene.has(expected);
    }
}

#[test]
fn what_is_unknown_is_said() {
    let scene = without_project();
    let output = scene
        .run(&["install", "--no-root", "--with", "dev"])
        .succeeded();
    let said = scene.said(&output);
    let first: Vec<&str> = said.lines().take(2).collect();
    assert_snapshot!(first.join("\n"), @r"
    There is no pyproject.toml: whether poetry.lock is up to date is checked by the next install that has one
    warning: poetry.lock does not say which groups are optional: `bench` left out; name groups with `--with` or `--without`
    ");
    scene.has(&["acme-1.0", "acme_dev-1.0"]);
}

#[test]
fn the_later_layer_installs_the_project_and_checks_freshness() {
    let scene = without_project();
    scene
        .run(&[
            "install",
            "--no-root",
            "--with",
            "dev",
            "--without",
            "bench",
        ])
        .succeeded();
    scene.workspace.write("pyproject.toml", PYPROJECT);
    for flags in [&["install", "--only-root"][..], &["install"]] {
        scene.run(flags).succeeded();
        scene.has(&["acme-1.0", "acme_dev-1.0", "annapurna-0.1.0"]);
    }
    scene.workspace.write(
        "pyproject.toml",
        PYPROJECT.replace("dependencies = [\"acme\"]", "dependencies = []"),
    );
    for flags in [&["install", "--only-root"][..], &["install"]] {
        scene
            .run(flags)
            .failed(1, &["poetry.lock does not match pyproject.toml"]);
    }
}

/// The version and the sources of the project do not matter for its lock.
#[test]
fn a_new_version_of_the_project_changes_no_dependency() {
    let scene = without_project();
    let first = ["install", "--no-root", "--only", "main"];
    scene.run(&first).succeeded();
    let new = PYPROJECT.replace("version = \"0.1.0\"", "version = \"0.2.0\"");
    scene.workspace.write("pyproject.toml", &new);
    let output = scene.run(&["install", "--only", "main"]).succeeded();
    output.said(&["No dependencies to install or update"]);
    scene.has(&["acme-1.0", "annapurna-0.2.0"]);
}

/// What the lock does not have is removed, but the project's own distribution is not in any lock.
#[test]
fn sync_leaves_the_project() {
    let scene = Scene::new();
    scene.run(&["install"]).succeeded();
    fs::remove_file(scene.workspace.project().join("pyproject.toml")).unwrap();
    let sync = ["install", "--sync", "--no-root", "--only", "main"];
    scene.run(&sync).succeeded();
    scene.has(&["acme-1.0", "annapurna-0.1.0"]);
}

#[test]
fn directories_of_the_lock_may_come_later() {
    let workspace = SourceCase::new("directory").workspace;
    let root = workspace.project();
    fs::remove_dir_all(root.join("libs")).unwrap();
    fs::remove_file(root.join("pyproject.toml")).unwrap();
    workspace
        .run(&INSTALL)
        .failed(1, &["`local`", "there is no folder `", "`--no-directory`"]);
    let flags = [&INSTALL[..], &["--no-directory"]].concat();
    workspace.run(&flags).succeeded();
    assert!(root.join(".venv/bin/python").exists());
}

/// As with Poetry, the nearest pyproject.toml counts.
#[test]
fn a_lock_below_a_project_is_not_used_in_silence() {
    let scene = Scene::new();
    scene.workspace.write("below/poetry.lock", "");
    let mut command = scene.command(&INSTALL);
    command.current_dir(scene.workspace.project().join("below"));
    let output = Output::of(&mut command).succeeded();
    output.said(&["below/poetry.lock` is not used: there is no pyproject.toml beside it"]);
    scene.has(&["acme-1.0"]);
}

#[test]
fn groups_have_to_be_named() {
    let scene = without_project();
    let said = |flags: &[&str]| {
        let flags = [&["install", "--no-root"], flags].concat();
        scene.said(&scene.run(&flags).failed(2, &[]))
    };
    assert_snapshot!(said(&[]), @r"
    error: there is no pyproject.toml, so groups have to be named
      poetry.lock does not say which groups are optional
      groups in poetry.lock: main, bench, dev
    hint: use `--only main`, `--with GROUPS` or `--all-groups`
    ");
    assert_snapshot!(said(&["--without", "dev"]), @r"
    error: there is no pyproject.toml, so `--without` has to name all other groups
      poetry.lock does not say whether these groups are optional: bench
    hint: use `--only main`, or name them with `--with` or `--without`
    ");
    assert_snapshot!(said(&["--only", "dve"]), @r"
    error: poetry.lock has no package of the group `dve`
    hint: did you mean `dev`? groups in poetry.lock: main, bench, dev
    ");
    assert_snapshot!(said(&["--only", "main", "-E", "postgers"]), @r"
    error: poetry.lock has no extra `postgers`
    hint: did you mean `postgres`? extras in poetry.lock: docs, postgres
    ");
    assert!(!scene.venv().exists());
}

#[test]
fn what_needs_the_project_says_so() {
    let scene = without_project();
    let said = |flags: &[&str]| scene.said(&scene.run(flags).failed(1, &[]));
    assert_snapshot!(said(&["install", "--only", "main"]), @r"
    error: there is no pyproject.toml in `[project]` or above it
    hint: poetry.lock is enough for dependencies alone: `--no-root` and the groups, such as `--only main`
    ");
    said(&["install", "--only-root"]);
    change_lock(&scene, "lock-version = \"2.1\"", "lock-version = \"2.0\"");
    assert_snapshot!(said(&["install", "--no-root", "--only", "main"]), @r"
    error: there is no pyproject.toml, and poetry.lock is not enough
      it is older than version 2.1, the first that lists the groups of packages
    hint: copy pyproject.toml, too, or lock again with Poetry 2: `poetry lock`
    ");
}

/// The Pythons that were locked for are in the lock.
#[test]
fn an_interpreter_has_to_fit_the_lock() {
    let scene = without_project();
    change_lock(
        &scene,
        "python-versions = \">=3.8\"\ncontent",
        "python-versions = \">=4\"\ncontent",
    );
    scene
        .run(&["install", "--no-root", "--only", "main"])
        .failed(1, &[">=4"]);
}

/// A lock whose only package is on an index that wants a password.
fn private() -> (Scene, LocalIndex) {
    let internal = LocalIndex::start();
    internal.require("reader:hush-hush");
    let scene = Scene::of(PYPROJECT, &[]);
    let source = format!(
        "\n[package.source]\ntype = \"legacy\"\nurl = \"{}\"\nreference = \"my-internal\"",
        internal.url()
    );
    let locked = Locked::new("acme", "1.0").with(&source);
    internal.add("acme", &locked.wheel.file_name(), &locked.wheel.build());
    scene.lock(&[locked]);
    fs::remove_file(scene.workspace.project().join("pyproject.toml")).unwrap();
    (scene, internal)
}

const PASSWORD: [(&str, &str); 2] = [
    ("POETRY_HTTP_BASIC_MY_INTERNAL_USERNAME", "reader"),
    ("POETRY_HTTP_BASIC_MY_INTERNAL_PASSWORD", "hush-hush"),
];

const INSTALL: [&str; 4] = ["install", "--no-root", "--only", "main"];

#[test]
fn a_lock_alone_opens_no_source_by_its_name() {
    let (scene, internal) = private();
    let elsewhere = (
        "POETRY_REPOSITORIES_MY_INTERNAL_URL",
        "http://127.0.0.1:1/simple",
    );
    for variables in [PASSWORD.to_vec(), [&PASSWORD[..], &[elsewhere]].concat()] {
        scene.run_with(&variables, &INSTALL).failed(
            1,
            &[
                "the credentials of `my-internal` are not sent",
                "POETRY_REPOSITORIES_MY_INTERNAL_URL=<URL>",
                "refused to show `acme`",
            ],
        );
    }
    for request in internal.take_requests() {
        assert_eq!(request.header("authorization"), None, "{}", request.path);
    }
}

#[test]
fn a_source_is_opened_where_its_url_is_confirmed() {
    let (scene, internal) = private();
    let url = internal.url();
    let confirmed = ("POETRY_REPOSITORIES_MY_INTERNAL_URL", url.as_str());
    let variables = [&PASSWORD[..], &[confirmed]].concat();
    let output = scene.run_with(&variables, &INSTALL).succeeded();
    assert!(!output.stderr.contains("not sent"), "{output:?}");
    scene.has(&["acme-1.0"]);
}

#[test]
fn netrc_opens_its_host() {
    let (scene, _internal) = private();
    fs::write(
        scene.workspace.home().join(".netrc"),
        "machine 127.0.0.1 login reader password hush-hush\n",
    )
    .unwrap();
    Output::of(&mut scene.command(&INSTALL)).succeeded();
    scene.has(&["acme-1.0"]);
}
