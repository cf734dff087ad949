//! Programs that a test makes to have them run.

use std::path::Path;
use std::process::{Command, Stdio};

/// Makes an executable file at `path` with this text.
///
/// Another process writes it: a program that another test starts meanwhile would else hold it open for writing, and what is open
/// for writing cannot be run.
pub(crate) fn write_program(path: &Path, text: impl AsRef<[u8]>) {
    let mut install = Command::new("install")
        .args(["-D", "-m", "755", "/dev/stdin"])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = install.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, text.as_ref()).unwrap();
    drop(input);
    assert!(install.wait().unwrap().success(), "{}", path.display());
}
