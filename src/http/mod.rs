//! An HTTP client for any GET: connections, TLS, proxies, redirects, credentials, retries, limits. It knows nothing of packages.
//!
//! A [`Client`] knows what the user set; an [`HttpSession`] is one thread's use of it, with buffers of its own. A body is read
//! into memory by [`HttpSession::get`], or handed over as it comes by [`HttpSession::download`].
//!
//! Secrets: credentials are sent to the scheme, host and port that they are for, which the project or the settings name; no
//! message, file or `Debug` text holds any; see [`crate::url`]. Requests that fail for the moment are made again after a pause
//! that grows; a download continues where it stopped if the server proves, by a strong validator, that the file is the same.

mod agents;
mod body;
mod certificates;
mod credentials;
mod download;
mod encoding;
mod error;
mod exchange;
mod forward;
mod keyring;
mod limits;
mod netrc;
mod network;
mod realm;
mod resolver;
mod retry;
mod session;
mod status;
mod transport_error;

use std::ops::ControlFlow;
use std::time::Duration;

use crate::configuration::{Configuration, Repository};
use crate::url::Url;

use self::agents::Agents;
use self::body::LargeBody;
use self::credentials::Authenticator;

pub use self::body::Body;
pub use self::certificates::CertificateError;
pub use self::credentials::{Trust, nearest_repository};
pub use self::download::{Download, Sink};
pub use self::error::Error;
pub use self::keyring::{Keyring, KeyringQuestion};
pub use self::limits::{Limits, Pace};
pub use self::network::Network;
pub use self::realm::Realm;
pub use self::session::{Get, HttpSession};
pub use self::status::Status;
pub use self::transport_error::{TransportError, TransportErrorKind};

/// The pause before the first retry; half a second, as in Poetry.
pub const BASE_DELAY: Duration = Duration::from_millis(500);

/// What a client is made from.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// The repositories of the project: credentials set for their names are for their URLs, and for files on their hosts.
    pub repositories: Vec<Repository>,
    /// What the user set.
    pub configuration: Configuration,
    /// The pause before the first retry, such as [`BASE_DELAY`]; the second is twice as long, and so on.
    pub base_delay: Duration,
    /// How much a server may send, and how slowly.
    pub limits: Limits,
}

/// Sends requests over kept connections, from any number of threads.
#[derive(Debug)]
pub struct Client {
    authenticator: Authenticator,
    agents: Agents,
    max_retries: u32,
    base_delay: Duration,
    large_body: LargeBody,
}

/// Decides while requests are made whether they are still wanted.
pub trait Cancellation: Sync {
    /// Is told that a request failed and will be made again.
    fn retrying(&self, what: &str, cause: &str);

    /// Waits; breaks when nothing more is wanted.
    fn pause(&self, pause: Duration) -> ControlFlow<()>;

    /// Tells whether nothing more is wanted.
    fn is_cancelled(&self) -> bool;
}

/// Waits as long as it takes, and reports nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCancellation;

impl Cancellation for NoCancellation {
    fn retrying(&self, _what: &str, _cause: &str) {}

    fn pause(&self, pause: Duration) -> ControlFlow<()> {
        std::thread::sleep(pause);
        ControlFlow::Continue(())
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

impl Client {
    /// Prepares a client; connects to nothing and reads no certificates yet.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] for a setting that makes no sense.
    pub fn new(settings: HttpSettings) -> Result<Self, Error> {
        let HttpSettings {
            mut repositories,
            configuration,
            base_delay,
            limits,
        } = settings;
        repositories.extend(configuration.repositories()?);
        Ok(Self {
            agents: Agents::new(configuration.timeout()?, limits),
            max_retries: configuration.max_retries()?,
            authenticator: Authenticator::new(configuration, repositories)?,
            base_delay,
            large_body: LargeBody::default(),
        })
    }

    /// Starts a thread's use of this client.
    pub fn session<'a>(&'a self, cancellation: &'a dyn Cancellation) -> HttpSession<'a> {
        HttpSession::new(self, cancellation)
    }

    /// Returns how much a server may send, and how slowly.
    pub(crate) fn limits(&self) -> &Limits {
        self.agents.limits()
    }

    /// Makes every request that is in progress fail at once. Later ones are not affected.
    pub fn interrupt(&self) {
        self.agents.interrupt();
    }

    /// Tells whether what is set for `name` is for `url`: only if the project or the settings have a repository of that name
    /// which covers it.
    pub fn trust(&self, name: &str, url: &Url) -> Trust {
        self.authenticator.trust(name, url)
    }

    /// Returns the realm of the repository `name` at `url`. What is set for the name of a trusted one is for it, unless its
    /// URL holds credentials.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`].
    pub fn named_realm(&self, name: &str, url: &Url, trust: Trust) -> Result<Realm, Error> {
        self.authenticator.named_realm(name, url, trust)
    }

    /// Returns the realm of a URL without a name: that of [`nearest_repository`], if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`].
    pub fn realm(&self, url: &Url) -> Result<Realm, Error> {
        self.authenticator.realm(url)
    }

    /// Returns the realm of `url`, to which a page of `from` links: `from` itself on the same origin, else that of the URL.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`].
    pub fn linked_realm(&self, from: Realm, url: &Url) -> Result<Realm, Error> {
        self.authenticator.linked_realm(from, url)
    }

    /// Returns what a server said as it may be shown: without the secrets that were sent to any.
    pub fn shown(&self, said: &str) -> String {
        self.authenticator.shown(said)
    }

    /// Returns a URL that a server gave, which then prints without the secrets that were sent to any.
    pub fn shown_url(&self, url: Url) -> Url {
        self.authenticator.shown_url(url)
    }

    /// Tells whether `url`, which a server gave and which is on another server, holds what was sent as a secret.
    pub fn is_given_away(&self, url: &Url) -> bool {
        self.authenticator.is_given_away(url)
    }
}
