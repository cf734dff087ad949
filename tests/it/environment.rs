//! Making, moving, replacing and reading environments on a real disk, with the Python of the machine.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use lock2venv::environment::{Blueprint, Draft, Environment, EnvironmentFault, Error};
use lock2venv::interpreter::Interpreter;

use crate::interpreter::python;
use crate::support::requirement::missing;

/// A fresh folder, and the interpreter that environments in it are made of.
struct Desk {
    folder: tempfile::TempDir,
    interpreter: Interpreter,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let interpreter = python();
        Self {
            folder,
            interpreter,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        fs_err::canonicalize(self.folder.path()).unwrap().join(name)
    }

    fn draft(&self) -> Draft {
        let blueprint = Blueprint::of(&self.interpreter);
        Draft::create(&self.path(".venv"), &blueprint, "demo").unwrap()
    }

    fn environment(&self) -> Environment {
        self.draft().publish().unwrap()
    }

    fn read(&self) -> Environment {
        Environment::read(&self.path(".venv")).unwrap().unwrap()
    }

    fn names(&self) -> Vec<String> {
        names_in(self.folder.path())
    }

    /// Makes a `.dist-info` folder with the files named.
    fn distribution(&self, name: &str, files: &[(&str, &str)]) {
        let purelib = self.path(".venv").join(&self.interpreter.layout.purelib);
        let folder = purelib.join(name);
        fs_err::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            fs_err::write(folder.join(file), text).unwrap();
        }
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// What the environment's Python says of itself: prefix, base prefix, and the site-packages it sees.
fn said_by(root: &Path) -> Vec<String> {
    let script = "import sys; print(sys.prefix); print(sys.base_prefix); \
                  [print(p) for p in sys.path if p.endswith('site-packages')]";
    let text = output(Command::new(root.join("bin/python")).args(["-s", "-c", script]));
    text.lines().map(str::to_owned).collect()
}

#[test]
fn environment_is_nowhere_until_it_is_published() {
    let desk = Desk::new();
    let draft = desk.draft();
    assert!(!desk.path(".venv").exists());
    assert_eq!(draft.root(), desk.path(".venv"));
    assert_eq!(desk.names().len(), 1);
    draft.publish().unwrap();
    assert_eq!(desk.names(), [".venv"]);
}

#[test]
fn python_of_the_environment_knows_its_place_wherever_that_is() {
    let desk = Desk::new();
    let root = desk.environment().root().to_owned();
    let moved = desk.path("it's moved, far away");
    for root in [root.clone(), moved.clone()] {
        if root == moved {
            fs_err::rename(desk.path(".venv"), &moved).unwrap();
        }
        let purelib = root.join(&desk.interpreter.layout.purelib);
        let expected = [&root, &desk.interpreter.base_prefix, &purelib];
        let expected = expected.map(|path| path.to_str().unwrap().to_owned());
        assert_eq!(said_by(&root), expected);
    }
}

#[test]
fn environment_is_laid_out_as_venv_does() {
    let desk = Desk::new();
    let ours = desk.environment().root().to_owned();
    let theirs = desk.path("venv");
    let venv = ["-m", "venv", "--without-pip", "--symlinks"];
    let made = Command::new(&desk.interpreter.base_executable)
        .args(venv)
        .arg(&theirs)
        .output();
    if !made.unwrap().status.success() {
        missing("module venv");
        return;
    }
    let script = "import sysconfig, sys; print({k: v.replace(sys.prefix, '') \
                  for k, v in sysconfig.get_paths().items()})";
    let paths = |root: &Path| output(Command::new(root.join("bin/python")).args(["-c", script]));
    assert_eq!(paths(&ours), paths(&theirs));
    assert_eq!(
        fs_err::read_link(ours.join("lib64")).ok(),
        fs_err::read_link(theirs.join("lib64")).ok()
    );
    let pythons = |root: &Path| {
        let mut names = names_in(&root.join("bin"));
        names.retain(|name| name.starts_with("python"));
        names
    };
    assert_eq!(pythons(&ours), pythons(&theirs));
    let home = |root: &Path| {
        Environment::read(root)
            .unwrap()
            .unwrap()
            .pyvenv_cfg()
            .home
            .clone()
    };
    assert_eq!(home(&ours), home(&theirs));
}

#[test]
fn dropped_draft_leaves_nothing() {
    let desk = Desk::new();
    drop(desk.draft());
    assert!(desk.names().is_empty());
}

#[test]
fn draft_clears_away_the_dead_and_leaves_the_living() {
    let desk = Desk::new();
    let living = desk.draft();
    let dead = desk.path(".venv.abcdefgh.partial");
    fs_err::create_dir_all(dead.join("lib/python")).unwrap();
    let second = desk.draft();
    assert!(!dead.exists());
    assert!(living.folder().join("pyvenv.cfg").is_file());
    assert_ne!(living.folder(), second.folder());
}

#[test]
fn second_of_two_makers_is_told() {
    let desk = Desk::new();
    let (first, second) = (desk.draft(), desk.draft());
    first.publish().unwrap();
    let marker = desk.path(".venv/first");
    fs_err::write(&marker, "").unwrap();
    assert!(matches!(second.publish(), Err(Error::Exists { .. })));
    assert_eq!(desk.names(), [".venv"]);
    assert!(marker.is_file());
}

#[test]
fn empty_folder_becomes_an_environment() {
    let desk = Desk::new();
    fs_err::create_dir(desk.path(".venv")).unwrap();
    assert!(Environment::read(&desk.path(".venv")).unwrap().is_none());
    assert_eq!(desk.environment().fault(), None);
}

#[test]
fn folder_that_is_no_environment_is_not_touched() {
    let desk = Desk::new();
    fs_err::create_dir(desk.path(".venv")).unwrap();
    fs_err::write(desk.path(".venv/notes.txt"), "mine").unwrap();
    let error = Environment::read(&desk.path(".venv")).unwrap_err();
    let expected = format!(
        "`{}` is not empty and is not a virtual environment",
        desk.path(".venv").display()
    );
    assert_eq!(error.to_string(), expected);
    assert!(matches!(desk.draft().publish(), Err(Error::Exists { .. })));
    assert_eq!(names_in(&desk.path(".venv")), ["notes.txt"]);

    fs_err::write(desk.path("file"), "").unwrap();
    assert!(Environment::read(&desk.path("file")).is_err());
}

#[test]
fn new_environment_takes_the_place_of_an_old_one() {
    let desk = Desk::new();
    let old = desk.environment();
    fs_err::write(old.root().join("CACHEDIR.TAG"), "").unwrap();
    let lock = old.lock().unwrap();
    let new = desk.draft().publish_over().unwrap();
    drop(lock);
    assert!(!new.root().join("CACHEDIR.TAG").exists());
    assert_eq!(desk.names(), [".venv"]);
    assert_eq!(said_by(new.root())[0], new.root().to_str().unwrap());
}

#[test]
fn link_to_the_place_is_followed() {
    let desk = Desk::new();
    fs_err::create_dir(desk.path("elsewhere")).unwrap();
    symlink(desk.path("elsewhere"), desk.path(".venv")).unwrap();
    let environment = desk.environment();
    assert_eq!(environment.root(), desk.path("elsewhere"));
    assert!(desk.path(".venv/pyvenv.cfg").is_file());
}

#[test]
fn configuration_and_interpreter_are_read_back() {
    let desk = Desk::new();
    desk.environment();
    let environment = desk.read();
    let cfg = environment.pyvenv_cfg();
    assert!(cfg.is_relocatable && !cfg.includes_system_site_packages);
    assert_eq!(cfg.prompt, "demo");
    assert_eq!(cfg.home.as_deref(), Some(desk.interpreter.home()));
    assert_eq!(
        environment.base_executable(),
        desk.interpreter.base_executable
    );
    assert_eq!(environment.fault(), None);
    assert_eq!(environment.fault_with(&desk.interpreter), None);
    assert_eq!(
        fs_err::read_to_string(desk.path(".venv/.gitignore")).unwrap(),
        "*\n"
    );
}

#[test]
fn faults_are_facts() {
    let desk = Desk::new();
    desk.environment();
    let mut other = desk.interpreter.clone();
    other.version.1 += 1;
    let fault = desk.read().fault_with(&other);
    assert!(
        matches!(fault, Some(EnvironmentFault::OtherPython { .. })),
        "{fault:?}"
    );

    let python = desk.path(".venv/bin/python");
    fs_err::remove_file(&python).unwrap();
    symlink("/nowhere/python", &python).unwrap();
    let target = Some(PathBuf::from("/nowhere/python"));
    let path = python.clone();
    assert_eq!(
        desk.read().fault(),
        Some(EnvironmentFault::NoInterpreter { path, target })
    );
    fs_err::remove_file(&python).unwrap();
    let (path, target) = (python, None);
    assert_eq!(
        desk.read().fault(),
        Some(EnvironmentFault::NoInterpreter { path, target })
    );

    fs_err::write(desk.path(".venv/pyvenv.cfg"), b"\xff\xfe").unwrap();
    assert_eq!(desk.read().fault(), Some(EnvironmentFault::NoHome));
}

#[test]
fn lock_is_held_by_one_at_a_time() {
    let desk = Desk::new();
    let environment = desk.environment();
    let lock = environment.try_lock().unwrap().unwrap();
    assert!(environment.try_lock().unwrap().is_none());
    let is_released = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let lock = environment.lock().unwrap();
            assert!(is_released.load(Ordering::SeqCst));
            drop(lock);
        });
        is_released.store(true, Ordering::SeqCst);
        drop(lock);
        waiter.join().unwrap();
    });
    assert!(
        !names_in(environment.root())
            .iter()
            .any(|name| name.contains("lock"))
    );
}

#[test]
fn lock_follows_an_environment_that_is_replaced() {
    let desk = Desk::new();
    let environment = desk.environment();
    let lock = environment.lock().unwrap();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            environment
                .lock()
                .unwrap()
                .staging()
                .unwrap()
                .folder()
                .to_owned()
        });
        desk.draft().publish_over().unwrap();
        drop(lock);
        assert!(waiter.join().unwrap().starts_with(environment.root()));
    });
}

#[test]
fn staging_is_cleared_away_by_its_owner_or_by_the_next() {
    let desk = Desk::new();
    let environment = desk.environment();
    let lock = environment.lock().unwrap();
    let staging = lock.staging().unwrap();
    let folder = staging.folder().to_owned();
    assert!(folder.starts_with(environment.root()));
    fs_err::write(folder.join("file"), "").unwrap();
    drop(staging);
    assert!(!folder.exists());
    drop(lock);

    fs_err::create_dir_all(folder.join("left")).unwrap();
    drop(environment.lock().unwrap());
    assert!(!folder.exists());
}

#[test]
fn distributions_are_read_from_the_names_of_folders() {
    let desk = Desk::new();
    let environment = desk.environment();
    desk.distribution("ruamel.yaml-0.18.6.dist-info", &[("RECORD", "")]);
    desk.distribution(
        "Demo_Local-1.0+cu118.dist-info",
        &[("RECORD", ""), ("direct_url.json", "{}")],
    );
    desk.distribution("interrupted-1.0.dist-info", &[("METADATA", "")]);
    desk.distribution("no_version.dist-info", &[("RECORD", "")]);
    desk.distribution("bad-version_.dist-info", &[("RECORD", "")]);
    desk.distribution("plain_package", &[("__init__.py", "")]);
    let installed = environment.installed(&desk.interpreter.layout).unwrap();
    let found: Vec<(&str, &str, Option<&str>)> = installed
        .distributions
        .iter()
        .map(|found| {
            (
                found.name.as_str(),
                found.version.text(),
                found.direct_url.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("demo-local", "1.0+cu118", Some("{}")),
            ("ruamel-yaml", "0.18.6", None)
        ]
    );
    let leftover = environment.root().join(&desk.interpreter.layout.purelib);
    assert_eq!(
        installed.leftovers,
        [leftover.join("interrupted-1.0.dist-info")]
    );
}

/// Activates twice, with the strictest options of the shell, and deactivates; prints what it sees.
const POSIX: &str = r#"
set -eu
before=$PATH
. "$1"
echo "$VIRTUAL_ENV $VIRTUAL_ENV_PROMPT"
python -c "import sys; print(sys.prefix)"
. "$1"
case "$PS1" in "(demo) "*) echo prompt ;; esac
deactivate
[ "$PATH" = "$before" ] && echo "restored ${VIRTUAL_ENV-}${VIRTUAL_ENV_PROMPT-}"
"#;

const FISH: &str = r#"
set before $PATH
source $argv[1]
echo "$VIRTUAL_ENV $VIRTUAL_ENV_PROMPT"
python -c "import sys; print(sys.prefix)"
source $argv[1]
string match -q '(demo) *' (fish_prompt)[1]; and echo prompt
deactivate
test "$PATH" = (string join : $before); and echo "restored $VIRTUAL_ENV$VIRTUAL_ENV_PROMPT"
"#;

const CSH: &str = r#"
set before = "$PATH"
set prompt = "> "
source "$argv[1]"
echo "$VIRTUAL_ENV $VIRTUAL_ENV_PROMPT"
python -c "import sys; print(sys.prefix)"
source "$argv[1]"
if ("$prompt" == "(demo) > ") echo prompt
deactivate
if ("$PATH" == "$before" && "$prompt" == "> " && ! $?VIRTUAL_ENV) echo "restored "
"#;

/// Runs `script` in `shell`, if the machine has it, on an environment that was moved to `place`.
#[track_caller]
fn activates(shell: &[&str], script: &str, ending: &str, place: &str) {
    let available = Command::new(shell[0])
        .args(&shell[1..])
        .args(["-c", "true"])
        .output();
    if !available.is_ok_and(|output| output.status.success()) {
        missing(shell[0]);
        return;
    }
    let desk = Desk::new();
    desk.environment();
    let root = desk.path(place);
    fs_err::rename(desk.path(".venv"), &root).unwrap();
    let file = desk.path("script");
    fs_err::write(&file, script).unwrap();
    let mut command = Command::new(shell[0]);
    command
        .args(&shell[1..])
        .arg(&file)
        .arg(root.join(format!("bin/activate{ending}")));
    command
        .env_remove("VIRTUAL_ENV")
        .env_remove("VIRTUAL_ENV_DISABLE_PROMPT")
        .env("HOME", desk.folder.path());
    let root = root.display();
    let expected = format!("{root} demo\n{root}\nprompt\nrestored \n");
    assert_eq!(output(&mut command), expected, "{shell:?}");
}

#[test]
fn moved_environment_is_activated_by_every_shell_of_the_machine() {
    for place in ["moved", "it's moved (far) away"] {
        activates(&["bash"], POSIX, "", place);
        activates(&["zsh"], POSIX, "", place);
        activates(&["ksh93"], POSIX, "", place);
        activates(&["fish"], FISH, ".fish", place);
        // These do not say which file they read: Linux does.
        if cfg!(target_os = "linux") {
            activates(&["dash"], POSIX, "", place);
            activates(&["mksh"], POSIX, "", place);
            activates(&["busybox", "sh"], POSIX, "", place);
            activates(&["bsd-csh", "-f"], CSH, ".csh", place);
            activates(&["tcsh", "-f"], CSH, ".csh", place);
        }
    }
}
