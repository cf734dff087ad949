//! Runs a program to its end, or until it has taken too long. One thread: what it writes is read as it comes.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::platform::poll::wait_to_read;

/// Runs `command` with nothing to read; `None` when it, or what it started, has not ended after `limit`. It is killed then.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> io::Result<Option<Output>> {
    let command = command.stdin(Stdio::null());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (mut stdout, mut stderr) = (
        Pipe::new(child.stdout.take()),
        Pipe::new(child.stderr.take()),
    );
    if !read_all(&mut stdout, &mut stderr, Instant::now() + limit)? {
        child.kill()?;
        child.wait()?;
        return Ok(None);
    }
    Ok(Some(Output {
        status: child.wait()?,
        stdout: stdout.text,
        stderr: stderr.text,
    }))
}

/// What a program says that is asked something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProgramAnswer {
    /// It printed this, and succeeded.
    Printed(String),
    /// It cannot be run, failed, or printed no text.
    Nothing,
    /// It did not end in time, and was killed.
    Silent,
}

/// Runs the program `file` with what this process has of variables, for `limit` at most.
pub(crate) fn answer(file: &Path, arguments: &[&str], limit: Duration) -> ProgramAnswer {
    let arguments = arguments.iter().map(OsStr::new);
    match run_within(Command::new(file).args(arguments), limit) {
        Ok(Some(output)) if output.status.success() => {
            String::from_utf8(output.stdout).map_or(ProgramAnswer::Nothing, ProgramAnswer::Printed)
        }
        Ok(Some(_)) | Err(_) => ProgramAnswer::Nothing,
        Ok(None) => ProgramAnswer::Silent,
    }
}

/// What a program writes to one of its outputs.
struct Pipe<P> {
    /// `None` once it is closed.
    pipe: Option<P>,
    text: Vec<u8>,
}

impl<P: Read> Pipe<P> {
    fn new(pipe: Option<P>) -> Self {
        Self {
            pipe,
            text: Vec::new(),
        }
    }

    /// Reads what is there, which there is.
    fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        let Some(pipe) = &mut self.pipe else {
            return Ok(());
        };
        match pipe.read(&mut buffer) {
            Ok(0) => self.pipe = None,
            Ok(n_read) => self.text.extend_from_slice(&buffer[..n_read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Reads both to their ends; `false` when that is not reached before `deadline`.
fn read_all<O: Read + AsFd, E: Read + AsFd>(
    stdout: &mut Pipe<O>,
    stderr: &mut Pipe<E>,
    deadline: Instant,
) -> io::Result<bool> {
    loop {
        let fds = [
            stdout.pipe.as_ref().map(AsFd::as_fd),
            stderr.pipe.as_ref().map(AsFd::as_fd),
        ];
        let Some([is_out, is_err]) = wait_to_read(fds, deadline)? else {
            return Ok(false);
        };
        if is_out {
            stdout.read()?;
        }
        if is_err {
            stderr.read()?;
        }
        if stdout.pipe.is_none() && stderr.pipe.is_none() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(text: &str, limit: Duration) -> Option<Output> {
        run_within(Command::new("sh").args(["-c", text]), limit).unwrap()
    }

    #[test]
    fn what_a_program_writes_is_read_however_much_it_is() {
        let long = Duration::from_hours(1);
        let text = "head -c 300000 /dev/zero >&2; head -c 200000 /dev/zero; exec >&-; echo end >&2; exit 3";
        let output = shell(text, long).unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(
            (output.stdout.len(), output.stderr.len()),
            (200_000, 300_004)
        );
    }

    #[test]
    fn a_program_that_does_not_end_is_killed() {
        assert!(shell("exec sleep 3600", Duration::ZERO).is_none());
        assert!(shell("sleep 2 & echo started", Duration::from_millis(50)).is_none());
    }
}
