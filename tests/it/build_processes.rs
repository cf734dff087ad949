//! Builds that are interrupted or killed, and builds of several processes at once.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use crate::from_source::Scene;
use crate::support::build_scene::Source;
use crate::support::local_index::{Fault, LocalIndex};
use crate::support::requirement::missing;

const STARTED: &str = "/simple/started/";

/// A build that starts a process, says that it has begun, and does not end unless the file `ready` is in the home folder. The
/// process keeps the pipe at `pipe` open.
fn endless(index: &LocalIndex, home: &Path) -> Source {
    let home = home.display();
    let address = index.at(STARTED);
    let hook = format!(
        "import os, signal, subprocess, urllib.request\n\
         if not os.path.exists('{home}/ready'):\n    \
             pipe = os.open('{home}/pipe', os.O_WRONLY)\n    \
             subprocess.Popen(['sleep', '1000'], pass_fds=[pipe])\n    \
             try:\n        urllib.request.urlopen('{address}')\n    except OSError:\n        pass\n    \
             signal.pause()\n"
    );
    Source::new("demo").file("hook.py", &hook)
}

/// Lists what is left of work among drafts and temporary files.
fn leftovers(scene: &Scene) -> Vec<String> {
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect::<Vec<_>>()
    };
    let drafts = names(&scene.workspace.cache().join("v1/tmp"));
    let temporary = names(&scene.workspace.home()).into_iter();
    let temporary = temporary.filter(|name| name.starts_with("lock2venv"));
    drafts.into_iter().chain(temporary).collect()
}

fn start(scene: &Scene, arguments: &[&str]) -> Child {
    let mut command = scene.command(arguments);
    command.stderr(Stdio::piped()).spawn().unwrap()
}

/// Ends a run while it builds, and waits until nothing that it started is left; returns its exit code and what it said.
fn end_while_building(
    scene: &Scene,
    arguments: &[&str],
    end: impl FnOnce(&Child),
) -> (Option<i32>, String) {
    let pipe = scene.workspace.home().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let output = thread::scope(|scope| {
        let gone = scope.spawn(|| fs::read(&pipe).unwrap());
        let child = start(scene, arguments);
        scene.index.wait_for(STARTED);
        end(&child);
        let output = child.wait_with_output().unwrap();
        assert!(gone.join().unwrap().is_empty());
        output
    });
    fs::remove_file(pipe).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

fn kill(signal: Signal) -> impl FnOnce(&Child) {
    move |child| kill_process(Pid::from_child(child), signal).unwrap()
}

/// A project whose build does not end; `more` is added to its lock.
fn scene(more: &str) -> Scene {
    let source = Source::new("demo");
    let scene = Scene::new(&source);
    let source = endless(&scene.index, &scene.workspace.home());
    let digest = scene
        .index
        .add("demo", &source.file_name(), &source.archive());
    let files = crate::from_source::file_entry(&source.file_name(), &digest);
    scene.lock(&files, more);
    scene
}

#[test]
fn an_interrupted_build_leaves_neither_processes_nor_files() {
    for signal in [Signal::INT, Signal::TERM] {
        for arguments in [&["install"][..], &["install", "--no-cache"]] {
            let scene = scene("");
            let (code, _) = end_while_building(&scene, arguments, kill(signal));
            assert_eq!(code, Some(130));
            assert_eq!(leftovers(&scene), [""; 0], "{arguments:?}");
        }
    }
}

#[test]
fn a_killed_build_leaves_no_processes_and_its_files_go_with_the_next_run() {
    for arguments in [&["install"][..], &["install", "--no-cache"]] {
        let scene = scene("");
        end_while_building(&scene, arguments, kill(Signal::KILL));
        assert_eq!(leftovers(&scene).len(), 1, "{arguments:?}");
        fs::write(scene.workspace.home().join("ready"), "").unwrap();
        scene.run(arguments).succeeded();
        assert_eq!(leftovers(&scene), [""; 0], "{arguments:?}");
        assert!(scene.read("demo.py").contains("maker 1.0"));
    }
}

#[test]
fn a_build_that_is_of_no_use_any_more_is_ended() {
    let absent = format!(
        "[[package]]\nname = \"absent\"\nversion = \"1.0\"\ndescription = \"\"\noptional = false\n\
         python-versions = \"*\"\ngroups = [\"main\"]\nfiles = [{{file = \"absent-1.0-py3-none-any.whl\", hash = \"sha256:{}\"}}]\n",
        "0".repeat(64)
    );
    let scene = scene(&absent);
    scene.index.misbehave("/simple/absent/", Fault::Hold, 1);
    let (code, said) = end_while_building(&scene, &["install"], |_| scene.index.let_go());
    assert_eq!(code, Some(1));
    assert!(said.contains("has no package `absent`"), "{said}");
    assert!(!said.contains("cannot be built"), "{said}");
    assert_eq!(leftovers(&scene), [""; 0]);
}

/// As in `unshare --pid` and under some supervisors: the session of whoever runs it has no number there.
#[test]
#[cfg(target_os = "linux")]
fn a_build_runs_where_the_session_is_outside_of_the_namespace_of_processes() {
    let unshare = |program: &OsStr| {
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc"]);
        command.arg(program);
        command
    };
    let possible = unshare(OsStr::new("true")).output();
    if !possible.is_ok_and(|output| output.status.success()) {
        return missing("namespace of processes of one's own");
    }
    let scene = scene("");
    fs::write(scene.workspace.home().join("ready"), "").unwrap();
    let command = scene.command(&["install"]);
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    let output = unshare(command.get_program())
        .args(command.get_args())
        .current_dir(command.get_current_dir().unwrap())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .envs(variables)
        .output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(scene.read("demo.py").contains("maker 1.0"));
}

/// Reads until a line has `text`.
fn wait_to_say(child: &mut Child, text: &str) -> BufReader<std::process::ChildStderr> {
    let mut reader = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains(text) {
        let n_read = reader.read_line(&mut said).unwrap();
        assert!(n_read > 0, "{said}");
    }
    reader
}

#[test]
fn processes_on_one_cold_cache_build_a_wheel_once() {
    for link_mode in ["auto", "copy"] {
        build_in_two_processes(link_mode);
    }
}

#[track_caller]
fn build_in_two_processes(link_mode: &str) {
    let source = Source::new("demo");
    let scene = Scene::new(&source);
    let (trace, address) = (
        scene.workspace.home().join("trace"),
        scene.index.at(STARTED),
    );
    let hook = format!(
        "import urllib.request\nopen('{}', 'a').write('x')\ntry:\n    urllib.request.urlopen('{address}')\nexcept OSError:\n    pass\n",
        trace.display()
    );
    let source = source.file("hook.py", &hook);
    let digest = scene
        .index
        .add("demo", &source.file_name(), &source.archive());
    let files = crate::from_source::file_entry(&source.file_name(), &digest);
    scene.lock(&files, "");
    scene.index.misbehave(STARTED, Fault::Hold, 1);
    let install = ["install", "--link-mode", link_mode, "-v", "--venv"];
    let arguments = |venv| [&install[..], &[venv]].concat();
    let mut first = start(&scene, &arguments("one"));
    scene.index.wait_for(STARTED);
    let mut other = start(&scene, &arguments("other"));
    let mut reader = wait_to_say(
        &mut other,
        "Waiting for another process that is building demo",
    );
    scene.index.let_go();
    let mut said = String::new();
    reader.read_to_string(&mut said).unwrap();
    assert!(other.wait().unwrap().success(), "{said}");
    assert!(first.wait().unwrap().success());
    assert_eq!(fs::read_to_string(trace).unwrap(), "x");
    let asked = scene.index.take_paths();
    let expected = [
        "/files/demo-1.0.tar.gz",
        "/files/maker-1.0-py3-none-any.whl",
        "/simple/demo/",
        "/simple/maker/",
        STARTED,
    ];
    assert_eq!(asked, expected);
}
