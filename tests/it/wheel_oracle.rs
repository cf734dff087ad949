//! Wheels of projects that are made at random, held against those that poetry-core makes of them while the test runs.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::workspace::Output;

/// How many projects are compared, which takes some ten seconds.
const N_PROJECTS: &str = "80";

#[test]
#[allow(
    clippy::print_stderr,
    reason = "a test that leaves something out says so"
)]
fn wheels_of_random_projects_are_those_of_poetry_core() {
    let Some(python) = env::var_os("LOCK2VENV_POETRY_CORE").map(PathBuf::from) else {
        eprintln!("skipped: `LOCK2VENV_POETRY_CORE` names no Python with poetry-core 2.5.0");
        return;
    };
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/compare_wheels.py");
    let mut command = Command::new(python);
    command
        .arg(tool)
        .arg(env!("CARGO_BIN_EXE_lock2venv"))
        .args(["--count", N_PROJECTS]);
    Output::of(&mut command).succeeded();
}
