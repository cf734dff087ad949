//! How much a server may send, and how slowly: whatever others send ends.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use thiserror::Error;

/// How much a server may send, and how slowly. [`Limits::default`] fits every real index and file server that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest body that is read into memory, in bytes, before and after it is decoded.
    ///
    /// The largest simple page of PyPI that was seen has 21 MB (`ddtrace`, in November 2026); the limit is 128 MiB.
    pub body_bytes: u64,
    /// The largest file, in bytes, whatever anyone says of its size: 16 GiB.
    pub file_bytes: u64,
    /// All headers of a response have to arrive within this time.
    pub headers: Duration,
    /// How fast a body has to come.
    pub pace: Pace,
}

/// The slowest pace of a body: fewer than `n_bytes` while it was waited for during `window` end the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// So many bytes at least.
    pub n_bytes: u64,
    /// In each span of so much waiting. The time that the disk takes does not count.
    pub window: Duration,
}

/// The time between two bytes, unless the user sets another; that of Poetry.
const TIMEOUT: Duration = Duration::from_secs(15);

/// 4 KiB a minute: 24 files at once over a line that brings 2 KiB a second.
const SLOWEST_BYTES: u64 = 4 << 10;
const SHORTEST_WINDOW: Duration = Duration::from_mins(1);

/// A body has to be in memory within so many windows.
const BODY_WINDOWS: u32 = 10;

/// What nobody needs is waited for no longer: a new connection costs less.
const DRAINING: Duration = Duration::from_secs(2);

impl Limits {
    /// Returns the limits for one who waits `timeout` between two bytes: the more patient, the more time for the whole.
    pub fn for_timeout(timeout: Duration) -> Self {
        let window = timeout.saturating_mul(4).max(SHORTEST_WINDOW);
        Self {
            body_bytes: 128 << 20,
            file_bytes: 16 << 30,
            headers: window,
            pace: Pace {
                n_bytes: SLOWEST_BYTES,
                window,
            },
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::for_timeout(TIMEOUT)
    }
}

/// A body came too slowly.
#[derive(Clone, Copy, Debug, Error)]
#[error("only {n_bytes} bytes were received in {} s", waited.as_secs())]
pub(super) struct TooSlow {
    n_bytes: u64,
    waited: Duration,
}

/// Reads a body that has to keep a pace.
pub(super) struct Paced<R> {
    body: R,
    pace: Pace,
    /// How long the whole may take.
    longest: Option<Duration>,
    /// In this window.
    n_bytes: u64,
    waited: Duration,
    /// Before this window.
    n_bytes_before: u64,
    waited_before: Duration,
}

impl<R: Read> Paced<R> {
    /// Reads a file, which may take any time as long as it keeps the pace.
    pub(super) fn file(body: R, pace: Pace) -> Self {
        Self {
            body,
            pace,
            longest: None,
            n_bytes: 0,
            waited: Duration::ZERO,
            n_bytes_before: 0,
            waited_before: Duration::ZERO,
        }
    }

    /// Reads a body into memory, for which others may have to wait.
    pub(super) fn body(body: R, pace: Pace) -> Self {
        Self {
            longest: Some(pace.window.saturating_mul(BODY_WINDOWS)),
            ..Self::file(body, pace)
        }
    }

    /// Reads what nobody needs.
    pub(super) fn refuse(body: R, pace: Pace) -> Self {
        Self {
            longest: Some(pace.window.min(DRAINING)),
            ..Self::file(body, pace)
        }
    }

    fn count(&mut self, n_read: usize, waited: Duration) -> io::Result<()> {
        self.n_bytes += n_read as u64;
        self.waited += waited;
        let waited = self.waited_before + self.waited;
        let is_slow = self.n_bytes < self.pace.n_bytes && self.waited >= self.pace.window;
        if is_slow || self.longest.is_some_and(|longest| waited >= longest) {
            return Err(io::Error::other(TooSlow {
                n_bytes: self.n_bytes_before + self.n_bytes,
                waited,
            }));
        }
        if self.n_bytes >= self.pace.n_bytes {
            self.n_bytes_before += std::mem::take(&mut self.n_bytes);
            self.waited_before += std::mem::take(&mut self.waited);
        }
        Ok(())
    }
}

impl<R: Read> Read for Paced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let started = Instant::now();
        let n_read = self.body.read(buffer)?;
        if n_read > 0 {
            self.count(n_read, started.elapsed())?;
        }
        Ok(n_read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        n_bytes: 100,
        window: Duration::from_mins(1),
    };

    /// Returns how many reads of `n_bytes` that take `seconds` each are let through, of at most a thousand.
    fn reads(mut paced: Paced<io::Empty>, n_bytes: usize, seconds: u64) -> usize {
        let waited = Duration::from_secs(seconds);
        (0..1000)
            .take_while(|_| paced.count(n_bytes, waited).is_ok())
            .count()
    }

    #[test]
    fn a_byte_a_second_ends_and_a_slow_line_does_not() {
        let file = || Paced::file(io::empty(), PACE);
        assert_eq!(reads(file(), 1, 1), 59);
        assert_eq!(reads(file(), 2, 1), 1000);
        assert_eq!(reads(file(), 100, 59), 1000);
        assert_eq!(reads(file(), 49, 59), 1);
    }

    #[test]
    fn a_body_in_memory_also_has_to_end() {
        assert_eq!(reads(Paced::body(io::empty(), PACE), 2, 1), 599);
        assert_eq!(reads(Paced::refuse(io::empty(), PACE), 5000, 1), 1);
    }

    #[test]
    fn the_limits_grow_with_the_patience_of_the_user() {
        let window = |seconds| {
            Limits::for_timeout(Duration::from_secs(seconds))
                .pace
                .window
        };
        assert_eq!(window(1), Duration::from_mins(1));
        assert_eq!(window(15), Duration::from_mins(1));
        assert_eq!(window(300), Duration::from_mins(20));
        assert_eq!(Limits::default().headers, window(15));
    }
}
