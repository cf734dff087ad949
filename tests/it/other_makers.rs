//! Environments that other tools made and filled, with links to projects in them, are brought to a lock.
//!
//! `venv` and pip come with Python; `LOCK2VENV_TOOLS` names an environment that has virtualenv, uv and Poetry, as `.ci/run` makes it.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;

use crate::support::locked_wheels::{LockedWheels, python};
use crate::support::requirement::missing;
use crate::support::shop::library;
use crate::support::wheel_builder::WheelBuilder;

const PYPROJECT: &str = "[project]\nname = \"tools\"\nversion = \"1.0\"\n[project.scripts]\ntools = \"tools:main\"\n[tool.setuptools]\npackages = [\"tools\"]\n[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n";

const SETUP: &str = "from setuptools import setup\nsetup(name='tools', version='1.0', packages=['tools'], entry_points={'console_scripts': ['tools = tools:main']})\n";

fn wheel(name: &str, version: &str) -> WheelBuilder {
    let module = format!("{name}.py");
    let wheel = WheelBuilder::new(name, version).file(&module, format!("VERSION = '{version}'\n"));
    wheel.console_script(name, &format!("{name}:main"))
}

/// A project with an environment of another tool, which holds other versions, what is not locked, and a link to `tools`.
struct Made {
    project: LockedWheels,
    has_pip: bool,
}

impl Made {
    /// Has `maker` make the environment at the path that it is given last.
    fn by(maker: &mut Command, locked: &[WheelBuilder]) -> Self {
        let project = LockedWheels::new(locked);
        run(maker
            .arg(project.venv())
            .current_dir(project.workspace.project()));
        let has_pip = project.venv().join("bin/pip").exists();
        let made = Self { project, has_pip };
        for wheel in [wheel("acme", "1.0"), wheel("legacy", "1.0")] {
            let path = format!("house/{}", wheel.file_name());
            made.project.workspace.write(&path, wheel.build());
        }
        made.project
            .workspace
            .write("libs/tools/tools/__init__.py", "def main(): pass\n");
        made
    }

    fn installer(&self) -> Command {
        let backends = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sources/backends");
        let mut command = if self.has_pip {
            let mut command = Command::new(self.project.venv().join("bin/python"));
            command.args(["-m", "pip", "install", "-q"]);
            command
        } else {
            let mut command = Command::new(tool("uv").unwrap());
            command
                .args(["pip", "install", "-q", "--python"])
                .arg(self.project.venv());
            command
        };
        command.current_dir(self.project.workspace.project());
        command
            .args(["--no-index", "--find-links", "house", "--find-links"])
            .arg(backends);
        command
    }

    fn fill(&self) {
        self.project
            .workspace
            .write("libs/tools/pyproject.toml", PYPROJECT);
        run(self
            .installer()
            .args(["acme==1.0", "legacy", "-e", "libs/tools"]));
        let finder = library(&self.project.venv()).join("__editable___tools_1_0_finder.py");
        assert!(finder.exists());
    }

    /// As `setup.py develop` fills it; `None` where there is no setuptools that does.
    fn develop(&self) -> Option<()> {
        let python = self.project.venv().join("bin/python");
        let is_old =
            "import setuptools, sys; sys.exit(int(setuptools.__version__.split('.')[0]) >= 80)";
        let mut asked = Command::new(&python);
        if !asked
            .args(["-c", is_old])
            .output()
            .unwrap()
            .status
            .success()
        {
            return None;
        }
        let folder = self.project.workspace.project().join("libs/tools");
        self.project.workspace.write("libs/tools/setup.py", SETUP);
        run(Command::new(python)
            .args(["setup.py", "-q", "develop"])
            .current_dir(folder));
        assert!(
            library(&self.project.venv())
                .join("tools.egg-link")
                .exists()
        );
        Some(())
    }

    /// Brings it to the lock, and checks that it is what a new one is.
    #[track_caller]
    fn is_brought_to_the_lock(&self) {
        let sources = self
            .project
            .workspace
            .project()
            .join("libs/tools/tools/__init__.py");
        self.project.run(&["sync"]).succeeded();
        let again = self.project.run(&["sync"]).succeeded();
        again.said(&["No dependencies to install or update"]);
        let changed = holds(&self.project.venv());
        fs::remove_dir_all(self.project.venv()).unwrap();
        self.project.run(&["install"]).succeeded();
        assert_eq!(changed, holds(&self.project.venv()));
        assert!(sources.exists());
    }
}

/// Names in the library and among scripts, but for what belongs to an environment, and not to what is installed in it.
fn holds(venv: &Path) -> BTreeSet<String> {
    let own = [
        "pip",
        "_virtualenv",
        "__pycache__",
        "python",
        "pydoc",
        "activate",
        "deactivate",
    ];
    let names = |folder: PathBuf| {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap())
    };
    let all = names(library(venv)).chain(names(venv.join("bin")));
    let is_own = |name: &String| own.iter().any(|own| name.to_lowercase().starts_with(own));
    all.filter(|name| !is_own(name)).collect()
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

#[allow(
    clippy::print_stderr,
    reason = "a test that leaves something out says so"
)]
fn tool(name: &str) -> Option<PathBuf> {
    let Some(folder) = env::var_os("LOCK2VENV_TOOLS") else {
        eprintln!("skipped: `LOCK2VENV_TOOLS` names no environment with {name}");
        return None;
    };
    Some(PathBuf::from(folder).join("bin").join(name))
}

fn has_venv() -> bool {
    let mut asked = Command::new(python());
    let output = asked.args(["-c", "import ensurepip, venv"]).output();
    output.is_ok_and(|output| output.status.success())
}

/// What makes environments here: a program with its arguments, but for the folder.
fn makers() -> Vec<Command> {
    let mut makers = Vec::new();
    let mut add = |program: &OsStr, arguments: &[&str]| {
        let mut maker = Command::new(program);
        maker.args(arguments);
        makers.push(maker);
    };
    if has_venv() {
        add(OsStr::new(python()), &["-m", "venv"]);
    } else {
        missing("module ensurepip");
    }
    for (name, arguments) in [
        ("virtualenv", &["-q", "--python", python()][..]),
        ("uv", &["venv", "-q", "--python", python()]),
    ] {
        if let Some(program) = tool(name) {
            add(program.as_os_str(), arguments);
        }
    }
    makers
}

#[test]
fn environments_of_other_tools_are_brought_to_a_lock() {
    for locked in [
        &[wheel("acme", "2.0"), wheel("tools", "2.0")][..],
        &[wheel("acme", "2.0")],
    ] {
        for mut maker in makers() {
            let made = Made::by(&mut maker, locked);
            made.fill();
            made.is_brought_to_the_lock();
        }
    }
}

#[test]
fn what_setup_py_develop_left_is_replaced_and_removed() {
    for locked in [&[wheel("tools", "2.0")][..], &[wheel("acme", "2.0")]] {
        if !has_venv() {
            missing("module ensurepip");
            return;
        }
        let made = Made::by(Command::new(python()).args(["-m", "venv"]), locked);
        if made.develop().is_some() {
            made.is_brought_to_the_lock();
        }
    }
}

#[test]
fn an_environment_that_poetry_made_and_filled_is_brought_to_a_lock() {
    let Some(poetry) = tool("poetry") else {
        return;
    };
    let locked = [wheel("acme", "2.0"), wheel("tools", "2.0")];
    let made = Made::by(
        Command::new(python()).args(["-m", "venv", "--without-pip"]),
        &locked,
    );
    let workspace = &made.project.workspace;
    let names = ["acme", "legacy"]
        .map(|name| format!("{name} = {{path = \"house/{name}-1.0-py3-none-any.whl\"}}\n"));
    let source = format!(
        "[[tool.poetry.source]]\nname = \"local\"\nurl = \"{}\"\n",
        made.project.index.url()
    );
    let own = format!(
        "[project]\nname = \"before\"\nversion = \"1\"\nrequires-python = \">=3.8\"\n[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\n{}{source}",
        names.concat()
    );
    let before = workspace.project().join("before");
    workspace.write("before/pyproject.toml", own);
    fs::rename(workspace.project().join("house"), before.join("house")).unwrap();
    for arguments in [&["lock"][..], &["install"]] {
        let mut command = Command::new(&poetry);
        command
            .args(arguments)
            .arg("--no-interaction")
            .current_dir(&before);
        command.env("VIRTUAL_ENV", made.project.venv());
        command.env("POETRY_CACHE_DIR", before.join("cache"));
        command.env("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring");
        run(&mut command);
    }
    assert!(library(&made.project.venv()).join("legacy.py").exists());
    made.is_brought_to_the_lock();
}
