//! URLs as documents have them.

use std::fmt;

use super::parameters::without_secret_parameters;
use super::{Error, Url};

/// An address as a document has it: not proven to be a URL, since git takes `git@host:path` too, and printed without its
/// credentials. What is written into an export is the text itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WrittenUrl(String);

impl WrittenUrl {
    /// Keeps `text` as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Parses it.
    ///
    /// # Errors
    ///
    /// Those of [`Url::parse`].
    pub fn parse(&self) -> Result<Url, Error> {
        Url::parse(&self.0)
    }

    /// Returns the text as it was written, secrets included. For what repeats the document, never for messages.
    pub fn as_written(&self) -> &str {
        &self.0
    }

    /// Returns the text as `direct_url.json` has it, "stripped of any sensitive authentication information" ([direct URL]): without
    /// user and password, as pip writes it; without parameters of the query that are known to let the bearer in, such as `token`
    /// or `X-Amz-Signature`; and without what follows `#`. Other parameters stay, as they may name the file. (Poetry writes
    /// the URL as the lock has it.)
    ///
    /// What is no URL is not changed but for that end. Two texts that differ in nothing else are equal after this, so an
    /// environment that another installer made is not taken for one of another origin.
    ///
    /// [direct URL]: https://packaging.python.org/en/latest/specifications/direct-url-data-structure/
    pub fn without_credentials(&self) -> String {
        let text = self.0.split('#').next().unwrap_or_default();
        let Ok(mut url) = url::Url::parse(text) else {
            return text.to_owned();
        };
        let has_user = !url.username().is_empty() || url.password().is_some();
        let query = url.query().map(without_secret_parameters);
        if !has_user && query.as_deref() == url.query() {
            return text.to_owned();
        }
        // Both fail only for addresses that cannot have a user at all.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(query.as_deref().filter(|query| !query.is_empty()));
        url.into()
    }
}

impl fmt::Display for WrittenUrl {
    /// What is no URL is printed without what precedes the last `@`, unless that is a plain name, as in `git@host:path`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.parse(), self.0.rsplit_once('@')) {
            (Ok(url), _) if url.holds_secrets() => url.fmt(formatter),
            (Err(_), Some((user, rest))) if !is_plain_user(user) => {
                write!(formatter, "***@{rest}")
            }
            (Ok(_) | Err(_), _) => formatter.write_str(&self.0),
        }
    }
}

impl fmt::Debug for WrittenUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "WrittenUrl({self})")
    }
}

/// Returns `text`, such as a requirement that cannot be read, with the URLs in it as [`WrittenUrl`] prints them.
pub fn shown(text: &str) -> String {
    let is_end = |character: char| character.is_whitespace() || "\"'`<>,;".contains(character);
    let words = text.split_inclusive(is_end).map(|word| {
        let url = word.trim_end_matches(is_end);
        let rest = &word[url.len()..];
        if url.contains("://") || url.contains('@') {
            format!("{}{rest}", WrittenUrl::new(url))
        } else {
            word.to_owned()
        }
    });
    words.collect()
}

/// The user that forges take by ssh.
fn is_plain_user(user: &str) -> bool {
    user == "git"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direct_urls_keep_parameters_that_let_nobody_in() {
        let check = |text: &str, expected: &str| {
            assert_eq!(WrittenUrl::new(text).without_credentials(), expected);
            assert_eq!(WrittenUrl::new(expected).without_credentials(), expected);
        };
        let bare = "https://a.example/x.whl";
        check("https://a.example/x.whl?token=abc", bare);
        check("https://u:p@a.example/x.whl?Token=abc&sig=d#sha256=0", bare);
        check(
            "https://a.example/x.whl?a=1&X-Amz-Signature=d&b",
            "https://a.example/x.whl?a=1&b",
        );
        check("https://a.example/x.whl?abcdefghijklmnopq", bare);
        check(
            "https://A.example/x.whl?a=%7e",
            "https://A.example/x.whl?a=%7e",
        );
        check("git@a.example:x.git#main", "git@a.example:x.git");
    }
}
