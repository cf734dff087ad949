//! Package indexes: simple pages, addresses, downloads, credentials, retries.
//!
//! A [`Client`] knows how to reach each index; a [`Session`] is one thread's use of it, with buffers of its own. A package
//! costs one request, answered in JSON ([PEP 691]) or HTML ([PEP 503]) as the server likes. Which file is wanted, and what
//! proves it, is decided elsewhere; here an address is found for it, and its bytes are passed on as they come.
//!
//! Secrets: credentials are sent to the scheme, host and port of the index they belong to, which the project or the settings
//! name, never a lock alone; no message, file or `Debug` text holds any; see [`crate::url`]. Requests that fail for the moment are made again after a pause that grows; a download
//! goes on where it stopped if the server proves, by a strong validator, that the file is still the same.
//!
//! [PEP 691]: https://peps.python.org/pep-0691/
//! [PEP 503]: https://peps.python.org/pep-0503/

mod auth;
mod download;
mod encoding;
mod error;
mod forward;
mod limits;
mod netrc;
mod page;
mod page_body;
mod resolver;
mod retry;
mod session;
pub mod simple;
mod transport;

use std::fmt;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::configuration::{Configuration, Repository};
use crate::digest::{Algorithm, Digest};
use crate::plan::IndexSource;
use crate::url::Url;

pub use self::auth::nearest_repository;
use self::auth::{Authenticator, Realm};
pub use self::error::{CertificateError, Error, Status, TransportError};
pub use self::limits::{Limits, Pace};
use self::page_body::Room;
pub use self::session::Session;
use self::transport::Agents;

/// The index of packages that name no source.
const PYPI: &str = "https://pypi.org/simple/";

/// The pause before the first retry; half a second, as in Poetry.
pub const BASE_DELAY: Duration = Duration::from_millis(500);

/// What a client is made from. Not `Debug`: the address of a source may hold a password.
#[derive(Clone)]
pub struct Settings {
    /// What stands in for PyPI.
    pub index_url: Option<Url>,
    /// The sources of pyproject.toml: credentials set for their names are for their addresses, and for direct addresses and
    /// files on their hosts.
    pub sources: Vec<IndexSource>,
    /// What the user set.
    pub configuration: Configuration,
    /// The pause before the first retry, such as [`BASE_DELAY`]; the second is twice as long, and so on.
    pub base_delay: Duration,
    /// How much an index may send, and how slowly.
    pub limits: Limits,
}

/// Asks indexes and downloads files, over kept connections, from any number of threads.
#[derive(Debug)]
pub struct Client {
    default_index: Index,
    authenticator: Authenticator,
    agents: Agents,
    max_retries: u32,
    base_delay: Duration,
    room: Room,
}

/// An index, by name and address.
#[derive(Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name, for messages: that of its source, or `PyPI`, or the host that stands in for it.
    pub name: String,
    /// The address of its root page.
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

/// Whose credentials an index may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// Those of its address: the user named it.
    Address,
    /// Those of its name: the project or the settings have that name for that address.
    Name,
    /// None but those that its address holds and those of its host: only a lock names it.
    Nothing,
}

/// A file that is wanted of a package.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Its name.
    pub file: &'a str,
    /// The locked digests.
    pub digests: &'a [Digest],
}

/// What an index says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
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

/// Takes the bytes of a download. What stops it is its own to remember.
pub trait Sink {
    /// Adds `data`.
    fn write(&mut self, data: &[u8]) -> ControlFlow<()>;

    /// Takes back everything.
    fn restart(&mut self) -> ControlFlow<()>;

    /// Returns how many bytes it has.
    fn n_bytes(&self) -> u64;
}

/// Stands by while requests are made.
pub trait Watcher: Sync {
    /// Hears that a request failed and will be made again.
    fn retrying(&self, what: &str, cause: &str);

    /// Waits; breaks when nothing more is wanted.
    fn pause(&self, pause: Duration) -> ControlFlow<()>;

    /// Tells whether nothing more is wanted.
    fn is_stopped(&self) -> bool;
}

impl Client {
    /// Prepares a client; connects to nothing and reads no certificates yet.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] for a setting that makes no sense, [`Error::Address`] for such a source.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let Settings {
            index_url,
            sources,
            configuration,
            base_delay,
            limits,
        } = settings;
        let mut repositories = Vec::new();
        for source in &sources {
            let url = parse_address(&source.name, &source.url)?;
            let name = source.name.clone();
            repositories.push(Repository { name, url });
        }
        repositories.extend(configuration.repositories()?);
        let agents = Agents::new(configuration.timeout()?, limits);
        let max_retries = configuration.max_retries()?;
        let authenticator = Authenticator::new(configuration, repositories);
        Ok(Self {
            default_index: default_index(index_url, &authenticator)?,
            agents,
            max_retries,
            authenticator,
            base_delay,
            room: Room::default(),
        })
    }

    /// Finds the index of a package: that of its source, or PyPI or what stands in for it.
    ///
    /// # Errors
    ///
    /// [`Error::Address`] when the source has none that makes sense.
    pub fn index(&self, source: Option<&IndexSource>) -> Result<Index, Error> {
        let Some(source) = source else {
            return Ok(self.default_index.clone());
        };
        let url = parse_address(&source.name, &source.url)?;
        let trust = self.authenticator.trust(&source.name, &url);
        new_index(source.name.clone(), url, trust, &self.authenticator)
    }

    /// Starts a thread's use of this client.
    pub fn session<'a>(&'a self, watcher: &'a dyn Watcher) -> Session<'a> {
        Session::new(self, watcher)
    }

    /// Makes every request that is under way fail at once. Later ones are as good as ever.
    pub fn interrupt(&self) {
        self.agents.interrupt();
    }

    fn index_realm(&self, index: &Index) -> Result<Realm, Error> {
        self.authenticator
            .of_index(&index.name, &index.url, index.trust)
    }

    fn file_realm(&self, index: Option<&Index>, url: &Url) -> Result<Realm, Error> {
        match index {
            Some(index) => self.authenticator.of_file(self.index_realm(index)?, url),
            None => self.authenticator.of_address(url),
        }
    }
}

fn default_index(stand_in: Option<Url>, authenticator: &Authenticator) -> Result<Index, Error> {
    let (name, url) = match stand_in {
        Some(url) => (url.host().unwrap_or_default().to_owned(), url),
        None => ("PyPI".to_owned(), parse_address("PyPI", PYPI)?),
    };
    new_index(name, url, Trust::Address, authenticator)
}

fn new_index(
    name: String,
    url: Url,
    trust: Trust,
    authenticator: &Authenticator,
) -> Result<Index, Error> {
    let realm = authenticator.of_index(&name, &url, trust)?;
    let authorization = realm.authorization().unwrap_or_default();
    let opens = format!("{}\n{authorization}", url.expose());
    Ok(Index {
        name,
        url,
        trust,
        key: Digest::of(Algorithm::Sha256, opens.as_bytes()).hex(),
    })
}

fn parse_address(what: &str, text: &str) -> Result<Url, Error> {
    Url::parse(text).map_err(|source| Error::Address {
        what: what.to_owned(),
        source,
    })
}
