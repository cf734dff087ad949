//! What went wrong between this machine and a server.

use lock2venv::configuration::CredentialsOrigin;
use lock2venv::http::{Error, Status, TransportError, TransportErrorKind};
use lock2venv::url::{self, CredentialsFlaw, Url};

use super::Failure;
use super::prepare::REVIEW;

const PROXY_CREDENTIALS: &str = "check the user name and password in the URL of the proxy (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY); hosts in NO_PROXY are reached without it";

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Self::new(&error);
        let failure = match address(&error) {
            Some(url) => failure.detail(format!("{url}{}", more(&error))),
            None => failure,
        };
        match error {
            Error::Refused {
                url, tried, flaw, ..
            } => failure.hint(credentials(None, &url, tried, flaw)),
            Error::Transport { source, url, .. } => failure.hints(unreachable(&source, &url)),
            Error::Response {
                status: Status(407),
                ..
            } => failure.hint(PROXY_CREDENTIALS),
            // What nginx answers to who shows no certificate, or one that it does not trust.
            Error::Response {
                status: Status(400),
                url,
                ..
            } if url.scheme() == "https" => failure.hint(client_certificate(&url)),
            Error::Certificates { .. } => failure.hint(
                "SSL_CERT_FILE, REQUESTS_CA_BUNDLE or POETRY_CERTIFICATES_<NAME>_CERT name this file",
            ),
            Error::TooLong { .. } => failure.hint(REVIEW),
            Error::TooLarge { .. } => {
                failure.hint("if it is meant to be that large: `lock2venv install --max-download SIZE`")
            }
            Error::Proxy { .. } => {
                failure.hint("a proxy is written `http://host:port`, `socks5://host:port` or `socks5h://host:port` (which resolves names itself)")
            }
            Error::Configuration(error) => error.into(),
            _ => failure,
        }
    }
}

impl Failure {
    /// The value of `name`, a flag or a variable, is not the URL of an index.
    pub(crate) fn index_url(name: &str, error: &url::Error) -> Self {
        Self::new(error)
            .with_headline(format!("the value of {name} is not a URL"))
            .hint("it is the URL of a simple index, such as `https://pypi.org/simple/`")
            .misuse()
    }
}

/// Returns the URL that the error is about, unless its own lines show it better.
fn address(error: &Error) -> Option<&Url> {
    match error {
        Error::Absent { url, .. }
        | Error::Refused { url, .. }
        | Error::Response { url, .. }
        | Error::Transport { url, .. }
        | Error::Coding { url, .. }
        | Error::GivenAway { url, .. }
        | Error::TooLong { url, .. }
        | Error::TooLarge { url, .. }
        | Error::Redirects { url, .. } => Some(url),
        _ => None,
    }
}

/// Says what else is known of a request.
fn more(error: &Error) -> String {
    match error {
        Error::Refused { tried: origin, .. } => tried(*origin),
        Error::Response { n_attempts, .. } | Error::Transport { n_attempts, .. } => {
            format!(", requested {}", times(*n_attempts))
        }
        _ => String::new(),
    }
}

/// Says which credentials were sent.
pub(super) fn tried(origin: Option<CredentialsOrigin>) -> String {
    match origin {
        Some(origin) => format!(", credentials tried: {origin}"),
        None => ", no credentials known".to_owned(),
    }
}

fn times(number: u32) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        number => format!("{number} times"),
    }
}

/// Says which variables let one in. An index that stands in for PyPI goes by its host, for which there are none.
pub(super) fn credentials(
    index: Option<&str>,
    url: &Url,
    tried: Option<CredentialsOrigin>,
    flaw: Option<CredentialsFlaw>,
) -> String {
    let host = url.host().unwrap_or_default();
    let name = index.filter(|name| has_variables(name, url));
    if let (Some(origin), Some(flaw)) = (tried, flaw) {
        return odd_credentials(name, origin, flaw);
    }
    let Some(name) = name else {
        return format!(
            "add credentials for `{host}` to the URL of the index, or to ~/.netrc or the file that NETRC names"
        );
    };
    let (username, password) = (variable(name, "USERNAME"), variable(name, "PASSWORD"));
    match tried {
        Some(CredentialsOrigin::Environment) => {
            format!("check {username} and {password}, which were sent")
        }
        _ => format!("set {username} and {password}"),
    }
}

/// Tells whether variables can hold credentials for the index `name`: not for what stands in for PyPI and goes by its host.
pub(super) fn has_variables(name: &str, url: &Url) -> bool {
    name != "PyPI" && Some(name) != url.host()
}

/// Says what may help where a private index answers that it has no such package: many hide what one may not see.
pub(super) fn hidden(name: &str, url: &Url, origin: Option<CredentialsOrigin>) -> Option<String> {
    let advice = || credentials(Some(name), url, origin, None);
    has_variables(name, url).then(|| {
        format!(
            "if the index hides it without the right credentials: {}",
            advice()
        )
    })
}

/// Says what is missing, or was sent and hardly meant.
fn odd_credentials(name: Option<&str>, origin: CredentialsOrigin, flaw: CredentialsFlaw) -> String {
    let half = |half: &str, words: &str| match (name, origin) {
        (Some(name), CredentialsOrigin::Environment) => variable(name, half),
        _ => format!("the {words} ({origin})"),
    };
    let (username, password) = (half("USERNAME", "user name"), half("PASSWORD", "password"));
    let spaces = "begins or ends with a line break or a space, which was sent too";
    match flaw {
        CredentialsFlaw::NoUsername => {
            format!("{username} is missing: the password was sent without a user name")
        }
        CredentialsFlaw::NoPassword => {
            format!("{password} is missing: the user name was sent without a password")
        }
        CredentialsFlaw::UsernameSpace => format!("{username} {spaces}"),
        CredentialsFlaw::PasswordSpace => format!("{password} {spaces}"),
    }
}

fn variable(name: &str, half: &str) -> String {
    let name = name.to_uppercase().replace(['-', '.'], "_");
    format!("POETRY_HTTP_BASIC_{name}_{half}")
}

/// Says what may help when there is no whole response.
fn unreachable(source: &TransportError, url: &Url) -> Vec<String> {
    let host = url.host().unwrap_or_default();
    match source.kind() {
        TransportErrorKind::Certificate => untrusted(source, host),
        TransportErrorKind::Alert => vec![client_certificate(url)],
        TransportErrorKind::Proxy => vec![PROXY_CREDENTIALS.to_owned()],
        TransportErrorKind::Slow => vec![
            "if the connection is slow: POETRY_REQUESTS_TIMEOUT=<seconds> and POETRY_REQUESTS_MAX_RETRIES=<number>"
                .to_owned(),
        ],
        _ => vec![
            "behind a proxy: HTTPS_PROXY=<URL>".to_owned(),
            "for a mirror of PyPI: LOCK2VENV_INDEX_URL=<URL>".to_owned(),
            "if all files are in the cache: `lock2venv install --offline`".to_owned(),
        ],
    }
}

fn client_certificate(url: &Url) -> String {
    let host = url.host().unwrap_or_default();
    format!(
        "if `{host}` requires a client certificate: POETRY_CERTIFICATES_<NAME>_CLIENT_CERT=<PEM file>"
    )
}

fn untrusted(source: &TransportError, host: &str) -> Vec<String> {
    let mut hints = Vec::new();
    if source.lacks_authorities() {
        hints.push(
            "this system has no CA certificates: install its package `ca-certificates`, set SSL_CERT_FILE=<PEM file>, or use those that are built in, with `--builtin-certificates`"
                .to_owned(),
        );
    }
    hints.push(format!(
        "if the certificate of `{host}` comes from your own authority: SSL_CERT_FILE=<PEM file>, or POETRY_CERTIFICATES_<NAME>_CERT for one source"
    ));
    hints
}
