//! Each kind of source is installed as Poetry installs it: the same distributions, files, entry points and `direct_url.json`,
//! as recorded in `fixtures/sources`.

use crate::support::fixture_sources::{SourceCase, cases};

/// Poetry links to a check-out in the environment; here it is a wheel, whatever the lock says.
const LINKED: &str = "git-develop";

#[test]
fn sources_are_installed_as_poetry_installs_them() {
    std::thread::scope(|scope| {
        for name in cases().into_iter().filter(|name| name != LINKED) {
            scope.spawn(move || is_installed_as_by_poetry(&name));
        }
    });
}

fn is_installed_as_by_poetry(name: &str) {
    let case = SourceCase::new(name);
    let flags: &[&str] = if name.ends_with("-develop") {
        &["--editable"]
    } else {
        &[]
    };
    case.install(flags).succeeded();
    assert_eq!(case.installed(), case.expected(), "{name}");
    // What is there is recognized.
    let again = case.install(flags).succeeded();
    again.said(&["No dependencies to install or update"]);
}

#[test]
fn a_repository_that_poetry_would_link_to_becomes_a_wheel() {
    let case = SourceCase::new(LINKED);
    for flags in [&[][..], &["--editable"]] {
        case.install(flags).succeeded();
        let installed = case.installed();
        let paths = &installed["git_acme-2.0"]["RECORD"];
        assert!(paths.contains("git_acme/__init__.py"), "{paths}");
    }
}

#[test]
fn a_check_out_is_kept_for_when_there_is_no_network() {
    for name in ["git-branch", "git-submodule"] {
        let mut case = SourceCase::new(name);
        case.install(&[])
            .succeeded()
            .said(&["Checking out git://127.0.0.1"]);
        case.disconnect();
        let kept = case.install(&["--offline", "--venv", "other", "-v"]);
        kept.succeeded().said(&["found in the cache"]);
        let elsewhere = ["--offline", "--venv", "third", "--cache-dir", "empty"];
        case.install(&elsewhere).failed(
            1,
            &["1 locked file is not in the cache", "without `--offline`"],
        );
    }
}

#[test]
fn nothing_is_left_where_nothing_is_kept() {
    let case = SourceCase::new("git-tag");
    let folder = tempfile::tempdir().unwrap();
    let mut command = case
        .workspace
        .command(&["install", "--no-root", "--no-cache"]);
    command.env("TMPDIR", folder.path());
    crate::support::workspace::Output::of(&mut command).succeeded();
    assert_eq!(case.installed(), case.expected());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(!case.workspace.cache().exists());
}
