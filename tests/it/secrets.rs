//! Who is told a secret: the address that the project or the settings name for it, and nobody else.

use std::fmt::Write as _;
use std::process::Command;

use lock2venv::digest::Digest;
use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;

use crate::support::local_index::{Fault, LocalIndex};
use crate::support::wheel_builder::WheelBuilder;
use crate::support::workspace::{Output, Workspace, search_path};

const CREDENTIALS: [(&str, &str); 2] = [
    ("POETRY_HTTP_BASIC_PRIVATE_USERNAME", "reader-canary"),
    ("POETRY_HTTP_BASIC_PRIVATE_PASSWORD", "hush-canary"),
];

/// A project that wants `acme`, with these sources, and these lines in the lock entry.
struct Scene {
    workspace: Workspace,
    digest: Digest,
}

impl Scene {
    fn new(sources: &[(&str, &str)], entry: &str) -> Self {
        let workspace = Workspace::new();
        let mut pyproject = concat!(
            "[project]\nname = \"annapurna\"\nversion = \"1\"\nrequires-python = \">=3.8\"\n",
            "dependencies = [\"acme\"]\n[tool.poetry]\npackage-mode = false\n",
        )
        .to_owned();
        for (name, url) in sources {
            let url = if url.is_empty() {
                String::new()
            } else {
                format!("url = \"{url}\"\n")
            };
            let _ = write!(
                pyproject,
                "[[tool.poetry.source]]\nname = \"{name}\"\n{url}priority = \"supplemental\"\n"
            );
        }
        workspace.write("pyproject.toml", &pyproject);
        let project = Project::parse(&pyproject, &workspace.project(), &Disk).unwrap();
        let digest = Digest::of(lock2venv::digest::Algorithm::Sha256, &wheel().build());
        workspace.write(
            "poetry.lock",
            format!(
                "[[package]]\nname = \"acme\"\nversion = \"1.0\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = [{{file = \"{}\", hash = \"{digest}\"}}]\n{entry}\n[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"{}\"\n",
                wheel().file_name(),
                project.content_hash().unwrap()
            ),
        );
        Self { workspace, digest }
    }

    /// The source `private` is at `project` by pyproject.toml, and at `locked` by poetry.lock.
    fn moved(project: &str, locked: &str) -> Self {
        Self::new(&[("private", project)], &legacy(locked, "private"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.command(arguments);
        command.env("PATH", search_path());
        command.envs(CREDENTIALS);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Output::of(&mut self.command(arguments))
    }
}

fn wheel() -> WheelBuilder {
    WheelBuilder::new("acme", "1.0").file("acme.py", "VERSION = 1\n")
}

fn legacy(url: &str, reference: &str) -> String {
    format!("[package.source]\ntype = \"legacy\"\nurl = \"{url}\"\nreference = \"{reference}\"\n")
}

/// An index that has the wheel.
fn index() -> LocalIndex {
    let index = LocalIndex::start();
    index.add("acme", &wheel().file_name(), &wheel().build());
    index
}

const COMMANDS: [&[&str]; 3] = [
    &["install"],
    &["install", "--dry-run"],
    &["export", "-f", "pylock.toml"],
];

#[test]
fn a_changed_lock_asks_nobody_and_shows_both_addresses() {
    let (ours, theirs) = (index(), index());
    let scene = Scene::moved(
        &ours.at_with("u:secret-one", "/simple/"),
        &theirs.at_with("u:secret-two", "/simple/"),
    );
    for command in COMMANDS {
        let output = scene.run(command).failed(
            1,
            &[
                "error: the source `private` has another URL in poetry.lock than in pyproject.toml",
                &format!("poetry.lock     {}", theirs.url()),
                // As pyproject.toml has it, without the `/`.
                &format!("pyproject.toml  {}", ours.at("/simple")),
                "hint: ",
            ],
        );
        assert!(!output.stderr.contains("secret"), "{output:?}");
    }
    assert!(ours.take_requests().is_empty());
    assert!(theirs.take_requests().is_empty());
}

#[test]
fn another_index_of_the_same_host_is_another_address() {
    let host = index();
    for path in ["/simple-evil", "/", "/simple/below", "/Simple", "/simple?x"] {
        let scene = Scene::moved(&host.at("/simple"), &host.at(path));
        scene.run(&["install"]).failed(1, &["has another URL"]);
    }
    assert!(host.take_requests().is_empty());
}

#[test]
fn one_address_may_be_written_in_many_ways() {
    for (project, locked) in [
        ("/simple/", "/simple"),
        ("/simple", "/simple/"),
        ("/simple", "//x/../s%69mple"),
    ] {
        let host = index();
        host.require("reader-canary:hush-canary");
        let scene = Scene::moved(&host.at(project), &host.at(locked));
        scene.run(&["install"]).succeeded();
    }
}

#[test]
fn credentials_in_one_of_the_addresses_are_no_difference() {
    for (in_project, in_lock) in [(true, false), (false, true), (true, true)] {
        let host = index();
        host.require(if in_project {
            "mine:canary"
        } else {
            "reader-canary:hush-canary"
        });
        let at = |is_there| {
            if is_there {
                host.at_with("mine:canary", "/simple")
            } else {
                host.at("/simple")
            }
        };
        let scene = Scene::moved(&at(in_project), &at(in_lock));
        // What is asked is the project's address, with the credentials that are set for it.
        scene.run(&["install"]).succeeded();
        scene.run(&["export", "-f", "pylock.toml"]).succeeded();
    }
}

#[test]
fn names_of_sources_are_compared_without_case() {
    let host = index();
    host.require("reader-canary:hush-canary");
    let sources = [("Private", host.url())];
    let sources = sources.each_ref().map(|(name, url)| (*name, url.as_str()));
    let scene = Scene::new(&sources, &legacy(&host.url(), "private"));
    scene.run(&["install"]).succeeded();
}

#[test]
fn a_source_that_the_project_lacks_is_told_with_those_that_it_has() {
    let host = index();
    for sources in [&[][..], &[("Other", "http://127.0.0.1:9/simple")]] {
        let scene = Scene::new(sources, &legacy(&host.url(), "private"));
        // As Poetry, which does not take a repository of the settings for a source.
        let mut command = scene.command(&["install"]);
        command.env("POETRY_REPOSITORIES_PRIVATE_URL", host.url());
        Output::of(&mut command).failed(
            1,
            &["error: poetry.lock names the source `private`, which pyproject.toml does not define"],
        );
        let output = scene.run(&["install"]).failed(1, &["PyPI"]);
        assert_eq!(output.stderr.contains("Other"), !sources.is_empty());
        scene
            .run(&["export", "-f", "pylock.toml"])
            .failed(1, &["Repository \"private\" does not exist.", "PyPI"]);
    }
    assert!(host.take_requests().is_empty());
}

#[test]
fn a_package_without_a_source_comes_from_the_first_where_pypi_is_displaced() {
    let (pypi, first) = (index(), index());
    first.require("reader-canary:hush-canary");
    let scene = Scene::new(&[], "");
    let pyproject = std::fs::read_to_string(scene.workspace.project().join("pyproject.toml"));
    let source = format!(
        "[[tool.poetry.source]]\nname = \"private\"\nurl = \"{}\"\n",
        first.url()
    );
    let pyproject = pyproject.unwrap() + &source;
    scene.workspace.write("pyproject.toml", &pyproject);
    let project = Project::parse(&pyproject, &scene.workspace.project(), &Disk).unwrap();
    let lock = std::fs::read_to_string(scene.workspace.project().join("poetry.lock")).unwrap();
    let (head, _) = lock.split_once("content-hash").unwrap();
    let hash = project.content_hash().unwrap();
    let lock = format!("{head}content-hash = \"{hash}\"\n");
    scene.workspace.write("poetry.lock", lock);
    let mut command = scene.command(&["install"]);
    command.env("LOCK2VENV_INDEX_URL", pypi.url());
    Output::of(&mut command).succeeded();
    assert!(pypi.take_requests().is_empty());
}

#[test]
fn pypi_named_as_a_source_is_pypi() {
    let stand_in = index();
    for (url, is_right) in [
        ("https://pypi.org/simple/", true),
        ("http://127.0.0.1:9/simple", false),
    ] {
        let scene = Scene::new(&[("PyPI", "")], &legacy(url, "PyPI"));
        let mut command = scene.command(&["install"]);
        command.env("LOCK2VENV_INDEX_URL", stand_in.url());
        let output = Output::of(&mut command);
        if is_right {
            output.succeeded();
        } else {
            output.failed(1, &["pyproject.toml  https://pypi.org/simple/"]);
        }
    }
}

#[test]
fn a_source_that_changed_does_not_matter_for_what_is_there() {
    let (ours, theirs) = (index(), index());
    ours.require("reader-canary:hush-canary");
    let scene = Scene::moved(&ours.url(), &ours.url());
    scene.run(&["install"]).succeeded();
    let lock = std::fs::read_to_string(scene.workspace.project().join("poetry.lock")).unwrap();
    let lock = lock.replace(&ours.url(), &theirs.url());
    scene.workspace.write("poetry.lock", lock);
    scene.run(&["install"]).succeeded();
    scene.run(&["export"]).succeeded();
    assert!(theirs.take_requests().is_empty());
}

#[test]
fn files_of_another_host_use_its_own_credentials() {
    let (page, files) = (LocalIndex::start(), index());
    let name = wheel().file_name();
    let of_files = files.at(&format!("/files/{name}"));
    page.require("reader-canary:hush-canary");
    files.require("other:other-canary");
    page.add("acme", &name, &wheel().build());
    let sources = [("private", page.url()), ("files", files.url())];
    let sources = sources.each_ref().map(|(name, url)| (*name, url.as_str()));
    let scene = Scene::new(&sources, &legacy(&page.url(), "private"));
    let body = format!(
        "{{\"meta\":{{\"api-version\":\"1.0\"}},\"files\":[{{\"filename\":\"{name}\",\"url\":\"{of_files}\",\"hashes\":{{\"sha256\":\"{}\"}}}}]}}",
        scene.digest.hex()
    );
    for is_redirect in [false, true] {
        let fault = if is_redirect {
            Fault::Redirect(of_files.clone())
        } else {
            Fault::Body(body.clone().into_bytes())
        };
        let path = if is_redirect {
            format!("/files/{name}")
        } else {
            "/simple/acme/".to_owned()
        };
        page.misbehave(&path, fault, 1);
        let mut command = scene.command(&["install", "--no-cache"]);
        command.env("POETRY_HTTP_BASIC_FILES_USERNAME", "other");
        command.env("POETRY_HTTP_BASIC_FILES_PASSWORD", "other-canary");
        Output::of(&mut command).succeeded();
        assert_eq!(files.take_paths(), [format!("/files/{name}")]);
        std::fs::remove_dir_all(scene.workspace.project().join(".venv")).unwrap();
    }
}
