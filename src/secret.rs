//! Secrets that were sent, so that they are recognized in what comes back.
//!
//! A server may repeat what it was sent in any place of its answer: a media type, an address, a reason. What a server says is
//! shown, or kept, only after [`Secrets::hide`]. Recognized are the secrets as they are, percent-encoded in any way, as forms are
//! sent (`+` for a space), in hexadecimal, in base64 of either alphabet (alone or within other text), and as the header of basic
//! authentication has them, whatever the case.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;

/// A shorter secret would be found in every text.
const MIN_SECRET_BYTES: usize = 4;

/// A part of a secret in base64 that is shorter would be found in many a text.
const MIN_ENCODED_CHARACTERS: usize = 8;

/// A user name of so many bytes may well be a token; a shorter one is a name, and stands in many an address.
const MIN_USERNAME_BYTES: usize = 8;

/// A text counts as it is, and after up to three rounds of percent-decoding.
const MAX_LAYERS: usize = 4;

/// Texts that must not be shown, in lower case.
#[derive(Clone, Default)]
pub struct Secrets {
    /// What lets the bearer in.
    passwords: BTreeSet<String>,
    /// User names that have a password beside them.
    usernames: BTreeSet<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secrets(***)")
    }
}

impl Secrets {
    /// Adds a user name and a password: each by itself, and both as basic authentication has them.
    pub fn add_credentials(&mut self, username: &str, password: &str) {
        self.add(password);
        if password.is_empty() {
            self.add(username);
        } else if username.len() >= MIN_USERNAME_BYTES {
            self.usernames.insert(username.to_ascii_lowercase());
        }
        let pair = format!("{username}:{password}");
        if pair.len() > MIN_SECRET_BYTES {
            let forms = as_bytes(&pair).flat_map(|pair| base64(&pair).collect::<Vec<_>>());
            self.passwords
                .extend(forms.map(|form| form.to_ascii_lowercase()));
        }
    }

    /// Adds a text that lets the bearer in, unless it is too short to be told from others.
    pub fn add(&mut self, text: &str) {
        if text.len() < MIN_SECRET_BYTES {
            return;
        }
        let forms = std::iter::once(text.to_owned()).chain(encoded(text));
        self.passwords
            .extend(forms.map(|form| form.to_ascii_lowercase()));
    }

    fn is_empty(&self) -> bool {
        self.passwords.is_empty() && self.usernames.is_empty()
    }

    /// Returns `text` with `***` for each secret in it, or for all of it where a secret is encoded.
    pub fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.is_empty() {
            return Cow::Borrowed(text);
        }
        let shown = self.replace(text);
        if layers(&shown).any(|text| self.all().any(|secret| text.contains(secret))) {
            return Cow::Borrowed("***");
        }
        shown
    }

    /// Tells whether a secret is in `text`, encoded or not.
    pub fn are_in(&self, text: &str) -> bool {
        !self.is_empty() && layers(text).any(|text| self.all().any(|secret| text.contains(secret)))
    }

    /// Tells whether what lets the bearer in is in `text`, encoded or not.
    pub fn are_given_away_by(&self, text: &str) -> bool {
        !self.passwords.is_empty()
            && layers(text).any(|text| self.passwords.iter().any(|secret| text.contains(secret)))
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        let all = self.passwords.iter().chain(&self.usernames);
        all.map(String::as_str)
    }

    /// Replaces the longest first: one secret may be a part of another.
    fn replace<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut secrets: Vec<&str> = self.all().collect();
        secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        let replaced = secrets.into_iter();
        replaced.fold(Cow::Borrowed(text), |text, secret| {
            match without(&text, secret) {
                Some(shown) => Cow::Owned(shown),
                None => text,
            }
        })
    }
}

/// Returns the encoded forms of a secret that no decoding of [`layers`] undoes.
fn encoded(secret: &str) -> impl Iterator<Item = String> {
    let hex = secret.bytes().fold(String::new(), |mut hex, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let of_form = secret.replace(' ', "+");
    let packed = as_bytes(secret).flat_map(|secret| {
        let forms = base64(&secret).chain(within_base64(&secret));
        forms.collect::<Vec<_>>()
    });
    [hex, of_form].into_iter().chain(packed)
}

/// Returns a secret as UTF-8, and as it is sent where that is something else.
fn as_bytes(secret: &str) -> impl Iterator<Item = Vec<u8>> {
    let sent = latin_1(secret).filter(|_| !secret.is_ascii());
    std::iter::once(secret.as_bytes().to_owned()).chain(sent)
}

/// Returns a text in Latin-1, as the Python package `requests` sends user names and passwords; `None` where it has other letters,
/// which that package refuses.
pub(crate) fn latin_1(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|letter| u8::try_from(letter).ok())
        .collect()
}

/// Returns both alphabets' base64 of `secret` alone, without the padding, which may follow or not.
fn base64(secret: &[u8]) -> impl Iterator<Item = String> {
    [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD]
        .into_iter()
        .map(move |engine| engine.encode(secret))
}

/// Returns what is always there in the base64 of a text that holds `secret`, for each of the three ways in which it can be
/// aligned; what would be found in every text is left out.
fn within_base64(secret: &[u8]) -> impl Iterator<Item = String> {
    let aligned = (0..3).flat_map(|n_before| {
        let text = [&[0; 2][..n_before], secret].concat();
        // The characters at both ends may depend on what is around.
        let start = (n_before * 8).div_ceil(6);
        let end = text.len() * 8 / 6;
        base64(&text)
            .map(|encoded| encoded[start..end].to_owned())
            .collect::<Vec<_>>()
    });
    aligned.filter(|part| part.len() >= MIN_ENCODED_CHARACTERS)
}

/// Returns `text` in lower case as it is, and after each round of percent-decoding.
fn layers(text: &str) -> impl Iterator<Item = String> {
    let first = text.to_ascii_lowercase();
    let next = |text: &String| {
        let decoded = percent_decode_str(text).decode_utf8_lossy();
        (decoded != *text).then(|| decoded.to_ascii_lowercase())
    };
    std::iter::successors(Some(first), next).take(MAX_LAYERS)
}

/// Replaces `secret`, which is in lower case, by `***`; `None` when it is not there.
fn without(text: &str, secret: &str) -> Option<String> {
    // As long as the text itself, byte by byte.
    let lower = text.to_ascii_lowercase();
    let mut shown = String::new();
    let mut end = 0;
    for (start, found) in lower.match_indices(secret) {
        shown.push_str(&text[end..start]);
        shown.push_str("***");
        end = start + found.len();
    }
    (end > 0).then(|| shown + &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(username: &str, password: &str) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.add_credentials(username, password);
        secrets
    }

    #[track_caller]
    fn hides(text: &str, expected: &str) {
        assert_eq!(secrets("deploy-token", "p/w:ü1").hide(text), expected);
        assert_eq!(
            secrets("deploy-token", "p/w:ü1").are_in(text),
            text != expected
        );
    }

    #[test]
    fn secrets_are_found_in_every_form() {
        hides("text/html", "text/html");
        hides("image/p/w:ü1; p/w:ü1", "image/***; ***");
        hides("DEPLOY-token!", "***!");
        hides("Basic ZGVwbG95LXRva2VuOnAvdzrDvDE=", "Basic ***=");
        hides("https://a.example/?x=p%2Fw%3A%C3%BC1", "***");
        hides("p%252fw%253a%25c3%25bc1", "***");
        hides("deploy%2Dtoken", "***");
        hides("100%", "100%");
        assert_eq!(format!("{:?}", secrets("a", "hidden")), "Secrets(***)");
    }

    #[test]
    fn encoded_passwords_are_found() {
        let secrets = secrets("ada", "hush hush?>~");
        let check = |text: &str, expected: &str| {
            assert_eq!(secrets.hide(text), expected);
            assert!(secrets.are_given_away_by(text), "{text}");
        };
        // Alone, with and without padding, in both alphabets.
        check("aHVzaCBodXNoPz5+", "***");
        check("x=aHVzaCBodXNoPz5-;", "x=***;");
        check("aHVzaCBodXNoPz5%2B", "***");
        // Within other text, at each alignment.
        let within = |before: &str| {
            let text = format!("{before}hush hush?>~!");
            assert!(secrets.are_in(&STANDARD_NO_PAD.encode(&text)), "{text}");
            assert!(secrets.are_in(&URL_SAFE_NO_PAD.encode(&text)), "{text}");
        };
        ["", "a", "ab", "abc", "token="]
            .into_iter()
            .for_each(within);
        check("hush+hush?>~", "***");
        check("hush%20hush%3F%3E~", "***");
        check("6875736820687573683F3E7E", "***");
        assert_eq!(secrets.hide("aHVtIGh1bQ"), "aHVtIGh1bQ");
    }

    #[test]
    fn padding_of_an_encoded_password_may_follow() {
        let secrets = secrets("ada", "hush-hush-");
        assert_eq!(secrets.hide("aHVzaC1odXNoLQ=="), "***==");
        assert_eq!(secrets.hide("aHVzaC1odXNoLQ"), "***");
    }

    #[test]
    fn a_name_alone_gives_nothing_away() {
        let secrets = secrets("deploy-token", "hush-hush");
        assert!(secrets.are_in("https://deploy-token.example/"));
        assert!(!secrets.are_given_away_by("https://deploy-token.example/"));
        assert!(secrets.are_given_away_by("https://a.example/?x=%68ush-hush"));
    }

    #[test]
    fn short_names_are_no_secrets_and_tokens_without_a_password_are() {
        assert_eq!(
            secrets("acme", "hush-hush").hide("acme hush-hush"),
            "acme ***"
        );
        assert_eq!(secrets("token", "").hide("a token"), "a ***");
        assert_eq!(secrets("u", "p").hide("pup"), "pup");
        assert_eq!(Secrets::default().hide("anything"), "anything");
    }
}
