//! A short look at what a run leaves when one of its system calls fails: every 40th of them. `tests/tools/inject_faults.py` has them all.

use std::path::Path;
use std::process::Command;

use crate::support::locked_wheels::python;
use crate::support::requirement::missing;

/// Lets some calls of a scene fail, with an error that the kernel may give.
fn survives(scene: &str, error: &str) {
    if !cfg!(target_os = "linux") || Command::new("git").arg("--version").output().is_err() {
        return missing("Linux with git");
    }
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/inject_faults.py");
    let output = Command::new(python())
        .arg(tool)
        .arg(env!("CARGO_BIN_EXE_lock2venv"))
        .args(["--scenes", scene, "--errors", error, "--every", "40"])
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
