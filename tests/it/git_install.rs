//! Git dependencies from servers and repositories that are not as they should be.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;

use crate::support::build_scene::MAKER;
use crate::support::git_server::{Daemon, GitPlace, serve_files};
use crate::support::local_index::LocalIndex;
use crate::support::locked_wheels::python;
use crate::support::requirement::missing;
use crate::support::shop::library;
use crate::support::wheel_builder::WheelBuilder;
use crate::support::workspace::{Output, Workspace};

const POETRY_CORE: &str =
    "[build-system]\nrequires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n";

/// A package of a repository.
struct Locked<'a> {
    name: &'a str,
    url: &'a str,
    commit: &'a str,
    subdirectory: &'a str,
}

impl Locked<'_> {
    fn dependency(&self) -> String {
        let Self {
            name,
            url,
            subdirectory,
            ..
        } = self;
        format!("{name} = {{ git = \"{url}\", subdirectory = \"{subdirectory}\" }}\n")
    }

    fn entry(&self) -> String {
        let Self {
            name,
            url,
            commit,
            subdirectory,
        } = self;
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1.0\"\ndescription = \"\"\noptional = false\n\
             python-versions = \"*\"\ngroups = [\"main\"]\nfiles = []\ndevelop = false\n[package.source]\n\
             type = \"git\"\nurl = \"{url}\"\nreference = \"HEAD\"\nresolved_reference = \"{commit}\"\n\
             subdirectory = \"{subdirectory}\"\n"
        )
    }
}

/// A project that locks these packages, each as version 1.0.
fn project(packages: &[Locked<'_>]) -> Workspace {
    let workspace = Workspace::new();
    let dependencies = packages.iter().map(Locked::dependency);
    let dependencies: String = dependencies.collect();
    let entries: String = packages.iter().map(Locked::entry).collect();
    let pyproject = format!(
        "[project]\nname = \"annapurna\"\nversion = \"1\"\nrequires-python = \">=3.8\"\n[tool.poetry]\n\
         package-mode = false\n[tool.poetry.dependencies]\n{dependencies}"
    );
    let parsed = Project::parse(&pyproject, &workspace.project(), &Disk).unwrap();
    let hash = parsed.content_hash().unwrap();
    workspace.write(
        "poetry.lock",
        format!(
            "{entries}[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"{hash}\"\n"
        ),
    );
    workspace.write("pyproject.toml", pyproject);
    workspace
}

/// A project that locks `acme` from the root of a repository.
pub(crate) fn one(url: &str, commit: &str) -> Workspace {
    project(&[Locked {
        name: "acme",
        url,
        commit,
        subdirectory: "",
    }])
}

fn poetry_project(name: &str, version: &str) -> String {
    format!("[project]\nname = \"{name}\"\nversion = \"{version}\"\n{POETRY_CORE}")
}

/// A repository `acme` with a project; returns its commit.
pub(crate) fn acme(place: &GitPlace) -> String {
    place.create("acme");
    fs::write(
        place.path("acme/pyproject.toml"),
        poetry_project("acme", "1.0"),
    )
    .unwrap();
    place.commit("acme", "acme.py", "VERSION = 1\n")
}

#[test]
fn a_repository_is_fetched_once_for_all_projects_in_it() {
    let place = GitPlace::new();
    place.create("mono");
    for name in ["one", "two"] {
        place.commit(
            "mono",
            &format!("{name}/pyproject.toml"),
            &poetry_project(name, "1.0"),
        );
        place.commit("mono", &format!("{name}/{name}.py"), "X = 1\n");
    }
    let commit = place.git("mono", &["rev-parse", "HEAD"]);
    let daemon = Daemon::start(&place.path(""));
    let url = daemon.url("mono");
    let packages = ["one", "two"].map(|name| Locked {
        name,
        url: &url,
        commit: &commit,
        subdirectory: name,
    });
    let output = project(&packages)
        .run(&["install", "--no-root"])
        .succeeded();
    assert_eq!(
        output.stderr.matches("Checking out").count(),
        1,
        "{}",
        output.stderr
    );
}

#[test]
fn poetrys_credentials_for_a_repository_reach_it_and_stay_nowhere() {
    let place = GitPlace::new();
    let commit = acme(&place);
    place.git("acme", &["update-server-info"]);
    // `robot:canary-4711`.
    let host = serve_files(place.path("acme/.git"), "Basic cm9ib3Q6Y2FuYXJ5LTQ3MTE=");
    let url = format!("http://{host}/acme");
    // The server knows no folders.
    let workspace = one(&format!("http://{host}/"), &commit);
    let install = |at: &str| {
        let mut command = workspace.command(&["install", "--no-root"]);
        command
            .env("POETRY_REPOSITORIES_FORGE_URL", at)
            .env("POETRY_HTTP_BASIC_FORGE_USERNAME", "robot")
            .env("POETRY_HTTP_BASIC_FORGE_PASSWORD", "canary-4711");
        Output::of(&mut command)
    };
    let refused = install(&url);
    refused.failed(
        1,
        &[
            "it requires credentials, or different ones",
            "POETRY_HTTP_BASIC_NAME_USERNAME",
        ],
    );
    let done = install(&format!("http://{host}/")).succeeded();
    assert!(!done.stderr.contains("canary"), "{}", done.stderr);
    for folder in [workspace.project(), workspace.home()] {
        let output = std::process::Command::new("grep")
            .args(["-rl", "canary-4711"])
            .arg(folder)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    }
}

#[test]
fn a_commit_that_is_gone_is_named_with_what_to_do() {
    let place = GitPlace::new();
    acme(&place);
    let daemon = Daemon::start(&place.path(""));
    let commit = "00112233445566778899aabbccddeeff00112233";
    one(&daemon.url("acme"), commit)
        .run(&["install", "--no-root"])
        .failed(
            1,
            &[
                "has no commit 0011",
                "it is the source of `acme`",
                "run `poetry lock` and review the change",
            ],
        );
}

#[test]
fn a_machine_without_git_is_told_so() {
    let place = GitPlace::new();
    let commit = acme(&place);
    let workspace = one(&place.url("acme"), &commit);
    let mut command = workspace.command(&["install", "--no-root", "--python", python()]);
    command.env("PATH", place.path("empty"));
    Output::of(&mut command).failed(1, &["there is no `git` on PATH", "apt-get install git"]);
}

#[test]
fn another_version_than_the_locked_one_is_not_installed() {
    let place = GitPlace::new();
    let commit = made(&place, "acme 1.1");
    let workspace = one(&place.url("acme"), &commit);
    let index = index_with_maker();
    let output = Output::of(&mut with_index(
        &workspace,
        &index,
        &["install", "--no-root"],
    ));
    output.failed(1, &["the wheel of `acme` 1.0 cannot be built", "1.1"]);
    assert!(!workspace.project().join(".venv").exists());
}

#[test]
fn a_repository_with_another_backend_is_built_once() {
    let place = GitPlace::new();
    let commit = made(&place, "acme 1.0");
    let workspace = one(&place.url("acme"), &commit);
    let index = index_with_maker();
    let install = |arguments: &[&str]| Output::of(&mut with_index(&workspace, &index, arguments));
    let first = install(&["install", "--no-root"]).succeeded();
    assert!(first.stderr.contains("Building acme"), "{}", first.stderr);
    let library = library(&workspace.project().join(".venv"));
    let origin = fs::read_to_string(library.join("acme-1.0.dist-info/direct_url.json")).unwrap();
    assert!(origin.contains(&commit), "{origin}");
    let again = install(&["install", "--no-root", "--venv", "other", "--offline"]).succeeded();
    assert!(!again.stderr.contains("Building acme"), "{}", again.stderr);
    let files = fs::read_dir(workspace.cache().join("v1/trees")).unwrap();
    assert!(files.count() > 0, "its wheel is not kept unpacked");
    let refused = install(&["install", "--no-root", "--venv", "third", "--no-build"]);
    refused.failed(1, &["`acme` 1.0 has to be built from the git repository"]);
}

/// Commits a project whose backend makes a wheel of this name and version.
fn made(place: &GitPlace, spec: &str) -> String {
    acme(place);
    let backend = "[build-system]\nrequires = [\"maker\"]\nbuild-backend = \"maker\"\n";
    place.commit("acme", "pyproject.toml", backend);
    place.commit("acme", "spec", spec)
}

fn index_with_maker() -> LocalIndex {
    let index = LocalIndex::start();
    let maker = WheelBuilder::new("maker", "1.0").file("maker.py", MAKER);
    index.add("maker", &maker.file_name(), &maker.build());
    index
}

fn with_index(workspace: &Workspace, index: &LocalIndex, arguments: &[&str]) -> Command {
    let mut command = workspace.command(arguments);
    command.env("LOCK2VENV_INDEX_URL", index.url());
    command.env("LOCK2VENV_PYTHON", python());
    command.env("TMPDIR", workspace.home());
    command
}

#[test]
fn files_outside_the_check_out_do_not_get_in() {
    let place = GitPlace::new();
    acme(&place);
    let secret = place.path("secret");
    fs::write(&secret, "hush").unwrap();
    fs::create_dir(place.path("acme/data")).unwrap();
    std::os::unix::fs::symlink(&secret, place.path("acme/data/secret.py")).unwrap();
    let tables = "[tool.poetry]\npackages = [{ include = \"acme.py\" }, { include = \"data\" }]\n";
    let text = format!("{}{tables}", poetry_project("acme", "1.0"));
    let commit = place.commit("acme", "pyproject.toml", &text);
    one(&place.url("acme"), &commit)
        .run(&["install", "--no-root"])
        .failed(1, &["outside the project"]);
}

#[test]
fn nothing_of_a_repository_is_executed() {
    let place = GitPlace::new();
    acme(&place);
    let ran = place.path("ran");
    let script = format!("#!/bin/sh\ntouch {}\ncat\n", ran.display());
    for name in [
        "hooks/post-checkout",
        ".githooks/post-checkout",
        "filter.sh",
    ] {
        place.commit("acme", name, &script);
        let path = place.path("acme").join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let configuration = "[filter \"f\"]\n\tsmudge = ./filter.sh\n[core]\n\thooksPath = .githooks\n";
    place.commit("acme", ".gitconfig", configuration);
    let commit = place.commit("acme", ".gitattributes", "*.py filter=f diff=f merge=f\n");
    one(&place.url("acme"), &commit)
        .run(&["install", "--no-root"])
        .succeeded();
    assert!(!ran.exists());
}

/// Commits a file that git-lfs keeps elsewhere.
fn commit_large(place: &GitPlace) -> String {
    acme(place);
    place.git("acme", &["lfs", "install", "--local"]);
    place.git("acme", &["lfs", "track", "*.bin"]);
    fs::create_dir(place.path("acme/acme")).unwrap();
    fs::remove_file(place.path("acme/acme.py")).unwrap();
    fs::write(place.path("acme/acme/__init__.py"), "").unwrap();
    let commit = place.commit("acme", "acme/large.bin", "the real content");
    let pointer = place.git("acme", &["show", "HEAD:acme/large.bin"]);
    assert!(pointer.contains("git-lfs"), "{pointer}");
    commit
}

#[test]
fn files_of_lfs_are_installed_and_not_their_pointers() {
    let path = std::env::var_os("PATH").unwrap();
    if !std::env::split_paths(&path).any(|folder| folder.join("git-lfs").exists()) {
        return missing("git-lfs");
    }
    let place = GitPlace::new();
    let commit = commit_large(&place);
    let workspace = one(&place.url("acme"), &commit);
    let mut command = workspace.command(&["install", "--no-root"]);
    Output::of(command.env("GIT_CONFIG_NOSYSTEM", "1")).succeeded();
    let library = library(&workspace.project().join(".venv"));
    let installed = fs::read_to_string(library.join("acme/large.bin")).unwrap();
    assert_eq!(installed, "the real content");
}

#[test]
fn pointers_of_lfs_are_warned_of_where_it_is_not_installed() {
    let place = GitPlace::new();
    acme(&place);
    let commit = place.commit("acme", ".gitattributes", "*.bin filter=lfs -text\n");
    let workspace = one(&place.url("acme"), &commit);
    let programs = workspace.home().join("bin");
    fs::create_dir(&programs).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    for name in ["git", "sh"] {
        let mut found = std::env::split_paths(&path).map(|folder| folder.join(name));
        let found = found.find(|file| file.is_file()).unwrap();
        std::os::unix::fs::symlink(found, programs.join(name)).unwrap();
    }
    let mut command = workspace.command(&["install", "--no-root"]);
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("LOCK2VENV_PYTHON", python())
        .env("PATH", programs);
    Output::of(&mut command).succeeded().said(&[
        "which is not on PATH: pointers were installed",
        "install git-lfs",
    ]);
}
