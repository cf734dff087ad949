//! Wheels in order of arrival, from a thread that prepares them.

use std::sync::mpsc::{self, Receiver};
use std::thread::{self, Scope, ScopedJoinHandle};

use super::halt::Halt;
use super::{Error, Prepare, prepare_until};
use crate::install::PreparedWheel;

/// How many wheels may wait to be installed.
const MOST_WAITING: usize = 32;

/// Wheels in order of arrival; after the last comes the error that ended the work, if one did.
#[derive(Debug)]
pub struct Wheels<'scope> {
    receiver: Receiver<PreparedWheel>,
    halt: Halt,
    thread: Option<ScopedJoinHandle<'scope, Result<(), Error>>>,
}

/// Starts to prepare wheels; dropping the answer ends the work, also the requests that are under way.
///
/// # Errors
///
/// [`Error::Thread`].
pub fn wheels<'scope, 'a: 'scope>(
    scope: &'scope Scope<'scope, '_>,
    job: Prepare<'a>,
) -> Result<Wheels<'scope>, Error> {
    let (sender, receiver) = mpsc::sync_channel(MOST_WAITING);
    let halt = Halt::default();
    let thread = thread::Builder::new()
        .name("prepare".to_owned())
        .spawn_scoped(scope, {
            let halt = halt.clone();
            move || prepare_until(&job, sender, &halt)
        })
        .map_err(Error::Thread)?;
    Ok(Wheels {
        receiver,
        halt,
        thread: Some(thread),
    })
}

impl Wheels<'_> {
    /// Returns what ends the work, from any thread.
    pub fn halt(&self) -> Halt {
        self.halt.clone()
    }
}

impl Drop for Wheels<'_> {
    fn drop(&mut self) {
        self.halt.request();
    }
}

impl Iterator for Wheels<'_> {
    type Item = Result<PreparedWheel, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Ok(wheel) = self.receiver.recv() {
            return Some(Ok(wheel));
        }
        match self.thread.take()?.join() {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Err(error)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}
