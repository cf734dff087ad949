//! Package indexes: simple pages and the files that they list.
//!
//! A [`Client`] knows how to reach each index; an [`IndexSession`] is one thread's use of it, with buffers of its own. A package
//! costs one request, answered in JSON ([PEP 691]) or HTML ([PEP 503]) as the server likes: [`IndexSession::find`] reads it for
//! exactly the wanted files, as fast as can be, and [`IndexSession::list`] for everything that it offers. Which file is wanted,
//! and what proves it, is decided elsewhere; its bytes are passed on as they come. How requests are made, with which credentials
//! and how often, is decided in [`crate::http`].
//!
//! [PEP 691]: https://peps.python.org/pep-0691/
//! [PEP 503]: https://peps.python.org/pep-0503/

mod crowd;
mod download;
mod error;
mod find;
mod flat;
mod lines;
mod list;
mod local;
mod metadata;
mod page;
mod provenance;
mod received;
mod servers;
pub mod simple;

use std::fmt;
use std::time::Duration;

use crate::configuration::{Configuration, Repository};
use crate::digest::Digest;
use crate::http::{self, Cancellation, HttpSession, Limits, Realm, Trust};
use crate::index::flat::FlatPages;
use crate::name::PackageName;
use crate::plan::IndexSource;
use crate::url::{Url, WrittenUrl};

pub(crate) use self::crowd::Crowd;
pub use self::error::{Error, PageError, PageFault, UrlFault};
pub(crate) use self::lines::Lines;
pub use self::list::{FileFault, ProjectDetail, ProjectFile};
pub use self::provenance::MAX_PROVENANCE_BYTES;
pub(crate) use self::servers::Servers;

/// The index of packages that name no source.
const PYPI: &str = "https://pypi.org/simple/";

/// What a client is made from. Not `Debug`: the URL of a source may hold a password.
#[derive(Clone)]
pub struct IndexSettings {
    /// What replaces PyPI.
    pub index_url: Option<Url>,
    /// The sources of pyproject.toml: credentials set for their names are for their URLs, and for direct URLs and files on
    /// their hosts.
    pub sources: Vec<IndexSource>,
    /// What the user set.
    pub configuration: Configuration,
    /// The pause before the first retry, such as [`http::BASE_DELAY`]; the second is twice as long, and so on.
    pub base_delay: Duration,
    /// How much an index may send, and how slowly.
    pub limits: Limits,
}

/// Asks indexes and downloads files, over kept connections, from any number of threads.
#[derive(Debug)]
pub struct Client {
    http: http::Client,
    default_index: Index,
    flat_pages: FlatPages,
}

/// One thread's use of a [`Client`]; keeps its buffers from one request to the next.
pub struct IndexSession<'a> {
    client: &'a Client,
    http: HttpSession<'a>,
}

/// An index, by name and address.
#[derive(Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name, for messages: that of its source, or `PyPI`, or the host that replaces it.
    pub name: String,
    /// The URL of its root page, or, where it ends with `.html` or `.htm`, of the one page of all its packages.
    pub url: Url,
    trust: Trust,
    key: String,
}

impl Index {
    /// Returns what tells this index from others in the cache: a digest of its address and of the credentials that open it.
    ///
    /// It is a secret where one of the two is, as what the cache knows of the index is sealed with it.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Tells whether the index is one page for all packages, with links to their files (a page for `--find-links` of pip): as with
    /// Poetry, one whose URL ends with `.html` or `.htm`.
    fn is_flat(&self) -> bool {
        let mut endings = [".html", ".htm"].into_iter();
        !self.url.has_query() && endings.any(|ending| self.url.path().ends_with(ending))
    }

    /// Returns the URL of the page of `package`.
    fn page_of(&self, package: &PackageName) -> Url {
        if self.is_flat() {
            return self.url.clone().without_fragment();
        }
        self.url.child_folder(package.as_str())
    }

    fn realm(&self, http: &http::Client) -> Result<Realm, http::Error> {
        http.named_realm(&self.name, &self.url, self.trust)
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Index")
            .field("name", &self.name)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// A file that is wanted of a package.
#[derive(Clone, Copy, Debug)]
pub struct FileQuery<'a> {
    /// Its name.
    pub file: &'a str,
    /// The locked digests.
    pub digests: &'a [Digest],
}

/// Where a file is, and what its index claims of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexFile {
    /// Where it is; absolute.
    pub url: Url,
    /// Its size.
    pub n_bytes: Option<u64>,
    /// Why it was withdrawn (PEP 592); may be empty.
    pub yanked: Option<String>,
    /// When it was put there (PEP 700), as the index writes it.
    pub upload_time: Option<String>,
    /// The digests that the index claims, of those that prove something.
    pub digests: Vec<Digest>,
}

/// A file to download.
#[derive(Clone, Copy, Debug)]
pub struct Download<'a> {
    /// Its name, for messages.
    pub file: &'a str,
    /// Where it is.
    pub url: &'a Url,
    /// Its size, if the index said it; no more is taken.
    pub n_bytes: Option<u64>,
    /// The index that it belongs to; `None` for a direct address.
    pub index: Option<&'a Index>,
}

impl IndexSettings {
    /// Returns the usual settings: PyPI itself, and the delays and limits that fit the timeout that the user set.
    ///
    /// # Errors
    ///
    /// [`http::Error::Configuration`] for a timeout that makes no sense.
    pub fn new(configuration: Configuration, sources: Vec<IndexSource>) -> Result<Self, Error> {
        let timeout = configuration.timeout().map_err(http::Error::from)?;
        Ok(Self {
            index_url: None,
            sources,
            configuration,
            base_delay: http::BASE_DELAY,
            limits: Limits::for_timeout(timeout),
        })
    }
}

impl Client {
    /// Prepares a client; connects to nothing and reads no certificates yet.
    ///
    /// # Errors
    ///
    /// [`http::Error::Configuration`] for a setting that makes no sense, [`http::Error::Address`] for such a source.
    pub fn new(settings: IndexSettings) -> Result<Self, Error> {
        let mut repositories = Vec::new();
        for source in &settings.sources {
            let url = parse_address(&source.name, &source.url)?;
            let name = source.name.clone();
            repositories.push(Repository { name, url });
        }
        let http = http::Client::new(http::HttpSettings {
            repositories,
            configuration: settings.configuration,
            base_delay: settings.base_delay,
            limits: settings.limits,
        })?;
        Ok(Self {
            default_index: default_index(settings.index_url, &http)?,
            http,
            flat_pages: FlatPages::default(),
        })
    }

    /// Finds the index of a package: that of its source, or PyPI or what replaces it.
    ///
    /// # Errors
    ///
    /// [`http::Error::Address`] when the source has none that makes sense.
    pub fn index(&self, source: Option<&IndexSource>) -> Result<Index, Error> {
        let Some(source) = source else {
            return Ok(self.default_index.clone());
        };
        let url = parse_address(&source.name, &source.url)?;
        let trust = self.http.trust(&source.name, &url);
        new_index(source.name.clone(), url, trust, &self.http)
    }

    /// Starts a thread's use of this client.
    pub fn session<'a>(&'a self, cancellation: &'a dyn Cancellation) -> IndexSession<'a> {
        IndexSession {
            client: self,
            http: self.http.session(cancellation),
        }
    }

    /// Makes every request that is in progress fail at once. Later ones are not affected.
    pub fn interrupt(&self) {
        self.http.interrupt();
    }

    fn file_realm(&self, index: Option<&Index>, url: &Url) -> Result<Realm, http::Error> {
        match index {
            Some(index) => self.http.linked_realm(index.realm(&self.http)?, url),
            None => self.http.realm(url),
        }
    }
}

fn default_index(replacement: Option<Url>, http: &http::Client) -> Result<Index, Error> {
    let (name, url) = match replacement {
        Some(url) => (url.host().unwrap_or_default().to_owned(), url),
        None => (
            "PyPI".to_owned(),
            parse_address("PyPI", &WrittenUrl::new(PYPI))?,
        ),
    };
    new_index(name, url, Trust::Address, http)
}

fn new_index(name: String, url: Url, trust: Trust, http: &http::Client) -> Result<Index, Error> {
    let key = http.named_realm(&name, &url, trust)?.key();
    Ok(Index {
        name,
        url,
        trust,
        key,
    })
}

fn parse_address(what: &str, url: &WrittenUrl) -> Result<Url, http::Error> {
    url.parse().map_err(|source| http::Error::Address {
        what: what.to_owned(),
        source,
    })
}
