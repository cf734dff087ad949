//! What only Linux has.

use std::fs::{self, File};
use std::os::fd::BorrowedFd;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, OFlags, RenameFlags, StatxAttributes, StatxFlags, makedev, renameat_with, statx,
};
use rustix::io::Errno;
use rustix::process::{Pid, getpid, set_child_subreaper};

use super::mount::Mount;

/// Opens a folder as a place to start from: what is in it need not be readable.
pub(super) const START: OFlags = OFlags::PATH;

/// Tells which file system a folder is on, and whether that begins there.
pub(super) fn mount(folder: BorrowedFd<'_>) -> Result<Mount, Errno> {
    match statx(folder, "", AtFlags::EMPTY_PATH, StatxFlags::empty()) {
        Ok(status) => Ok(Mount {
            device: makedev(status.stx_dev_major, status.stx_dev_minor),
            is_root: status.stx_attributes.contains(StatxAttributes::MOUNT_ROOT),
        }),
        // Kernels before 4.11, and containers that allow no call that is newer than they are.
        Err(Errno::NOSYS | Errno::PERM) => Mount::by_device(folder),
        Err(errno) => Err(errno),
    }
}

/// Makes `target`, an empty file, share the bytes of `source`.
pub(super) fn clone(source: &File, target: &File) -> Result<(), Errno> {
    rustix::fs::ioctl_ficlone(target, source)
}

/// Makes this process the parent of what its descendants leave behind.
pub(super) fn adopt_orphans() {
    // Kernels before 3.4 cannot: then daemons stay.
    let _ = set_child_subreaper(Some(getpid()));
}

/// Lists the children of this process, those that have ended excepted.
pub(super) fn children() -> Vec<Pid> {
    let listed = Path::new("/proc/thread-self/children").exists();
    if listed {
        listed_children()
    } else {
        scanned_children()
    }
}

/// As the kernel lists them, for each thread.
fn listed_children() -> Vec<Pid> {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten();
    let lists = threads.flatten().filter_map(|thread| {
        // A thread may end meanwhile.
        fs::read_to_string(thread.path().join("children")).ok()
    });
    let of_list = |list: String| {
        let numbers = list.split_whitespace();
        let children = numbers.filter_map(|number| Pid::from_raw(number.parse().ok()?));
        children.collect::<Vec<_>>()
    };
    let children = lists.flat_map(of_list);
    let running = children.filter(|child| Status::read(*child).is_some_and(|it| it.is_running()));
    running.collect()
}

/// For kernels that do not list them (`CONFIG_PROC_CHILDREN`): costs a look at each process of the machine.
fn scanned_children() -> Vec<Pid> {
    let own = getpid().as_raw_nonzero().get();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let processes = processes.filter_map(Pid::from_raw);
    let is_child = |process: &Pid| {
        let status = Status::read(*process);
        status.is_some_and(|status| status.parent == own && status.is_running())
    };
    processes.filter(is_child).collect()
}

/// What the kernel says of a process.
struct Status {
    state: char,
    parent: i32,
    session: i32,
}

impl Status {
    fn read(process: Pid) -> Option<Self> {
        let text = fs::read(format!("/proc/{process}/stat")).ok()?;
        let text = String::from_utf8_lossy(&text);
        // The name before it may have spaces and brackets.
        let (_, rest) = text.rsplit_once(") ")?;
        let mut words = rest.split(' ');
        let state = words.next()?.chars().next()?;
        let mut numbers = words.map(|word| word.parse().ok());
        Some(Self {
            state,
            parent: numbers.next()??,
            // The group is between them.
            session: numbers.nth(1)??,
        })
    }

    fn is_running(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }
}

/// Reads the variables that a process was started with, each followed by a zero byte; `None` when they may not be read.
pub(super) fn variables(process: Pid) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{process}/environ")).ok()
}

/// Says whether a process runs in another session than this one. A session whose leader is outside of the namespace of this process
/// has the number 0 (`pid_namespaces(7)`), for which `rustix::process::getsid` has no value.
pub(super) fn is_in_other_session(process: Pid) -> bool {
    let session = |process| Status::read(process).map(|status| status.session);
    session(process) != session(getpid())
}

/// Exchanges two names in one step.
pub(super) fn exchange(one: &Path, other: &Path) -> Result<(), Errno> {
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
}
