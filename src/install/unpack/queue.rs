//! A queue that always gives the most urgent task next.
//!
//! Each task that is put in means one turn of a pool, in which whatever is most urgent then is done: the order of
//! arrival does not matter, and the largest piece of work is never the last to begin.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How soon a task has to be done; the last of these is the most urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// A wheel of so many bytes has to be opened.
    Open(u64),
    /// What an open wheel, or one that is in place, leaves to be done for so many bytes.
    Piece(u64),
}

/// Tasks that wait, each with its urgency.
#[derive(Debug)]
pub(super) struct UrgencyQueue<T> {
    waiting: Mutex<BinaryHeap<Waiting<T>>>,
}

#[derive(Debug)]
struct Waiting<T> {
    urgency: Urgency,
    task: T,
}

impl<T> UrgencyQueue<T> {
    pub(super) fn new() -> Self {
        Self {
            waiting: Mutex::new(BinaryHeap::new()),
        }
    }

    pub(super) fn push(&self, urgency: Urgency, task: T) {
        self.waiting().push(Waiting { urgency, task });
    }

    pub(super) fn pop(&self) -> Option<T> {
        self.waiting().pop().map(|waiting| waiting.task)
    }

    fn waiting(&self) -> MutexGuard<'_, BinaryHeap<Waiting<T>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use super::Urgency::{Open, Piece};
    use super::*;

    #[track_caller]
    fn come_out(tasks: &[Urgency], expected: &[Urgency]) {
        let queue = UrgencyQueue::new();
        for urgency in tasks {
            queue.push(*urgency, *urgency);
        }
        let out: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(out, expected);
    }

    #[test]
    fn pieces_go_first_and_among_each_kind_the_largest() {
        come_out(&[], &[]);
        come_out(&[Open(1), Open(3), Open(2)], &[Open(3), Open(2), Open(1)]);
        come_out(
            &[Open(u64::MAX), Piece(0), Open(7), Piece(9)],
            &[Piece(9), Piece(0), Open(u64::MAX), Open(7)],
        );
    }

    #[test]
    fn a_task_that_comes_later_may_be_more_urgent() {
        let queue = UrgencyQueue::new();
        queue.push(Open(1), "open");
        queue.push(Piece(1), "piece");
        assert_eq!(queue.pop(), Some("piece"));
        queue.push(Piece(2), "another piece");
        assert_eq!(
            [queue.pop(), queue.pop()],
            [Some("another piece"), Some("open")]
        );
        assert_eq!(queue.pop(), None);
    }
}
