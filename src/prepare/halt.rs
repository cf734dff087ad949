//! Ends the work before it is done.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Ends the work that it belongs to, from any thread. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Halt {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Working,
    Requested,
    Done,
}

/// Says on dropping that the work is done.
pub(super) struct Done<'a>(&'a Halt);

impl Halt {
    /// Ends requests and builds that are under way, and begins nothing more. Does not wait for that.
    pub fn request(&self) {
        self.leave(State::Requested);
    }

    /// Returns what says that the work is done.
    pub(super) fn done(&self) -> Done<'_> {
        Done(self)
    }

    /// Waits until the work is done or shall end; tells whether it shall end.
    pub(super) fn wait(&self) -> bool {
        let is_working = |state: &mut State| *state == State::Working;
        let waited = self.shared.changed.wait_while(self.lock(), is_working);
        *waited.unwrap_or_else(PoisonError::into_inner) == State::Requested
    }

    fn leave(&self, new: State) {
        let mut state = self.lock();
        if *state == State::Working {
            *state = new;
        }
        drop(state);
        self.shared.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.leave(State::Done);
    }
}
