//! What can go wrong between us and an index.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::configuration::{self, CredentialsOrigin};
use crate::digest::Digest;
use crate::name::PackageName;
use crate::url::{self, CredentialsFlaw, Url};

/// Why an index or file server did not answer as it should.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The index does not know the package.
    #[error("index `{index}` has no package `{package}`")]
    NoPackage {
        /// The index.
        index: String,
        /// The package.
        package: PackageName,
        /// The address that was asked for.
        url: Url,
    },
    /// The index knows the package, and not the locked file.
    #[error("index `{index}` does not offer `{file}`")]
    NoFile {
        /// The index.
        index: String,
        /// The package.
        package: PackageName,
        /// The locked file.
        file: String,
        /// The address of the page that does not have it.
        url: Url,
        /// How many files it has.
        n_files: usize,
    },
    /// The index wants other credentials, or never shows the package.
    #[error("index `{index}` refused to show `{package}` ({status})")]
    PackageRefused {
        /// The index.
        index: String,
        /// The package.
        package: PackageName,
        /// The address that was asked for.
        url: Url,
        /// What it answered.
        status: Status,
        /// The credentials that were sent.
        tried: Option<CredentialsOrigin>,
        /// What is odd about them.
        flaw: Option<CredentialsFlaw>,
    },
    /// The server wants other credentials, or never gives the file.
    #[error("the server refused to give `{file}` ({status})")]
    FileRefused {
        /// The index that the file belongs to; `None` for a direct address.
        index: Option<String>,
        /// The file.
        file: String,
        /// The address that was asked for.
        url: Url,
        /// What it answered.
        status: Status,
        /// The credentials that were sent.
        tried: Option<CredentialsOrigin>,
        /// What is odd about them.
        flaw: Option<CredentialsFlaw>,
    },
    /// The file is not where the index or the lock says.
    #[error("`{file}` is not at its address ({status})")]
    FileGone {
        /// The file.
        file: String,
        /// The address that was asked for.
        url: Url,
        /// What the server answered.
        status: Status,
    },
    /// The server answered something else, each time it was asked.
    #[error("`{what}` could not be fetched ({status})")]
    Answer {
        /// The file or package.
        what: String,
        /// The address that was asked for.
        url: Url,
        /// What the server answered.
        status: Status,
        /// How often it was asked.
        n_attempts: u32,
    },
    /// There was no whole answer, each time it was asked.
    #[error("`{what}` could not be fetched")]
    Transport {
        /// The file or package.
        what: String,
        /// The address that was asked for.
        url: Url,
        /// How often it was asked.
        n_attempts: u32,
        /// What happened the last time.
        #[source]
        source: TransportError,
    },
    /// What came is no simple page.
    #[error(
        "index `{index}` answered with `{content_type}` for `{package}`, which is no simple page"
    )]
    NotAPage {
        /// The index.
        index: String,
        /// The package.
        package: PackageName,
        /// The address that was asked for.
        url: Url,
        /// What the answer says it is.
        content_type: String,
    },
    /// A simple page breaks its own rules.
    #[error("the page of `{package}` from index `{index}` is broken")]
    BrokenPage {
        /// The index.
        index: String,
        /// The package.
        package: PackageName,
        /// The address that was asked for.
        url: Url,
        /// Where and how.
        #[source]
        source: PageError,
    },
    /// A page speaks a version of the [simple API](https://packaging.python.org/en/latest/specifications/simple-repository-api/)
    /// that we do not know.
    #[error("index `{index}` speaks version `{version}` of the simple API, which is not 1")]
    ApiVersion {
        /// The index.
        index: String,
        /// The address that was asked for.
        url: Url,
        /// The version.
        version: String,
    },
    /// A page is larger than any page can be meant to be.
    #[error("the page of `{package}` from index `{index}` is larger than {limit} bytes")]
    HugePage {
        /// The index.
        index: String,
        /// The package.
        package: PackageName,
        /// The address that was asked for.
        url: Url,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The index says itself that its file is not the one that was locked.
    #[error("`{file}` is not the file that was locked")]
    Advertised {
        /// The index.
        index: String,
        /// The file.
        file: String,
        /// The locked digests.
        locked: Vec<Digest>,
        /// What the index says.
        advertised: Digest,
        /// Where the file would be.
        url: Url,
    },
    /// More bytes came than the index said.
    #[error("`{file}` is larger than the {n_bytes} bytes that its index says")]
    TooLong {
        /// The file.
        file: String,
        /// Where it came from.
        url: Url,
        /// What the index said.
        n_bytes: u64,
    },
    /// A file is larger than any file may be.
    #[error("`{file}` is larger than the {limit} bytes that a file may have")]
    TooLarge {
        /// The file.
        file: String,
        /// Where it came from.
        url: Url,
        /// The limit.
        limit: u64,
    },
    /// Redirects without end.
    #[error("`{what}` was redirected more than {limit} times")]
    Redirects {
        /// The file or package.
        what: String,
        /// The first address.
        url: Url,
        /// How many were followed.
        limit: u32,
    },
    /// A server leads to another one, with a password in the address.
    #[error("the address that a server gave for `{what}` would tell a password to another server")]
    GivenAway {
        /// The file or package.
        what: String,
        /// The address; the password is not printed.
        url: Url,
    },
    /// An address cannot be used.
    #[error("the address of `{what}` cannot be used")]
    Address {
        /// The file, package or index.
        what: String,
        /// Why not.
        #[source]
        source: url::Error,
    },
    /// An address is neither http nor https.
    #[error("`{what}` is at `{url}`, which is neither http nor https")]
    Scheme {
        /// The file or package.
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
    /// A page is packed in a way that was not asked for.
    #[error(
        "index `{index}` packed the page of `{package}` with `{coding}`, which is neither gzip nor deflate"
    )]
    Coding {
        /// The index.
        index: String,
        /// The package.
        package: PackageName,
        /// The address that was asked for.
        url: Url,
        /// What the answer says it is packed with.
        coding: String,
    },
    /// A setting makes no sense.
    #[error(transparent)]
    Configuration(#[from] configuration::Error),
    /// The caller wanted no more.
    #[error("stopped")]
    Stopped,
}

impl Error {
    /// Tells whether the index answered, and does not have what the lock names: other packages may well be had.
    pub fn is_absence(&self) -> bool {
        matches!(
            self,
            Self::NoPackage { .. } | Self::NoFile { .. } | Self::Advertised { .. }
        )
    }

    pub(super) fn is_transient(&self) -> bool {
        if let Self::Answer { status, .. } = self {
            return super::retry::is_transient(status.0);
        }
        matches!(self, Self::Transport { source, .. } if source.is_transient())
    }

    /// Says in short why a request is made again.
    pub(super) fn cause(&self) -> String {
        if let Self::Answer { status, .. } = self {
            return status.to_string();
        }
        if let Self::Transport { source, .. } = self {
            return source.to_string();
        }
        self.to_string()
    }

    /// Tells whether a remembered address is to blame, perhaps: the index may know a better one.
    pub fn is_stale_address(&self) -> bool {
        matches!(self, Self::FileGone { .. } | Self::FileRefused { .. })
    }
}

/// The status of an HTTP answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(pub u16);

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = ureq::http::StatusCode::from_u16(self.0).ok();
        match status.and_then(|status| status.canonical_reason()) {
            Some(reason) => write!(formatter, "{} {reason}", self.0),
            None => write!(formatter, "{}", self.0),
        }
    }
}

/// Where a page breaks its own rules. Nothing of the page is repeated.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{fault} at line {line}, column {column}")]
pub struct PageError {
    /// In which way.
    pub fault: PageFault,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

/// How a page breaks its own rules.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageFault {
    /// It is not JSON.
    #[error("no valid JSON")]
    Syntax,
    /// It is JSON, and lists files in another way than the simple API has it.
    #[error("not as the simple API has it")]
    Shape,
    /// It ends too early.
    #[error("cut off")]
    End,
}

impl PageError {
    pub(super) fn new(cause: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        Self {
            fault: match cause.classify() {
                Category::Io | Category::Syntax => PageFault::Syntax,
                Category::Data => PageFault::Shape,
                Category::Eof => PageFault::End,
            },
            line: cause.line(),
            column: cause.column(),
        }
    }
}

/// Why certificates cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is none in it.
    #[error("no certificate is in it")]
    None,
    /// There is no private key beside our own certificate.
    #[error("no private key is in it")]
    NoKey,
    /// It is no proper PEM, or the key does not fit the certificate.
    #[error("certificate or key cannot be used")]
    Unusable,
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

    /// Tells whether the system has no certificates of authorities, so that Mozilla's were used.
    pub fn lacks_authorities(&self) -> bool {
        self.0.lacks_authorities
    }

    /// Tells whether the same request may well succeed later.
    pub(super) fn is_transient(&self) -> bool {
        use io::ErrorKind::{InvalidData, InvalidInput, PermissionDenied};
        if let ureq::Error::Io(cause) = &self.0.cause {
            // TLS reports a certificate that it does not believe as invalid data.
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

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ureq::Error::Io(cause) = &self.0.cause {
            if cause.kind() == io::ErrorKind::UnexpectedEof {
                return formatter.write_str("the connection was closed before everything had come");
            }
            return write!(formatter, "{cause}");
        }
        if let ureq::Error::Timeout(phase) = &self.0.cause {
            let is_connecting = matches!(phase, ureq::Timeout::Connect | ureq::Timeout::Resolve);
            return formatter.write_str(if is_connecting {
                "no connection in time"
            } else if *phase == ureq::Timeout::RecvResponse {
                "the headers of the answer did not come in time"
            } else {
                "nothing came in time"
            });
        }
        let repeats_address = matches!(
            &self.0.cause,
            ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) | ureq::Error::Http(_)
        );
        if repeats_address {
            return formatter.write_str("the address cannot be used");
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
