//! Version specifiers exactly as PEP 440 and `packaging` 26 read them, unlike Poetry's constraints in [`crate::version`].
//!
//! There is no set algebra: an index offers a finite list of versions, and each of them is asked in turn. So the rules that
//! no interval expresses (`>1.0` without `1.0.post1` and `1.0+local`, `==1.0` with its local versions) are exact.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::version::{self, Version};

/// The text is not a version specifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version specifier")]
pub struct InvalidSpecifier {
    /// The part that could not be read.
    pub text: String,
}

/// Version specifiers that must all hold, such as `>=61,!=65.0`. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Specifiers {
    all: Arc<[Specifier]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Specifier {
    operator: Operator,
    written: Box<str>,
    /// The version compared with; `None` for `===` and a text that is not a version.
    version: Option<Version>,
    /// For `<`, where it really ends.
    end: Option<Version>,
    is_wildcard: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Compatible,
    Equal,
    NotEqual,
    AtMost,
    AtLeast,
    Below,
    Above,
    Identical,
}

/// Operators as written, each before those that it begins with.
const OPERATORS: [(&str, Operator); 8] = [
    ("===", Operator::Identical),
    ("~=", Operator::Compatible),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("<", Operator::Below),
    (">", Operator::Above),
];

impl Specifiers {
    /// Parses specifiers with commas between them. Empty parts are skipped, as `packaging` does.
    ///
    /// # Errors
    ///
    /// The first part that is not a specifier.
    pub fn parse(text: &str) -> Result<Self, InvalidSpecifier> {
        let parts = text.split(',').map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        let all = parts.map(Specifier::parse).collect::<Result<_, _>>()?;
        Ok(Self { all })
    }

    /// Returns the specifiers of both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let all = self.all.iter().chain(other.all.iter()).cloned();
        Self { all: all.collect() }
    }

    /// Tells whether `version` satisfies all specifiers. Pre-releases are versions like any other here.
    pub fn contains(&self, version: &Version) -> bool {
        self.all.iter().all(|one| one.contains(version))
    }

    /// Tells whether there are no specifiers, so that any version satisfies them.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Tells whether one of them names a pre-release or development release, which makes those candidates.
    pub fn names_prerelease(&self) -> bool {
        self.all.iter().any(Specifier::names_prerelease)
    }

    /// Tells whether one of them names one version by `==` or `===`, which alone allows a yanked one (PEP 592).
    pub fn is_pinned(&self) -> bool {
        self.all.iter().any(|one| match one.operator {
            Operator::Identical => true,
            Operator::Equal => !one.is_wildcard,
            Operator::Compatible
            | Operator::NotEqual
            | Operator::AtMost
            | Operator::AtLeast
            | Operator::Below
            | Operator::Above => false,
        })
    }
}

impl fmt::Display for Specifiers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, one) in self.all.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(formatter, "{comma}{}{}", one.operator.as_str(), one.written)?;
        }
        Ok(())
    }
}

impl Operator {
    fn as_str(self) -> &'static str {
        let row = OPERATORS.iter().find(|row| row.1 == self);
        row.map_or("", |row| row.0)
    }

    /// Tells whether what is compared with may be a local version.
    fn takes_local(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual | Self::Identical)
    }
}

impl Specifier {
    fn parse(text: &str) -> Result<Self, InvalidSpecifier> {
        let invalid = || InvalidSpecifier {
            text: text.to_owned(),
        };
        let row = OPERATORS.iter().find(|row| text.starts_with(row.0));
        let (sign, operator) = *row.ok_or_else(invalid)?;
        let written = text[sign.len()..].trim();
        if written.is_empty() || written.contains(version::is_space) {
            return Err(invalid());
        }
        let version = if operator == Operator::Identical {
            Version::parse(written).ok()
        } else {
            Some(compared(operator, written).ok_or_else(invalid)?)
        };
        let is_end = operator == Operator::Below;
        Ok(Self {
            operator,
            written: written.into(),
            end: version.as_ref().filter(|_| is_end).map(first_unstable),
            version,
            is_wildcard: operator != Operator::Identical && written.ends_with(".*"),
        })
    }

    fn contains(&self, version: &Version) -> bool {
        let Some(ours) = &self.version else {
            return version.normal().eq_ignore_ascii_case(&self.written);
        };
        match self.operator {
            Operator::Identical => version.normal().eq_ignore_ascii_case(&self.written),
            Operator::Equal => self.equals(version),
            Operator::NotEqual => !self.equals(version),
            Operator::AtLeast => *public(version) >= *ours,
            Operator::AtMost => *public(version) <= *ours,
            Operator::Compatible => {
                let prefix = &ours.release()[..ours.precision().saturating_sub(1)];
                *public(version) >= *ours && begins_with(version, ours.epoch(), prefix)
            }
            Operator::Below => self.end.as_ref().is_some_and(|end| version < end),
            Operator::Above => *public(version) > *ours && !is_post_of(version, ours),
        }
    }

    fn equals(&self, version: &Version) -> bool {
        match &self.version {
            Some(ours) if self.is_wildcard => begins_with(version, ours.epoch(), ours.release()),
            Some(ours) if ours.is_local() => version == ours,
            Some(ours) => *public(version) == *ours,
            None => false,
        }
    }

    fn names_prerelease(&self) -> bool {
        self.operator != Operator::NotEqual
            && self.version.as_ref().is_some_and(Version::is_unstable)
    }
}

/// Reads the version that an operator compares with, if it may be compared so.
fn compared(operator: Operator, written: &str) -> Option<Version> {
    let prefix = written.strip_suffix(".*");
    let takes_wildcard = matches!(operator, Operator::Equal | Operator::NotEqual);
    let version = Version::parse(prefix.unwrap_or(written)).ok()?;
    let is_plain = !version.is_unstable() && !version.is_postrelease() && !version.is_local();
    let is_allowed = match prefix {
        Some(_) => takes_wildcard && is_plain,
        None => operator.takes_local() || !version.is_local(),
    };
    let has_prefix = operator != Operator::Compatible || version.precision() > 1;
    (is_allowed && has_prefix).then_some(version)
}

/// Tells whether the release of `version`, with zeros after it, begins with `prefix`.
fn begins_with(version: &Version, epoch: u64, prefix: &[u64]) -> bool {
    let numbers = version.release().iter().copied();
    let padded = numbers.chain(std::iter::repeat(0));
    version.epoch() == epoch && padded.zip(prefix).all(|(ours, theirs)| ours == *theirs)
}

/// Returns `version` without its local part. Few have one, and taking it off is dear.
fn public(version: &Version) -> Cow<'_, Version> {
    if version.is_local() {
        return Cow::Owned(version.without_local());
    }
    Cow::Borrowed(version)
}

/// Returns where `<` ends: pre-releases of a stable version do not come before it.
fn first_unstable(version: &Version) -> Version {
    let first = Version::parse(&format!("{}.dev0", version.normal()));
    match first {
        Ok(first) if !version.is_unstable() => first,
        Ok(_) | Err(_) => version.clone(),
    }
}

/// Tells whether `version` is a post-release of `base`: of a release or pre-release, which alone have any.
fn is_post_of(version: &Version, base: &Version) -> bool {
    if !version.is_postrelease() || base.is_postrelease() || base.is_devrelease() {
        return false;
    }
    let before = version.normal().split_once(".post");
    before.is_some_and(|(before, _)| Version::parse(before).is_ok_and(|before| before == *base))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    /// What `packaging` said; `fixtures/resolve/record_specifiers.py` asked it.
    #[derive(Deserialize)]
    struct Recorded {
        versions: Vec<String>,
        /// For each specifier the versions that satisfy it, as a text of `1` and `0`, and whether it names a pre-release.
        specifiers: BTreeMap<String, (String, bool)>,
        invalid: Vec<String>,
    }

    fn recorded() -> Recorded {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/fixtures/resolve/specifiers.json"
        );
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn specifiers_are_those_of_packaging() {
        let recorded = recorded();
        let versions = recorded.versions.iter().map(|text| Version::parse(text));
        let versions: Vec<_> = versions.map(Result::unwrap).collect();
        for (text, (expected, names_prerelease)) in &recorded.specifiers {
            let specifiers = Specifiers::parse(text).unwrap();
            for (version, expected) in versions.iter().zip(expected.chars()) {
                assert_eq!(
                    specifiers.contains(version),
                    expected == '1',
                    "{version} in {text}"
                );
            }
            assert_eq!(specifiers.names_prerelease(), *names_prerelease, "{text}");
        }
        assert!(recorded.specifiers.len() > 100);
    }

    #[test]
    fn what_packaging_refuses_is_refused() {
        for text in recorded().invalid {
            assert!(Specifiers::parse(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn text_is_kept_without_spaces() {
        let specifiers = Specifiers::parse(" >= 61 , !=65.0,").unwrap();
        assert_eq!(specifiers.to_string(), ">=61,!=65.0");
        assert!(Specifiers::parse("").unwrap().is_empty());
    }

    #[test]
    fn pins_name_one_version() {
        let is_pinned = |text| Specifiers::parse(text).unwrap().is_pinned();
        assert!(is_pinned("==1.0"));
        assert!(is_pinned(">=1,===1.0"));
        assert!(!is_pinned("==1.*"));
        assert!(!is_pinned("~=1.0,!=1.5"));
    }
}
