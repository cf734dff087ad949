//! Connections: agents by certificates and proxy, and single exchanges with their redirects.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, ClientCert, PemItem, RootCerts, TlsConfig};
use ureq::unversioned::transport::{Connector as _, DefaultConnector, TcpConnector};
use ureq::{Agent, Body, Proxy, ProxyProtocol};

use crate::configuration::{Authorities, Certificates, CredentialsOrigin, ProxySetting};
use crate::index::auth::{Authenticator, Authorization, Realm};
use crate::index::error::{CertificateError, Error, TransportError};
use crate::index::forward::{ForwardConnector, ForwardResolver};
use crate::index::limits::{Limits, Pace, Paced};
use crate::index::resolver::RememberingResolver;
use crate::url::{Credentials, CredentialsFlaw, Url};

const USER_AGENT: &str = concat!("lock2venv/", env!("CARGO_PKG_VERSION"));
const N_REDIRECTS: u32 = 10;

/// As many as threads may ask at once: no connection is ever closed for want of room.
const N_IDLE_CONNECTIONS: usize = 128;

/// How much of an answer that nobody wants is read to keep its connection.
const N_DRAINED_BYTES: u64 = 16 * 1024;

/// What tells connections apart that must not be shared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// `None` for plain http.
    certificates: Option<Certificates>,
    proxy: Option<ProxySetting>,
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

/// One request; the answer may come from elsewhere.
pub(super) struct Ask<'a> {
    /// The file or package, for messages.
    pub(super) what: &'a str,
    pub(super) url: &'a Url,
    pub(super) headers: &'a [(&'static str, &'a str)],
    pub(super) realm: &'a Realm,
}

pub(super) struct Answer {
    pub(super) response: Response<Body>,
    /// Where it came from, after redirects.
    pub(super) url: Url,
    /// The credentials that the last request was sent with.
    pub(super) tried: Option<CredentialsOrigin>,
    /// What is odd about them.
    pub(super) flaw: Option<CredentialsFlaw>,
}

impl Answer {
    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }
}

impl Answer {
    /// Returns the values of a header that may occur several times.
    pub(super) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.response.headers().get_all(name).iter();
        values.filter_map(|value| value.to_str().ok())
    }
}

/// Why one attempt came to nothing; whether there will be another is decided from the error that it would make.
pub(super) enum Failure {
    Final(Error),
    /// The server was not there, or not to be understood.
    Transport(TransportError, Url),
    /// The server answered what it should not.
    Status(Box<Answer>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Final(error)
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

    /// Makes every request that is under way fail at once.
    pub(super) fn interrupt(&self) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, agent) in std::mem::take(&mut *made) {
            agent.shutdown();
        }
    }

    /// Sends a request and follows redirects.
    pub(super) fn exchange(
        &self,
        ask: &Ask<'_>,
        authenticator: &Authenticator,
    ) -> Result<Answer, Failure> {
        let mut url = ask.url.clone();
        let mut elsewhere = None;
        let mut is_encrypted = url.scheme() == "https";
        for _ in 0..=N_REDIRECTS {
            let realm = elsewhere.as_ref().unwrap_or(ask.realm);
            let answer = self.exchange_once(ask, &url, realm, authenticator)?;
            let is_redirect = matches!(answer.status(), 301 | 302 | 303 | 307 | 308);
            let Some(target) = answer.header("location").filter(|_| is_redirect) else {
                return Ok(answer);
            };
            let target = url.join(target).map_err(|source| Error::Address {
                what: ask.what.to_owned(),
                source,
            })?;
            drain(answer, self.limits.pace);
            url = authenticator.shown_url(target);
            let scheme = if is_encrypted { "https" } else { "http" };
            let is_elsewhere = !ask.realm.is_of(&url);
            if is_elsewhere && authenticator.is_given_away(&url) {
                let what = ask.what.to_owned();
                return Err(Failure::Final(Error::GivenAway { what, url }));
            }
            elsewhere = is_elsewhere
                .then(|| authenticator.after_redirect(ask.realm, &url, scheme))
                .transpose()?;
            is_encrypted |= url.scheme() == "https";
        }
        Err(Failure::Final(Error::Redirects {
            what: ask.what.to_owned(),
            url: ask.url.clone(),
            limit: N_REDIRECTS,
        }))
    }

    fn exchange_once(
        &self,
        ask: &Ask<'_>,
        url: &Url,
        realm: &Realm,
        authenticator: &Authenticator,
    ) -> Result<Answer, Failure> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::Final(Error::Scheme {
                what: ask.what.to_owned(),
                url: url.clone(),
            }));
        }
        let pass = realm.pass(url);
        let mut request = Request::get(url.without_credentials().expose());
        for (name, value) in ask.headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = pass.authorization {
            request = request.header("authorization", &authorization.header);
        }
        let key = Key {
            certificates: (url.scheme() == "https").then(|| pass.certificates.clone()),
            proxy: authenticator.configuration().proxy(url),
        };
        let proxy = key.proxy.as_ref().map(parse_proxy).transpose()?;
        if let Some(credentials) = proxy.as_ref().and_then(proxy_credentials) {
            authenticator.add_secrets(|secrets| {
                secrets.add_credentials(&credentials.username, &credentials.password);
            });
            if proxy.as_ref().is_some_and(|proxy| forwards(proxy, &key)) {
                let header = Authorization::basic_header(&credentials);
                request = request.header("proxy-authorization", header);
            }
        }
        let failed = |cause| Failure::Transport(TransportError::new(cause), url.clone());
        let request = request.body(()).map_err(|cause| failed(cause.into()))?;
        let response = self.agent(key, proxy)?.run(request);
        let response = response.map_err(|cause| {
            let lacks_authorities = self.lacks_authorities.load(Ordering::Relaxed);
            let cause = TransportError::new(cause).without_authorities(lacks_authorities);
            Failure::Transport(cause, url.clone())
        })?;
        Ok(Answer {
            response,
            url: url.clone(),
            tried: pass.authorization.map(|sent| sent.origin),
            flaw: pass.authorization.and_then(|sent| sent.flaw),
        })
    }

    fn tls_config(&self, certificates: &Certificates) -> Result<TlsConfig, Error> {
        let builder = TlsConfig::builder();
        let builder = match &certificates.authorities {
            Authorities::System => builder.root_certs(self.system_authorities()),
            Authorities::At(path) => builder.root_certs(authorities_at(path)?),
            Authorities::Anyone => builder.disable_verification(true),
        };
        let client = certificates.client.as_deref().map(client_certificate);
        Ok(builder.client_cert(client.transpose()?).build())
    }

    /// The system's authorities, or Mozilla's where the system has none, as in a bare container.
    fn system_authorities(&self) -> RootCerts {
        let found = rustls_native_certs::load_native_certs().certs;
        if found.is_empty() {
            self.lacks_authorities.store(true, Ordering::Relaxed);
            return RootCerts::WebPki;
        }
        root_certs(&found)
    }

    fn agent(&self, key: Key, proxy: Option<Proxy>) -> Result<Agent, Error> {
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
}

fn parse_proxy(setting: &ProxySetting) -> Result<Proxy, Error> {
    let proxy = Proxy::new(&setting.address).ok();
    let proxy = proxy.filter(|proxy| !proxy.host().is_empty());
    proxy.ok_or(Error::Proxy {
        variable: setting.variable,
    })
}

/// Tells whether requests go to the proxy itself: plain http does, https goes through a tunnel, and so does everything through
/// a proxy of another kind.
fn forwards(proxy: &Proxy, key: &Key) -> bool {
    key.certificates.is_none() && proxy.protocol() == ProxyProtocol::Http
}

/// What the proxy's address holds of a user name and password.
fn proxy_credentials(proxy: &Proxy) -> Option<Credentials> {
    let (username, password) = (proxy.username(), proxy.password());
    username.or(password)?;
    Some(Credentials {
        username: username.unwrap_or_default().to_owned(),
        password: password.unwrap_or_default().to_owned(),
    })
}

/// Reads what is left of a short answer, so that its connection can be used again.
pub(super) fn drain(mut answer: Answer, pace: Pace) {
    let rest = answer.response.body_mut().as_reader();
    let mut rest = Paced::refuse(rest, pace).take(N_DRAINED_BYTES + 1);
    // If it fails, the connection is closed, and that is all.
    let _ = std::io::copy(&mut rest, &mut std::io::sink());
}

fn authorities_at(path: &Path) -> Result<RootCerts, Error> {
    let metadata =
        std::fs::metadata(path).map_err(|cause| certificate_error(path, cause.into()))?;
    let (file, folder) = if metadata.is_dir() {
        (None, Some(path))
    } else {
        (Some(path), None)
    };
    let mut result = rustls_native_certs::load_certs_from_paths(file, folder);
    if result.certs.is_empty() {
        let cause = match result.errors.pop().map(|error| error.kind) {
            Some(rustls_native_certs::ErrorKind::Io { inner, .. }) => inner.into(),
            Some(_) | None => CertificateError::None,
        };
        return Err(certificate_error(path, cause));
    }
    Ok(root_certs(&result.certs))
}

fn root_certs(found: &[CertificateDer<'_>]) -> RootCerts {
    RootCerts::from(
        found
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned()),
    )
}

/// Reads a PEM file that holds certificate, chain and key, as requests takes it.
fn client_certificate(path: &Path) -> Result<ClientCert, Error> {
    let failed = |cause| certificate_error(path, cause);
    let pem = std::fs::read(path).map_err(|cause| failed(cause.into()))?;
    let mut chain = Vec::new();
    let mut key = None;
    for item in ureq::tls::parse_pem(&pem) {
        match item.map_err(|_| failed(CertificateError::Unusable))? {
            PemItem::Certificate(certificate) => chain.push(certificate),
            PemItem::PrivateKey(found) => key = key.or(Some(found)),
            _ => {}
        }
    }
    let key = key.ok_or_else(|| failed(CertificateError::NoKey))?;
    if chain.is_empty() {
        return Err(failed(CertificateError::None));
    }
    check_client_certificate(&chain, &pem).ok_or_else(|| failed(CertificateError::Unusable))?;
    Ok(ClientCert::new_with_certs(&chain, key))
}

/// Tells whether the key is of a known kind and fits the certificate. (The client panics later if it does not.)
fn check_client_certificate(chain: &[Certificate<'_>], pem: &[u8]) -> Option<()> {
    use rustls::pki_types::pem::PemObject;
    let key = PrivateKeyDer::from_pem_slice(pem).ok()?;
    let chain = chain
        .iter()
        .map(|certificate| CertificateDer::from(certificate.der().to_vec()))
        .collect();
    let provider = rustls::crypto::ring::default_provider();
    rustls::sign::CertifiedKey::from_der(chain, key, &provider).ok()?;
    Some(())
}

fn certificate_error(path: &Path, source: CertificateError) -> Error {
    Error::Certificates {
        path: path.to_owned(),
        source,
    }
}
