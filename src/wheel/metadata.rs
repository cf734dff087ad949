//! The header fields of WHEEL and METADATA that an installer needs.

use super::place::Scheme;
use super::{Error, Expected};

/// What WHEEL says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelMetadata {
    /// Whether the files outside `.data` are pure Python modules. pip reads a missing field as no.
    pub root_is_purelib: bool,
}

impl WheelMetadata {
    /// Parses WHEEL.
    ///
    /// # Errors
    ///
    /// [`Error::WheelVersion`] unless it says `Wheel-Version: 1.` something.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let version = field(text, "Wheel-Version").unwrap_or_default();
        if version.split('.').next() != Some("1") {
            return Err(Error::WheelVersion {
                version: version.to_owned(),
            });
        }
        let root_is_purelib =
            field(text, "Root-Is-Purelib").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Ok(Self { root_is_purelib })
    }
}

impl WheelMetadata {
    /// Returns the scheme of the files outside `.data`.
    pub(super) fn root(&self) -> Scheme {
        if self.root_is_purelib {
            Scheme::Purelib
        } else {
            Scheme::Platlib
        }
    }
}

/// The name and version that METADATA gives, as written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// `Name`.
    pub name: String,
    /// `Version`.
    pub version: String,
}

impl Metadata {
    /// Parses METADATA; a missing field is empty.
    pub fn parse(text: &str) -> Self {
        let value = |name| field(text, name).unwrap_or_default().to_owned();
        Self {
            name: value("Name"),
            version: value("Version"),
        }
    }

    pub(super) fn check(&self, expected: Expected<'_>) -> Result<(), Error> {
        if expected.is(&self.name, &self.version) {
            return Ok(());
        }
        Err(expected.other("METADATA"))
    }
}

/// Returns the first value of a header field; the headers end at the first empty line.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let headers = text.lines().take_while(|line| !line.trim_end().is_empty());
    headers
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_purelib(text: &str, expected: bool) {
        assert_eq!(
            WheelMetadata::parse(text).unwrap().root_is_purelib,
            expected
        );
    }

    #[track_caller]
    fn refuses(text: &str) {
        assert!(matches!(
            WheelMetadata::parse(text),
            Err(Error::WheelVersion { .. })
        ));
    }

    #[test]
    fn wheel_says_where_its_root_goes() {
        is_purelib("Wheel-Version: 1.0\nRoot-Is-Purelib: true\n", true);
        is_purelib("Wheel-Version: 1.9\r\nroot-is-purelib: True\r\n", true);
        is_purelib("Wheel-Version: 1.0\nRoot-Is-Purelib: false\n", false);
        is_purelib("Wheel-Version: 1.0\n", false);
        is_purelib("Wheel-Version: 1.0\n\nRoot-Is-Purelib: true\n", false);
    }

    #[test]
    fn other_wheel_formats_are_refused() {
        refuses("");
        refuses("Wheel-Version: 2.0\n");
        refuses("Wheel-Version: 10\n");
        refuses("Root-Is-Purelib: true\n");
    }

    #[test]
    fn metadata_ends_where_the_description_begins() {
        let text = "Metadata-Version: 2.1\nName: Acme.Core\nVersion: 1.0\n\nName: other\n";
        let metadata = Metadata::parse(text);
        assert_eq!(
            (metadata.name.as_str(), metadata.version.as_str()),
            ("Acme.Core", "1.0")
        );
        assert_eq!(Metadata::parse("\nName: x\n").name, "");
    }
}
