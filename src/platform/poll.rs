//! Waiting for what other processes write.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Waits until one of those that are open can be read, and tells which; `None` at `deadline`. May come back earlier, with
/// none.
pub(crate) fn wait_to_read(
    fds: [Option<BorrowedFd<'_>>; 2],
    deadline: Instant,
) -> io::Result<Option<[bool; 2]>> {
    let open: Vec<BorrowedFd<'_>> = fds.into_iter().flatten().collect();
    let poll_fd = |fd| PollFd::from_borrowed_fd(fd, PollFlags::IN);
    let mut polled: Vec<PollFd<'_>> = open.into_iter().map(poll_fd).collect();
    let left: Duration = deadline.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).map_err(io::Error::other)?;
    match poll(&mut polled, Some(&left)) {
        Ok(0) => return Ok(None),
        Ok(_) | Err(Errno::INTR) => {}
        Err(errno) => return Err(errno.into()),
    }
    let mut ready = polled.iter().map(|polled| !polled.revents().is_empty());
    Ok(Some(
        fds.map(|fd| fd.is_some() && ready.next().unwrap_or(false)),
    ))
}
