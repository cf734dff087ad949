//! Locks, documents, files and names that are refused, and what a person reads then.

use std::fs;

use insta::assert_snapshot;

use crate::support::local_index::Fault;
use crate::support::scene::{Locked, PYPROJECT, Scene, files, packages, partials};
use crate::support::wheel_builder::WheelBuilder;

#[test]
fn a_file_that_is_not_the_locked_one_is_never_installed() {
    let scene = Scene::new();
    let mut bytes = Locked::new("acme", "1.0").wheel.build();
    *bytes.last_mut().unwrap() ^= 1;
    scene
        .index
        .misbehave("/files/acme-1.0-py3-none-any.whl", Fault::Body(bytes), 9);
    let output = scene.run(&["-q", "install"]).failed(1, &[]);
    assert!(!scene.venv().exists());
    assert_eq!(partials(&scene.workspace.project()), [""; 0]);
    let said = scene.said(&output);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines[0],
        "error: `acme-1.0-py3-none-any.whl` is not the file that was locked"
    );
    let starts = ["  locked    sha256:", "  received  sha256:", "            "];
    for (line, start) in lines[1..4].iter().zip(starts) {
        assert!(line.starts_with(start), "{said}");
    }
    assert!(lines[3].ends_with(" bytes from http://[index]/files/acme-1.0-py3-none-any.whl"));
    assert!(lines[4].starts_with("hint: nothing of it was installed; "));
    let is_cached = |path: &String| path.contains("/archives/");
    let cached = files(&scene.workspace.cache());
    let n_cached = cached.into_iter().filter(is_cached).count();
    assert!(n_cached < 2, "the file was kept");
    let missing = "acme 1.0: acme-1.0-py3-none-any.whl";
    scene.run(&["install", "--offline"]).failed(1, &[missing]);
}

#[test]
fn an_index_that_claims_another_digest_is_not_asked_for_the_file() {
    let scene = Scene::new();
    scene
        .index
        .claim("acme-1.0-py3-none-any.whl", &"0".repeat(64));
    let output = scene.run(&["-q", "install", "--only", "main"]);
    output.failed(
        1,
        &[
            "is not the file that was locked",
            "\n  locked    sha256:",
            "\n  offered   sha256:0000",
        ],
    );
    assert_eq!(scene.index.take_paths(), ["/simple/acme/"]);
}

#[test]
fn a_stale_lock_is_refused() {
    let scene = Scene::new();
    scene.workspace.write(
        "pyproject.toml",
        PYPROJECT.replace("[\"acme\"]", "[\"acme>0\"]"),
    );
    let output = scene.run(&["install"]).failed(
        1,
        &["poetry.lock does not match pyproject.toml (content hash "],
    );
    assert!(
        output.stderr.ends_with(" now)\nhint: run `poetry lock`\n"),
        "{output:?}"
    );
    assert!(!scene.venv().exists());
}

#[test]
fn documents_that_cannot_be_read_are_told_with_line_and_column() {
    let scene = Scene::new();
    let lock = scene.workspace.project().join("poetry.lock");
    let good = fs::read_to_string(&lock).unwrap();
    let tell = |text: &str| {
        fs::write(&lock, text).unwrap();
        scene.said(&scene.run(&["install"]).failed(1, &[]))
    };
    assert_snapshot!(tell("[[package]]\nname = \"a\nversion = 1"), @r#"
    error: poetry.lock:2:10: not valid TOML: invalid basic string, expected `"`
    hint: run `poetry lock`
    "#);
    assert_snapshot!(tell(&good.replace("version = \"1.0\"", "<<<<<<< HEAD\nversion = \"1.0\"")), @r"
    error: poetry.lock:3:1: unresolved merge conflict
    hint: resolve it in pyproject.toml, take either side's poetry.lock, then run `poetry lock`
    ");
    assert_snapshot!(tell(&good.replace("lock-version = \"2.1\"", "lock-version = \"9.0\"")), @r"
    error: poetry.lock:63:1: unknown format version `9.0`
    hint: versions 1 and 2 are supported; lock with a Poetry that writes one of them
    ");
    assert_snapshot!(tell(&good.replace("version = \"1.0\"", "version = \"one\"")), @r"
    error: poetry.lock:1:1: the package `acme` has the invalid version `one`
    hint: run `poetry lock`
    ");
    assert_snapshot!(tell(good.split("[metadata]").next().unwrap()), @r"
    error: poetry.lock does not match pyproject.toml (it has no content hash)
    hint: run `poetry lock`
    ");
    fs::remove_file(&lock).unwrap();
    assert_snapshot!(scene.said(&scene.run(&["install"]).failed(1, &[])), @r"
    error: there is no poetry.lock in `[project]`
    hint: run `poetry lock`
    ");
    scene
        .workspace
        .write("pyproject.toml", "[project\nname = 1");
    assert_snapshot!(scene.said(&scene.run(&["install"]).failed(1, &[])), @r"error: pyproject.toml:1:9: not valid TOML: unclosed table, expected `]`");
    fs::remove_file(scene.workspace.project().join("pyproject.toml")).unwrap();
    assert_snapshot!(scene.said(&scene.run(&["install"]).failed(1, &[])), @r"
    error: there is no pyproject.toml in `[project]` or above it
    hint: name the project's folder: `-C DIR`, or `-P DIR` to stay in this one
    ");
    assert!(!scene.venv().exists());
}

#[test]
fn names_that_are_not_defined_are_misuse() {
    let scene = Scene::new();
    let tell = |arguments: &[&str]| {
        let arguments = [&["install"], arguments].concat();
        scene.said(&scene.run(&arguments).failed(2, &[]))
    };
    assert_snapshot!(tell(&["-E", "postgers"]), @r"
    error: extra `postgers` is not defined in pyproject.toml
    hint: did you mean `postgres`? defined extras: docs, postgres
    ");
    assert_snapshot!(tell(&["--with", "web,de"]), @r"
    error: groups `de`, `web` are not defined in pyproject.toml
    hint: did you mean `dev`? defined groups: bench, dev, main
    ");
    assert_snapshot!(tell(&["--all-extras", "-E", "docs"]), @r"error: `--extras` cannot be used with `--all-extras`");
    assert_snapshot!(tell(&["--all-groups", "--only", "dev"]), @r"error: `--with`, `--without` and `--only` cannot be used with `--all-groups`");
    assert_snapshot!(tell(&["--only-root", "--no-root"]), @r"error: `--only-root` and `--no-root` cannot be used together");
    assert_snapshot!(tell(&["--only-root", "--only", "dev"]), @r"error: `--only-root` cannot be used with `--with`, `--without`, `--only` or `--all-groups`");
    scene
        .run(&["install", "--no-rot"])
        .failed(2, &["--no-root"]);
    scene.run(&["instal"]).failed(2, &["install"]);
    scene
        .run(&["install", "--jobs", "0"])
        .failed(2, &["--jobs"]);
    assert_snapshot!(tell(&["--index-url", "nowhere"]), @r"
    error: the value of `--index-url` is not a URL
      relative URL without a base
    hint: it is the URL of a simple index, such as `https://pypi.org/simple/`
    ");
    assert!(!scene.venv().exists());
}

#[test]
fn packages_without_a_fitting_file_are_told_all_at_once() {
    let scene = Scene::new();
    let entry = |name: &str, files: &[&str]| {
        let files = files.iter().map(|file| {
            format!(
                "    {{file = \"{file}\", hash = \"sha256:{}\"}},\n",
                "1".repeat(64)
            )
        });
        let files: String = files.collect();
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1.0\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = [\n{files}]\n"
        )
    };
    let lock = [
        entry(
            "acme",
            &[
                "acme-1.0-cp27-cp27m-win32.whl",
                "acme-1.0-cp36-cp36m-win32.whl",
                "acme-1.0-py3-none-win32.whl",
            ],
        ),
        entry("nanda", &["nanda-1.0.tar.gz"]),
    ];
    scene.write_lock(&lock.join("\n"));
    let output = scene.run(&["install", "--no-build"]).failed(1, &[]);
    let said = scene.said(&output);
    let target = said
        .split(" on ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .to_owned();
    assert_snapshot!(said.replace(&target, "[target]"), @r"
    error: 2 packages cannot be installed
      no file of `acme` 1.0 can be installed on [target]
        3 wheels in poetry.lock: 2 for other Pythons (cp27 to cp36), 1 for other platforms
        no source distribution is listed
      `nanda` 1.0 has to be built from the source distribution `nanda-1.0.tar.gz`
    hint: use Python 3.6 or older: `--python 3.6`
    hint: allow builds (without `--no-build`), or offer its wheel in an index of your own and lock it from there
    ");
    assert!(!scene.venv().exists());
}

#[test]
fn what_the_index_lacks_is_told_with_its_address() {
    let scene = Scene::new();
    scene
        .index
        .misbehave("/simple/acme/", Fault::Status(404, &[]), 9);
    scene.index.misbehave(
        "/files/acme_dev-1.0-py3-none-any.whl",
        Fault::Status(404, &[]),
        9,
    );
    let tell = |arguments: &[&str]| {
        let arguments = [&["-q", "install", "--only"], arguments].concat();
        scene.said(&scene.run(&arguments).failed(1, &[]))
    };
    assert_snapshot!(tell(&["main"]), @r"
    error: index `127.0.0.1` has no package `acme`
      http://[index]/simple/acme/
    hint: if it is on another index, name that as its source in pyproject.toml and run `poetry lock`
    ");
    assert_snapshot!(tell(&["dev"]), @r"
    error: `acme_dev-1.0-py3-none-any.whl` was not found at its URL (404 Not Found)
      http://[index]/files/acme_dev-1.0-py3-none-any.whl
    hint: the index no longer offers what was locked: run `poetry lock --regenerate` and review the change
    ");
    assert!(!scene.venv().exists());
}

#[test]
fn a_wheel_that_is_no_wheel_is_told() {
    let scene = Scene::new();
    let bad = WheelBuilder::new("acme", "1.0").file("../../evil.py", "");
    scene.lock(&[Locked {
        wheel: bad,
        ..Locked::new("acme", "1.0")
    }]);
    let output = scene.run(&["-q", "install", "--no-root"]).failed(1, &[]);
    assert_snapshot!(scene.said(&output), @r"
    error: `acme-1.0-py3-none-any.whl` is not a wheel that can be installed
      entry `../../evil.py` leads outside the archive
    hint: its digest matches the lock, so it was locked like this: nothing of it was installed; report it to its authors, or lock another version
    ");
    assert!(!scene.venv().exists());
    assert_eq!(partials(&scene.workspace.project()), [""; 0]);
}

#[test]
fn warnings_about_wheels_are_errors_when_strict() {
    let scene = Scene::new();
    let sloppy = WheelBuilder::new("acme", "1.0")
        .file("acme.py", "")
        .without_record_of("acme.py");
    scene.lock(&[Locked {
        wheel: sloppy,
        ..Locked::new("acme", "1.0")
    }]);
    let output = scene
        .run(&["-q", "install", "--no-root", "--strict"])
        .failed(1, &[]);
    assert_snapshot!(scene.said(&output), @r"
    error: `acme-1.0-py3-none-any.whl` contains `acme.py`, which its RECORD does not list
    hint: without `--strict` this is a warning
    ");
    assert!(!scene.venv().exists());
    let output = scene.run(&["install", "--no-root"]).succeeded();
    assert!(output.stderr.contains(
        "\nwarning: `acme-1.0-py3-none-any.whl` contains `acme.py`, which its RECORD does not list\n"
    ));
    scene.has(&["acme-1.0"]);
}

#[test]
fn a_project_of_another_backend_is_told_what_to_do() {
    let pyproject = PYPROJECT.replace("poetry.core.masonry.api", "hatchling.build");
    let scene = Scene::of(&pyproject, &packages());
    let output = scene.run(&["-q", "install", "--no-build"]).failed(1, &[]);
    assert_snapshot!(scene.said(&output), @r"
    error: a build backend has to build `annapurna`
    hint: allow that (without `--no-build`), or leave it out: `--no-root` for the project itself, `--no-directory` for directory dependencies
    ");
    assert!(!scene.venv().exists());
    scene.run(&["install", "--no-root"]).succeeded();
}
