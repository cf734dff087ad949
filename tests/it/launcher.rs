//! Scripts of an environment at work: whatever starts them, they see what they would see when Python was given their path.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lock2venv::environment::{Blueprint, Draft, Environment, EnvironmentFault};
use lock2venv::event::Silent;
use lock2venv::install::{
    CompileChoice, Destination, DestinationKind, Error, InstallOptions, KeptForm, LinkMode,
};
use lock2venv::interpreter::Interpreter;
use lock2venv::plan::{Action, Plan};
use lock2venv::wheel::Leniency;
use tempfile::TempDir;

use crate::interpreter::python;
use crate::support::installing::install;
use crate::support::requirement::missing;
use crate::support::scene::Scene;
use crate::support::wheel_builder::WheelBuilder;

/// What a script can know of its start.
const SHOW: &str = r#"
import json, locale, os, signal, sys

def main():
    facts = {
        "argv": [sys.argv, getattr(sys, "orig_argv", None)],
        "executable": sys.executable,
        "prefixes": [sys.prefix, sys.base_prefix],
        "flags": repr(sys.flags),
        "path": sys.path,
        "warnings": sys.warnoptions,
        "environment": {ascii(name): ascii(value) for name, value in os.environb.items()},
        "encodings": [sys.getfilesystemencoding(), sys.stdout.encoding, sys.stdout.errors],
        "locale": locale.setlocale(locale.LC_CTYPE, None),
        "signals": [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGPIPE)],
        "main": sys.modules["__main__"].__doc__,
        "input": sys.stdin.read(),
    }
    print(json.dumps(facts, indent=1, sort_keys=True))
"#;

/// Does what it is told.
const ACT: &str = r#"
import multiprocessing, os, signal, sys

def double(number):
    return 2 * number

def main():
    what = sys.argv[1]
    if what == "exit":
        return 7
    if what == "pid":
        print(os.getpid())
    if what == "die":
        os.kill(os.getpid(), signal.SIGTERM)
    if what == "spawn":
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            print(pool.map(double, [1, 2]))
    if what == "again":
        if "AGAIN" not in os.environ:
            os.environ["AGAIN"] = "1"
            os.execv(sys.executable, [sys.executable] + sys.argv)
        print("again", os.path.basename(sys.argv[0]), sys.argv[1:])
"#;

/// An environment with scripts in a fresh folder.
struct Bench {
    folder: TempDir,
    root: PathBuf,
}

fn wheel() -> WheelBuilder {
    WheelBuilder::new("acme", "1.0")
        .file("acme/__init__.py", "")
        .file("acme/show.py", SHOW)
        .file("acme/act.py", ACT)
        .dist_info(
            "entry_points.txt",
            "[console_scripts]\nshow = acme.show:main\n[gui_scripts]\nact = acme.act:main\n",
        )
}

fn fill(root: &Path, interpreter: &Interpreter, wheel: &WheelBuilder) -> Environment {
    let draft = Draft::create(root, &Blueprint::of(interpreter), "demo").unwrap();
    let destination = Destination {
        folder: draft.folder().to_owned(),
        root: draft.root().to_owned(),
        interpreter: interpreter.base_executable.clone(),
        layout: interpreter.layout.clone(),
        kind: DestinationKind::Fresh,
    };
    let options = InstallOptions {
        strict: true,
        refuses_startup: false,
        leniency: Leniency::default(),
        limits: lock2venv::archive::SizeLimits::default(),
        compile: None,
        compiled: CompileChoice::All,
        link_mode: LinkMode::Auto,
        kept_form: KeptForm::Unpacked,
        cache: None,
        installer_name: "lock2venv".to_owned(),
        date: 0,
    };
    let actions = vec![Action::Install(wheel.distribution())];
    let plan = Plan::new(actions);
    let arrivals = [Ok::<_, Error>(wheel.arrival())];
    install(&plan, arrivals, &destination, &options, &Silent).unwrap();
    draft.publish().unwrap()
}

impl Bench {
    fn new() -> Self {
        Self::with("venv", &python(), &wheel())
    }

    fn with(name: &str, interpreter: &Interpreter, wheel: &WheelBuilder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap().join(name);
        fill(&root, interpreter, wheel);
        Self { folder, root }
    }

    fn path(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join(name)
    }

    fn bin(&self, name: &str) -> PathBuf {
        self.root.join("bin").join(name)
    }
}

/// Runs a program with these variables alone; returns its output, which has to be all that it says.
#[track_caller]
fn says(program: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(program);
    command.args(arguments).current_dir("/").env_clear();
    command.envs(variables.iter().copied());
    output(&mut command)
}

#[track_caller]
fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && stderr.is_empty(),
        "{command:?}: {stderr}"
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Asserts that the script sees under these variables what it sees when Python is given its path.
#[track_caller]
fn sees_the_same(bench: &Bench, variables: &[(&str, &str)]) {
    let script = bench.bin("show");
    let words = ["a b", "", "'\"$x", "-I", "\u{e9}"];
    let given = [&[script.to_str().unwrap()], &words[..]].concat();
    let direct = says(&bench.bin("python"), &given, variables);
    assert_eq!(says(&script, &words, variables), direct);
}

#[test]
fn a_script_sees_what_it_sees_when_python_is_given_its_path() {
    let bench = Bench::new();
    let only = bench.root.join("bin");
    sees_the_same(&bench, &[]);
    sees_the_same(&bench, &[("PATH", only.to_str().unwrap())]);
    sees_the_same(
        &bench,
        &[
            ("app.name", "x"),
            ("a-b", "y"),
            ("1", "z"),
            ("p", "l"),
            ("IFS", "/"),
        ],
    );
    sees_the_same(
        &bench,
        &[
            ("PYTHONUTF8", "1"),
            ("PYTHONWARNINGS", "error"),
            ("PYTHONPATH", "/nowhere"),
        ],
    );
    sees_the_same(
        &bench,
        &[
            ("PYTHONSAFEPATH", "1"),
            ("PYTHONOPTIMIZE", "2"),
            ("PYTHONNOUSERSITE", "1"),
        ],
    );
}

#[test]
fn a_script_sees_the_locale_that_it_was_started_in() {
    let bench = Bench::new();
    sees_the_same(&bench, &[("LC_ALL", "C")]);
    sees_the_same(&bench, &[("LC_ALL", "C"), ("LC_CTYPE", "C.UTF-8")]);
    sees_the_same(&bench, &[("LANG", "C.UTF-8")]);
    sees_the_same(&bench, &[("LC_CTYPE", "C.UTF-8"), ("LANG", "C")]);
    sees_the_same(&bench, &[("LC_CTYPE", "POSIX"), ("LANG", "C.UTF-8")]);
    sees_the_same(&bench, &[("LANG", "xx_YY.UTF-8")]);
    sees_the_same(&bench, &[("PYTHONUTF8", "0")]);
    sees_the_same(&bench, &[("PYTHONCOERCECLOCALE", "0"), ("LC_CTYPE", "C")]);
}

#[test]
fn a_script_runs_wherever_the_environment_is() {
    let python = python();
    let long = ["with space", &"x".repeat(200), "it's \"here\""].join("/");
    let bench = Bench::with(&long, &python, &wheel());
    sees_the_same(&bench, &[]);
    let moved = bench.path("moved");
    fs::rename(&bench.root, &moved).unwrap();
    let bench = Bench {
        root: moved,
        ..bench
    };
    sees_the_same(&bench, &[]);
    let mode = |mode| fs::set_permissions(bench.bin(""), PermissionsExt::from_mode(mode));
    mode(0o555).unwrap();
    sees_the_same(&bench, &[]);
    mode(0o755).unwrap();
}

#[test]
fn a_script_is_found_through_links_and_from_any_folder() {
    let bench = Bench::new();
    let prefix = |program: &Path, folder: &Path| {
        let shown = output(Command::new(program).current_dir(folder).env_clear());
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let argv = shown["argv"][0][0].as_str().unwrap().to_owned();
        (shown["prefixes"][0].as_str().unwrap().to_owned(), argv)
    };
    let root = bench.root.to_str().unwrap().to_owned();
    let link = |target: &Path, name: &str| {
        symlink(target, bench.path(name)).unwrap();
        bench.path(name)
    };
    fs::create_dir(bench.path("tools")).unwrap();
    for link in [
        link(&bench.bin("show"), "absolute"),
        link(Path::new("../venv/bin/show"), "tools/relative"),
        link(Path::new("relative"), "tools/twice"),
    ] {
        let expected = (root.clone(), link.to_str().unwrap().to_owned());
        assert_eq!(prefix(&link, Path::new("/")), expected);
    }
    for (program, folder) in [
        ("bin/show", bench.root.clone()),
        ("./show", bench.bin("")),
        ("../venv/bin/show", bench.path("tools")),
    ] {
        assert_eq!(
            prefix(Path::new(program), &folder),
            (root.clone(), program.to_owned())
        );
    }
    // A folder that is a link stays what it was called, as when its Python is called.
    let current = link(&bench.root, "current");
    let (prefix, _) = prefix(&current.join("bin/show"), Path::new("/"));
    assert_eq!(prefix, current.to_str().unwrap());
}

#[test]
fn whichever_shell_calls_it_a_script_sees_the_same() {
    let bench = Bench::new();
    let (script, python) = (bench.bin("show"), bench.bin("python"));
    for shell in ["dash", "bash", "busybox", "zsh"] {
        let Some(shell) = program(shell) else {
            missing(shell);
            continue;
        };
        let shown = |words: &[&Path]| {
            let mut command = Command::new(&shell);
            let is_box = shell.ends_with("busybox");
            command.args(is_box.then_some("sh"));
            command.args(["-c", "exec \"$0\" \"$@\""]).args(words);
            command.args(["a b", "$x"]).env_clear().env("PATH", "/bin");
            // bash says what it started.
            let is_own = |line: &&str| !line.contains("\"b'_'\"");
            let shown = output(&mut command);
            shown.lines().filter(is_own).collect::<Vec<_>>().join("\n")
        };
        let shell = shell.display();
        assert_eq!(shown(&[&script]), shown(&[&python, &script]), "{shell}");
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let folders = ["/bin", "/usr/bin", "/usr/sbin", "/usr/local/bin"]
        .map(|folder| Path::new(folder).join(name));
    folders.into_iter().find(|path| path.is_file())
}

/// Every file that a start of Python reads, so that a folder with them alone can be the root of a process.
fn copy_python(interpreter: &Interpreter, root: &Path) {
    let loaded = "import acme.show, glob, os, sys\nacme.show.json\n\
                  print(*{f for m in list(sys.modules.values()) for f in [getattr(m, '__file__', None)] if f}, sep='\\n')\n\
                  print(*{l.split()[-1] for l in open('/proc/self/maps') if '/' in l}, sep='\\n')\n\
                  print(os.__file__, *glob.glob('/lib*/ld-*.so.*'), sep='\\n')";
    let files = output(
        Command::new(&interpreter.executable)
            .args(["-B", "-c", loaded])
            .env_clear(),
    );
    for file in files.lines().map(Path::new).filter(|file| file.is_file()) {
        let target = root.join(file.strip_prefix("/").unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, target).unwrap();
    }
}

#[test]
fn a_script_runs_where_there_is_no_shell() {
    let chroot = program("chroot").filter(|_| rustix::process::geteuid().is_root());
    let Some(chroot) = chroot else {
        missing("the right to change the root of a process");
        return;
    };
    let bench = Bench::new();
    let own = Interpreter {
        executable: bench.bin("python"),
        ..python()
    };
    let root = bench.path("image");
    fs::create_dir(&root).unwrap();
    copy_python(&own, &root);
    let mut copy = Command::new("cp");
    output(copy.args(["-a", "--parents"]).arg(&bench.root).arg(&root));
    let base = &own.base_executable;
    let target = root.join(base.strip_prefix("/").unwrap());
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::copy(base, target).unwrap();
    let shown = output(
        Command::new(chroot)
            .arg(&root)
            .arg(bench.bin("show"))
            .env_clear()
            .env("app.name", "x"),
    );
    assert!(!root.join("bin/sh").exists() && !root.join("usr/bin/env").exists());
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["environment"]["b'app.name'"], "b'x'");
    assert_eq!(shown["prefixes"][0], bench.root.to_str().unwrap());
}

#[test]
fn the_process_stays_the_same() {
    let bench = Bench::new();
    let act = |what: &str| {
        let mut command = Command::new(bench.bin("act"));
        command.arg(what).env_clear().stdout(Stdio::piped());
        let child = command.spawn().unwrap();
        let id = child.id();
        (id, child.wait_with_output().unwrap())
    };
    assert_eq!(act("exit").1.status.code(), Some(7));
    assert_eq!(act("die").1.status.signal(), Some(15));
    let (id, output) = act("pid");
    assert_eq!(output.stdout, format!("{id}\n").into_bytes());
    let (_, output) = act("spawn");
    assert_eq!(output.stdout, b"[2, 4]\n");
    let (_, output) = act("again");
    assert_eq!(output.stdout, b"again act ['again']\n");
}

#[test]
fn input_reaches_the_script() {
    let bench = Bench::new();
    fs::write(bench.path("input"), "what is read\n").unwrap();
    let mut command = Command::new(bench.bin("show"));
    let command = command
        .env_clear()
        .stdin(fs::File::open(bench.path("input")).unwrap());
    let shown = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(shown.contains("\"input\": \"what is read\\n\""), "{shown}");
}

#[test]
fn a_script_is_a_file_that_python_reads() {
    let bench = Bench::new();
    let act = bench.bin("act");
    let act = act.to_str().unwrap();
    for arguments in [
        &[act, "spawn"][..],
        &["-I", act, "spawn"],
        &["-I", "-S", "-W", "error", act, "exit"],
        &["-X", "importtime", act, "spawn"],
        &["-m", "cProfile", act, "spawn"],
    ] {
        let mut command = Command::new(bench.bin("python"));
        let output = command.args(arguments).env_clear().output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let expected = if arguments.contains(&"exit") { 7 } else { 0 };
        assert_eq!(
            output.status.code(),
            Some(expected),
            "{arguments:?}: {output:?}"
        );
        assert!(
            expected != 0 || said.starts_with("[2, 4]\n"),
            "{arguments:?}: {said}"
        );
    }
}

/// Scripts that say what Python made of them; the line number is that of the call.
const WHEEL_SCRIPTS: &[(&str, &str)] = &[
    ("plain", "#!python\nimport sys\nSAY"),
    (
        "compound",
        "#!python\n# why\n\nif True:\n    import sys\nSAY",
    ),
    (
        "docstring",
        "#!python\n\"\"\"Doc \"of\" 'it'.\n\nMore.\n\"\"\"\n\nimport sys\nSAY",
    ),
    (
        "future",
        "#!python\n# -*- coding: latin-1 -*-\n'Doc \u{e9}'\nfrom __future__ import annotations\nx: nothing = '\u{e9}'\n\nimport sys\nSAY",
    ),
    (
        "brackets",
        "#!python -u\r\n('Doc'\r\n 'more')\r\nfrom __future__ import (annotations,  # )\r\n    division)\r\nimport sys\r\nSAY",
    ),
    ("warns", "#!pythonw\n'''Doc'''\nimport sys\nx = '\\d'\nSAY"),
];

const SAY: &str = "def say():\n    f = sys._getframe(1)\n    names = sorted(set(globals()) - {'__builtins__', '__annotations__'})\n    \
                   print(ascii([__doc__, f.f_lineno, names, say.__code__.co_flags, globals().get('x'), sys.argv[1:]]))\nsay()\n";

/// As pip writes it: the same script with nothing but another first line.
fn expected_of(bench: &Bench, script: &str, name: &str) -> String {
    let path = bench.path(name);
    let (_, body) = script.split_once('\n').unwrap();
    fs::write(&path, latin_1(&format!("#!/nowhere\n{body}"))).unwrap();
    let mut command = Command::new(bench.bin("python"));
    both(command.arg(&path).arg("a b").env_clear()).replace(path.to_str().unwrap(), "PATH")
}

fn both(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Every character of the scripts is one byte in their encoding.
fn latin_1(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| u8::try_from(u32::from(character)).unwrap())
        .collect()
}

#[test]
fn a_script_of_a_wheel_is_to_python_what_it_was() {
    let mut wheel = WheelBuilder::new("acme", "1.0");
    for (name, script) in WHEEL_SCRIPTS {
        let text = latin_1(&script.replace("SAY", SAY));
        wheel = wheel.file(&format!("acme-1.0.data/scripts/{name}"), text);
    }
    let bench = Bench::with("venv", &python(), &wheel);
    for (name, script) in WHEEL_SCRIPTS {
        let expected = expected_of(&bench, &script.replace("SAY", SAY), name);
        let path = bench.bin(name);
        let said = both(Command::new(&path).arg("a b").env_clear());
        assert_eq!(
            said.replace(path.to_str().unwrap(), "PATH"),
            expected,
            "{name}"
        );
        let rewritten = fs::read(path).unwrap();
        assert!(rewritten.starts_with(b"#!/"), "{name}");
    }
}

#[test]
fn what_no_first_line_can_name_is_started_by_a_shell() {
    let python = python();
    let folder = tempfile::tempdir().unwrap();
    let spaced = folder.path().join("my python");
    symlink(python.base_executable.parent().unwrap(), &spaced).unwrap();
    let spaced = Interpreter {
        base_executable: spaced.join(python.base_executable.file_name().unwrap()),
        ..python
    };
    let bench = Bench::with("with space/it's", &spaced, &wheel());
    symlink("with space/it's/bin/act", bench.path("link")).unwrap();
    symlink("link", bench.path("twice")).unwrap();
    let run = |command: &mut Command| {
        let only = bench.bin("");
        let command = command
            .arg("spawn")
            .env_clear()
            .env("PATH", only)
            .env("p", "kept");
        assert_eq!(output(command), "[2, 4]\n", "{command:?}");
    };
    run(&mut Command::new(bench.bin("act")));
    for shell in ["dash", "bash", "busybox", "zsh", "ksh", "mksh"] {
        let Some(shell) = program(shell) else {
            missing(shell);
            continue;
        };
        for (script, folder) in [
            ("link", "."),
            ("twice", "."),
            ("act", "with space/it's/bin"),
        ] {
            let mut command = Command::new(&shell);
            if shell.ends_with("busybox") {
                command.arg("sh");
            }
            run(command.arg(script).current_dir(bench.path(folder)));
        }
    }
}

#[test]
fn a_script_without_its_interpreter_is_a_fault_of_the_environment() {
    let bench = Bench::new();
    let environment = Environment::read(&bench.root).unwrap().unwrap();
    assert_eq!(environment.fault(), None);
    let base = environment.base_executable();
    let point_to = |target: &Path| {
        fs::remove_file(bench.bin("python")).unwrap();
        symlink(target, bench.bin("python")).unwrap();
    };
    // Another name of the same file starts the same scripts.
    symlink(&base, bench.path("alias")).unwrap();
    point_to(&bench.path("alias"));
    assert_eq!(environment.fault(), None);
    let other = bench.path("other");
    fs::copy(&base, &other).unwrap();
    point_to(&other);
    let fault = EnvironmentFault::OtherExecutable {
        made_for: base,
        found: other,
    };
    assert_eq!(environment.fault(), Some(fault));
}

#[test]
fn an_environment_whose_scripts_start_another_python_is_made_anew() {
    let scene = Scene::new();
    scene.run(&["install"]).succeeded();
    let python = scene.venv().join("bin/python");
    let base = fs::canonicalize(&python).unwrap();
    let other = scene.workspace.home().join("python3");
    fs::copy(&base, &other).unwrap();
    fs::remove_file(&python).unwrap();
    symlink(&other, &python).unwrap();
    scene
        .run(&["install"])
        .failed(0, &["Recreating virtualenv", "its scripts start"]);
    let said = scene.run(&["install"]).succeeded().stderr;
    assert!(!said.contains("Recreating"), "{said}");
}
