//! Installing: what an environment holds afterwards, for which flags.

use insta::assert_snapshot;

use crate::support::scene::{Locked, PYPROJECT, Scene, contents, partials, says};

#[test]
fn a_new_environment_holds_what_the_lock_says() {
    let scene = Scene::new();
    let output = scene.run(&["install"]).succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0", "annapurna-0.1.0"]);
    assert_eq!(output.stdout, "");
    assert_eq!(says(&scene.venv().join("bin/acme"), &[]), "acme 1.0");
    assert_eq!(
        says(&scene.venv().join("bin/annapurna"), &[]),
        "the project"
    );
    let python = scene.venv().join("bin/python");
    assert_eq!(says(&python, &["-m", "acme"]), "acme 1.0");
    assert_eq!(partials(&scene.workspace.project()), [""; 0]);
    let mut said: Vec<String> = scene.said(&output).lines().map(str::to_owned).collect();
    // In order of arrival.
    said[5..7].sort();
    assert_snapshot!(said.join("\n"), @r"
    Creating virtualenv annapurna in [project]/.venv
    Installing dependencies from lock file

    Package operations: 2 installs, 0 updates, 0 removals

      - Installing acme (1.0)
      - Installing acme-dev (1.0)

    Installing the current project: annapurna (0.1.0)

    2 installs, 0 updates, 0 removals in [time]
    ");
}

#[test]
fn a_second_run_asks_nobody_and_changes_nothing() {
    let scene = Scene::new();
    scene.run(&["install", "--no-root"]).succeeded();
    let before = contents(&scene.venv());
    scene.index.take_requests();
    let output = scene.run(&["install", "--no-root"]).succeeded();
    assert_eq!(scene.index.take_paths(), [""; 0]);
    assert!(contents(&scene.venv()) == before);
    assert_snapshot!(scene.said(&output), @r"
    Installing dependencies from lock file

    No dependencies to install or update
    ");
}

#[test]
fn a_second_run_with_the_project_installs_the_project_anew() {
    let scene = Scene::new();
    scene.run(&["install"]).succeeded();
    scene.index.take_requests();
    let code = "def main():\n    print('changed')\n";
    scene.workspace.write("annapurna/__init__.py", code);
    let output = scene.run(&["install"]).succeeded();
    assert_eq!(scene.index.take_paths(), [""; 0]);
    assert_eq!(says(&scene.venv().join("bin/annapurna"), &[]), "changed");
    assert_snapshot!(scene.said(&output), @r"
    Installing dependencies from lock file

    No dependencies to install or update

    Installing the current project: annapurna (0.1.0)

    0 installs, 0 updates, 0 removals in [time]
    ");
}

#[test]
fn what_is_missing_is_added() {
    let scene = Scene::new();
    scene
        .run(&["install", "--no-root", "--only", "main"])
        .succeeded();
    scene.has(&["acme-1.0"]);
    let before = contents(&scene.venv());
    let output = scene.run(&["install", "--no-root"]).succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0"]);
    let after = contents(&scene.venv());
    assert!(
        before
            .iter()
            .all(|(path, content)| after.get(path) == Some(content))
    );
    assert!(output.stderr.contains("1 install, 0 updates, 0 removals"));
    assert!(output.stderr.contains("  - Installing acme-dev (1.0)\n"));
}

#[test]
fn other_versions_are_updates_and_downgrades() {
    let scene = Scene::new();
    scene
        .run(&["install", "--no-root", "--only", "main"])
        .succeeded();
    scene.lock(&[Locked::new("acme", "2.0")]);
    let output = scene.run(&["install", "--no-root"]).succeeded();
    assert!(
        output.stderr.contains("  - Updating acme (1.0 -> 2.0)\n"),
        "{output:?}"
    );
    assert!(
        output
            .stderr
            .contains("0 installs, 1 update, 0 removals in")
    );
    assert_eq!(says(&scene.venv().join("bin/acme"), &[]), "acme 2.0");
    scene.lock(&[Locked::new("acme", "1.5")]);
    let output = scene.run(&["install", "--no-root"]).succeeded();
    assert!(
        output
            .stderr
            .contains("  - Downgrading acme (2.0 -> 1.5)\n"),
        "{output:?}"
    );
    assert_eq!(says(&scene.venv().join("bin/acme"), &[]), "acme 1.5");
    scene.has(&["acme-1.5"]);
}

#[test]
fn only_sync_removes() {
    let scene = Scene::new();
    scene.run(&["install", "--no-root"]).succeeded();
    scene
        .run(&["install", "--no-root", "--without", "dev"])
        .succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0"]);
    let output = scene
        .run(&["install", "--no-root", "--without", "dev", "--sync"])
        .succeeded();
    scene.has(&["acme-1.0"]);
    assert!(output.stderr.contains("  - Removing acme-dev (1.0)\n"));
    assert!(
        output
            .stderr
            .contains("0 installs, 0 updates, 1 removal in")
    );
    assert!(!scene.venv().join("bin/acme-dev").exists());
}

#[track_caller]
fn installs(arguments: &[&str], expected: &[&str]) {
    let scene = Scene::new();
    let arguments = [&["install"], arguments].concat();
    scene.run(&arguments).succeeded();
    scene.has(expected);
}

#[test]
fn groups_extras_and_the_project_are_chosen_by_flags() {
    installs(&["--no-root"], &["acme-1.0", "acme_dev-1.0"]);
    installs(&["--only-root"], &["annapurna-0.1.0"]);
    installs(
        &["--no-root", "--with", "bench"],
        &["acme-1.0", "acme_bench-1.0", "acme_dev-1.0"],
    );
    installs(
        &["--no-root", "--only", "dev,bench"],
        &["acme_bench-1.0", "acme_dev-1.0"],
    );
    installs(
        &["--no-root", "--without=dev", "-E", "docs postgres"],
        &["acme-1.0", "acme_docs-1.0", "acme_postgres-1.0"],
    );
    installs(
        &["--no-root", "--without=dev", "--extras", "docs"],
        &["acme-1.0", "acme_docs-1.0"],
    );
    installs(
        &["--no-root", "--all-groups", "--all-extras"],
        &[
            "acme-1.0",
            "acme_bench-1.0",
            "acme_dev-1.0",
            "acme_docs-1.0",
            "acme_postgres-1.0",
        ],
    );
}

#[test]
fn a_folder_is_built_unless_folders_are_left_out() {
    let pyproject = PYPROJECT.replace("[\"acme\"]", "[\"nanda @ file:nanda\"]");
    let scene = Scene::of(&pyproject, &[]);
    scene.workspace.write("nanda/nanda.py", "PEAK = 7816\n");
    scene.workspace.write(
        "nanda/pyproject.toml",
        "[project]\nname = \"nanda\"\nversion = \"3.0\"\n[build-system]\nrequires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n",
    );
    scene.write_lock(
        "[[package]]\nname = \"nanda\"\nversion = \"3.0\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = []\ndevelop = false\n\n[package.source]\ntype = \"directory\"\nurl = \"nanda\"\n",
    );
    scene
        .run(&["install", "--no-root", "--no-directory"])
        .succeeded();
    scene.has(&[]);
    scene.run(&["install", "--no-root"]).succeeded();
    scene.has(&["nanda-3.0"]);
    let python = scene.venv().join("bin/python");
    assert_eq!(
        says(&python, &["-c", "import nanda; print(nanda.PEAK)"]),
        "7816"
    );
}

#[test]
fn a_dry_run_says_what_would_be_and_does_nothing() {
    let scene = Scene::new();
    let output = scene
        .run(&["install", "--dry-run", "--no-cache"])
        .succeeded();
    assert_snapshot!(scene.said(&output), @r"
    Installing dependencies from lock file

    Package operations: 2 installs, 0 updates, 0 removals

      - Installing acme (1.0)
      - Installing acme-dev (1.0)

    Installing the current project: annapurna (0.1.0)
    ");
    assert!(!scene.venv().exists());
    assert_eq!(scene.index.take_paths(), [""; 0]);
}

#[test]
fn names_of_packages_to_compile_are_looked_up_in_the_lock() {
    let scene = Scene::new();
    let output = scene
        .run(&["install", "--no-root", "--compile=acme,acne"])
        .succeeded();
    let warning = "`--compile` names `acne`, which is not in poetry.lock";
    assert!(output.stderr.contains(warning), "{}", output.stderr);
    assert!(!output.stderr.contains("`acme`"), "{}", output.stderr);
    let output = scene.run(&["install", "--compile=a b"]);
    output.failed(2, &["`a b` is not the name of a package"]);
}

#[test]
fn compiled_modules_are_listed_in_record() {
    let scene = Scene::new();
    scene
        .run(&["install", "--no-root", "--compile"])
        .succeeded();
    let files = contents(&scene.venv());
    let is_compiled = |path: &&String| path.contains("/acme/__pycache__/__init__.");
    let compiled: Vec<&String> = files.keys().filter(is_compiled).collect();
    assert_eq!(compiled.len(), 1, "{:?}", files.keys());
    let record = files
        .iter()
        .find(|(path, _)| path.ends_with("acme-1.0.dist-info/RECORD"));
    let record = String::from_utf8(record.unwrap().1.clone()).unwrap();
    assert!(record.contains("acme/__pycache__/__init__."), "{record}");
}
