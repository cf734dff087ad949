//! A fresh folder to run the program in, with a home and a cache of its own and a cleared environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A fresh folder, removed when dropped.
pub struct Workspace {
    folder: TempDir,
}

/// What a run of the program answered.
#[derive(Debug)]
pub struct Output {
    /// The exit code; 128 + n when a signal ended the program.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Workspace {
    /// Makes an empty project folder, a home and nothing else.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self { folder }
    }

    /// Makes a workspace whose project is a copy of `project` under `fixtures/projects`.
    pub fn of_fixture(project: &str) -> Self {
        let workspace = Self::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures/projects")
            .join(project);
        copy_folder(&source, &workspace.project());
        workspace
    }

    /// The project's folder, in which the program runs.
    pub fn project(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("project")
    }

    /// The home folder of the program.
    pub fn home(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("home")
    }

    /// The folder that the program keeps its cache in unless told otherwise.
    pub fn cache(&self) -> PathBuf {
        self.home().join(".cache/lock2venv")
    }

    /// Writes a file of the project.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.project().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Prepares a run of the program in the project's folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
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
    pub fn run(&self, arguments: &[&str]) -> Output {
        Output::of(&mut self.command(arguments))
    }

    /// Runs the program with PyPI replaced by the index at `url`.
    pub fn run_with_index(&self, url: &str, arguments: &[&str]) -> Output {
        Output::of(self.command(arguments).env("LOCK2VENV_INDEX_URL", url))
    }
}

impl Output {
    /// Runs `command` and takes what it answers.
    pub fn of(command: &mut Command) -> Self {
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
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }

    /// Asserts that the program failed with `code` and said every one of `parts`.
    #[track_caller]
    pub fn failed(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        for part in parts {
            assert!(self.stderr.contains(part), "no `{part}` in {}", self.stderr);
        }
        self
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
