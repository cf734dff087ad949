//! Many questions to the network at once.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::event::{Event, Reporter};
use crate::http::Cancellation;
use crate::index::{Client, IndexSession};

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
    /// Does `act` for each of `items`, several at once, each on a thread with a session of its own; returns what came of them in
    /// their order. This thread works too, so that others are a help and none is needed.
    pub(super) fn for_all<T: Sync, R: Send>(
        self,
        items: &[T],
        act: impl Fn(&mut IndexSession<'_>, &T) -> R + Sync,
    ) -> Vec<R> {
        let watch = Watch {
            reporter: self.reporter,
        };
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::with_capacity(items.len()));
        let work = || {
            let mut session = self.client.session(&watch);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(number) else {
                    break;
                };
                let result = act(&mut session, item);
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                results.push((number, result));
            }
        };
        thread::scope(|scope| {
            for _ in 1..items.len().min(self.n_connections) {
                let named = thread::Builder::new().name("verify".to_owned());
                if named.spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
            work();
        });
        let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.sort_by_key(|(number, _)| *number);
        results.into_iter().map(|(_, result)| result).collect()
    }
}
