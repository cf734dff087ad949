//! What is known of the machine, the user and the terminal.

use std::ffi::CStr;
use std::sync::OnceLock;

use rustix::fs::Mode;
use rustix::process::{Signal, getegid, geteuid, umask};

/// The number of the user that this process acts as, which never changes.
pub fn user() -> u32 {
    static USER: OnceLock<u32> = OnceLock::new();
    *USER.get_or_init(|| geteuid().as_raw())
}

/// The number of the group that this process acts as.
pub fn group() -> u32 {
    getegid().as_raw()
}

/// Has what this process creates from now on give its group the rights that its owner has, by the `umask`.
pub fn give_group_rights_of_owner() {
    let before = umask(Mode::empty());
    let of_group = (before & Mode::RWXU).as_raw_mode() >> 3;
    umask((before & !Mode::RWXG) | Mode::from_raw_mode(of_group));
}

/// The architecture, and the release and version of the kernel, as `uname` says them.
pub(crate) fn kernel() -> [String; 3] {
    let system = rustix::system::uname();
    let text = |value: &CStr| value.to_string_lossy().into_owned();
    [system.machine(), system.release(), system.version()].map(text)
}

/// The number of columns of the terminal that standard error is; `None` when it is not a terminal.
pub fn terminal_width() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(std::io::stderr());
    size.ok().map(|size| size.ws_col)
}

/// Tells whether a signal is one that a process does not bring about itself by a fault: it comes from a person, a
/// supervisor, or the kernel when memory runs out.
pub(crate) fn is_from_outside(signal: i32) -> bool {
    let outside = [
        Signal::HUP,
        Signal::INT,
        Signal::KILL,
        Signal::TERM,
        Signal::XCPU,
    ];
    outside.iter().any(|outside| signal == outside.as_raw())
}
