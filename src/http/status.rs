//! What a server answers in a number.

use std::fmt;

/// The status of an HTTP response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(pub u16);

impl Status {
    /// Tells whether a request may well succeed later: what Poetry tries again (429 and 500 to 504), a request that took too
    /// long, or a server that gave another part of a file than the one asked for (the next request asks for all of it).
    pub(super) fn is_transient(self) -> bool {
        matches!(self.0, 206 | 408 | 416 | 429 | 500..=504)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = ureq::http::StatusCode::from_u16(self.0).ok();
        match status.and_then(|status| status.canonical_reason()) {
            Some(reason) => write!(formatter, "{} {reason}", self.0),
            None => write!(formatter, "{}", self.0),
        }
    }
}
