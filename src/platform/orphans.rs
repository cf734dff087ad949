//! Processes that outlive whoever started them, in a session of their own: daemons.
//!
//! A process group does not hold them. On Linux this process becomes the parent of what its descendants leave behind
//! (`PR_SET_CHILD_SUBREAPER`), and knows by a variable which program that came from. A process that was started without variables in
//! another session counts as left by any program. Other systems have nothing like it.

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::system;

/// Whoever is killed may have started others meanwhile; nobody does so forever, or is let do so.
const MOST_ROUNDS: usize = 100;

/// Makes this process the parent of what its descendants leave behind from now on.
pub(crate) fn adopt() {
    system::adopt_orphans();
}

/// Kills what was left behind by the program `leader`, which was started with the variable `mark` (`NAME=value`), and was killed or
/// is gone. It is left to whoever started it to wait for the program itself.
pub(crate) fn kill_left(mark: &str, leader: i32) {
    for _ in 0..MOST_ROUNDS {
        let children = system::children().into_iter();
        let others = children.filter(|child| child.as_raw_pid() != leader);
        let left: Vec<Pid> = others.filter(|child| is_left(*child, mark)).collect();
        if left.is_empty() {
            return;
        }
        for process in left {
            // An error says that it has ended meanwhile.
            let _ = kill_process(process, Signal::KILL);
            let _ = waitpid(Some(process), WaitOptions::empty());
        }
    }
}

/// Others start none without variables in a session of its own.
fn is_left(process: Pid, mark: &str) -> bool {
    let Some(variables) = system::variables(process) else {
        return false;
    };
    if variables.is_empty() {
        return system::is_in_other_session(process);
    }
    let mut all = variables.split(|byte| *byte == 0);
    all.any(|variable| variable == mark.as_bytes())
}
