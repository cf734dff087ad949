//! Many questions to the network at once.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Builder, Error};
use crate::build::Stop;
use crate::event::{Event, Reporter};
use crate::http::Cancellation;
use crate::index::{Client, IndexSession};

/// Ends requests when all builds are to stop.
pub(super) struct Watch<'a> {
    stop: &'a Stop,
    reporter: &'a dyn Reporter,
}

impl Cancellation for Watch<'_> {
    fn retrying(&self, what: &str, cause: &str) {
        self.reporter.report(Event::Retrying { what, cause });
    }

    fn pause(&self, pause: Duration) -> ControlFlow<()> {
        if self.stop.wait(pause) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn is_cancelled(&self) -> bool {
        self.stop.is_stopped()
    }
}

/// Many questions to indexes, on threads of their own.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) client: &'a Client,
    pub(crate) stop: &'a Stop,
    pub(crate) reporter: &'a dyn Reporter,
    pub(crate) n_connections: usize,
}

impl Asking<'_> {
    /// Does `act` for each of `items`, several at once, each on a thread with a session of its own; returns what came of
    /// them in their order, or the first error in that order.
    pub(crate) fn for_all<T: Sync, R: Send, E: Send>(
        self,
        items: &[T],
        act: impl Fn(&mut IndexSession<'_>, &T) -> Result<R, E> + Sync,
    ) -> Result<Vec<R>, E> {
        let watch = Watch {
            stop: self.stop,
            reporter: self.reporter,
        };
        let n_threads = items.len().min(self.n_connections.max(1));
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
                if result.is_err() {
                    next.store(items.len(), Ordering::Relaxed);
                }
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                results.push((number, result));
            }
        };
        thread::scope(|scope| {
            for _ in 1..n_threads {
                // Fewer threads do the work of all.
                let named = thread::Builder::new().name("build".to_owned());
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

impl Builder<'_> {
    /// As [`Asking::for_all`].
    pub(super) fn for_all<T: Sync, R: Send>(
        &self,
        items: &[T],
        act: impl Fn(&mut IndexSession<'_>, &T) -> Result<R, Error> + Sync,
    ) -> Result<Vec<R>, Error> {
        let asking = Asking {
            client: self.tools.client,
            stop: self.tools.stop,
            reporter: self.tools.reporter,
            n_connections: self.settings.n_connections,
        };
        asking.for_all(items, act)
    }
}
