//! What can go wrong between this machine and a server.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::configuration::{self, CredentialsOrigin};
use crate::http::certificates::CertificateError;
use crate::http::status::Status;
use crate::http::transport_error::{TransportError, TransportErrorKind};
use crate::url::{self, CredentialsFlaw, Url};

/// Why a request failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The server does not have it (404, 410).
    #[error("`{what}` was not found at its URL ({status})")]
    Absent {
        /// What was asked for.
        what: String,
        /// The address that was asked for.
        url: Url,
        /// What the server answered.
        status: Status,
        /// The credentials that were sent.
        tried: Option<CredentialsOrigin>,
    },
    /// The server requires other credentials, or never gives it (401, 403).
    #[error("the server refused to send `{what}` ({status})")]
    Refused {
        /// What was asked for.
        what: String,
        /// The address that was asked for.
        url: Url,
        /// What the server answered.
        status: Status,
        /// The credentials that were sent.
        tried: Option<CredentialsOrigin>,
        /// What is odd about them.
        flaw: Option<CredentialsFlaw>,
    },
    /// The server answered with another status, each time it was asked.
    #[error("`{what}` could not be fetched ({status})")]
    Response {
        /// What was asked for.
        what: String,
        /// The address that was asked for.
        url: Url,
        /// What the server answered.
        status: Status,
        /// How often it was asked.
        n_attempts: u32,
    },
    /// There was no whole response, each time it was asked for.
    #[error("`{what}` could not be fetched")]
    Transport {
        /// What was asked for.
        what: String,
        /// The address that was asked for.
        url: Url,
        /// How often it was asked for.
        n_attempts: u32,
        /// What happened the last time.
        #[source]
        source: TransportError,
    },
    /// More bytes came than the caller said.
    #[error("`{what}` is larger than the {n_bytes} bytes that its index declares")]
    TooLong {
        /// What was asked for.
        what: String,
        /// Where it came from.
        url: Url,
        /// What the caller said.
        n_bytes: u64,
    },
    /// A body is larger than [`Limits`](super::Limits) allow.
    #[error("`{what}` is larger than the limit of {limit} bytes")]
    TooLarge {
        /// What was asked for.
        what: String,
        /// Where it came from.
        url: Url,
        /// The limit, in bytes.
        limit: u64,
    },
    /// A body is encoded in a way that was not asked for.
    #[error("`{what}` is encoded with `{coding}`, which is not supported")]
    Coding {
        /// What was asked for.
        what: String,
        /// The address that was asked for.
        url: Url,
        /// The name of the encoding, as it may be shown.
        coding: String,
    },
    /// Redirects without end.
    #[error("`{what}` was redirected more than {limit} times")]
    Redirects {
        /// What was asked for.
        what: String,
        /// The first address.
        url: Url,
        /// How many were followed.
        limit: u32,
    },
    /// A server leads to another one, with a password in the address.
    #[error("the URL that a server gave for `{what}` would send a password to another server")]
    GivenAway {
        /// What was asked for.
        what: String,
        /// The address; the password is not printed.
        url: Url,
    },
    /// An address cannot be used.
    #[error("the URL of `{what}` cannot be used")]
    Address {
        /// What it is the address of.
        what: String,
        /// Why not.
        #[source]
        source: url::Error,
    },
    /// An address is neither http nor https.
    #[error("`{what}` is at `{url}`, which is neither http nor https")]
    Scheme {
        /// What it is the address of.
        what: String,
        /// The address.
        url: Url,
    },
    /// Certificates cannot be read.
    #[error("cannot read certificates from `{}`", path.display())]
    Certificates {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: CertificateError,
    },
    /// The address of the proxy makes no sense, or is of a kind that is not known.
    #[error("`{variable}` is not the URL of a proxy")]
    Proxy {
        /// The variable that names it.
        variable: &'static str,
    },
    /// A setting makes no sense.
    #[error(transparent)]
    Configuration(#[from] configuration::Error),
    /// The caller wanted no more.
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    pub(super) fn certificates(path: &Path, source: CertificateError) -> Self {
        Self::Certificates {
            path: path.to_owned(),
            source,
        }
    }

    /// Returns how often it is worth another request, of `usual` at most: the system has asked for the name of a host more than
    /// once, and knows for certain that there is none, as a rule.
    pub(super) fn n_retries(&self, usual: u32) -> u32 {
        let is_unresolved = matches!(self, Self::Transport { source, .. }
            if source.kind() == TransportErrorKind::Unresolved);
        if is_unresolved { usual.min(1) } else { usual }
    }

    pub(super) fn is_transient(&self) -> bool {
        if let Self::Response { status, .. } = self {
            return status.is_transient();
        }
        matches!(self, Self::Transport { source, .. } if source.is_transient())
    }

    /// Says in short why a request is made again.
    pub(super) fn cause(&self) -> String {
        if let Self::Response { status, .. } = self {
            return status.to_string();
        }
        if let Self::Transport { source, .. } = self {
            return source.to_string();
        }
        self.to_string()
    }
}
