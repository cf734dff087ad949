//! Who may be told which credentials.
//!
//! Everything that is secret belongs to a [`Realm`]: one index, or one direct address. Its credentials and its client certificate
//! go to its own scheme, host and port and nowhere else: a file on another host, or a redirect elsewhere, gets none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::configuration::{Certificates, Configuration, CredentialsOrigin, Repository};
use crate::index::{Error, netrc};
use crate::url::{Credentials, Url};

/// What belongs to the servers of one origin.
pub(super) struct Realm {
    url: Url,
    authorization: Option<Authorization>,
    certificates: Certificates,
    elsewhere: Certificates,
}

/// What a request is sent with.
pub(super) struct Pass<'a> {
    pub(super) authorization: Option<&'a Authorization>,
    pub(super) certificates: &'a Certificates,
}

pub(super) struct Authorization {
    /// The value of the header.
    pub(super) header: String,
    pub(super) origin: CredentialsOrigin,
}

impl Realm {
    /// The realm of a source that has a name: `http-basic.<name>` holds its credentials, unless its address does.
    pub(super) fn of_source(
        configuration: &Configuration,
        name: &str,
        url: &Url,
    ) -> Result<Self, Error> {
        Self::new(configuration, Some(name), url)
    }

    /// The realm of an address without a name, a direct one or the default index: if a repository has the same origin, then
    /// that of the repository that has most of the path in common, as in Poetry's `Authenticator`.
    pub(super) fn of_address(
        configuration: &Configuration,
        repositories: &[Repository],
        url: &Url,
    ) -> Result<Self, Error> {
        let best = nearest_repository(repositories, url);
        let name = best.map(|repository| repository.name.as_str());
        Self::new(configuration, name, url)
    }

    fn new(configuration: &Configuration, name: Option<&str>, url: &Url) -> Result<Self, Error> {
        let mut found = url
            .credentials()
            .map(|credentials| (credentials, CredentialsOrigin::Url));
        if let (None, Some(name)) = (&found, name) {
            found = configuration.credentials(name)?;
        }
        if let (None, Some(text), Some(host)) = (&found, configuration.netrc(), url.host()) {
            found = netrc::find(text, host).map(|held| (held, CredentialsOrigin::Netrc));
        }
        Ok(Self {
            url: url.clone(),
            authorization: found.map(|(held, origin)| Authorization::basic(&held, origin)),
            certificates: configuration.certificates(name)?,
            elsewhere: configuration.certificates(None)?,
        })
    }

    /// Returns what may be shown to the server of `url`.
    pub(super) fn pass(&self, url: &Url) -> Pass<'_> {
        if self.url.is_same_origin(url) {
            return Pass {
                authorization: self.authorization.as_ref(),
                certificates: &self.certificates,
            };
        }
        Pass {
            authorization: None,
            certificates: &self.elsewhere,
        }
    }
}

/// Finds the repository whose credentials are for `url`: of those with the same origin the one that has most of the path in
/// common, the first of several (Poetry's `Authenticator`).
pub fn nearest_repository<'a>(repositories: &'a [Repository], url: &Url) -> Option<&'a Repository> {
    let candidates = repositories
        .iter()
        .filter(|repository| repository.url.is_same_origin(url));
    // The first of the best, as Poetry's stable sort has it.
    candidates.rev().max_by_key(|repository| {
        let n_shared = n_shared_segments(repository.url.path(), url.path());
        (
            n_shared,
            n_shared == segments(repository.url.path()).count(),
        )
    })
}

impl Authorization {
    fn basic(held: &Credentials, origin: CredentialsOrigin) -> Self {
        let pair = format!("{}:{}", held.username, held.password);
        Self {
            header: format!("Basic {}", STANDARD.encode(pair)),
            origin,
        }
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn n_shared_segments(left: &str, right: &str) -> usize {
    let pairs = segments(left).zip(segments(right));
    pairs.take_while(|(left, right)| left == right).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::Documents;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    /// Passwords for the repositories `acme` and `acme-b`, and a netrc for the host `a.example`.
    fn configuration() -> Configuration {
        let documents = Documents {
            netrc: Some("machine a.example login net password rc"),
            ..Documents::default()
        };
        let variables = [
            ("POETRY_HTTP_BASIC_ACME_USERNAME", "acme"),
            ("POETRY_HTTP_BASIC_ACME_B_USERNAME", "acme-b"),
            ("POETRY_CERTIFICATES_ACME_CLIENT_CERT", "client.pem"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Configuration::parse(&documents, variables).unwrap()
    }

    #[track_caller]
    fn sends(realm: &Realm, to: &str, expected: Option<(&str, CredentialsOrigin)>) {
        let to = url(to);
        let sent = realm.pass(&to).authorization;
        let sent = sent.map(|sent| (sent.header.clone(), sent.origin));
        let expected =
            expected.map(|(pair, origin)| (format!("Basic {}", STANDARD.encode(pair)), origin));
        assert_eq!(sent, expected);
    }

    #[test]
    fn credentials_go_to_their_own_origin_only() {
        let realm =
            Realm::of_source(&configuration(), "acme", &url("https://b.example/simple/")).unwrap();
        sends(
            &realm,
            "https://b.example/files/x",
            Some(("acme:", CredentialsOrigin::Environment)),
        );
        for elsewhere in [
            "http://b.example/",
            "https://b.example:8443/",
            "https://c.b.example/",
            "https://a.example/",
        ] {
            sends(&realm, elsewhere, None);
            assert_eq!(realm.pass(&url(elsewhere)).certificates.client, None);
        }
        assert!(
            realm
                .pass(&url("https://b.example/"))
                .certificates
                .client
                .is_some()
        );
    }

    #[test]
    fn the_address_beats_the_name_and_the_name_beats_netrc() {
        let held = configuration();
        let realm = |name, text| Realm::of_source(&held, name, &url(text)).unwrap();
        let at = "https://a.example/";
        sends(
            &realm("acme", "https://u:p@a.example/"),
            at,
            Some(("u:p", CredentialsOrigin::Url)),
        );
        sends(
            &realm("acme", at),
            at,
            Some(("acme:", CredentialsOrigin::Environment)),
        );
        sends(
            &realm("other", at),
            at,
            Some(("net:rc", CredentialsOrigin::Netrc)),
        );
        sends(
            &realm("other", "https://b.example/"),
            "https://b.example/",
            None,
        );
    }

    #[test]
    fn direct_addresses_use_the_repository_that_shares_most_of_the_path() {
        let repository = |name: &str, text| Repository {
            name: name.to_owned(),
            url: url(text),
        };
        let repositories = [
            repository("acme", "https://b.example/one/simple"),
            repository("acme-b", "https://b.example/two/simple"),
        ];
        let check = |at: &str, expected| {
            let realm = Realm::of_address(&configuration(), &repositories, &url(at)).unwrap();
            sends(&realm, at, expected);
        };
        let environment = CredentialsOrigin::Environment;
        check(
            "https://b.example/two/files/x.whl",
            Some(("acme-b:", environment)),
        );
        check(
            "https://b.example/one/files/x.whl",
            Some(("acme:", environment)),
        );
        check("https://b.example/x.whl", Some(("acme:", environment)));
        check("https://c.example/x.whl", None);
        check("http://b.example/one/files/x.whl", None);
    }
}
