//! When a request is made again, and after which pause.

use std::time::{Duration, SystemTime};

/// No pause is longer, whatever a server asks for.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// Tells whether a request may well succeed later: what Poetry tries again (429 and 500 to 504), a request that took too long, or
/// a server that gave another part of a file than the one asked for (the next request asks for all of it).
pub(super) fn is_transient(status: u16) -> bool {
    matches!(status, 206 | 408 | 416 | 429 | 500..=504)
}

/// Returns the pause before attempt `n_attempts + 1`: `base` doubled each time, and of that a random part between a half and
/// all, so that many clients do not come back at once; or what the server asks for, if that is longer.
pub(super) fn pause(
    base: Duration,
    n_attempts: u32,
    jitter: f64,
    asked: Option<Duration>,
) -> Duration {
    let doubled = base.saturating_mul(1 << n_attempts.saturating_sub(1).min(16));
    let own = doubled.min(LONGEST_PAUSE).mul_f64(0.5 + jitter / 2.0);
    own.max(asked.unwrap_or_default()).min(LONGEST_PAUSE)
}

/// Reads a [`Retry-After`](https://www.rfc-editor.org/rfc/rfc9110#field.retry-after): seconds, or a date.
pub(super) fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
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
        let longest = |n_attempts| pause(seconds(1), n_attempts, 1.0, None);
        assert_eq!([1, 2, 3, 4].map(longest), [1, 2, 4, 8].map(seconds));
        assert_eq!(longest(99), LONGEST_PAUSE);
        assert_eq!(pause(seconds(1), 3, 0.0, None), seconds(2));
        assert_eq!(pause(Duration::ZERO, 3, 1.0, None), Duration::ZERO);
    }

    #[test]
    fn the_server_may_ask_for_more_up_to_a_limit() {
        assert_eq!(pause(seconds(1), 1, 1.0, Some(seconds(9))), seconds(9));
        assert_eq!(pause(seconds(1), 3, 1.0, Some(seconds(1))), seconds(4));
        let long = Some(seconds(86400));
        assert_eq!(pause(seconds(1), 1, 1.0, long), LONGEST_PAUSE);
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
