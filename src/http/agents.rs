//! Connections that are kept, apart by certificates and proxy.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::{Connector as _, DefaultConnector, TcpConnector};
use ureq::{Agent, Proxy, ProxyProtocol};

use crate::configuration::{Authorities, Certificates, ProxySetting};
use crate::http::certificates;
use crate::http::error::Error;
use crate::http::forward::{ForwardConnector, ForwardResolver};
use crate::http::limits::Limits;
use crate::http::resolver::RememberingResolver;
use crate::url::Credentials;

const USER_AGENT: &str = concat!("lock2venv/", env!("CARGO_PKG_VERSION"));

/// As many as threads may ask at once: no connection is ever closed for want of room.
const N_IDLE_CONNECTIONS: usize = 128;

/// What tells connections apart that must not be shared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// `None` for plain http.
    pub(super) certificates: Option<Certificates>,
    pub(super) proxy: Option<ProxySetting>,
}

/// Agents, made when they are first needed: reading the system's certificates takes milliseconds.
pub(super) struct Agents {
    /// Whether the system's certificates were looked for in vain.
    lacks_authorities: AtomicBool,
    timeout: Duration,
    limits: Limits,
    made: Mutex<BTreeMap<Key, Agent>>,
}

impl fmt::Debug for Agents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The keys hold the proxy's password.
        formatter.debug_struct("Agents").finish_non_exhaustive()
    }
}

impl Agents {
    pub(super) fn new(timeout: Duration, limits: Limits) -> Self {
        Self {
            lacks_authorities: AtomicBool::new(false),
            timeout,
            limits,
            made: Mutex::default(),
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Tells whether the system was found to have no certificates of authorities.
    pub(super) fn lacks_authorities(&self) -> bool {
        self.lacks_authorities.load(Ordering::Relaxed)
    }

    /// Makes every request that is in progress fail at once.
    pub(super) fn interrupt(&self) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, agent) in std::mem::take(&mut *made) {
            agent.shutdown();
        }
    }

    /// Returns the agent of `key`, whose proxy was parsed as `proxy`.
    pub(super) fn agent(&self, key: Key, proxy: Option<Proxy>) -> Result<Agent, Error> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(agent) = made.get(&key) {
            return Ok(agent.clone());
        }
        let agent = self.make(&key, proxy)?;
        made.insert(key, agent.clone());
        Ok(agent)
    }

    fn make(&self, key: &Key, proxy: Option<Proxy>) -> Result<Agent, Error> {
        let (forwarding, proxy) = match proxy {
            Some(proxy) if forwards(&proxy, key) => (Some(proxy), None),
            other => (None, other),
        };
        let mut settings = Agent::config_builder()
            .proxy(proxy)
            .user_agent(USER_AGENT)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(N_IDLE_CONNECTIONS)
            .max_idle_connections_per_host(N_IDLE_CONNECTIONS)
            .timeout_resolve(Some(self.timeout))
            .timeout_connect(Some(self.timeout))
            .timeout_send_request(Some(self.limits.headers))
            .timeout_recv_response(Some(self.limits.headers))
            .timeout_per_read(Some(self.timeout))
            .timeout_per_write(Some(self.timeout));
        if let Some(certificates) = &key.certificates {
            settings = settings.tls_config(self.tls_config(certificates)?);
        }
        if let Some(proxy) = forwarding {
            let connector = ().chain(TcpConnector::default()).chain(ForwardConnector);
            let resolver = ForwardResolver::new(proxy.uri().clone());
            return Ok(Agent::with_parts(settings.build(), connector, resolver));
        }
        Ok(Agent::with_parts(
            settings.build(),
            DefaultConnector::default(),
            RememberingResolver::default(),
        ))
    }

    fn tls_config(&self, certificates: &Certificates) -> Result<TlsConfig, Error> {
        let builder = TlsConfig::builder();
        let builder = match &certificates.authorities {
            Authorities::System => builder.root_certs(self.system_authorities()),
            Authorities::BuiltIn => builder.root_certs(RootCerts::WebPki),
            Authorities::At(path) => {
                let found = certificates::authorities_at(path);
                builder.root_certs(found.map_err(|source| Error::certificates(path, source))?)
            }
            Authorities::Anyone => builder.disable_verification(true),
        };
        let client = certificates.client.as_deref().map(|path| {
            certificates::client_certificate(path)
                .map_err(|source| Error::certificates(path, source))
        });
        Ok(builder.client_cert(client.transpose()?).build())
    }

    /// The system's authorities: none, so that no server is trusted, where the system has none, as in a bare container.
    fn system_authorities(&self) -> RootCerts {
        let found = certificates::of_system();
        let lacks_authorities = found.is_none();
        self.lacks_authorities
            .store(lacks_authorities, Ordering::Relaxed);
        found.unwrap_or_else(|| RootCerts::from(std::iter::empty()))
    }
}

pub(super) fn parse_proxy(setting: &ProxySetting) -> Result<Proxy, Error> {
    let proxy = Proxy::new(&setting.address).ok();
    let proxy = proxy.filter(|proxy| !proxy.host().is_empty());
    proxy.ok_or(Error::Proxy {
        variable: setting.variable,
    })
}

/// Tells whether requests go to the proxy itself: plain http does, https goes through a tunnel, and so does everything through
/// a proxy of another kind.
pub(super) fn forwards(proxy: &Proxy, key: &Key) -> bool {
    key.certificates.is_none() && proxy.protocol() == ProxyProtocol::Http
}

/// What the proxy's address holds of a user name and password.
pub(super) fn proxy_credentials(proxy: &Proxy) -> Option<Credentials> {
    let (username, password) = (proxy.username(), proxy.password());
    username.or(password)?;
    Some(Credentials {
        username: username.unwrap_or_default().to_owned(),
        password: password.unwrap_or_default().to_owned(),
    })
}
