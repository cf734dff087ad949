//! Runs a program to its end: in a process group of its own, with nothing to read and its output in a file.
//!
//! The output goes into the file without passing through this process, so nobody has to read it while the program runs, and a
//! background process that outlives the program and keeps the output open delays nothing. What is left of
//! the group, and daemons that have left it (on Linux), are ended before the result is returned; where this process is killed before
//! that, a `Guardian` does it.

mod guardian;
mod timed;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use self::guardian::Guardian;
use crate::platform::group::{Waited, kill, wait_for_end};
use crate::platform::orphans;

/// The variable that a program and all that it starts are known by.
const MARK: &str = "_LOCK2VENV_PROGRAM";

pub(crate) use self::timed::{ProgramAnswer, answer, run_within};

/// Ends the processes of all calls that were given it, from any thread.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    shared: Arc<Shared>,
}

/// A [`Stop`] as long as others have it: what it knows, and its guardian, go with them.
#[derive(Clone, Debug)]
pub(crate) struct WeakStop {
    shared: Weak<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    groups: Mutex<Groups>,
    stopped: Condvar,
}

#[derive(Debug, Default)]
struct Groups {
    is_stopped: bool,
    running: BTreeSet<i32>,
    /// What the programs work in.
    folders: Vec<PathBuf>,
    /// There is one from the first program on.
    guardian: Option<Guardian>,
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
        drop(groups);
        self.shared.stopped.notify_all();
    }

    /// Returns the same for whoever ends what is still there.
    pub(crate) fn downgrade(&self) -> WeakStop {
        let shared = Arc::downgrade(&self.shared);
        WeakStop { shared }
    }

    /// Tells whether [`Stop::stop`] was called.
    pub fn is_stopped(&self) -> bool {
        self.lock().is_stopped
    }

    /// Does `make`, and notes the folder that it makes; `None` when all is to stop. After [`Stop::stop`] none is made that
    /// [`Stop::folders`] does not know.
    pub(crate) fn while_making<T, E>(
        &self,
        make: impl FnOnce() -> Result<T, E>,
        folder: impl FnOnce(&T) -> &Path,
    ) -> Result<Option<T>, E> {
        let mut groups = self.lock();
        if groups.is_stopped {
            return Ok(None);
        }
        let made = make()?;
        groups.folders.push(folder(&made).to_owned());
        Ok(Some(made))
    }

    /// Returns the folders that programs worked in, as far as they were noted; they may be gone.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        self.lock().folders.clone()
    }

    /// Waits for `pause`, or until [`Stop::stop`] is called; tells whether it was.
    pub(crate) fn wait(&self, pause: Duration) -> bool {
        let groups = self.lock();
        let is_working = |groups: &mut Groups| !groups.is_stopped;
        let waited = self
            .shared
            .stopped
            .wait_timeout_while(groups, pause, is_working);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_stopped
    }

    fn lock(&self) -> MutexGuard<'_, Groups> {
        let groups = self.shared.groups.lock();
        groups.unwrap_or_else(PoisonError::into_inner)
    }
}

impl WeakStop {
    /// Returns the [`Stop`], if anybody has it.
    pub(crate) fn upgrade(&self) -> Option<Stop> {
        let shared = self.shared.upgrade()?;
        Some(Stop { shared })
    }
}

impl Groups {
    fn begin(&mut self, group: i32, mark: &str) {
        self.running.insert(group);
        if self.guardian.is_none() {
            self.guardian = Guardian::start();
        }
        if let Some(guardian) = &mut self.guardian {
            guardian.watch(group, mark);
        }
    }

    /// Ends what is left of a group, whose number is its own until its leader is waited for.
    fn end(&mut self, group: i32) {
        kill(group);
        self.running.remove(&group);
    }

    fn forget(&mut self, group: i32, mark: &str) {
        if let Some(guardian) = &mut self.guardian {
            guardian.forget(group, mark);
        }
    }
}

impl Program<'_> {
    /// Runs the program to its end, which is also when it wants to ask somebody: that is an error.
    pub(crate) fn run(self, stop: &Stop) -> io::Result<Ended> {
        let mark = format!("{:016x}", fastrand::u64(..));
        let Some(mut child) = self.start(stop, &mark)? else {
            return Ok(Ended::Stopped);
        };
        let group = child.id().cast_signed();
        let waited = wait_for_end(group);
        stop.lock().end(group);
        orphans::kill_left(&format!("{MARK}={mark}"), group);
        stop.lock().forget(group, &mark);
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
    fn start(self, stop: &Stop, mark: &str) -> io::Result<Option<Child>> {
        let errors = self.output.try_clone()?;
        let mut command = Command::new(self.file);
        command
            .args(self.arguments)
            .current_dir(self.folder)
            .env_clear()
            .envs(self.variables)
            .env(MARK, mark)
            .stdin(Stdio::null())
            .stdout(self.output)
            .stderr(errors)
            .process_group(0);
        let mut groups = stop.lock();
        if groups.is_stopped {
            return Ok(None);
        }
        orphans::adopt();
        let child = command.spawn()?;
        groups.begin(child.id().cast_signed(), mark);
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

    /// Runs a program that leaves a daemon behind, and waits until nobody has its end of a pipe open any more.
    #[cfg(target_os = "linux")]
    #[track_caller]
    fn leaves_nothing(start: &str) {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let script = format!("({start} sleep 1000 >{0} &) ; : >{0}", pipe.display());
        std::thread::scope(|scope| {
            let gone = scope.spawn(|| std::fs::read(&pipe).unwrap());
            let ended = run(&script).unwrap();
            assert!(matches!(ended, Ended::Finished(status) if status.success()));
            assert!(gone.join().unwrap().is_empty());
        });
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_daemon_is_ended_with_the_program_that_left_it() {
        leaves_nothing("setsid");
        leaves_nothing("setsid setsid -f");
        leaves_nothing("setsid env -i");
    }

    #[test]
    fn a_program_that_is_stopped_and_goes_on_is_waited_for() {
        let script = "(while kill -CONT $$; do :; done) & kill -STOP $$; exit 7";
        let ended = run(script).unwrap();
        assert!(matches!(ended, Ended::Finished(status) if status.code() == Some(7)));
    }
}
