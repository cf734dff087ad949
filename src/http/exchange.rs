//! Single requests, with their redirects.

use std::io::Read;

use ureq::http;
use ureq::http::request::Builder;

use crate::configuration::CredentialsOrigin;
use crate::http::Client;
use crate::http::agents::{Key, forwards, parse_proxy, proxy_credentials};
use crate::http::credentials::AskKeyring;
use crate::http::error::Error;
use crate::http::limits::{Pace, Paced};
use crate::http::realm::{Authorization, Realm, RequestCredentials};
use crate::http::transport_error::TransportError;
use crate::url::{CredentialsFlaw, Url};

const N_REDIRECTS: u32 = 10;

/// How much of a response that nobody wants is read to keep its connection.
const N_DRAINED_BYTES: u64 = 16 * 1024;

/// One request; the response may come from elsewhere.
pub(super) struct Request<'a> {
    /// What it is for, in messages.
    pub(super) what: &'a str,
    pub(super) url: &'a Url,
    pub(super) headers: &'a [(&'static str, &'a str)],
    pub(super) realm: &'a Realm,
}

pub(super) struct Response {
    inner: http::Response<ureq::Body>,
    /// Where it came from, after redirects.
    pub(super) url: Url,
    /// The credentials that the last request was sent with.
    pub(super) tried: Option<CredentialsOrigin>,
    /// What is odd about them.
    pub(super) flaw: Option<CredentialsFlaw>,
}

/// Why one attempt failed; whether there will be another is decided from the error that it would make.
pub(super) enum Failure {
    Final(Error),
    /// There was no server, or no proper response.
    Transport(TransportError, Url),
    /// The server responded with a status that it should not.
    Status(Box<Response>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

impl Response {
    pub(super) fn status(&self) -> u16 {
        self.inner.status().as_u16()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.inner.headers().get(name)?.to_str().ok()
    }

    /// Returns where it leads; servers write other letters than those of ASCII too, without encoding them.
    fn location(&self) -> Option<&str> {
        std::str::from_utf8(self.inner.headers().get("location")?.as_bytes()).ok()
    }

    /// Returns the values of a header that may occur several times.
    pub(super) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.inner.headers().get_all(name).iter();
        values.filter_map(|value| value.to_str().ok())
    }

    /// Returns the body as it comes.
    pub(super) fn into_reader(self) -> impl Read {
        self.inner.into_body().into_reader()
    }

    /// Reads what is left of a short response, so that its connection can be used again.
    pub(super) fn drain(mut self, pace: Pace) {
        let rest = self.inner.body_mut().as_reader();
        let mut rest = Paced::refuse(rest, pace).take(N_DRAINED_BYTES + 1);
        // If it fails, the connection is closed, and that is all.
        let _ = std::io::copy(&mut rest, &mut std::io::sink());
    }
}

impl Client {
    /// Sends a request and follows redirects.
    pub(super) fn exchange(&self, request: &Request<'_>) -> Result<Response, Failure> {
        let mut url = request.url.clone();
        let mut elsewhere = None;
        let mut is_encrypted = url.scheme() == "https";
        for _ in 0..=N_REDIRECTS {
            let realm = elsewhere.as_ref().unwrap_or(request.realm);
            let response = self.exchange_with_keyring(request, &url, realm)?;
            let is_redirect = matches!(response.status(), 301 | 302 | 303 | 307 | 308);
            let Some(target) = response.location().filter(|_| is_redirect) else {
                return Ok(response);
            };
            let target = url.join(target).map_err(|source| Error::Address {
                what: request.what.to_owned(),
                source,
            })?;
            response.drain(self.agents.limits().pace);
            url = self.authenticator.shown_url(target);
            let scheme = if is_encrypted { "https" } else { "http" };
            elsewhere = self.realm_elsewhere(request, &url, scheme)?;
            is_encrypted |= url.scheme() == "https";
        }
        Err(Failure::Final(Error::Redirects {
            what: request.what.to_owned(),
            url: request.url.clone(),
            limit: N_REDIRECTS,
        }))
    }

    /// Returns the realm of `url`, which the response redirects to; `None` where that of the request remains.
    fn realm_elsewhere(
        &self,
        request: &Request<'_>,
        url: &Url,
        scheme: &str,
    ) -> Result<Option<Realm>, Error> {
        if request.realm.is_of(url) {
            return Ok(None);
        }
        if self.authenticator.is_given_away(url) {
            let (what, url) = (request.what.to_owned(), url.clone());
            return Err(Error::GivenAway { what, url });
        }
        let realm = self
            .authenticator
            .after_redirect(request.realm, url, scheme)?;
        Ok(Some(realm))
    }

    /// Sends a request, and once more with what the user's keyring has if the server refuses it. As with Poetry, the keyring comes
    /// before `.netrc`, and may open what a repository hides.
    fn exchange_with_keyring(
        &self,
        request: &Request<'_>,
        url: &Url,
        realm: &Realm,
    ) -> Result<Response, Failure> {
        let from_keyring = |ask| self.authenticator.ask_keyring(realm, url, ask);
        let mut credentials = realm.credentials_for(url);
        let is_of_netrc = |sent: &Authorization| sent.origin == CredentialsOrigin::Netrc;
        let is_asked = credentials.authorization.is_some_and(is_of_netrc);
        let known = from_keyring(if is_asked {
            AskKeyring::Yes
        } else {
            AskKeyring::No
        });
        credentials.authorization = known.as_ref().or(credentials.authorization);
        let response = self.exchange_once(request, url, &credentials)?;
        let is_closed = match response.status() {
            401 | 403 => true,
            404 => realm.may_be_hidden(),
            _ => false,
        };
        if !is_closed || is_asked || known.is_some() {
            return Ok(response);
        }
        let Some(found) = from_keyring(AskKeyring::Yes) else {
            return Ok(response);
        };
        response.drain(self.agents.limits().pace);
        credentials.authorization = Some(&found);
        self.exchange_once(request, url, &credentials)
    }

    fn exchange_once(
        &self,
        request: &Request<'_>,
        url: &Url,
        credentials: &RequestCredentials<'_>,
    ) -> Result<Response, Failure> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::Final(Error::Scheme {
                what: request.what.to_owned(),
                url: url.clone(),
            }));
        }
        let inner = self.send(new_builder(request, url, credentials), url, credentials)?;
        Ok(Response {
            inner,
            url: url.clone(),
            tried: credentials.authorization.map(|sent| sent.origin),
            flaw: credentials.authorization.and_then(|sent| sent.flaw),
        })
    }

    /// Sends a request, through the proxy where there is one.
    fn send(
        &self,
        mut builder: Builder,
        url: &Url,
        credentials: &RequestCredentials<'_>,
    ) -> Result<http::Response<ureq::Body>, Failure> {
        let key = Key {
            certificates: (url.scheme() == "https").then(|| credentials.certificates.clone()),
            proxy: self.authenticator.configuration().proxy(url),
        };
        let proxy = key.proxy.as_ref().map(parse_proxy).transpose()?;
        if let Some(credentials) = proxy.as_ref().and_then(proxy_credentials) {
            self.authenticator.add_secrets(|secrets| {
                secrets.add_credentials(&credentials.username, &credentials.password);
            });
            if proxy.as_ref().is_some_and(|proxy| forwards(proxy, &key)) {
                let header = Authorization::basic_header(&credentials);
                builder = builder.header("proxy-authorization", header);
            }
        }
        let failed = |cause| Failure::Transport(TransportError::new(cause), url.clone());
        let request = builder.body(()).map_err(|cause| failed(cause.into()))?;
        let response = self.agents.agent(key, proxy)?.run(request);
        response.map_err(|cause| {
            let lacks_authorities = self.agents.lacks_authorities();
            let cause = TransportError::new(cause).without_authorities(lacks_authorities);
            Failure::Transport(cause, url.clone())
        })
    }
}

fn new_builder(request: &Request<'_>, url: &Url, credentials: &RequestCredentials<'_>) -> Builder {
    let mut builder = http::Request::get(url.without_credentials().expose());
    for (name, value) in request.headers {
        builder = builder.header(*name, *value);
    }
    match credentials.authorization {
        Some(authorization) => builder.header("authorization", &authorization.header),
        None => builder,
    }
}
