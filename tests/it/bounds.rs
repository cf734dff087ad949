//! What the program does where the machine gives it too little, and where others never end.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::local_index::Fault;
use crate::support::project::{LockedProject, names_in};
use crate::support::wheel_builder::WheelBuilder;
use crate::support::workspace::Output;

/// A test that waits for longer fails.
const PATIENCE: Duration = Duration::from_mins(1);

fn wheel(name: &str) -> WheelBuilder {
    WheelBuilder::new(name, "1.0").file(&format!("{name}/__init__.py"), "VERSION = '1.0'\n")
}

// Threads.

/// Runs the program with room for `n_stacks` stacks of threads in its address space, and little more.
fn run_with_stacks(project: &LockedProject, n_stacks: u64, arguments: &[&str]) -> Output {
    const STACK_KIB: u64 = 256 << 10;
    let program = project.command(arguments);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -v $0 && exec \"$@\""])
        .arg((n_stacks * STACK_KIB + STACK_KIB * 3 / 4).to_string())
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(program.get_current_dir().unwrap())
        .env_clear();
    for (name, value) in program.get_envs() {
        shell.env(name, value.unwrap());
    }
    shell.env("RUST_MIN_STACK", (STACK_KIB << 10).to_string());
    shell.env("POETRY_INSTALLER_MAX_WORKERS", "2");
    Output::of(&mut shell)
}

#[test]
fn threads_that_cannot_be_started_are_an_error_and_leave_nothing() {
    let mut codes = Vec::new();
    for n_stacks in 0..12 {
        let project = LockedProject::new(&[wheel("acme"), wheel("bolt")]);
        let arguments = ["install", "--jobs", "2", "--compile"];
        let output = run_with_stacks(&project, n_stacks, &arguments);
        codes.push(output.code);
        if output.code == 0 {
            continue;
        }
        let output = output.failed(
            1,
            &["error: cannot start", "hint: the system allows no more"],
        );
        assert!(!output.stderr.contains("panicked"), "{output:#?}");
        let names = names_in(&project.workspace.project());
        assert_eq!(names, ["poetry.lock", "pyproject.toml"], "{output:#?}");
    }
    assert!(codes.starts_with(&[1, 1]), "{codes:?}");
    assert!(codes.ends_with(&[0]), "{codes:?}");
}

#[test]
fn an_export_that_asks_an_index_needs_no_thread() {
    let project = LockedProject::new(&[wheel("acme"), wheel("bolt")]);
    let arguments = ["export", "--format", "pylock.toml"];
    let expected = project.run(&arguments).succeeded();
    let output = run_with_stacks(&project, 0, &arguments).succeeded();
    assert_eq!(output.stdout, expected.stdout);
}

// Signals.

/// Waits for the end of `child`.
#[track_caller]
fn wait(mut child: Child) -> ExitStatus {
    let (sender, receiver) = mpsc::channel();
    let pid = Pid::from_child(&child);
    std::thread::spawn(move || sender.send(child.wait()));
    let Ok(status) = receiver.recv_timeout(PATIENCE) else {
        kill_process(pid, Signal::KILL).unwrap();
        panic!("the program does not end");
    };
    status.unwrap()
}

/// Fills a pipe, so that whoever writes to it waits.
fn fill(pipe: &impl std::os::fd::AsRawFd) {
    let path = format!("/proc/self/fd/{}", pipe.as_raw_fd());
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap();
    let mut other_end = OpenOptions::new()
        .write(true)
        .custom_flags(flags)
        .open(path)
        .unwrap();
    while other_end.write(&[b'x'; 4096]).is_ok() {}
    while other_end.write(b"x").is_ok() {}
}

#[test]
fn a_signal_ends_the_program_though_nobody_reads_what_it_says() {
    let project = LockedProject::new(&[wheel("acme")]);
    let path = "/files/acme-1.0-py3-none-any.whl";
    project.index.misbehave(path, Fault::Stall(100), 1);
    let child = project.start(&["install"]);
    project.index.wait_for(path);
    fill(child.stderr.as_ref().unwrap());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(wait(child).code(), Some(130));
    let names = names_in(&project.workspace.project());
    assert_eq!(names, ["poetry.lock", "pyproject.toml"]);
}
