//! Process groups: a program together with what it starts.

use std::io;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// What a process was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// It has ended.
    Ended,
    /// It was stopped because it, or another of its group, wanted to use the terminal: it would never go on.
    WantsTerminal,
}

/// Waits until the process has ended or can only wait for the terminal, and leaves its number taken.
pub(crate) fn wait_for_end(process: i32) -> io::Result<Waited> {
    let Some(process) = Pid::from_raw(process) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let look = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
    let take = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
    loop {
        match waitid(WaitId::Pid(process), look) {
            Ok(Some(status)) if status.stopped() => {
                let signal = status.stopping_signal();
                if [Signal::TTIN, Signal::TTOU]
                    .map(|signal| Some(signal.as_raw()))
                    .contains(&signal)
                {
                    return Ok(Waited::WantsTerminal);
                }
                // Whoever stopped it may let it go on.
                let _ = waitid(WaitId::Pid(process), take);
            }
            Ok(_) => return Ok(Waited::Ended),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Kills every process of a group.
pub(crate) fn kill(group: i32) {
    if let Some(group) = Pid::from_raw(group) {
        // An error says that nobody is left.
        let _ = kill_process_group(group, Signal::KILL);
    }
}
