//! One version: its segments, order, text and the steps from it to others.
//!
//! Numbers are limited to 64 bits; a version with a longer one is refused. A phase written in capitals (`1.0RC1`) is the
//! same as in small letters, as PEP 440 says; Poetry takes the two for different versions.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::Error;

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

#[derive(Clone, Debug, Default)]
struct Segments {
    epoch: u64,
    release: Vec<u64>,
    pre: Option<(Phase, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
    local: Option<Vec<Box<str>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Alpha,
    Beta,
    Candidate,
}

impl Version {
    /// Parses `text`, white space around it allowed.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidVersion`] when `text` is not a version of PEP 440.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let trimmed = super::syntax::trim(text);
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

/// Steps to other versions.
impl Version {
    /// Returns this version if it is stable, else the release it leads to.
    #[must_use]
    pub fn stable(&self) -> Self {
        if !self.is_unstable() {
            return self.clone();
        }
        let post = match self.0.segments.pre {
            None => self.0.segments.post,
            Some(_) => None,
        };
        self.derive(|segments| {
            segments.pre = None;
            segments.post = post;
            segments.dev = None;
            segments.local = None;
        })
    }

    /// Returns the first version that a caret constraint (`^`) on this one leaves out.
    #[must_use]
    pub fn next_breaking(&self) -> Self {
        match (self.major(), self.minor(), self.patch()) {
            (1.., _, _) | (_, None, _) => self.stable().next_major(),
            (_, Some(1..), _) | (_, _, None) => self.stable().next_minor(),
            _ => self.stable().next_patch(),
        }
    }

    /// Returns the next version that differs in the first number.
    #[must_use]
    pub fn next_major(&self) -> Self {
        self.bump(0)
    }

    /// Returns the next version that differs in the second number.
    #[must_use]
    pub fn next_minor(&self) -> Self {
        self.bump(1)
    }

    /// Returns the next version that differs in the third number.
    #[must_use]
    pub fn next_patch(&self) -> Self {
        self.bump(2)
    }

    /// Returns the version one step on in its last number, or the release that this one leads to.
    #[must_use]
    pub fn next_stable(&self) -> Self {
        self.derive(|segments| {
            if segments.pre.is_none() && segments.dev.is_none() {
                bump_last(&mut segments.release);
            }
            segments.pre = None;
            segments.post = None;
            segments.dev = None;
        })
    }

    /// Returns the next pre-release of the same phase.
    #[must_use]
    pub(super) fn next_prerelease(&self) -> Self {
        self.derive(|segments| {
            segments.pre = Some(match segments.pre {
                Some((phase, number)) if segments.dev.is_some() && segments.post.is_none() => {
                    (phase, number)
                }
                Some((phase, number)) => (phase, number.saturating_add(1)),
                None => (Phase::Alpha, 0),
            });
            segments.post = None;
            segments.dev = None;
            segments.local = None;
        })
    }

    /// Returns the next post-release.
    #[must_use]
    pub(super) fn next_postrelease(&self) -> Self {
        self.derive(|segments| {
            segments.post = Some(match segments.post {
                Some(number) if segments.dev.is_some() => number,
                Some(number) => number.saturating_add(1),
                None => 0,
            });
            segments.dev = None;
            segments.local = None;
        })
    }

    /// Returns the next development release.
    #[must_use]
    pub(super) fn next_devrelease(&self) -> Self {
        self.derive(|segments| {
            segments.dev = Some(segments.dev.map_or(0, |number| number.saturating_add(1)));
            segments.local = None;
        })
    }

    /// Returns the first development release that leads to this version: `1.0.dev0` for `1.0`.
    #[must_use]
    pub(super) fn first_devrelease(&self) -> Self {
        self.derive(|segments| {
            segments.dev = Some(0);
            segments.local = None;
        })
    }

    /// Returns this version without its local part.
    #[must_use]
    pub fn without_local(&self) -> Self {
        self.derive(|segments| segments.local = None)
    }

    #[must_use]
    pub(super) fn without_postrelease(&self) -> Self {
        if !self.is_postrelease() {
            return self.clone();
        }
        self.derive(|segments| {
            segments.post = None;
            segments.dev = None;
        })
    }

    /// Tells whether this is the first development release of a stable version: where `<1.0` really ends.
    pub(super) fn first_devrelease_of_stable(&self) -> bool {
        self.0.segments.dev == Some(0) && !self.is_prerelease()
    }

    /// Tells whether `other` is the next post-release in number.
    pub(super) fn has_next_post(&self, other: &Self) -> bool {
        let next = self
            .0
            .segments
            .post
            .and_then(|number| number.checked_add(1));
        next == other.0.segments.post
    }

    #[must_use]
    pub(super) fn without_devrelease(&self) -> Self {
        self.derive(|segments| segments.dev = None)
    }

    /// Returns the same version with at least three numbers: `3.8.0` for `3.8`.
    #[must_use]
    pub fn with_patch(&self) -> Self {
        self.derive(|segments| {
            let length = segments.release.len().max(3);
            segments.release.resize(length, 0);
        })
    }

    /// Returns the end of a compatible release (`~=`): the second-to-last number one higher, the last one zero.
    #[must_use]
    pub(super) fn compatible_end(&self) -> Self {
        let stable = self.stable();
        let Some(place) = stable.precision().checked_sub(2) else {
            return stable.next_major();
        };
        let mut release = stable.release().to_vec();
        release[place] = release[place].saturating_add(1);
        release[place + 1] = 0;
        stable.with_release(release)
    }

    fn bump(&self, place: usize) -> Self {
        let mut release = self.release().to_vec();
        if self.must_step() || is_beyond(&release, place) {
            if release.len() <= place {
                release.resize(place + 1, 0);
            }
            release[place] = release[place].saturating_add(1);
            release[place + 1..].fill(0);
        }
        self.with_release(release)
    }

    /// A pre-release leads to its release without a step; a stable or post-release has passed it.
    fn must_step(&self) -> bool {
        !self.is_unstable() || (!self.is_prerelease() && self.is_postrelease())
    }

    fn with_release(&self, release: Vec<u64>) -> Self {
        Self::new(
            Segments {
                epoch: self.epoch(),
                release,
                ..Segments::default()
            },
            None,
        )
    }

    fn derive(&self, change: impl FnOnce(&mut Segments)) -> Self {
        let mut segments = self.0.segments.clone();
        change(&mut segments);
        Self::new(segments, None)
    }
}

/// Tells whether a version written so prints so: it is numbers without needless zeros, as nearly all are.
fn is_normal_release(written: &str) -> bool {
    let is_normal = |number: &[u8]| match number {
        [b'0', _, ..] | [] => false,
        [_, ..] => number.iter().all(u8::is_ascii_digit),
    };
    written
        .as_bytes()
        .split(|byte| *byte == b'.')
        .all(is_normal)
}

/// Tells whether a number after `place` is not zero.
fn is_beyond(release: &[u64], place: usize) -> bool {
    release.iter().skip(place + 1).any(|&number| number > 0)
}

fn bump_last(release: &mut [u64]) {
    if let Some(last) = release.last_mut() {
        *last = last.saturating_add(1);
    }
}

impl Segments {
    fn significant_release(&self) -> &[u64] {
        let end = self.release.iter().rposition(|&number| number != 0);
        &self.release[..end.map_or(0, |last| last + 1)]
    }

    /// The pre-release for the order: a bare development release comes before all phases, a release after them.
    fn pre_order(&self) -> (u8, Option<(Phase, u64)>) {
        match self.pre {
            None if self.post.is_none() && self.dev.is_some() => (0, None),
            None => (2, None),
            pre @ Some(_) => (1, pre),
        }
    }

    fn dev_order(&self) -> (bool, u64) {
        (self.dev.is_none(), self.dev.unwrap_or(0))
    }
}

impl Ord for Segments {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| self.significant_release().cmp(other.significant_release()))
            .then_with(|| self.pre_order().cmp(&other.pre_order()))
            .then_with(|| self.post.cmp(&other.post))
            .then_with(|| self.dev_order().cmp(&other.dev_order()))
            .then_with(|| compare_local(self.local.as_deref(), other.local.as_deref()))
    }
}

impl PartialOrd for Segments {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Segments {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Segments {}

fn compare_local(ours: Option<&[Box<str>]>, theirs: Option<&[Box<str>]>) -> Ordering {
    match (ours, theirs) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(ours), Some(theirs)) => {
            let ours = ours.iter().map(|segment| local_order(segment));
            ours.cmp(theirs.iter().map(|segment| local_order(segment)))
        }
    }
}

/// Numbers come after words; they are compared by length and digits, so that no number is too long.
fn local_order(segment: &str) -> (bool, usize, &str) {
    if segment.bytes().all(|byte| byte.is_ascii_digit()) && !segment.is_empty() {
        let digits = segment.trim_start_matches('0');
        return (true, digits.len(), digits);
    }
    (false, 0, segment)
}

impl fmt::Display for Segments {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch != 0 {
            write!(formatter, "{}!", self.epoch)?;
        }
        for (place, number) in self.release.iter().enumerate() {
            let dot = if place == 0 { "" } else { "." };
            write!(formatter, "{dot}{number}")?;
        }
        if let Some((phase, number)) = self.pre {
            write!(formatter, "{}{number}", phase.as_str())?;
        }
        if let Some(number) = self.post {
            write!(formatter, ".post{number}")?;
        }
        if let Some(number) = self.dev {
            write!(formatter, ".dev{number}")?;
        }
        for (place, segment) in self.local.iter().flatten().enumerate() {
            let sign = if place == 0 { "+" } else { "." };
            write!(formatter, "{sign}{}", segment.to_lowercase())?;
        }
        Ok(())
    }
}

impl Phase {
    fn as_str(self) -> &'static str {
        match self {
            Self::Alpha => "a",
            Self::Beta => "b",
            Self::Candidate => "rc",
        }
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

/// Reads the longest version at the start of `text`, step by step as the [pattern of PEP 440][pattern] does.
///
/// [pattern]: https://packaging.python.org/en/latest/specifications/version-specifiers/#appendix-parsing-version-strings-with-regular-expressions
fn parse_prefix(text: &str) -> Option<(Segments, usize)> {
    let mut cursor = Cursor { text, at: 0 };
    let mut segments = Segments::default();
    cursor.take(|byte| matches!(byte, b'v' | b'V'));
    let mut first = cursor.number()??;
    if cursor.take(|byte| byte == b'!') {
        segments.epoch = first;
        first = cursor.number()??;
    }
    segments.release.push(first);
    while cursor.peek(0) == Some(b'.') && cursor.peek(1).is_some_and(|byte| byte.is_ascii_digit()) {
        cursor.at += 1;
        segments.release.push(cursor.number()??);
    }
    segments.pre = cursor.pre()?;
    segments.post = cursor.post()?;
    segments.dev = cursor.labelled(&["dev"])?.map(|(_, number)| number);
    segments.local = cursor.local();
    Some((segments, cursor.at))
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn take(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        let found = self.peek(0).is_some_and(wanted);
        self.at += usize::from(found);
        found
    }

    /// Reads digits: `None` if they make too large a number, `Some(None)` if there are none.
    #[expect(
        clippy::option_option,
        reason = "absent and too large are different answers"
    )]
    fn number(&mut self) -> Option<Option<u64>> {
        let start = self.at;
        while self.take(|byte| byte.is_ascii_digit()) {}
        if start == self.at {
            return Some(None);
        }
        self.text[start..self.at].parse().ok().map(Some)
    }

    /// Reads a separator, one of `labels`, a separator and a number. The first label that fits is taken.
    #[expect(
        clippy::option_option,
        reason = "absent and too large are different answers"
    )]
    fn labelled(&mut self, labels: &[&'static str]) -> Option<Option<(&'static str, u64)>> {
        let start = self.at;
        self.take(is_separator);
        let rest = &self.text.as_bytes()[self.at..];
        let label = labels.iter().find(|label| {
            rest.get(..label.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(label.as_bytes()))
        });
        let Some(label) = label else {
            self.at = start;
            return Some(None);
        };
        self.at += label.len();
        self.take(is_separator);
        let number = self.number()?.unwrap_or(0);
        Some(Some((label, number)))
    }

    #[expect(
        clippy::option_option,
        reason = "absent and too large are different answers"
    )]
    fn pre(&mut self) -> Option<Option<(Phase, u64)>> {
        let labels = ["alpha", "a", "beta", "b", "preview", "pre", "c", "rc"];
        let pre = self.labelled(&labels)?;
        Some(pre.map(|(label, number)| match label.as_bytes()[0] {
            b'a' => (Phase::Alpha, number),
            b'b' => (Phase::Beta, number),
            _ => (Phase::Candidate, number),
        }))
    }

    #[expect(
        clippy::option_option,
        reason = "absent and too large are different answers"
    )]
    fn post(&mut self) -> Option<Option<u64>> {
        if self.peek(0) == Some(b'-') && self.peek(1).is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
            return self.number();
        }
        let post = self.labelled(&["post", "rev", "r"])?;
        Some(post.map(|(_, number)| number))
    }

    fn local(&mut self) -> Option<Vec<Box<str>>> {
        if self.peek(0) != Some(b'+')
            || !self
                .peek(1)
                .is_some_and(|byte| byte.is_ascii_alphanumeric())
        {
            return None;
        }
        let mut segments = Vec::new();
        loop {
            let start = self.at + 1;
            self.at = start;
            while self.take(|byte| byte.is_ascii_alphanumeric()) {}
            segments.push(self.text[start..self.at].to_ascii_lowercase().into());
            let has_more = self.peek(0).is_some_and(is_separator)
                && self
                    .peek(1)
                    .is_some_and(|byte| byte.is_ascii_alphanumeric());
            if !has_more {
                return Some(segments);
            }
        }
    }
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'.' | b'_' | b'-')
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
