//! A short look at what a run leaves when one of its system calls fails: every 40th of them, and those that once left something wrong.
//! `tests/tools/inject_faults.py` has them all.

use std::path::Path;
use std::process::Command;

use crate::support::locked_wheels::python;
use crate::support::requirement::missing;

/// Lets every 40th call of a scene fail, with an error that the kernel may give.
fn survives(scene: &str, error: &str) {
    survives_all(scene, error, &["--every", "40"]);
}

/// Lets the calls of a scene fail that `which` chooses.
fn survives_all(scene: &str, error: &str, which: &[&str]) {
    if !cfg!(target_os = "linux") || Command::new("git").arg("--version").output().is_err() {
        return missing("Linux with git");
    }
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/inject_faults.py");
    let output = Command::new(python())
        .arg(tool)
        .arg(env!("CARGO_BIN_EXE_lock2venv"))
        .args(["--scenes", scene, "--errors", error])
        .args(which)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("is not available") {
        return missing("seccomp's user notification");
    }
    assert!(output.status.success(), "{text}{errors}");
}

#[test]
fn a_new_environment_survives_failing_calls() {
    survives("fresh", "EIO");
}

#[test]
fn a_change_survives_failing_calls() {
    survives("change", "ENOSPC");
}

#[test]
fn a_build_survives_failing_calls() {
    survives("build", "EIO");
}

#[test]
fn a_check_out_survives_failing_calls() {
    survives("checkout", "EACCES");
}

#[test]
fn a_prune_survives_failing_calls() {
    survives("prune", "EIO");
}

#[test]
fn an_environment_on_another_file_system_survives_failing_calls() {
    survives("apart", "EIO");
    // What is tried in the environment is removed from it, also where nothing could be linked.
    survives_all("apart", "EMFILE", &["--about", "partial/[.]"]);
}

#[test]
fn an_environment_for_an_image_survives_failing_calls() {
    survives("image", "ENOSPC");
}

#[test]
fn a_compilation_survives_an_interpreter_that_cannot_be_written_to() {
    survives_all("compiled", "ENOSPC", &["--about", "^pipe:"]);
}

#[test]
fn an_environment_from_packs_survives_interrupted_calls() {
    survives("packed", "EINTR");
}

#[test]
fn a_copied_environment_survives_too_many_open_files() {
    survives_all("copied", "EMFILE", &["--every", "20"]);
}

#[test]
fn a_new_environment_survives_without_memory_and_threads() {
    survives_all("fresh", "memory", &["--every", "10"]);
    survives_all("fresh", "threads", &["--every", "3"]);
}
