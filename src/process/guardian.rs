//! Ends programs whose parent was killed: `SIGKILL` leaves no time to do that oneself.
//!
//! A guardian is a shell that waits for its input to end, which it does with this process, however that ends. By then it
//! has read which groups are running, and kills them. It costs the start of one shell for all programs of a run, and a line
//! for the begin and end of each. Where there is no shell nobody guards.

use std::io::Write as _;
use std::process::{Child, ChildStdin, Command, Stdio};

const SHELL: &str = "/bin/sh";

/// Each line is a sign, and the number of a group with the mark of its program, which finds what has left the group.
const SCRIPT: &str = r#"
groups=
while read -r sign group; do
    others=
    for other in $groups; do test "$other" = "$group" || others="$others $other"; done
    groups=$others
    test "$sign" != + || groups="$groups $group"
done
for group in $groups; do kill -KILL "-${group%%:*}"; done
for group in $groups; do
    for file in /proc/[0-9]*/environ; do
        if grep -qsF -e "${group#*:}" "$file"; then
            process=${file#/proc/}
            kill -KILL "${process%/environ}"
        fi
    done
done
"#;

/// Kills what is running when this process is gone. Dropping it kills what it watches.
#[derive(Debug)]
pub(super) struct Guardian {
    shell: Child,
    lines: Option<ChildStdin>,
}

impl Guardian {
    /// Starts one, in a group of its own: what ends the groups of others does not end it.
    pub(super) fn start() -> Option<Self> {
        use std::os::unix::process::CommandExt as _;
        let mut command = Command::new(SHELL);
        command
            .args(["-c", SCRIPT])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let mut shell = command.spawn().ok()?;
        let lines = shell.stdin.take();
        Some(Self { shell, lines })
    }

    pub(super) fn watch(&mut self, group: i32, mark: &str) {
        self.say('+', group, mark);
    }

    pub(super) fn forget(&mut self, group: i32, mark: &str) {
        self.say('-', group, mark);
    }

    /// One that was killed watches no more.
    fn say(&mut self, sign: char, group: i32, mark: &str) {
        if let Some(lines) = &mut self.lines {
            let _ = lines.write_all(format!("{sign} {group}:{mark}\n").as_bytes());
        }
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        self.lines = None;
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};

    use super::*;

    fn program() -> Child {
        let mut command = Command::new("sleep");
        command.arg("1000").process_group(0).spawn().unwrap()
    }

    fn group(program: &Child) -> i32 {
        program.id().cast_signed()
    }

    #[test]
    fn what_is_running_is_killed_and_what_has_ended_is_not() {
        let mut guardian = Guardian::start().unwrap();
        let mut programs = [program(), program(), program()];
        for program in &programs {
            guardian.watch(group(program), "A=1");
        }
        guardian.forget(group(&programs[1]), "A=1");
        drop(guardian);
        assert!(programs[1].try_wait().unwrap().is_none());
        programs[1].kill().unwrap();
        for program in &mut programs {
            assert_eq!(program.wait().unwrap().signal(), Some(9));
        }
    }
}
