//! One thread's use of a client, and the patience that all its requests have in common.

use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use crate::index::error::{Error, Status};
use crate::index::limits::Pace;
use crate::index::transport::{Failure, drain};
use crate::index::{Client, Watcher, retry};

/// One thread's use of a [`Client`]; keeps its buffers from one request to the next.
pub struct Session<'a> {
    pub(super) client: &'a Client,
    pub(super) watcher: &'a dyn Watcher,
    pub(super) page: Vec<u8>,
    pub(super) buffer: Vec<u8>,
}

impl<'a> Session<'a> {
    pub(super) fn new(client: &'a Client, watcher: &'a dyn Watcher) -> Self {
        Self {
            client,
            watcher,
            page: Vec::new(),
            buffer: Vec::new(),
        }
    }
}

/// Makes attempts until one ends the matter, with pauses between.
pub(super) fn persist<T>(
    client: &Client,
    watcher: &dyn Watcher,
    what: &str,
    attempt: &mut dyn FnMut() -> Result<T, Failure>,
) -> Result<T, Error> {
    let mut n_attempts = 0;
    loop {
        if watcher.is_stopped() {
            return Err(Error::Stopped);
        }
        n_attempts += 1;
        let failed = match attempt() {
            Ok(done) => return Ok(done),
            Err(failed) => failed,
        };
        let asked = failed.asked_pause();
        let error = failed.into_error(what, n_attempts, client.agents.limits().pace);
        let is_last = n_attempts > client.max_retries;
        if is_last || !error.is_transient() {
            return Err(error);
        }
        if watcher.is_stopped() {
            return Err(Error::Stopped);
        }
        watcher.retrying(what, &error.cause());
        let pause = retry::pause(client.base_delay, n_attempts, fastrand::f64(), asked);
        if watcher.pause(pause).is_break() {
            return Err(Error::Stopped);
        }
    }
}

impl Failure {
    fn asked_pause(&self) -> Option<Duration> {
        match self {
            Self::Status(answer) => {
                retry::retry_after(answer.header("retry-after")?, SystemTime::now())
            }
            Self::Final(_) | Self::Transport(..) => None,
        }
    }

    fn into_error(self, what: &str, n_attempts: u32, pace: Pace) -> Error {
        let what = what.to_owned();
        match self {
            Self::Status(answer) => {
                let error = Error::Answer {
                    what,
                    url: answer.url.clone(),
                    status: Status(answer.status()),
                    n_attempts,
                };
                drain(*answer, pace);
                error
            }
            Self::Transport(source, url) | Self::Final(Error::Transport { source, url, .. }) => {
                Error::Transport {
                    what,
                    url,
                    n_attempts,
                    source,
                }
            }
            Self::Final(error) => error,
        }
    }
}

pub(super) fn flow(flow: ControlFlow<()>) -> Result<(), Error> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Stopped),
    }
}
