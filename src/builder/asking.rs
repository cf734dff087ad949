//! Many questions to indexes at once, which end when all builds are to stop.

use std::ops::ControlFlow;
use std::time::Duration;

use super::{Builder, Error};
use crate::build::Stop;
use crate::event::{Event, Reporter};
use crate::http::Cancellation;
use crate::index::{Client, Crowd, IndexSession};

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
        let crowd = Crowd {
            client: self.client,
            cancellation: &Watch {
                stop: self.stop,
                reporter: self.reporter,
            },
            n_connections: self.n_connections,
            thread_name: "build",
        };
        crowd
            .for_all(items, act, Result::is_err)
            .into_iter()
            .collect()
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
