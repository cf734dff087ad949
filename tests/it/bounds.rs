//! What the program does where the machine gives it too little, and where others never end.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc;
use std::time::Duration;

use lock2venv::archive::Archive;
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::local_index::Fault;
use crate::support::project::{LockedProject, names_in};
use crate::support::wheel_builder::{WheelBuilder, ZipEntry, file_of};
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

// Sizes.

/// A project with one wheel, which holds what `change` adds.
fn project_with(change: impl Fn(WheelBuilder) -> WheelBuilder) -> LockedProject {
    LockedProject::new(&[change(wheel("acme"))])
}

#[track_caller]
fn refused(project: &LockedProject, arguments: &[&str], parts: &[&str]) {
    project.run(arguments).failed(1, parts);
    let names = names_in(&project.workspace.project());
    assert_eq!(names, ["poetry.lock", "pyproject.toml"]);
}

#[test]
fn a_wheel_that_unpacks_to_more_than_is_allowed_is_refused() {
    let project = project_with(|wheel| wheel.file("acme/zeros", vec![0; 100_000]));
    let parts = ["bytes, more than the limit of 51200", "--max-unpacked SIZE"];
    refused(&project, &["install", "--max-unpacked", "50K"], &parts);
    project
        .run(&["install", "--max-unpacked", "200 KiB"])
        .succeeded();
}

#[test]
fn a_wheel_that_unpacks_to_many_times_its_size_is_refused() {
    // Nothing of it is read before its sizes are looked at.
    let zeros = |name: &str| {
        ZipEntry::stored(name, &vec![0; 1 << 20]).both(|header| {
            header.method = 8;
            header.n_bytes = 1000 << 20;
        })
    };
    let project = project_with(|wheel| {
        let wheel = wheel.entry(zeros("acme/a")).entry(zeros("acme/b"));
        wheel
            .without_record_of("acme/a")
            .without_record_of("acme/b")
    });
    let parts = [
        "bytes of content, more than 100 times its own",
        "--max-ratio N",
    ];
    refused(&project, &["install"], &parts);
    let output = project.run(&["install", "--max-ratio", "2000"]);
    output.failed(1, &["is not a deflate stream"]);
}

#[test]
fn a_wheel_with_far_too_many_entries_is_refused_before_they_are_read() {
    let n_entries: u64 = 200_001;
    let mut bytes = b"PK\x06\x06".to_vec();
    bytes.extend(44u64.to_le_bytes());
    bytes.extend([45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for field in [n_entries, n_entries, 0, 0] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend(0u64.to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff");
    bytes.extend([0xff; 8]);
    bytes.extend([0, 0]);
    let error = Archive::read(file_of(&bytes)).unwrap_err();
    let expected = "the archive has 200001 entries, more than the limit of 200000";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_record_of_far_more_lines_than_files_is_refused() {
    let project = project_with(|wheel| {
        let lines = (0..100_000).map(|number| format!("acme/{number}.py,,"));
        wheel.record(&lines.collect::<Vec<_>>().join("\n"))
    });
    let parts = ["entry `acme-1.0.dist-info/RECORD` is larger than"];
    refused(&project, &["install"], &parts);
}

#[test]
fn a_record_of_many_short_lines_is_refused() {
    let project = project_with(|wheel| {
        let lines = (0..20_000).map(|number| format!("{number:x},,"));
        wheel.record(&lines.collect::<Vec<_>>().join("\n"))
    });
    let parts = ["of RECORD is beyond the limit for the number of files in the wheel"];
    refused(&project, &["install"], &parts);
}

#[test]
fn scripts_without_end_are_refused() {
    let project = project_with(|wheel| {
        let lines = (0..100_000).map(|number| format!("acme{number} = acme:main\n"));
        let lines = lines.collect::<Vec<_>>().concat();
        wheel.dist_info("entry_points.txt", &format!("[console_scripts]\n{lines}"))
    });
    let parts = ["entry `acme-1.0.dist-info/entry_points.txt` is larger than 1048576 bytes"];
    refused(&project, &["install"], &parts);
}

#[test]
fn a_file_that_is_larger_than_is_allowed_is_not_downloaded() {
    let project = project_with(|wheel| wheel);
    let parts = [
        "is larger than the limit of 100 bytes",
        "--max-download SIZE",
    ];
    refused(&project, &["install", "--max-download", "100"], &parts);
}
