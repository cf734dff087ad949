//! Wheels in order of arrival, from a thread that prepares them.

use std::sync::mpsc::{self, Receiver};
use std::thread::{self, Scope, ScopedJoinHandle};

use super::{Error, Prepare, prepare};
use crate::install::PreparedWheel;

/// How many wheels may wait to be installed.
const MOST_WAITING: usize = 32;

/// Wheels in order of arrival; after the last comes the error that ended the work, if one did.
#[derive(Debug)]
pub struct Wheels<'scope> {
    receiver: Receiver<PreparedWheel>,
    thread: Option<ScopedJoinHandle<'scope, Result<(), Error>>>,
}

/// Starts to prepare wheels; dropping the answer ends the work.
///
/// # Errors
///
/// [`Error::Thread`].
pub fn wheels<'scope, 'a: 'scope>(
    scope: &'scope Scope<'scope, '_>,
    job: Prepare<'a>,
) -> Result<Wheels<'scope>, Error> {
    let (sender, receiver) = mpsc::sync_channel(MOST_WAITING);
    let thread = thread::Builder::new()
        .name("prepare".to_owned())
        .spawn_scoped(scope, move || prepare(&job, sender))
        .map_err(Error::Thread)?;
    Ok(Wheels {
        receiver,
        thread: Some(thread),
    })
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
