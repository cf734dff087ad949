//! What is secret between us and the servers of one origin.
//!
//! Everything that is secret belongs to a [`Realm`]: one repository, or one URL. Its credentials and its client certificate go to
//! its own scheme, host and port and nowhere else.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::configuration::{Certificates, CredentialsOrigin};
use crate::digest::{Algorithm, Digest};
use crate::http::keyring::KeyringQuestion;
use crate::secret::latin_1;
use crate::url::{Credentials, CredentialsFlaw, Url};

/// What belongs to the servers of one origin.
pub struct Realm {
    url: Url,
    authorization: Option<Authorization>,
    certificates: Certificates,
    elsewhere: Certificates,
    question: Option<KeyringQuestion>,
}

/// What a request is sent with.
pub(super) struct RequestCredentials<'a> {
    pub(super) authorization: Option<&'a Authorization>,
    pub(super) certificates: &'a Certificates,
}

pub(super) struct Authorization {
    /// The value of the header.
    pub(super) header: String,
    pub(super) origin: CredentialsOrigin,
    pub(super) flaw: Option<CredentialsFlaw>,
}

/// Whether the user's `.netrc`, which knows hosts and no schemes, may be used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Netrc {
    Used,
    Unused,
}

impl fmt::Debug for Realm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Realm({})", self.url)
    }
}

impl Realm {
    pub(super) fn new(
        url: &Url,
        authorization: Option<Authorization>,
        certificates: Certificates,
        elsewhere: Certificates,
    ) -> Self {
        Self {
            url: url.clone(),
            authorization,
            certificates,
            elsewhere,
            question: None,
        }
    }

    /// Adds what the keyring may be asked.
    pub(super) fn with_question(mut self, question: Option<KeyringQuestion>) -> Self {
        self.question = question;
        self
    }

    /// Returns what the keyring may be asked.
    pub(super) fn question(&self) -> Option<&KeyringQuestion> {
        self.question.as_ref()
    }

    /// Tells whether a server that does not show what it has may show it to who is in the keyring.
    pub(super) fn may_be_hidden(&self) -> bool {
        let mut question = self.question.iter();
        question.any(|question| question.name.is_some())
    }

    /// Returns what tells this realm from others in a cache: a digest of its URL and of the credentials that open it.
    ///
    /// It is a secret where one of the two is.
    pub fn key(&self) -> String {
        let header = self.authorization.as_ref().map(|sent| sent.header.as_str());
        let opens = format!("{}\n{}", self.url.expose(), header.unwrap_or_default());
        Digest::of(Algorithm::Sha256, opens.as_bytes()).hex()
    }

    /// Returns the scheme of its URL.
    pub(super) fn scheme(&self) -> &str {
        self.url.scheme()
    }

    /// Tells whether `url` is of the origin that this realm is about.
    pub(super) fn is_of(&self, url: &Url) -> bool {
        self.url.may_share_with(url)
    }

    /// Leaving for `url`, the user's `.netrc` counts for other hosts; on this host it was for this port.
    pub(super) fn netrc_for(&self, url: &Url) -> Netrc {
        if self.url.host() == url.host() {
            Netrc::Unused
        } else {
            Netrc::Used
        }
    }

    /// Returns what may be shown to the server of `url`.
    pub(super) fn credentials_for(&self, url: &Url) -> RequestCredentials<'_> {
        if self.is_of(url) {
            return RequestCredentials {
                authorization: self.authorization.as_ref(),
                certificates: &self.certificates,
            };
        }
        RequestCredentials {
            authorization: None,
            certificates: &self.elsewhere,
        }
    }
}

impl Authorization {
    pub(super) fn basic(held: &Credentials, origin: CredentialsOrigin) -> Self {
        Self {
            header: Self::basic_header(held),
            origin,
            flaw: held.flaw(),
        }
    }

    /// Encodes as Poetry does, by `requests`: in Latin-1; what that cannot encode, in UTF-8.
    pub(super) fn basic_header(held: &Credentials) -> String {
        let pair = format!("{}:{}", held.username, held.password);
        let bytes = latin_1(&pair).unwrap_or_else(|| pair.into_bytes());
        format!("Basic {}", STANDARD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_sent_as_by_requests() {
        let header = |username: &str, password: &str| {
            Authorization::basic_header(&Credentials {
                username: username.to_owned(),
                password: password.to_owned(),
            })
        };
        assert_eq!(header("u", "p"), "Basic dTpw");
        // `requests.auth._basic_auth_str("ü", "é")`.
        assert_eq!(header("ü", "é"), "Basic /Drp");
        assert_eq!(
            header("u", "€"),
            format!("Basic {}", STANDARD.encode("u:€"))
        );
    }
}
