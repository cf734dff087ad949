//! When a request is made again, and after which pause.

use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use crate::http::error::Error;
use crate::http::exchange::Failure;
use crate::http::limits::Pace;
use crate::http::status::Status;
use crate::http::{Cancellation, Client};

/// No pause is longer, whatever a server asks for.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// Makes attempts, with pauses between, until one succeeds, or fails for good.
pub(super) fn with_retries<T>(
    client: &Client,
    cancellation: &dyn Cancellation,
    what: &str,
    attempt: &mut dyn FnMut() -> Result<T, Failure>,
) -> Result<T, Error> {
    let mut n_attempts = 0;
    loop {
        check_cancelled(cancellation)?;
        n_attempts += 1;
        let failed = match attempt() {
            Ok(done) => return Ok(done),
            Err(failed) => failed,
        };
        let asked = failed.asked_pause();
        let error = failed.into_error(what, n_attempts, client.agents.limits().pace);
        let is_last = n_attempts > error.n_retries(client.max_retries);
        if is_last || !error.is_transient() {
            return Err(error);
        }
        check_cancelled(cancellation)?;
        cancellation.retrying(what, &error.cause());
        let pause = next_pause(client.base_delay, n_attempts, fastrand::f64(), asked);
        if cancellation.pause(pause).is_break() {
            return Err(Error::Cancelled);
        }
    }
}

pub(super) fn check_cancelled(cancellation: &dyn Cancellation) -> Result<(), Error> {
    if cancellation.is_cancelled() {
        return Err(Error::Cancelled);
    }
    Ok(())
}

/// Makes an error of what breaks.
pub(super) fn unless_cancelled(flow: ControlFlow<()>) -> Result<(), Error> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Cancelled),
    }
}

impl Failure {
    fn asked_pause(&self) -> Option<Duration> {
        match self {
            Self::Status(response) => {
                retry_after(response.header("retry-after")?, SystemTime::now())
            }
            Self::Final(_) | Self::Transport(..) => None,
        }
    }

    fn into_error(self, what: &str, n_attempts: u32, pace: Pace) -> Error {
        let what = what.to_owned();
        match self {
            Self::Status(response) => {
                let error = Error::Response {
                    what,
                    url: response.url.clone(),
                    status: Status(response.status()),
                    n_attempts,
                };
                response.drain(pace);
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

/// Returns the pause before attempt `n_attempts + 1`: `base` doubled each time, and of that a random part between a half and
/// all, so that many clients do not come back at once; or what the server asks for, if that is longer.
fn next_pause(base: Duration, n_attempts: u32, jitter: f64, asked: Option<Duration>) -> Duration {
    let doubled = base.saturating_mul(1 << n_attempts.saturating_sub(1).min(16));
    let own = doubled.min(LONGEST_PAUSE).mul_f64(0.5 + jitter / 2.0);
    own.max(asked.unwrap_or_default()).min(LONGEST_PAUSE)
}

/// Reads a [`Retry-After`](https://www.rfc-editor.org/rfc/rfc9110#field.retry-after): seconds, or a date.
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn pauses_double_up_to_a_limit() {
        let longest = |n_attempts| next_pause(seconds(1), n_attempts, 1.0, None);
        assert_eq!([1, 2, 3, 4].map(longest), [1, 2, 4, 8].map(seconds));
        assert_eq!(longest(99), LONGEST_PAUSE);
        assert_eq!(next_pause(seconds(1), 3, 0.0, None), seconds(2));
        assert_eq!(next_pause(Duration::ZERO, 3, 1.0, None), Duration::ZERO);
    }

    #[test]
    fn the_server_may_ask_for_more_up_to_a_limit() {
        assert_eq!(next_pause(seconds(1), 1, 1.0, Some(seconds(9))), seconds(9));
        assert_eq!(next_pause(seconds(1), 3, 1.0, Some(seconds(1))), seconds(4));
        let long = Some(seconds(86400));
        assert_eq!(next_pause(seconds(1), 1, 1.0, long), LONGEST_PAUSE);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + seconds(784_111_777);
        let read = |text| retry_after(text, now);
        assert_eq!(read("3"), Some(seconds(3)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:47 GMT"), Some(seconds(10)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:07 GMT"), Some(seconds(0)));
        assert_eq!(read("-1"), None);
        assert_eq!(read("soon"), None);
    }
}
