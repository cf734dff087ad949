//! Ends the requests of a thread where the work is over.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::queue::Queue;
use crate::event::{Event, Reporter};
use crate::http::Cancellation;

/// How long nobody looks at what another process is at.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// Stands by the requests of one thread.
pub(super) struct Watch<'q, 'a> {
    pub(super) queue: &'q Queue<'a>,
    pub(super) reporter: &'q dyn Reporter,
    /// Whether the requests are of use only if nothing at all is missing.
    pub(super) is_download: bool,
}

impl Cancellation for Watch<'_, '_> {
    fn retrying(&self, what: &str, cause: &str) {
        self.reporter.report(Event::Retrying { what, cause });
    }

    fn pause(&self, pause: Duration) -> ControlFlow<()> {
        let end = Instant::now() + pause;
        loop {
            if self.is_cancelled() {
                return ControlFlow::Break(());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return ControlFlow::Continue(());
            }
            self.queue.wait_for_change(left);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.queue.is_over(self.is_download)
    }
}
