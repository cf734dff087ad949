//! What broke a connection, and which kind of trouble that is.

use std::fmt;
use std::io;

use crate::http::limits::TooSlow;
use crate::http::resolver::Unresolved;
use crate::http::status::Status;

/// What kind of trouble broke an exchange with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The server's certificate is not one that is trusted.
    Certificate,
    /// The server ended the TLS handshake: it may require another client certificate.
    Alert,
    /// Nothing came in time, or too little.
    Slow,
    /// The proxy opened no connection to the server.
    Proxy,
    /// The system knows no address of the host.
    Unresolved,
    /// No connection, or one that broke.
    Connection,
}

/// What broke an exchange with a server.
pub struct TransportError(Box<Broken>);

struct Broken {
    cause: ureq::Error,
    lacks_authorities: bool,
}

impl TransportError {
    pub(super) fn new(cause: ureq::Error) -> Self {
        Self(Box::new(Broken {
            cause,
            lacks_authorities: false,
        }))
    }

    pub(super) fn without_authorities(mut self, lacks_authorities: bool) -> Self {
        self.0.lacks_authorities = lacks_authorities;
        self
    }

    /// Returns what kind of trouble it was.
    pub fn kind(&self) -> TransportErrorKind {
        let cause = &self.0.cause;
        if let ureq::Error::Rustls(cause) = cause {
            return kind_of_tls(cause);
        }
        if let ureq::Error::Io(cause) = cause {
            return kind_of_io(cause);
        }
        if matches!(cause, ureq::Error::HostNotFound) {
            return TransportErrorKind::Unresolved;
        }
        if matches!(cause, ureq::Error::Timeout(_)) {
            return TransportErrorKind::Slow;
        }
        if matches!(cause, ureq::Error::ConnectProxyFailed(_)) {
            return TransportErrorKind::Proxy;
        }
        TransportErrorKind::Connection
    }

    /// Tells whether the system has no certificates of authorities, so that Mozilla's were used.
    pub fn lacks_authorities(&self) -> bool {
        self.0.lacks_authorities
    }

    /// Tells whether the same request may well succeed later.
    pub(super) fn is_transient(&self) -> bool {
        use io::ErrorKind::{InvalidData, InvalidInput, PermissionDenied};
        if let ureq::Error::Io(cause) = &self.0.cause {
            // TLS reports a certificate that it does not trust as invalid data.
            return !matches!(cause.kind(), InvalidData | InvalidInput | PermissionDenied);
        }
        matches!(
            &self.0.cause,
            ureq::Error::Timeout(_)
                | ureq::Error::Protocol(_)
                | ureq::Error::HostNotFound
                | ureq::Error::ConnectionFailed
                | ureq::Error::BodyStalled
        )
    }
}

fn kind_of_io(cause: &io::Error) -> TransportErrorKind {
    let inner = cause.get_ref();
    if let Some(cause) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return kind_of_tls(cause);
    }
    if inner
        .and_then(|inner| inner.downcast_ref::<Unresolved>())
        .is_some()
    {
        return TransportErrorKind::Unresolved;
    }
    match inner.and_then(|inner| inner.downcast_ref::<TooSlow>()) {
        Some(_) => TransportErrorKind::Slow,
        None => TransportErrorKind::Connection,
    }
}

fn kind_of_tls(cause: &rustls::Error) -> TransportErrorKind {
    use rustls::Error::{AlertReceived, InvalidCertificate, NoCertificatesPresented};
    if matches!(cause, InvalidCertificate(_) | NoCertificatesPresented) {
        return TransportErrorKind::Certificate;
    }
    if matches!(cause, AlertReceived(_)) {
        return TransportErrorKind::Alert;
    }
    TransportErrorKind::Connection
}

/// Reads the status out of the client's words for it, such as `proxy server responded 407/407`.
fn proxy_status(reason: &str) -> Option<Status> {
    let (_, code) = reason.rsplit_once('/')?;
    code.parse().ok().map(Status)
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ureq::Error::Io(cause) = &self.0.cause {
            if cause.kind() == io::ErrorKind::UnexpectedEof {
                return formatter
                    .write_str("the connection was closed before the response was complete");
            }
            return write!(formatter, "{cause}");
        }
        if let ureq::Error::Timeout(phase) = &self.0.cause {
            let is_connecting = matches!(phase, ureq::Timeout::Connect | ureq::Timeout::Resolve);
            return formatter.write_str(if is_connecting {
                "timed out while connecting"
            } else if *phase == ureq::Timeout::RecvResponse {
                "timed out while waiting for the response headers"
            } else {
                "timed out while waiting for data"
            });
        }
        if let ureq::Error::ConnectProxyFailed(reason) = &self.0.cause {
            return match proxy_status(reason) {
                Some(status) => write!(formatter, "the proxy opened no connection ({status})"),
                None => formatter.write_str("the proxy did not respond"),
            };
        }
        let repeats_address = matches!(
            &self.0.cause,
            ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) | ureq::Error::Http(_)
        );
        if repeats_address {
            return formatter.write_str("the URL cannot be used");
        }
        write!(formatter, "{}", self.0.cause)
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TransportError({self})")
    }
}

impl std::error::Error for TransportError {}
