//! Which credentials are for which URL.
//!
//! A link or a redirect to another origin has a [`Realm`] of its own, with what is known of that place. What was encrypted until
//! then is never followed by a password in the clear.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use crate::configuration::{Configuration, CredentialsOrigin, Repository};
use crate::http::error::Error;
use crate::http::keyring::{Keyring, KeyringQuestion};
use crate::http::netrc;
use crate::http::realm::{Authorization, Netrc, Realm};
use crate::secret::Secrets;
use crate::url::{Credentials, Url};

/// What the user set, and the repositories that it is about.
#[derive(Debug)]
pub(super) struct Authenticator {
    configuration: Configuration,
    /// The sources of the project, then those of the settings.
    repositories: Vec<Repository>,
    keyring: Keyring,
    /// Everything that was sent, or will be.
    secrets: RwLock<Secrets>,
}

/// Whose credentials a repository may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those of its URL: the user named it.
    Address,
    /// Those of its name: the project or the settings have that name for that URL.
    Name,
    /// None but those that its URL holds and those of its host: only a lock names it.
    Nothing,
}

impl Authenticator {
    pub(super) fn new(
        configuration: Configuration,
        repositories: Vec<Repository>,
    ) -> Result<Self, Error> {
        Ok(Self {
            keyring: Keyring::new(&configuration)?,
            configuration,
            repositories,
            secrets: RwLock::default(),
        })
    }

    /// Adds to what must not be shown of answers.
    pub(super) fn add_secrets(&self, add: impl FnOnce(&mut Secrets)) {
        add(&mut self.secrets.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Returns what a server says as it may be shown.
    pub(super) fn shown(&self, said: &str) -> String {
        self.known_secrets().hide(said).into_owned()
    }

    /// Returns an address that a server gave as it may be shown.
    pub(super) fn shown_url(&self, url: Url) -> Url {
        url.hiding(&self.known_secrets())
    }

    /// Tells whether a server gives away what was sent to it, in an address of another one.
    pub(super) fn is_given_away(&self, url: &Url) -> bool {
        self.known_secrets().are_given_away_by(url.expose())
    }

    fn known_secrets(&self) -> RwLockReadGuard<'_, Secrets> {
        self.secrets.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Tells how far a source is to be trusted: what is set for its name is for it only if the project or the settings have a
    /// repository of that name which covers its address.
    pub(super) fn trust(&self, name: &str, url: &Url) -> Trust {
        let is_known = self
            .repositories
            .iter()
            .any(|known| known.is_named(name) && known.url.covers(url));
        if is_known {
            Trust::Name
        } else {
            Trust::Nothing
        }
    }

    /// The realm of an index. What is set for the name of a trusted source is for it, unless its address holds credentials.
    pub(super) fn named_realm(&self, name: &str, url: &Url, trust: Trust) -> Result<Realm, Error> {
        match trust {
            Trust::Address if nearest_repository(&self.repositories, url).is_some() => {
                self.realm(url)
            }
            Trust::Name => self.make(Some(name), url, Netrc::Used, url),
            Trust::Address | Trust::Nothing => self.make(None, url, Netrc::Used, url),
        }
    }

    /// The realm of an address without a name, a direct one or the default index: if a repository has the same origin, then
    /// that of the repository that has most of the path in common, as in Poetry's `Authenticator`.
    pub(super) fn realm(&self, url: &Url) -> Result<Realm, Error> {
        self.at(url, Netrc::Used)
    }

    /// The realm of a file that an index lists: the index's own on the same origin, else that of the file's address.
    pub(super) fn linked_realm(&self, index: Realm, url: &Url) -> Result<Realm, Error> {
        if is_downgrade(index.scheme(), url) {
            return self.at(&url.without_credentials(), Netrc::Unused);
        }
        if index.is_of(url) && url.credentials().is_none() {
            return Ok(index);
        }
        self.at(url, index.netrc_for(url))
    }

    /// The realm of `url`, which a server of `from` redirected to; `scheme` is the safest on the way there. Credentials in the
    /// new address are for nobody.
    pub(super) fn after_redirect(
        &self,
        from: &Realm,
        url: &Url,
        scheme: &str,
    ) -> Result<Realm, Error> {
        let netrc = if is_downgrade(scheme, url) {
            Netrc::Unused
        } else {
            from.netrc_for(url)
        };
        self.at(&url.without_credentials(), netrc)
    }

    fn at(&self, url: &Url, netrc: Netrc) -> Result<Realm, Error> {
        let best = nearest_repository(&self.repositories, url);
        let name = best.map(|repository| repository.name.as_str());
        // Not each file by itself.
        let root = url.join("/").unwrap_or_else(|_| url.clone());
        let service = best.map_or(&root, |repository| &repository.url);
        self.make(name, url, netrc, service)
    }

    /// Makes the realm of `url`; `service` is what the keyring may have credentials for.
    fn make(
        &self,
        name: Option<&str>,
        url: &Url,
        netrc: Netrc,
        service: &Url,
    ) -> Result<Realm, Error> {
        let mut found = url
            .credentials()
            .map(|credentials| (credentials, CredentialsOrigin::Url));
        if let (None, Some(name)) = (&found, name) {
            found = self.configuration.credentials(name)?;
        }
        if found.is_none() && netrc == Netrc::Used {
            found = self.netrc(url);
        }
        if found.is_some() || url.has_query() {
            self.add_secrets(|secrets| {
                url.secret_parameters().for_each(|value| secrets.add(value));
                if let Some((held, _)) = &found {
                    secrets.add_credentials(&held.username, &held.password);
                }
            });
        }
        let may_ask = netrc == Netrc::Used && !self.is_exposed(url);
        let question = may_ask.then(|| question(name, service, found.as_ref()));
        let authorization = found.map(|(held, origin)| Authorization::basic(&held, origin));
        let certificates = self.configuration.certificates(name)?;
        let elsewhere = self.configuration.certificates(None)?;
        let realm = Realm::new(url, authorization, certificates, elsewhere);
        Ok(realm.with_question(question.flatten()))
    }

    /// Returns what the keyring has said of the realm of `url`; `ask` tells whether to ask it.
    pub(super) fn ask_keyring(
        &self,
        realm: &Realm,
        url: &Url,
        ask: AskKeyring,
    ) -> Option<Authorization> {
        let question = realm.question().filter(|_| realm.is_of(url))?;
        let held = match ask {
            AskKeyring::Yes => self.keyring.credentials(question)?,
            AskKeyring::No => self.keyring.remembered(question)?,
        };
        self.add_secrets(|secrets| secrets.add_credentials(&held.username, &held.password));
        Some(Authorization::basic(&held, CredentialsOrigin::Keyring))
    }

    /// Tells whether the host of a plain `url` is known by https.
    fn is_exposed(&self, url: &Url) -> bool {
        let mut known = self.repositories.iter().map(|repository| &repository.url);
        known.any(|known| known.host() == url.host() && is_downgrade(known.scheme(), url))
    }

    /// Looks into the user's `.netrc`. What it has for a host that is known by https is not for plain http.
    fn netrc(&self, url: &Url) -> Option<(Credentials, CredentialsOrigin)> {
        if self.is_exposed(url) {
            return None;
        }
        let found = netrc::find(self.configuration.netrc()?, url.host()?);
        found.map(|held| (held, CredentialsOrigin::Netrc))
    }
}

/// What the keyring is asked: only where nothing that Poetry prefers has a password.
fn question(
    name: Option<&str>,
    service: &Url,
    found: Option<&(Credentials, CredentialsOrigin)>,
) -> Option<KeyringQuestion> {
    let known = found.filter(|(_, origin)| *origin != CredentialsOrigin::Netrc);
    if known.is_some_and(|(held, _)| !held.password.is_empty()) {
        return None;
    }
    let username = known.map_or("", |(held, _)| held.username.as_str());
    Some(KeyringQuestion::new(name, service, username))
}

/// Whether the keyring is asked, or only what it answered before is used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AskKeyring {
    Yes,
    No,
}

fn is_downgrade(scheme: &str, url: &Url) -> bool {
    scheme == "https" && url.scheme() != "https"
}

/// Finds the repository whose credentials are for `url`: of those that may share them with it the one that has most of the path in
/// common, the first of several (Poetry's `Authenticator`).
pub fn nearest_repository<'a>(repositories: &'a [Repository], url: &Url) -> Option<&'a Repository> {
    let candidates = repositories
        .iter()
        .filter(|repository| repository.url.may_share_with(url));
    // The first of the best, as Poetry's stable sort has it.
    let of_url: Vec<String> = url.segments().collect();
    candidates.rev().max_by_key(|repository| {
        let own: Vec<String> = repository.url.segments().collect();
        let pairs = own.iter().zip(&of_url);
        let n_shared = pairs.take_while(|(own, of_url)| own == of_url).count();
        (n_shared, n_shared == own.len())
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

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

    fn authenticator(repositories: &[(&str, &str)]) -> Authenticator {
        let repositories = repositories.iter().map(|(name, at)| Repository {
            name: (*name).to_owned(),
            url: url(at),
        });
        Authenticator::new(configuration(), repositories.collect()).unwrap()
    }

    /// The realm of a source that only a lock names, or the project too.
    fn of_source(authenticator: &Authenticator, name: &str, at: &str) -> Realm {
        let trust = authenticator.trust(name, &url(at));
        authenticator.named_realm(name, &url(at), trust).unwrap()
    }

    #[track_caller]
    fn sends(realm: &Realm, to: &str, expected: Option<(&str, CredentialsOrigin)>) {
        let to = url(to);
        let sent = realm.credentials_for(&to).authorization;
        let sent = sent.map(|sent| (sent.header.clone(), sent.origin));
        let expected =
            expected.map(|(pair, origin)| (format!("Basic {}", STANDARD.encode(pair)), origin));
        assert_eq!(sent, expected);
    }

    const ACME: Option<(&str, CredentialsOrigin)> = Some(("acme:", CredentialsOrigin::Environment));
    const NETRC: Option<(&str, CredentialsOrigin)> = Some(("net:rc", CredentialsOrigin::Netrc));

    #[test]
    fn credentials_go_to_their_own_origin_only() {
        let authenticator = authenticator(&[("acme", "https://b.example/simple")]);
        let realm = of_source(&authenticator, "acme", "https://b.example/simple/");
        sends(&realm, "https://b.example/files/x", ACME);
        for elsewhere in [
            "http://b.example/",
            "https://b.example:8443/",
            "https://c.b.example/",
            "https://a.example/",
        ] {
            sends(&realm, elsewhere, None);
            assert_eq!(
                realm.credentials_for(&url(elsewhere)).certificates.client,
                None
            );
        }
        assert!(
            realm
                .credentials_for(&url("https://b.example/"))
                .certificates
                .client
                .is_some()
        );
    }

    #[test]
    fn a_name_alone_opens_nothing() {
        let authenticator = authenticator(&[("Acme", "https://b.example/simple")]);
        for at in ["https://b.example/simple", "https://b.example/simple/below"] {
            sends(&of_source(&authenticator, "acme", at), at, ACME);
        }
        for at in [
            "https://evil.example/simple",
            "http://b.example/simple",
            "https://b.example:8443/simple",
            "https://b.example/simple-evil",
            "https://b.example/",
        ] {
            let realm = of_source(&authenticator, "acme", at);
            sends(&realm, at, None);
            assert_eq!(realm.credentials_for(&url(at)).certificates.client, None);
        }
    }

    #[test]
    fn the_address_beats_the_name_and_the_name_beats_netrc() {
        let authenticator = authenticator(&[("acme", "https://a.example/")]);
        let at = "https://a.example/";
        sends(
            &of_source(&authenticator, "acme", "https://u:p@a.example/"),
            at,
            Some(("u:p", CredentialsOrigin::Url)),
        );
        sends(&of_source(&authenticator, "acme", at), at, ACME);
        sends(&of_source(&authenticator, "other", at), at, NETRC);
        let elsewhere = "https://b.example/";
        sends(
            &of_source(&authenticator, "other", elsewhere),
            elsewhere,
            None,
        );
    }

    #[test]
    fn direct_addresses_use_the_repository_that_shares_most_of_the_path() {
        let authenticator = authenticator(&[
            ("acme", "https://b.example/one/simple"),
            ("acme-b", "https://b.example/two/simple"),
        ]);
        let check = |at: &str, expected| {
            sends(&authenticator.realm(&url(at)).unwrap(), at, expected);
        };
        let other = Some(("acme-b:", CredentialsOrigin::Environment));
        check("https://b.example/two/files/x.whl", other);
        check("https://b.example/one/files/x.whl", ACME);
        check("https://b.example/x.whl", ACME);
        check("https://c.example/x.whl", None);
        check("http://b.example/one/files/x.whl", None);
    }

    #[test]
    fn files_elsewhere_use_what_is_known_of_their_host() {
        let authenticator = authenticator(&[("acme", "https://b.example/simple")]);
        let check = |index: &str, file: &str, expected| {
            let index = of_source(&authenticator, "other", index);
            let realm = authenticator.linked_realm(index, &url(file)).unwrap();
            sends(&realm, file, expected);
        };
        check("https://c.example/", "https://b.example/x.whl", ACME);
        check("https://c.example/", "https://a.example/x.whl", NETRC);
        check("https://c.example/", "https://d.example/x.whl", None);
        check("https://a.example/", "https://a.example/x.whl", NETRC);
        // In the clear, where it was encrypted until then.
        check("https://a.example/", "http://a.example/x.whl", None);
        check("https://c.example/", "http://a.example/x.whl", None);
        check("https://c.example/", "http://u:p@d.example/x.whl", None);
        check("http://c.example/", "http://a.example/x.whl", NETRC);
    }

    #[test]
    fn netrc_does_not_open_in_the_clear_what_is_known_by_https() {
        let known = authenticator(&[("acme-c", "https://a.example/simple")]);
        let at = "http://a.example:8080/x.whl";
        sends(&known.realm(&url(at)).unwrap(), at, None);
        let unknown = authenticator(&[]);
        sends(&unknown.realm(&url(at)).unwrap(), at, NETRC);
    }

    #[test]
    fn redirects_use_what_is_known_of_their_host() {
        let authenticator = authenticator(&[("acme", "https://b.example/simple")]);
        let check = |from: &str, to: &str, scheme: &str, expected| {
            let from = of_source(&authenticator, "other", from);
            let realm = authenticator.after_redirect(&from, &url(to), scheme);
            sends(&realm.unwrap(), to, expected);
        };
        check("https://c.example/", "https://b.example/", "https", ACME);
        check("https://c.example/", "https://a.example/", "https", NETRC);
        check("http://c.example/", "http://a.example/", "http", NETRC);
        check("http://c.example/", "http://a.example/", "https", None);
        check("https://c.example/", "http://b.example/", "https", None);
        check("http://a.example/", "http://a.example:81/", "http", None);
        check(
            "https://c.example/",
            "https://u:p@d.example/",
            "https",
            None,
        );
    }
}
