//! Pythons that pyenv and its like keep: found where Poetry finds them, without running the manager.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lock2venv::interpreter::{Error, Interpreter, InterpreterRequest, Search, managed_folders};
use lock2venv::version::VersionConstraint;

use crate::interpreter::python;
use crate::support::program::write_program;
use crate::support::scene::Scene;
use crate::support::workspace::Output;

/// A home folder with Pythons, of which each is the machine's and gives another version.
struct Home {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
    path: Vec<&'static str>,
}

impl Home {
    /// One whose `PATH` has a folder `bin`, and nothing else.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap().to_owned();
        Self {
            folder,
            variables: BTreeMap::from([("HOME".to_owned(), home)]),
            path: vec!["bin"],
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a Python of `version` in the folder `bin`, by the names that an installation has.
    fn python(&self, bin: &str, version: &str) {
        let (minor, _) = version.rsplit_once('.').unwrap();
        let numbers = version.replace('.', ", ");
        let text = format!(
            "#!/bin/sh\n'{}' \"$@\" | sed 's/\"python_full_version\": \"[^\"]*\"/\"python_full_version\": \"{version}\"/; \
             s/\"version\": \\[[0-9]*, [0-9]*, [0-9]*\\]/\"version\": [{numbers}]/'\n",
            python().base_executable.display()
        );
        for name in [
            "python".to_owned(),
            "python3".to_owned(),
            format!("python{minor}"),
        ] {
            self.script(&format!("{bin}/{name}"), &text);
        }
    }

    fn script(&self, name: &str, text: &str) {
        write_program(&self.path(name), text);
    }

    /// What pyenv puts on `PATH` for a version that is chosen nowhere.
    fn shim(&self, name: &str) {
        let text = format!(
            "#!/bin/sh\necho 'pyenv: {name}: command not found\n\nThe `{name}'\\'' command exists in these Python versions:\n  3.12.1\n\n\
             Note: see the help' >&2\nexit 127\n"
        );
        self.script(&format!("bin/{name}"), &text);
    }

    fn search(&self, request: Option<&str>, requires: &str) -> Result<Interpreter, Error> {
        let path = std::env::join_paths(self.path.iter().map(|name| self.path(name))).unwrap();
        let request = request.map(InterpreterRequest::parse);
        let search = Search {
            request: request.as_ref(),
            virtual_env: None,
            path: Some(&path),
            managed: &managed_folders(&self.variables, None),
            requires_python: &VersionConstraint::parse(requires).unwrap(),
            cache: None,
            shims: None,
        };
        search.find()
    }

    #[track_caller]
    fn finds(&self, request: Option<&str>, requires: &str, expected: &str) {
        let found = self.search(request, requires).unwrap();
        let (major, minor, micro) = found.version;
        assert_eq!(format!("{major}.{minor}.{micro}"), expected);
    }
}

#[test]
fn versions_that_are_chosen_nowhere_are_found() {
    let home = Home::new();
    home.python(".pyenv/versions/3.11.4/bin", "3.11.4");
    home.python(".pyenv/versions/3.12.1/bin", "3.12.1");
    home.finds(Some("3.11"), ">=3.8", "3.11.4");
    home.finds(Some("3.12.1"), ">=3.8", "3.12.1");
    home.finds(Some("python3.12"), ">=3.8", "3.12.1");
    home.finds(Some("3"), ">=3.8", "3.12.1");
    home.finds(None, ">=3.8", "3.12.1");
    home.finds(None, "<3.12", "3.11.4");
    assert!(home.search(Some("3.12.2"), ">=3.8").is_err());
}

#[test]
fn the_newest_of_a_version_is_taken() {
    let home = Home::new();
    for version in ["3.12.9", "3.12.10", "3.12.2"] {
        home.python(&format!(".pyenv/versions/{version}/bin"), version);
    }
    home.python(
        ".local/share/uv/python/cpython-3.12.11-linux-x86_64-gnu/bin",
        "3.12.11",
    );
    home.python(".pyenv/versions/pypy3.12-7.3.20/bin", "3.12.99");
    home.finds(Some("3.12"), ">=3.8", "3.12.11");
    home.finds(Some("3.12.9"), ">=3.8", "3.12.9");
}

#[test]
fn what_is_on_the_path_comes_first() {
    let home = Home::new();
    home.python("bin", "3.10.1");
    home.python(".pyenv/versions/3.10.7/bin", "3.10.7");
    home.python(".pyenv/versions/3.12.1/bin", "3.12.1");
    home.finds(None, ">=3.8", "3.10.1");
    home.finds(Some("3.10"), ">=3.8", "3.10.1");
    home.finds(Some("python3.10"), ">=3.8", "3.10.1");
    home.finds(Some("3"), ">=3.8", "3.10.1");
    // The project does not allow what `python3` is: the newest that it does, as Poetry.
    home.finds(None, ">=3.11", "3.12.1");
    home.finds(None, ">3.10.1,<3.12", "3.10.7");
}

#[test]
fn a_shim_of_a_version_that_is_not_chosen_is_passed_by() {
    let home = Home::new();
    home.shim("python3");
    home.shim("python3.12");
    home.python(".pyenv/versions/3.12.1/bin", "3.12.1");
    home.finds(Some("3.12"), ">=3.8", "3.12.1");
    home.finds(Some("python3.12"), ">=3.8", "3.12.1");
    home.finds(None, ">=3.8", "3.12.1");
    let error = home.search(Some("3.9"), ">=3.8").unwrap_err();
    let Error::NotFound { tried, .. } = error else {
        panic!("{error}");
    };
    let reason = tried[0].found.as_ref().unwrap_err().to_string();
    let expected = format!(
        "`{}` failed as a Python interpreter (exit status: 127): pyenv: python3: command not found",
        home.path("bin/python3").display()
    );
    assert_eq!(reason, expected);
}

#[test]
fn every_manager_that_poetry_knows_is_asked() {
    for (variable, root, bin) in [
        ("ASDF_DATA_DIR", ".asdf", "installs/python/3.12.1/bin"),
        ("PYENV_ROOT", ".pyenv", "versions/3.12.1/bin"),
        ("RYE_PY_ROOT", ".rye/py", "cpython@3.12.1/bin"),
        ("RYE_PY_ROOT", ".rye/py", "cpython@3.12.1/install/bin"),
        (
            "UV_PYTHON_INSTALL_DIR",
            ".local/share/uv/python",
            "cpython-3.12.1-linux-x86_64-gnu/bin",
        ),
        (
            "POETRY_HOME",
            ".local/share/pypoetry",
            "python/cpython@3.12.1/bin",
        ),
        (
            "POETRY_HOME",
            ".local/share/pypoetry",
            "python/cpython@3.12.1/install/bin",
        ),
    ] {
        let mut home = Home::new();
        home.python(&format!("{root}/{bin}"), "3.12.1");
        home.finds(Some("3.12"), ">=3.8", "3.12.1");
        // The variable moves the root, and what is at the usual place does not count then.
        let elsewhere = home.path("elsewhere").to_str().unwrap().to_owned();
        home.variables.insert(variable.to_owned(), elsewhere);
        assert!(home.search(Some("3.12"), ">=3.8").is_err(), "{variable}");
        home.python(&format!("elsewhere/{bin}"), "3.12.2");
        home.finds(Some("3.12"), ">=3.8", "3.12.2");
    }
}

/// A scene whose `PATH` has programs, and no Python.
fn without_python(scene: &Scene) -> PathBuf {
    let folder = scene.workspace.home().join("bin");
    fs_err::create_dir_all(&folder).unwrap();
    folder
}

/// Puts the machine's Python where a manager would.
fn keep_python(versions: &Path) -> String {
    let python = python();
    let (major, minor, micro) = python.version;
    let bin = versions.join(format!("{major}.{minor}.{micro}/bin"));
    fs_err::create_dir_all(&bin).unwrap();
    let name = format!("python{major}.{minor}");
    std::os::unix::fs::symlink(&python.base_executable, bin.join(name)).unwrap();
    format!("{major}.{minor}")
}

#[test]
fn the_program_looks_where_variables_and_settings_say() {
    for (variable, below) in [
        (Some("PYENV_ROOT"), "versions"),
        (Some("POETRY_PYTHON_INSTALLATION_DIR"), ""),
        (Some("POETRY_DATA_DIR"), "python"),
        (None, ".pyenv/versions"),
    ] {
        let scene = Scene::new();
        let path = without_python(&scene);
        let root = variable.map_or(scene.workspace.home(), |_| {
            scene.workspace.home().join("root")
        });
        let version = keep_python(&root.join(below));
        for arguments in [&["install"][..], &["install", "--python", &version]] {
            let mut command = scene.command(arguments);
            command.env("PATH", &path);
            if let Some(variable) = variable {
                Output::of(&mut command).failed(1, &["was found"]);
                command.env(variable, &root);
            }
            Output::of(&mut command).succeeded();
        }
    }
}
