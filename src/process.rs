//! Runs a program to its end: in a process group of its own, with nothing to read and its output in a file.
//!
//! The output goes into the file without passing through this process, so nobody has to read it while the program runs, and a
//! background process that outlives the program and keeps the output open delays nothing. What is left of
//! the group is ended before the result is returned.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::platform::group::{Waited, kill, wait_for_end};

/// Ends the processes of all calls that were given it, from any thread.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    groups: Arc<Mutex<Groups>>,
}

#[derive(Debug, Default)]
struct Groups {
    is_stopped: bool,
    running: BTreeSet<i32>,
}

/// A program and what it is started with.
pub(crate) struct Program<'a> {
    pub(crate) file: &'a Path,
    pub(crate) arguments: &'a [&'a OsStr],
    pub(crate) folder: &'a Path,
    /// All of them: nothing is inherited.
    pub(crate) variables: &'a BTreeMap<OsString, OsString>,
    /// Standard output and standard error.
    pub(crate) output: File,
}

/// How a program ended.
pub(crate) enum Ended {
    /// By itself, or killed by somebody else.
    Finished(ExitStatus),
    /// By [`Stop::stop`].
    Stopped,
}

impl Stop {
    /// Ends all programs with their children, and lets none start.
    pub fn stop(&self) {
        let mut groups = self.lock();
        groups.is_stopped = true;
        for group in &groups.running {
            kill(*group);
        }
    }

    /// Tells whether [`Stop::stop`] was called.
    pub fn is_stopped(&self) -> bool {
        self.lock().is_stopped
    }

    fn lock(&self) -> MutexGuard<'_, Groups> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Program<'_> {
    /// Runs the program to its end, which is also when it wants to ask somebody: that is an error.
    pub(crate) fn run(self, stop: &Stop) -> io::Result<Ended> {
        let Some(mut child) = self.start(stop)? else {
            return Ok(Ended::Stopped);
        };
        let group = child.id().cast_signed();
        let waited = wait_for_end(group);
        {
            // The number of the group is its own until its leader is waited for.
            let mut groups = stop.lock();
            kill(group);
            groups.running.remove(&group);
        }
        let waited = waited?;
        let status = child.wait()?;
        if stop.is_stopped() && !status.success() {
            return Ok(Ended::Stopped);
        }
        if waited == Waited::WantsTerminal {
            return Err(io::Error::other(
                "it wanted to ask something on the terminal, which it may not",
            ));
        }
        Ok(Ended::Finished(status))
    }

    /// Starts the program, unless all is to stop.
    fn start(self, stop: &Stop) -> io::Result<Option<Child>> {
        let errors = self.output.try_clone()?;
        let mut command = Command::new(self.file);
        command
            .args(self.arguments)
            .current_dir(self.folder)
            .env_clear()
            .envs(self.variables)
            .stdin(Stdio::null())
            .stdout(self.output)
            .stderr(errors)
            .process_group(0);
        let mut groups = stop.lock();
        if groups.is_stopped {
            return Ok(None);
        }
        let child = command.spawn()?;
        groups.running.insert(child.id().cast_signed());
        Ok(Some(child))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str) -> io::Result<Ended> {
        let program = Program {
            file: Path::new("/bin/sh"),
            arguments: &["-c", script].map(OsStr::new),
            folder: Path::new("/"),
            variables: &BTreeMap::new(),
            output: tempfile::tempfile()?,
        };
        program.run(&Stop::default())
    }

    #[test]
    fn a_program_that_asks_on_the_terminal_is_ended() {
        for signal in ["TTIN", "TTOU"] {
            // What the system sends to the group of whoever uses the terminal without being in its foreground.
            let error = run(&format!("kill -{signal} 0; exit 0")).err().unwrap();
            assert!(error.to_string().contains("the terminal"), "{error}");
        }
    }

    #[test]
    fn a_program_that_is_stopped_and_goes_on_is_waited_for() {
        let script = "(while kill -CONT $$; do :; done) & kill -STOP $$; exit 7";
        let ended = run(script).unwrap();
        assert!(matches!(ended, Ended::Finished(status) if status.code() == Some(7)));
    }
}
