//! Many questions to indexes at once.

use std::cmp::Reverse;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::{Client, IndexSession, Lines, Servers};
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
        self.for_all_servers(items, |_| "", act, is_last)
    }

    /// As [`Crowd::for_all`], for items of several servers, of which a slow one does not hold the others.
    pub(crate) fn for_all_servers<T: Sync, R: Send>(
        self,
        items: &[T],
        server_of: impl Fn(&T) -> &str + Sync,
        act: impl Fn(&mut IndexSession<'_>, &T) -> R + Sync,
        is_last: impl Fn(&R) -> bool + Sync,
    ) -> Vec<R> {
        let servers: Vec<&str> = items.iter().map(server_of).collect();
        let line = Line::new(&servers, self.n_connections);
        let results = Mutex::new(Vec::with_capacity(items.len()));
        let work = || {
            let mut session = self.client.session(self.cancellation);
            while let Some(turn) = line.next() {
                let result = act(&mut session, &items[turn.number]);
                if is_last(&result) {
                    line.end();
                }
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                results.push((turn.number, result));
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
        results.sort_unstable_by_key(|(number, _)| *number);
        results.into_iter().map(|(_, result)| result).collect()
    }
}

/// The items that wait for a thread, by their numbers.
struct Line<'s> {
    servers: &'s [&'s str],
    n_threads: usize,
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    numbers: Lines<Reverse<usize>, usize>,
    servers: Servers,
}

/// An item that is being done.
struct Turn<'l> {
    line: &'l Line<'l>,
    number: usize,
}

impl<'s> Line<'s> {
    fn new(servers: &'s [&'s str], n_threads: usize) -> Self {
        let mut waiting = Waiting::default();
        for (number, server) in servers.iter().enumerate() {
            waiting.numbers.push(server, Reverse(number), number);
            waiting.servers.add(server);
        }
        Self {
            servers,
            n_threads,
            waiting: Mutex::new(waiting),
            changed: Condvar::new(),
        }
    }

    /// Waits for an item whose server may have another request; `None` when there is none left.
    fn next(&self) -> Option<Turn<'_>> {
        let mut waiting = self.lock();
        while !waiting.numbers.is_empty() {
            let Waiting { numbers, servers } = &mut *waiting;
            if let Some(number) = numbers.take(servers, self.n_threads) {
                servers.begin(self.servers[number]);
                return Some(Turn { line: self, number });
            }
            let waited = self.changed.wait(waiting);
            waiting = waited.unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    /// Begins no other item.
    fn end(&self) {
        self.lock().numbers = Lines::default();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let server = self.line.servers[self.number];
        self.line.lock().servers.end(server);
        self.line.changed.notify_all();
    }
}
