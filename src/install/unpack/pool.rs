//! A queue that always gives the most urgent task next, and a lock that does not panic.
//!
//! Each task that is put in means one turn of a pool, in which whatever is most urgent then is done: the order of
//! arrival does not matter, and the largest piece of work is never the last to begin.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::install::{Error, Options};

/// Starts the threads that work on files.
pub(in crate::install) fn start_pool(options: &Options) -> Result<ThreadPool, Error> {
    ThreadPoolBuilder::new()
        .num_threads(options.jobs.max(1))
        .thread_name(|index| format!("install-{index}"))
        .build()
        .map_err(|error| Error::Threads {
            reason: error.to_string(),
        })
}

/// Tasks that wait, each with its urgency.
#[derive(Debug)]
pub(in crate::install) struct Queue<T> {
    waiting: Mutex<BinaryHeap<Waiting<T>>>,
}

#[derive(Debug)]
struct Waiting<T> {
    urgency: u64,
    task: T,
}

impl<T> Queue<T> {
    pub(in crate::install) fn new() -> Self {
        Self {
            waiting: Mutex::new(BinaryHeap::new()),
        }
    }

    pub(in crate::install) fn push(&self, urgency: u64, task: T) {
        lock(&self.waiting).push(Waiting { urgency, task });
    }

    pub(in crate::install) fn pop(&self) -> Option<T> {
        lock(&self.waiting).pop().map(|waiting| waiting.task)
    }
}

impl<T> PartialEq for Waiting<T> {
    fn eq(&self, other: &Self) -> bool {
        self.urgency == other.urgency
    }
}

impl<T> Eq for Waiting<T> {}

impl<T> PartialOrd for Waiting<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Waiting<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.urgency.cmp(&other.urgency)
    }
}

/// Locks what no panic can leave half changed.
pub(in crate::install) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
