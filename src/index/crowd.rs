//! Many questions to indexes at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::{Client, IndexSession};
use crate::http::Cancellation;

/// Threads that ask the same kind of question, each with a session of its own.
#[derive(Clone, Copy)]
pub(crate) struct Crowd<'a> {
    pub(crate) client: &'a Client,
    pub(crate) cancellation: &'a dyn Cancellation,
    /// How many ask at once, at most.
    pub(crate) n_connections: usize,
    /// What the threads are called.
    pub(crate) thread_name: &'a str,
}

impl Crowd<'_> {
    /// Does `act` for each of `items`, several at once; returns what came of them in their order. After a result that
    /// `is_last` no other item is begun. This thread works too, so that others are a help and none is needed.
    pub(crate) fn for_all<T: Sync, R: Send>(
        self,
        items: &[T],
        act: impl Fn(&mut IndexSession<'_>, &T) -> R + Sync,
        is_last: impl Fn(&R) -> bool + Sync,
    ) -> Vec<R> {
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::with_capacity(items.len()));
        let work = || {
            let mut session = self.client.session(self.cancellation);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(number) else {
                    break;
                };
                let result = act(&mut session, item);
                if is_last(&result) {
                    next.store(items.len(), Ordering::Relaxed);
                }
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                results.push((number, result));
            }
        };
        thread::scope(|scope| {
            for _ in 1..items.len().min(self.n_connections) {
                let named = thread::Builder::new().name(self.thread_name.to_owned());
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
