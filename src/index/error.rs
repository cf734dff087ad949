//! What can go wrong between us and an index.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::configuration::CredentialsOrigin;
use crate::digest::Digest;
use crate::http::{self, Status};
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
        /// The credentials that were sent: some indexes hide what others may not see.
        tried: Option<CredentialsOrigin>,
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
    /// The index requires other credentials, or never shows the package.
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
    /// The server requires other credentials, or never gives the file.
    #[error("the server refused to send `{file}` ({status})")]
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
    #[error("`{file}` was not found at its URL ({status})")]
    FileGone {
        /// The file.
        file: String,
        /// The address that was asked for.
        url: Url,
        /// What the server answered.
        status: Status,
    },
    /// What came is no simple page.
    #[error(
        "index `{index}` answered with `{content_type}` for `{package}`, which is not a simple page"
    )]
    NotAPage {
        /// The index.
        index: String,
        /// The package.
        package: PackageName,
        /// The address that was asked for.
        url: Url,
        /// What the response says it is.
        content_type: String,
    },
    /// A simple page breaks its own rules.
    #[error("the page of `{package}` from index `{index}` is invalid")]
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
    /// A page has a version of the [simple API](https://packaging.python.org/en/latest/specifications/simple-repository-api/)
    /// that is not known.
    #[error("index `{index}` uses version `{version}` of the simple API; only 1.x is supported")]
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
    /// A page lists more files than any project can have.
    #[error("the page of `{package}` from index `{index}` lists more than {limit} files")]
    TooManyFiles {
        /// The index.
        index: String,
        /// The package.
        package: PackageName,
        /// The limit.
        limit: usize,
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
    /// A page or file of an index of this machine cannot be read.
    #[error("cannot read `{what}` from `{}`", path.display())]
    Local {
        /// The package or file.
        what: String,
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A request failed.
    #[error(transparent)]
    Http(#[from] http::Error),
}

impl Error {
    /// Tells whether the index answered, and does not have what the lock names: other packages may well be available.
    pub fn is_absence(&self) -> bool {
        matches!(
            self,
            Self::NoPackage { .. } | Self::NoFile { .. } | Self::Advertised { .. }
        )
    }

    /// Tells whether a remembered address may be to blame: the index may know a better one.
    pub fn is_stale_address(&self) -> bool {
        matches!(
            self,
            Self::FileGone { .. } | Self::FileRefused { .. } | Self::Local { .. }
        )
    }

    /// Tells whether the file is not where the index says.
    pub fn is_gone(&self) -> bool {
        if let Self::Local { source, .. } = self {
            return source.kind() == io::ErrorKind::NotFound;
        }
        matches!(self, Self::FileGone { .. })
    }

    /// Tells whether the caller wanted no more.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Http(http::Error::Cancelled))
    }
}

/// Why the URL that a page gives for a file cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlFault {
    /// It is not a URL.
    #[error("its URL cannot be used")]
    Invalid(#[source] url::Error),
    /// It is neither http nor https.
    #[error("its URL is neither http nor https: {0}")]
    Scheme(Url),
    /// It would send a password to another server.
    #[error("its URL would send a password to another server: {0}")]
    GivenAway(Url),
}

impl UrlFault {
    /// Makes it the error of who wants the file or package `what`.
    pub(crate) fn of(self, what: &str) -> Error {
        let what = what.to_owned();
        match self {
            Self::Invalid(source) => http::Error::Address { what, source }.into(),
            Self::Scheme(url) => http::Error::Scheme { what, url }.into(),
            Self::GivenAway(url) => http::Error::GivenAway { what, url }.into(),
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
    #[error("not valid JSON")]
    Syntax,
    /// It is JSON, and lists files in another way than the simple API has it.
    #[error("does not follow the simple API")]
    Shape,
    /// It ends too early.
    #[error("truncated")]
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
