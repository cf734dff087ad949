//! A fresh folder to run the program in, with a home and a cache of its own and a cleared environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;
use tempfile::TempDir;

/// A fresh folder, removed when dropped.
pub(crate) struct Workspace {
    folder: TempDir,
}

/// What a run of the program answered.
#[derive(Debug)]
pub(crate) struct Output {
    /// The exit code; 128 + n when a signal ended the program.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

/// A PATH whose first Python is no shim, so that it needs nothing of the environment that is cleared.
pub(crate) fn search_path() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let path = std::env::var("PATH").unwrap();
        let code = "import os, sys; print(os.path.dirname(os.path.realpath(sys.executable)))";
        let output = Command::new("python3").args(["-c", code]).output().unwrap();
        let folder = String::from_utf8(output.stdout).unwrap();
        format!("{}:{path}", folder.trim())
    })
}

impl Workspace {
    /// Makes an empty project folder, a home and nothing else.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self { folder }
    }

    /// Makes the project of `fixtures/field/<name>`.
    pub(crate) fn of_field(name: &str) -> Self {
        let workspace = Self::new();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/field");
        copy_folder(&fixtures.join(name), &workspace.project());
        workspace
    }

    /// Changes pyproject.toml, and poetry.lock so that it still belongs to it.
    pub(crate) fn change_project(&self, change: impl Fn(&str) -> String) {
        let root = self.project();
        let hash = |text: &str| {
            let project = Project::parse(text, &root, &Disk).unwrap();
            project.content_hash().unwrap()
        };
        let old = fs::read_to_string(root.join("pyproject.toml")).unwrap();
        let new = change(&old);
        let lock = fs::read_to_string(root.join("poetry.lock")).unwrap();
        self.write("poetry.lock", lock.replace(&hash(&old), &hash(&new)));
        self.write("pyproject.toml", new);
    }

    /// The project's folder, in which the program runs.
    pub(crate) fn project(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("project")
    }

    /// The home folder of the program.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("home")
    }

    /// The folder that the program keeps its cache in unless told otherwise.
    pub(crate) fn cache(&self) -> PathBuf {
        self.home().join(".cache/lock2venv")
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.project().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Prepares a run of the program in the project's folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lock2venv"));
        command
            .args(arguments)
            .current_dir(self.project())
            .env_clear();
        command
            .env("HOME", self.home())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// Runs the program in the project's folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Output::of(&mut self.command(arguments))
    }

    /// Runs the program with PyPI replaced by the index at `url`.
    pub(crate) fn run_with_index(&self, url: &str, arguments: &[&str]) -> Output {
        Output::of(self.command(arguments).env("LOCK2VENV_INDEX_URL", url))
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Output {
    /// Runs `command` and takes what it answers.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
        Self {
            code: output
                .status
                .code()
                .unwrap_or_else(|| 128 + signal.unwrap_or(0)),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts that the program succeeded.
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }

    /// Asserts that standard error holds every one of `parts`.
    #[track_caller]
    pub(crate) fn said(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "no `{part}` in {}", self.stderr);
        }
        self
    }

    /// Asserts that the program failed with `code` and said every one of `parts`.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        for part in parts {
            assert!(self.stderr.contains(part), "no `{part}` in {}", self.stderr);
        }
        self
    }
}
