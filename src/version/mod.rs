//! Versions and version constraints, as Poetry reads, combines and prints them (PEP 440 and Poetry's own operators).

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A version that keeps the text it was written as; order and equality are those of PEP 440.
#[derive(Clone, Debug)]
pub struct Version {
    text: String,
    parsed: pep440_rs::Version,
}

impl Version {
    /// Parses `text`; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parsed = pep440_rs::Version::from_str(text).map_err(|error| error.to_string())?;
        Ok(Self {
            text: text.to_owned(),
            parsed,
        })
    }

    /// Returns the version as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the version in normal form, as in file names and METADATA.
    pub fn normal(&self) -> String {
        self.parsed.to_string()
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.parsed == other.parsed
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
        self.parsed.cmp(&other.parsed)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// A set of versions, with Poetry's algebra and text. (Contract; the algebra branch fills it.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionConstraint(String);

impl VersionConstraint {
    /// Parses a constraint as Poetry's `parse_constraint` does: `^1.2`, `~1`, `>=1,<2 || 3.*`, `*`.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }

    /// Tells whether `version` lies in the set.
    pub fn allows(&self, version: &Version) -> bool {
        let _ = (version, &self.0);
        true
    }
}

impl fmt::Display for VersionConstraint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
