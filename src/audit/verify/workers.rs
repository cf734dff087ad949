//! Many questions to indexes at once, to the end.

use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

use crate::event::{Event, Reporter};
use crate::http::Cancellation;
use crate::index::{Client, Crowd, IndexSession};

/// Reports that requests are made again, and ends none.
struct Watch<'a> {
    reporter: &'a dyn Reporter,
}

impl Cancellation for Watch<'_> {
    fn retrying(&self, what: &str, cause: &str) {
        self.reporter.report(Event::Retrying { what, cause });
    }

    fn pause(&self, pause: Duration) -> ControlFlow<()> {
        thread::sleep(pause);
        ControlFlow::Continue(())
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Who asks, how many at once, and who hears of it.
#[derive(Clone, Copy)]
pub(super) struct Workers<'a> {
    pub(super) client: &'a Client,
    pub(super) n_connections: usize,
    pub(super) reporter: &'a dyn Reporter,
}

impl Workers<'_> {
    /// Does `act` for each of `items`, several at once, so that no server holds the others; returns what came of them in their
    /// order.
    pub(super) fn for_all<T: Sync, R: Send>(
        self,
        items: &[T],
        server_of: impl Fn(&T) -> &str + Sync,
        act: impl Fn(&mut IndexSession<'_>, &T) -> R + Sync,
    ) -> Vec<R> {
        let crowd = Crowd {
            client: self.client,
            cancellation: &Watch {
                reporter: self.reporter,
            },
            n_connections: self.n_connections,
            thread_name: "verify",
        };
        crowd.for_all_servers(items, server_of, act, |_| false)
    }
}
