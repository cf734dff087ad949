//! Process groups: a program together with what it starts.

use std::io;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// Waits until the process has ended, and leaves its number taken.
pub(crate) fn wait_for_end(process: i32) -> io::Result<()> {
    let Some(process) = Pid::from_raw(process) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    loop {
        match waitid(WaitId::Pid(process), options) {
            Ok(_) => return Ok(()),
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
