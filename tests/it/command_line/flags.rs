//! Flags, the variables that stand in for them, and what is printed where.

use std::fs;
use std::io;
use std::process::Stdio;

use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, recv, socketpair};

use crate::support::scene::{Scene, installed};
use crate::support::workspace::Output;

#[test]
fn folders_are_named_by_flags() {
    let scene = Scene::new();
    let root = scene.workspace.project();
    fs::create_dir(root.join("my place")).unwrap();
    let elsewhere = |arguments: &[&str]| {
        let mut command = scene.command(arguments);
        Output::of(command.current_dir(root.parent().unwrap())).succeeded()
    };
    elsewhere(&[
        "-C",
        "project/my place",
        "install",
        "--no-root",
        "--venv",
        "env",
    ]);
    assert_eq!(
        installed(&root.join("my place/env")),
        ["acme-1.0", "acme_dev-1.0"]
    );
    elsewhere(&[
        "-P",
        "project",
        "install",
        "--no-root",
        "--venv",
        "home/env 2",
    ]);
    assert_eq!(
        installed(&root.parent().unwrap().join("home/env 2")),
        ["acme-1.0", "acme_dev-1.0"]
    );
    assert!(!scene.venv().exists());
    elsewhere(&["install", "-P", "project", "--no-root"]);
    scene.has(&["acme-1.0", "acme_dev-1.0"]);
    scene
        .run(&["-C", "nowhere", "install"])
        .failed(1, &["Specified path 'nowhere' is not a valid directory."]);
}

#[track_caller]
fn installs_with(variables: &[(&str, &str)], expected: &[&str]) {
    let scene = Scene::new();
    scene.run_with(variables, &["install"]).succeeded();
    scene.has(expected);
}

#[test]
fn variables_stand_in_for_flags() {
    let all = ["acme-1.0", "acme_dev-1.0", "annapurna-0.1.0"];
    installs_with(&[("LOCK2VENV_NO_ROOT", "1")], &all[..2]);
    installs_with(&[("LOCK2VENV_NO_ROOT", "true")], &all[..2]);
    installs_with(&[("LOCK2VENV_NO_ROOT", "0")], &all);
    installs_with(&[("LOCK2VENV_NO_ROOT", "false")], &all);
    installs_with(&[("LOCK2VENV_NO_ROOT", "")], &all);
    installs_with(
        &[
            ("LOCK2VENV_WITH", ""),
            ("LOCK2VENV_PYTHON", ""),
            ("LOCK2VENV_VENV", ""),
        ],
        &all,
    );
    installs_with(
        &[("LOCK2VENV_ONLY", "dev"), ("LOCK2VENV_NO_ROOT", "yes")],
        &all[1..2],
    );
    installs_with(
        &[
            ("LOCK2VENV_EXTRAS", "docs"),
            ("LOCK2VENV_ONLY_ROOT", "off"),
            ("LOCK2VENV_NO_ROOT", "on"),
            ("LOCK2VENV_WITHOUT", "dev"),
        ],
        &["acme-1.0", "acme_docs-1.0"],
    );
    let scene = Scene::new();
    scene
        .run_with(&[("LOCK2VENV_NO_ROOT", "perhaps")], &["install"])
        .failed(2, &["--no-root"]);
    let output = scene
        .run_with(&[("LOCK2VENV_QUIET", "1")], &["install"])
        .succeeded();
    assert_eq!(output.stderr, "");
    let output = scene.run_with(
        &[("LOCK2VENV_QUIET", "0"), ("LOCK2VENV_DRY_RUN", "1")],
        &["install", "-v"],
    );
    assert!(output.succeeded().stderr.contains("No dependencies"));
}

#[test]
fn color_comes_when_it_is_asked_for() {
    let scene = Scene::new();
    let plain = scene.run(&["install", "--dry-run"]).succeeded();
    assert!(!plain.stderr.contains('\u{1b}'));
    let colored = scene
        .run(&["--color", "always", "install", "--dry-run"])
        .succeeded();
    assert!(
        colored.stderr.contains("\u{1b}[36macme\u{1b}[0m"),
        "{colored:?}"
    );
    let never = scene.run_with(&[("LOCK2VENV_COLOR", "never")], &["install", "-E", "x"]);
    assert!(!never.failed(2, &["error: extra"]).stderr.contains('\u{1b}'));
}

#[test]
fn each_line_comes_in_one_write() {
    let scene = Scene::new();
    for color in ["never", "always"] {
        // Such a socket keeps apart what was written in one go.
        let (family, kind) = (AddressFamily::UNIX, SocketType::SEQPACKET);
        let (reader, writer) = socketpair(family, kind, SocketFlags::CLOEXEC, None).unwrap();
        let mut command = scene.command(&["--color", color, "install", "--dry-run"]);
        let child = command.stderr(writer).spawn();
        drop(command);
        let mut buffer = [0; 4096];
        let mut n_lines = 0;
        loop {
            let (n_bytes, _) = recv(&reader, &mut buffer, RecvFlags::empty()).unwrap();
            if n_bytes == 0 {
                break;
            }
            let line = String::from_utf8_lossy(&buffer[..n_bytes]);
            assert!(line.ends_with('\n'), "{line}");
            n_lines += 1;
        }
        assert!(child.unwrap().wait().unwrap().success());
        assert!(n_lines > 4, "{n_lines}");
    }
}

#[test]
fn verbose_tells_where_files_come_from() {
    let scene = Scene::new();
    let output = scene
        .run(&["install", "-v", "--only", "main", "--no-root"])
        .succeeded();
    assert!(
        output
            .stderr
            .contains("acme-1.0-py3-none-any.whl: downloaded\n"),
        "{output:?}"
    );
    fs::remove_dir_all(scene.venv()).unwrap();
    let output = scene
        .run(&["install", "-v", "--only", "main", "--no-root"])
        .succeeded();
    assert!(
        output
            .stderr
            .contains("acme-1.0-py3-none-any.whl: found in the cache\n"),
        "{output:?}"
    );
}

#[test]
fn a_reader_that_goes_away_ends_an_export_in_silence() {
    let scene = Scene::new();
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let output = scene
        .command(&["export"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn();
    let output = output.unwrap().wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn completions_are_printed_for_each_shell() {
    let scene = Scene::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = scene.run(&["completions", shell]).succeeded();
        assert!(output.stdout.contains("no-directory"), "{shell}");
    }
    scene.run(&["completions", "cobol"]).failed(2, &["cobol"]);
    let version = scene.run(&["--version"]).succeeded().stdout;
    assert_eq!(
        version,
        format!("lock2venv {}\n", env!("CARGO_PKG_VERSION"))
    );
}
