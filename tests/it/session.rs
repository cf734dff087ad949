//! Installing as a verb of the library, and what both commands take from their surroundings.

use std::fs;

use lock2venv::configuration::Configuration;
use lock2venv::event::Silent;
use lock2venv::lock::LockDocument;
use lock2venv::plan::Action;
use lock2venv::project_files::{Disk, ProjectFiles};
use lock2venv::select::{Choice, DefaultGroups, Request};
use lock2venv::session::{Error, Goal, Session, SessionSettings};

use crate::support::locked_wheels::python;
use crate::support::one_package::{OnePackage, index, legacy};
use crate::support::workspace::Workspace;

#[expect(dead_code, reason = "only `install` is called here")]
#[path = "../../examples/install.rs"]
mod example;

#[test]
fn the_example_fills_an_environment() {
    let index = index();
    let sources = [("private", index.url())];
    let sources = sources.each_ref().map(|(name, url)| (*name, url.as_str()));
    let package = OnePackage::new(&sources, &legacy(&index.url(), "private"));
    let project = package.workspace.project();
    let report = example::install(&project).unwrap();
    assert!(report.is_changed);
    assert!(
        matches!(report.plan.actions(), [Action::Install(acme)] if acme.name.as_str() == "acme")
    );
    let code = "import acme; print(acme.VERSION)";
    let output = std::process::Command::new(project.join(".venv/bin/python"))
        .args(["-c", code])
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"1\n");
    let again = example::install(&project).unwrap();
    assert!(!again.is_changed);
}

#[test]
fn an_export_says_what_an_install_says_of_an_index() {
    let index = crate::support::local_index::LocalIndex::start();
    let sources = [("private", index.url())];
    let sources = sources.each_ref().map(|(name, url)| (*name, url.as_str()));
    let package = OnePackage::new(&sources, &legacy(&index.url(), "private"));
    let install = package.run(&["install", "--no-cache"]);
    let export = package.run(&["export", "-f", "pylock.toml"]);
    let said = |text: &str| {
        let error = text.find("error:").map(|start| text[start..].to_owned());
        error.unwrap_or_else(|| panic!("{text}"))
    };
    assert_eq!((install.code, export.code), (1, 1));
    assert_eq!(said(&export.stderr), said(&install.stderr));
    assert!(export.stderr.contains(&index.url()), "{}", export.stderr);
    assert!(export.stderr.contains("hint: "), "{}", export.stderr);
}

#[test]
fn an_interruption_hides_the_errors_that_follow_from_it() {
    let workspace = Workspace::new();
    workspace.write("pyproject.toml", PROJECT);
    let lock = "package = []\n[metadata]\nlock-version = \"2.1\"\npython-versions = \"*\"\ncontent-hash = \"\"\n";
    workspace.write("poetry.lock", lock);
    let files = ProjectFiles::read(&workspace.project()).unwrap();
    let project = files.project().unwrap();
    let lock = LockDocument::parse(files.lock.as_ref().unwrap()).unwrap();
    let lock = lock.read(&project.root, &Disk).unwrap();
    let choice = Choice::new(&project, &Request::default(), DefaultGroups::NonOptional).unwrap();
    let goal = Goal::new(&project, &lock, &choice);
    let settings = SessionSettings::new(Configuration::default());
    let interruption = settings.interruption.clone();
    let session = Session::new(settings);
    let root = project.root.join(".venv");
    let install = || session.install(&goal, &root, &Silent).map(drop);
    let rehearse = || session.rehearse(&goal, &root, &Silent).map(drop);
    assert!(matches!(install(), Err(Error::Interpreter(_))));
    assert!(matches!(rehearse(), Err(Error::Interpreter(_))));
    interruption.come();
    assert!(matches!(install(), Err(Error::Interrupted(_))));
    assert!(matches!(rehearse(), Err(Error::Interrupted(_))));
}

const PROJECT: &str = "[project]\nname = \"demo\"\nversion = \"1.0\"\n\
    [tool.poetry]\npackages = [{ include = \"demo\" }]\n\
    [build-system]\nrequires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n";

/// A project in a repository, with a file that the user's own configuration of git ignores.
fn ignoring() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("pyproject.toml", PROJECT);
    workspace.write("demo/__init__.py", "");
    workspace.write("demo/notes.mine", "");
    for folder in [".git/objects", ".git/refs"] {
        fs::create_dir_all(workspace.project().join(folder)).unwrap();
    }
    workspace.write(".git/HEAD", "ref: refs/heads/main\n");
    workspace.write(
        "poetry.lock",
        format!(
            "package = []\n\n[metadata]\nlock-version = \"2.1\"\npython-versions = \"*\"\ncontent-hash = \"{}\"\n",
            lock2venv::pyproject::Project::parse(
                PROJECT,
                &workspace.project(),
                &lock2venv::project_files::Disk
            )
            .unwrap()
            .content_hash()
            .unwrap()
        ),
    );
    let git = workspace.home().join(".config/git");
    fs::create_dir_all(&git).unwrap();
    fs::write(git.join("ignore"), "*.mine\n").unwrap();
    workspace
}

#[test]
fn what_the_user_has_git_ignore_is_not_installed() {
    let workspace = ignoring();
    workspace
        .run(&["install", "--python", python()])
        .succeeded();
    let library = crate::support::shop::library(&workspace.project().join(".venv"));
    assert!(library.join("demo/__init__.py").exists());
    assert!(!library.join("demo/notes.mine").exists());
}

#[test]
fn an_appended_wheel_has_what_an_install_has_and_the_date_that_was_asked_for() {
    let workspace = ignoring();
    let wheel = || {
        let path = workspace
            .project()
            .join("dist/demo-1.0-py2.py3-none-any.whl");
        fs::read(path).unwrap()
    };
    let arguments = ["export", "--append-project=wheel"];
    workspace.run(&arguments).succeeded();
    let usual = wheel();
    let holds = |bytes: &[u8], name: &str| memchr::memmem::find(bytes, name.as_bytes()).is_some();
    assert!(holds(&usual, "demo/__init__.py") && !holds(&usual, "notes.mine"));
    let mut command = workspace.command(&arguments);
    command.env("SOURCE_DATE_EPOCH", "1709210096");
    crate::support::workspace::Output::of(&mut command).succeeded();
    // 2024-02-29 12:34:56, as archives write it.
    let date: [u8; 4] = [0x5c, 0x64, 0x5d, 0x58];
    assert_eq!(wheel()[10..14], date);
    assert_ne!(usual[10..14], date);
}

#[test]
fn a_project_is_held_to_the_rules_of_wheels_though_it_never_is_an_archive() {
    let workspace = ignoring();
    workspace.write("demo/a\\b.py", "");
    let output = workspace.run(&["install", "--python", python()]);
    output.failed(
        1,
        &[
            "error: `demo-1.0-py2.py3-none-any.whl` is not a wheel that can be installed",
            "entry `demo/a\\\\b.py`",
        ],
    );
    assert!(!workspace.project().join(".venv").exists());
}

#[test]
fn bytecode_of_a_project_is_cached_by_its_modules() {
    let workspace = ignoring();
    workspace.write("demo/one.py", "ONE = 1\n");
    let install = ["install", "--python", python(), "--compile"];
    let packs = || {
        let folder = workspace.cache().join("v1/bytecode");
        let mut names = Vec::new();
        for folder in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if folder.path().is_dir() {
                names.extend(crate::support::project::names_in(&folder.path()));
            }
        }
        names
    };
    workspace.run(&install).succeeded();
    let first = packs();
    assert_eq!(first.len(), 1, "{first:?}");
    workspace.write("demo/data.txt", "more");
    workspace.run(&install).succeeded();
    assert_eq!(packs(), first);
    workspace.write("demo/one.py", "ONE = 2\n");
    workspace.run(&install).succeeded();
    assert_eq!(packs().len(), 2);
}
