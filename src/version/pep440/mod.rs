//! One version: its segments, order, text and the steps from it to others.
//!
//! Numbers are limited to 64 bits; a version with a longer one is refused. A phase written in capitals (`1.0RC1`) is the
//! same as in small letters, as PEP 440 says; Poetry takes the two for different versions.

mod parse;
mod segments;
mod steps;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::Error;
use super::space::trim;
use parse::{is_normal_release, parse_prefix};
use segments::Segments;

/// A version that keeps the text it was written as; order and equality are those of PEP 440.
///
/// Cloning is cheap.
#[derive(Clone)]
pub struct Version(Arc<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    segments: Segments,
    written: Box<str>,
    normal: Option<Box<str>>,
}

impl Version {
    /// Parses `text`, white space around it allowed.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidVersion`] when `text` is not a version of PEP 440.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let trimmed = trim(text);
        match parse_prefix(trimmed) {
            Some((segments, length)) if length == trimmed.len() => {
                Ok(Self::new(segments, Some(text)))
            }
            _ => Err(Error::InvalidVersion {
                text: text.to_owned(),
            }),
        }
    }

    /// Parses the version that `text` begins with, and tells how long it is.
    pub(super) fn parse_prefix(text: &str) -> Option<(Self, usize)> {
        let (segments, length) = parse_prefix(text)?;
        Some((Self::new(segments, Some(&text[..length])), length))
    }

    /// Builds a version that is no version of Python's kind, such as `5.15.0-91-generic`, whose part after the release
    /// counts as one local segment.
    pub(super) fn with_build(&self, build: Option<&str>) -> Self {
        Self::new(
            Segments {
                release: self.0.segments.release.clone(),
                local: build.map(|build| vec![build.into()]),
                ..Segments::default()
            },
            None,
        )
    }

    fn new(segments: Segments, written: Option<&str>) -> Self {
        let (written, normal) = match written {
            Some(written) if is_normal_release(written) => (written.into(), None),
            Some(written) => {
                let normal = segments.to_string();
                let is_normal = normal == written;
                (written.into(), (!is_normal).then(|| normal.into()))
            }
            None => (segments.to_string().into(), None),
        };
        Self(Arc::new(Parts {
            segments,
            written,
            normal,
        }))
    }

    /// Returns the version as it was written.
    pub fn text(&self) -> &str {
        &self.0.written
    }

    /// Returns the version in normal form, as in file names and METADATA. Zeros at the end stay: `1.0` is not `1`.
    pub fn normal(&self) -> &str {
        self.0.normal.as_deref().unwrap_or(&self.0.written)
    }

    /// Returns the epoch, 0 if none is written.
    pub fn epoch(&self) -> u64 {
        self.0.segments.epoch
    }

    /// Returns the numbers of the release, as many as were written.
    pub fn release(&self) -> &[u64] {
        &self.0.segments.release
    }

    /// Returns how many numbers the release has: 2 for `3.8`.
    pub fn precision(&self) -> usize {
        self.release().len()
    }

    /// Returns the first number of the release.
    pub fn major(&self) -> u64 {
        self.release().first().copied().unwrap_or(0)
    }

    /// Returns the second number of the release, if there is one.
    pub fn minor(&self) -> Option<u64> {
        self.release().get(1).copied()
    }

    /// Returns the third number of the release, if there is one.
    pub fn patch(&self) -> Option<u64> {
        self.release().get(2).copied()
    }

    /// Tells whether this is an alpha, beta or release candidate.
    pub fn is_prerelease(&self) -> bool {
        self.0.segments.pre.is_some()
    }

    /// Tells whether this is a post-release.
    pub fn is_postrelease(&self) -> bool {
        self.0.segments.post.is_some()
    }

    /// Tells whether this is a development release.
    pub fn is_devrelease(&self) -> bool {
        self.0.segments.dev.is_some()
    }

    /// Tells whether this has a local part, such as `+cpu`.
    pub fn is_local(&self) -> bool {
        self.0.segments.local.is_some()
    }

    /// Tells whether this is a pre-release or a development release.
    pub fn is_unstable(&self) -> bool {
        self.is_prerelease() || self.is_devrelease()
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.segments == other.0.segments
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.segments.cmp(&other.0.segments)
    }
}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let segments = &self.0.segments;
        segments.epoch.hash(state);
        segments.significant_release().hash(state);
        segments.pre.map(|(_, number)| number).hash(state);
        segments.post.hash(state);
        segments.dev.hash(state);
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Version")
            .field(&self.text())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[track_caller]
    fn normal(text: &str, expected: &str) {
        assert_eq!(version(text).normal(), expected);
    }

    #[track_caller]
    fn refuses(text: &str) {
        let error = Version::parse(text).unwrap_err();
        assert_eq!(error.to_string(), format!("`{text}` is not a version"));
    }

    #[track_caller]
    fn leads_to(text: &str, step: impl Fn(&Version) -> Version, expected: &str) {
        assert_eq!(step(&version(text)).normal(), expected);
    }

    #[test]
    fn spellings_have_one_normal_form() {
        normal("v1.0", "1.0");
        normal("1.0.0-beta.1", "1.0.0b1");
        normal("1.0c", "1.0rc0");
        normal("1.0-1", "1.0.post1");
        normal("1.0_rev3-dev", "1.0.post3.dev0");
        normal("1!2.0+Ubuntu-1", "1!2.0+ubuntu.1");
        normal("01.02", "1.2");
        normal(" 1.0\n", "1.0");
    }

    #[test]
    fn the_text_stays_as_written() {
        assert_eq!(version("1.0-RC1").text(), "1.0-RC1");
        assert_eq!(version("1.0-RC1").to_string(), "1.0-RC1");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "x",
            "1.",
            "1..2",
            "1.0a.*",
            "1.0+",
            "1.0 1",
            "1.99999999999999999999",
        ] {
            refuses(text);
        }
    }

    #[test]
    fn order_is_that_of_pep_440() {
        let ascending = [
            "0.9",
            "1.dev0",
            "1.0a1.dev1",
            "1.0a1",
            "1.0a1.post1",
            "1.0b1",
            "1.0rc1",
            "1.0",
            "1.0+abc",
            "1.0+5",
            "1.0+10",
            "1.0+10.x",
            "1.0.post1.dev0",
            "1.0.post1",
            "1.0.1",
            "1.10",
            "1!0.1",
        ];
        for (place, ours) in ascending.iter().enumerate() {
            for (their_place, theirs) in ascending.iter().enumerate() {
                let order = version(ours).cmp(&version(theirs));
                assert_eq!(order, place.cmp(&their_place), "{ours} and {theirs}");
            }
        }
    }

    #[test]
    fn zeros_at_the_end_and_capitals_do_not_count() {
        assert_eq!(version("1"), version("1.0.0"));
        assert_eq!(version("1.0RC1"), version("1rc1"));
    }

    #[test]
    fn steps_keep_the_precision() {
        leads_to("1.2.3", Version::next_major, "2.0.0");
        leads_to("1", Version::next_minor, "1.1");
        leads_to("1.2", Version::next_patch, "1.2.1");
        leads_to("2.0.0a1", Version::next_major, "2.0.0");
        leads_to("2.1.0a1", Version::next_major, "3.0.0");
        leads_to("0.0.3", Version::next_breaking, "0.0.4");
        leads_to("0.2.3", Version::next_breaking, "0.3.0");
        leads_to("0.0", Version::next_breaking, "0.1");
        leads_to("1.2.3.4", Version::next_stable, "1.2.3.5");
        leads_to("1.2rc1.post2", Version::stable, "1.2");
        leads_to("1.2.post2.dev1", Version::stable, "1.2.post2");
        leads_to("3", Version::with_patch, "3.0.0");
    }
}
