//! How many wheels may be under way at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Lets in so many at once, until it is closed.
#[derive(Debug)]
pub(super) struct Gate {
    n_places: usize,
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct GateState {
    n_inside: usize,
    is_closed: bool,
}

/// What became of an attempt to enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Inside,
    Closed,
}

impl Gate {
    pub(super) fn new(n_places: usize) -> Self {
        Self {
            n_places,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Waits until there is a place, or the gate is closed.
    pub(super) fn enter(&self) -> Admission {
        let is_to_wait =
            |state: &mut GateState| state.n_inside >= self.n_places && !state.is_closed;
        let waited = self.changed.wait_while(self.state(), is_to_wait);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        if state.is_closed {
            return Admission::Closed;
        }
        state.n_inside += 1;
        Admission::Inside
    }

    /// Gives a place back.
    pub(super) fn leave(&self) {
        self.state().n_inside -= 1;
        self.changed.notify_all();
    }

    /// Lets nobody in any more.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    fn state(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn who_leaves_makes_room_for_another() {
        let gate = Gate::new(2);
        assert_eq!([gate.enter(), gate.enter()], [Admission::Inside; 2]);
        thread::scope(|scope| {
            let third = scope.spawn(|| gate.enter());
            gate.leave();
            assert_eq!(third.join().unwrap(), Admission::Inside);
        });
    }

    #[test]
    fn whoever_waits_is_turned_away_when_the_gate_closes() {
        let gate = Gate::new(1);
        assert_eq!(gate.enter(), Admission::Inside);
        thread::scope(|scope| {
            let second = scope.spawn(|| gate.enter());
            gate.close();
            assert_eq!(second.join().unwrap(), Admission::Closed);
        });
        gate.leave();
        assert_eq!(gate.enter(), Admission::Closed);
        assert!(gate.is_closed());
    }
}
