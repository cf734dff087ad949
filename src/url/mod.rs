//! Addresses that never print the credentials they hold.
//!
//! A [`Url`] prints without user name and password, and with the values of query parameters that are known to carry
//! tokens or signatures replaced by `***`; the whole text is had through [`Url::expose`] alone, so that a search for that
//! word finds every place where a secret may leave. What is sent where is decided in [`crate::index`].

mod credentials;
mod encoding;
mod parameters;
mod repository;
mod written;

use std::fmt;

use thiserror::Error;

use crate::secret::Secrets;
use parameters::{is_secret, is_token, shown_query};

pub use credentials::{Credentials, CredentialsFlaw};
pub(crate) use encoding::{percent_decode, percent_encode};
pub use repository::RepositoryUrl;
pub use written::{WrittenUrl, shown};

/// An absolute address; small, as it goes into many an error.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Url(Box<Address>);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Address {
    url: url::Url,
    /// What is printed instead, where a server put a secret into it.
    shown: Option<String>,
}

/// A text is not an address.
///
/// The text itself is not kept: it may hold a password.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("not a URL")]
pub struct Error {
    /// What is wrong with it.
    #[source]
    cause: url::ParseError,
}

impl Url {
    fn new(url: url::Url) -> Self {
        Self(Box::new(Address { url, shown: None }))
    }

    /// Parses an absolute address.
    ///
    /// # Errors
    ///
    /// When `text` is not an absolute address by the [WHATWG rules](https://url.spec.whatwg.org/), or has no place for a host
    /// (`user:password@acme.example` would be one of scheme `user`).
    pub fn parse(text: &str) -> Result<Self, Error> {
        checked(url::Url::parse(text))
    }

    /// Parses `text` as an address that may be relative to this one. Credentials of this address do not carry over to another
    /// host.
    ///
    /// # Errors
    ///
    /// When `text` is neither an absolute nor a relative address.
    pub fn join(&self, text: &str) -> Result<Self, Error> {
        checked(self.0.url.join(text))
    }

    /// Appends `segment` and a `/` to the path, as the simple page of a package lies below its index.
    #[must_use]
    pub fn child_folder(&self, segment: &str) -> Self {
        let mut child = self.0.url.clone();
        if let Ok(mut segments) = child.path_segments_mut() {
            segments.pop_if_empty().push(segment).push("");
        }
        child.set_fragment(None);
        Self::new(child)
    }

    /// Appends `ending` to the path: the address of what is beside a file.
    #[must_use]
    pub fn with_ending(&self, ending: &str) -> Self {
        let mut longer = self.0.url.clone();
        longer.set_path(&format!("{}{ending}", self.path()));
        longer.set_fragment(None);
        Self(Box::new(Address {
            url: longer,
            shown: self.0.shown.clone(),
        }))
    }

    /// Returns the scheme in lower case, such as `https`.
    pub fn scheme(&self) -> &str {
        self.0.url.scheme()
    }

    /// Returns the host in lower case, without port; IPv6 addresses stand in brackets.
    pub fn host(&self) -> Option<&str> {
        self.0.url.host_str()
    }

    /// Returns the port, named or that of the scheme.
    pub fn port(&self) -> Option<u16> {
        self.0.url.port_or_known_default()
    }

    /// Tells whether two addresses have scheme, host and port in common: what one may be told, the other may be told.
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.scheme() == other.scheme()
            && self.host().is_some()
            && self.host() == other.host()
            && self.port() == other.port()
    }

    /// Tells whether what `self` may be told may be sent to `other` too: to the same origin, or to the same host by https where
    /// `self` is http, each on its usual port.
    pub fn may_share_with(&self, other: &Self) -> bool {
        let is_upgrade = self.scheme() == "http" && other.scheme() == "https";
        let are_usual = self.0.url.port().is_none() && other.0.url.port().is_none();
        self.is_same_origin(other)
            || (is_upgrade && are_usual && self.host().is_some() && self.host() == other.host())
    }

    /// Tells whether `other` is this address or lies below it: the same origin, and a path that starts with the same segments
    /// (`/simple-b` does not lie below `/simple`).
    pub fn covers(&self, other: &Self) -> bool {
        let mut others = other.segments();
        let are_files = (self.scheme(), other.scheme()) == ("file", "file");
        let are_on_one_host = are_files && self.host() == other.host();
        (self.is_same_origin(other) || are_on_one_host)
            && self
                .segments()
                .all(|segment| others.next().as_ref() == Some(&segment))
    }

    /// Tells whether two addresses are of one index: they cover each other. Credentials, a `/` at the end, the port where it is
    /// the usual one and the way in which characters are escaped do not count.
    pub fn is_same_index(&self, other: &Self) -> bool {
        let query = |url: &Self| url.0.url.query().map(shown_query).unwrap_or_default();
        self.covers(other) && other.covers(self) && query(self) == query(other)
    }

    /// Returns the segments of the path, decoded, without empty ones.
    pub fn segments(&self) -> impl Iterator<Item = String> {
        let segments = self.path().split('/');
        segments
            .filter(|segment| !segment.is_empty())
            .map(percent_decode)
    }

    /// Returns the path, as encoded.
    pub fn path(&self) -> &str {
        self.0.url.path()
    }

    /// Returns what follows `#`, as encoded.
    pub fn fragment(&self) -> Option<&str> {
        self.0.url.fragment()
    }

    /// Returns the last segment of the path, decoded; `None` when the path ends with `/`.
    pub fn file_name(&self) -> Option<String> {
        let last = self.0.url.path_segments()?.next_back()?;
        (!last.is_empty()).then(|| percent_decode(last))
    }

    /// Returns the user name and password that the address holds, decoded.
    pub fn credentials(&self) -> Option<Credentials> {
        let username = percent_decode(self.0.url.username());
        let password = self.0.url.password().map(percent_decode);
        if username.is_empty() && password.is_none() {
            return None;
        }
        Some(Credentials {
            username,
            password: password.unwrap_or_default(),
        })
    }

    /// Returns the address without user name, password and fragment.
    #[must_use]
    pub fn without_credentials(&self) -> Self {
        let mut bare = self.clone();
        let url = &mut bare.0.url;
        // Both fail only for addresses that cannot have a user at all.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        bare
    }

    /// Returns the address without what follows `#`.
    #[must_use]
    pub fn without_fragment(mut self) -> Self {
        self.0.url.set_fragment(None);
        self
    }

    /// Tells whether the address holds what [`Url`] does not print: such an address is not written to any file.
    pub fn holds_secrets(&self) -> bool {
        self.credentials().is_some()
            || self.0.shown.is_some()
            || self
                .0
                .url
                .query()
                .is_some_and(|query| shown_query(query) != query)
    }

    /// Tells whether the address has parameters: what no list of words knows as a secret may be one.
    pub fn has_query(&self) -> bool {
        self.0.url.query().is_some()
    }

    /// Returns the values of parameters that are not printed, as encoded.
    pub fn secret_parameters(&self) -> impl Iterator<Item = &str> {
        let pairs = self.0.url.query().unwrap_or_default().split('&');
        pairs.filter_map(|pair| match pair.split_once('=') {
            Some((key, value)) => is_secret(key).then_some(value),
            None => is_token(pair).then_some(pair),
        })
    }

    /// Keeps `secrets` from being printed, for an address that a server gave.
    #[must_use]
    pub fn hiding(mut self, secrets: &Secrets) -> Self {
        let printed = self.to_string();
        if secrets.are_in(&printed) {
            self.0.shown = Some(secrets.hide(&printed).into_owned());
        }
        self
    }

    /// Returns the whole text, secrets included. For requests, never for messages.
    pub fn expose(&self) -> &str {
        self.0.url.as_str()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(shown) = &self.0.shown {
            return formatter.write_str(shown);
        }
        let mut bare = self.without_credentials().0.url;
        if bare.query().is_none() {
            return formatter.write_str(bare.as_str());
        }
        let shown = shown_query(bare.query().unwrap_or_default());
        bare.set_query(None);
        write!(formatter, "{bare}?{shown}")
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Url({self})")
    }
}

fn checked(parsed: Result<url::Url, url::ParseError>) -> Result<Url, Error> {
    let url = parsed.map_err(|cause| Error { cause })?;
    if url.cannot_be_a_base() {
        return Err(Error {
            cause: url::ParseError::RelativeUrlWithoutBase,
        });
    }
    Ok(Url::new(url))
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn only_two_hexadecimal_digits_are_an_escape() {
        for (text, decoded) in [
            ("%41%2f%C3%A9", "A/\u{e9}"),
            ("%+f%-1% 4%4", "%+f%-1% 4%4"),
            ("100%", "100%"),
            ("%FF", "\u{fffd}"),
        ] {
            assert_eq!(percent_decode(text), decoded);
        }
        assert_eq!(
            percent_encode("a-._~ /\u{e9}".as_bytes()),
            "a-._~%20%2F%C3%A9"
        );
    }

    #[track_caller]
    fn shows(text: &str, expected: &str) {
        assert_eq!(url(text).to_string(), expected);
        assert_eq!(format!("{:?}", url(text)), format!("Url({expected})"));
    }

    #[test]
    fn printing_leaves_secrets_out() {
        shows(
            "https://user:secret@acme.example/simple/",
            "https://acme.example/simple/",
        );
        shows("https://token@acme.example/", "https://acme.example/");
        shows("https://:token@acme.example/", "https://acme.example/");
        shows(
            "https://a.example/f.whl?X-Amz-Signature=abc&x=1&TOKEN=t",
            "https://a.example/f.whl?X-Amz-Signature=***&x=1&TOKEN=***",
        );
        shows(
            "https://a.example/f.whl?%74oken=t",
            "https://a.example/f.whl?%74oken=***",
        );
        shows(
            "https://a.example/f.whl?0123456789abcdef0",
            "https://a.example/f.whl?***",
        );
        shows("https://a.example/f.whl?raw", "https://a.example/f.whl?raw");
        assert_eq!(
            format!("{:?}", url("https://u:p@a.example").credentials()),
            "Some(Credentials(***))"
        );
    }

    #[test]
    fn text_that_is_no_address_is_not_repeated() {
        let error = Url::parse("//user:secret@acme.example").unwrap_err();
        assert_eq!(error.to_string(), "not a URL");
        assert_eq!(
            error.source().unwrap().to_string(),
            "relative URL without a base"
        );
        assert!(!format!("{error:?}").contains("secret"));
        assert!(Url::parse("user:secret@acme.example").is_err());
        let base = url("https://acme.example/");
        assert!(base.join("user:secret@acme.example").is_err());
    }

    #[test]
    fn credentials_are_decoded() {
        let expected = Credentials {
            username: "me@acme".to_owned(),
            password: "p/w:1".to_owned(),
        };
        assert_eq!(
            url("https://me%40acme:p%2Fw:1@acme.example/").credentials(),
            Some(expected)
        );
        assert_eq!(url("https://acme.example/").credentials(), None);
    }

    #[track_caller]
    fn same_origin(left: &str, right: &str, expected: bool) {
        assert_eq!(url(left).is_same_origin(&url(right)), expected);
    }

    #[test]
    fn origin_is_scheme_host_and_port() {
        same_origin("https://a.example/x", "https://A.example:443/y", true);
        same_origin("https://u:p@a.example/x", "https://a.example/y", true);
        same_origin("https://a.example/", "http://a.example/", false);
        same_origin("https://a.example/", "https://a.example:8443/", false);
        same_origin("https://a.example/", "https://b.a.example/", false);
        same_origin("file:///a", "file:///a", false);
    }

    #[track_caller]
    fn covers(index: &str, other: &str, expected: bool) {
        assert_eq!(url(index).covers(&url(other)), expected, "{index} {other}");
    }

    #[test]
    fn what_lies_below_is_told_by_whole_segments() {
        covers(
            "https://a.example/simple",
            "https://a.example/simple/",
            true,
        );
        covers(
            "https://a.example/simple/",
            "https://a.example/simple/b/",
            true,
        );
        covers(
            "https://a.example/",
            "https://u:p@A.example:443/simple",
            true,
        );
        covers(
            "https://a.example/simple",
            "https://a.example/simple-b/",
            false,
        );
        covers("https://a.example/simple", "https://a.example/", false);
        covers(
            "https://a.example/simple",
            "https://a.example/simple/../b",
            false,
        );
        covers("https://a.example/simple", "http://a.example/simple", false);
        covers(
            "https://a.example/simple",
            "https://a.example:8443/simple",
            false,
        );
    }

    #[track_caller]
    fn same_index(one: &str, other: &str, expected: bool) {
        assert_eq!(url(one).is_same_index(&url(other)), expected);
        assert_eq!(url(other).is_same_index(&url(one)), expected);
    }

    #[test]
    fn one_index_may_be_written_in_many_ways() {
        let simple = "https://a.example/simple";
        for same in [
            "https://a.example/simple/",
            "https://u:p@A.EXAMPLE:443//simple",
            "HTTPS://a.example/x/../s%69mple/",
        ] {
            same_index(simple, same, true);
        }
        for other in [
            "http://a.example/simple",
            "https://a.example:444/simple",
            "https://a.example/simple/b",
            "https://a.example/Simple",
            "https://a.example/simple?b",
        ] {
            same_index(simple, other, false);
        }
        same_index(
            "https://a.example/simple?token=1",
            "https://a.example/simple?token=2",
            true,
        );
    }

    #[test]
    fn secrets_of_http_may_go_to_https_and_never_back() {
        let may = |one, other| url(one).may_share_with(&url(other));
        assert!(may("http://a.example/", "https://a.example/"));
        assert!(!may("https://a.example/", "http://a.example/"));
        assert!(!may("http://a.example:8080/", "https://a.example/"));
        assert!(!may("http://a.example/", "https://a.example:8443/"));
        assert!(!may("http://a.example/", "https://b.example/"));
    }

    #[test]
    fn what_a_server_repeats_is_not_printed() {
        let mut secrets = Secrets::default();
        secrets.add("hidden");
        let hiding = |text| url(text).hiding(&secrets);
        let told = hiding("https://a.example/hidden/x?y=1");
        assert_eq!(told.to_string(), "https://a.example/***/x?y=1");
        assert_eq!(format!("{told:?}"), "Url(https://a.example/***/x?y=1)");
        assert_eq!(told.expose(), "https://a.example/hidden/x?y=1");
        assert_eq!(told.without_credentials().to_string(), told.to_string());
        assert!(told.holds_secrets());
        assert_eq!(hiding("https://a.example/%68idden").to_string(), "***");
        assert!(!hiding("https://a.example/x").holds_secrets());
        let known = url("https://a.example/?token=one&x=two&sig=three");
        assert!(known.secret_parameters().eq(["one", "three"]));
    }

    #[test]
    fn package_pages_lie_below_the_index() {
        let page = |text: &str| url(text).child_folder("demo").expose().to_owned();
        assert_eq!(
            page("https://a.example/simple"),
            "https://a.example/simple/demo/"
        );
        assert_eq!(
            page("https://a.example/simple/"),
            "https://a.example/simple/demo/"
        );
        assert_eq!(page("https://a.example"), "https://a.example/demo/");
        assert_eq!(
            page("https://a.example/simple/?t=1"),
            "https://a.example/simple/demo/?t=1"
        );
    }

    #[test]
    fn file_names_are_decoded() {
        let name = |text: &str| url(text).file_name();
        assert_eq!(
            name("https://a.example/x/torch-2.0%2Bcpu.whl#sha256=00").as_deref(),
            Some("torch-2.0+cpu.whl")
        );
        assert_eq!(name("https://a.example/x/100%").as_deref(), Some("100%"));
        assert_eq!(name("https://a.example/x/"), None);
    }

    #[test]
    fn relative_addresses_drop_credentials_of_another_host() {
        let base = url("https://u:p@a.example/simple/demo/");
        assert_eq!(
            base.join("../../f.whl").unwrap().expose(),
            "https://u:p@a.example/f.whl"
        );
        assert_eq!(
            base.join("//b.example/f.whl").unwrap().expose(),
            "https://b.example/f.whl"
        );
    }
}
