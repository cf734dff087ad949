//! Versions of git.

use std::fmt;

/// A version of git.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
}

/// The first that refuses options in the URLs and paths of submodules (CVE-2018-17456), after the second version of the
/// protocol.
pub(super) const OLDEST: Version = Version {
    major: 2,
    minor: 20,
};

impl Version {
    /// Parses what `git --version` prints.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let text = line.strip_prefix("git version ")?;
        let mut numbers = text.split(['.', ' ']).map(str::parse);
        let major = numbers.next()?.ok()?;
        let minor = numbers.next()?.ok()?;
        Some(Self { major, minor })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_with_any_suffix() {
        let parsed = Version::parse("git version 2.39.5 (Apple Git-154)").unwrap();
        assert_eq!(parsed.to_string(), "2.39");
        assert!(parsed > OLDEST);
        assert!(Version::parse("git version 2.9.1.windows.1").unwrap() < OLDEST);
        assert_eq!(Version::parse("hub version 2"), None);
    }
}
