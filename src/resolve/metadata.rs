//! What a resolver needs of METADATA and PKG-INFO ([core metadata]).
//!
//! [core metadata]: https://packaging.python.org/en/latest/specifications/core-metadata/

use crate::name::ExtraName;

/// The dependencies that a distribution declares, as written.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CandidateMetadata {
    /// `Requires-Dist`, in order.
    pub requires_dist: Vec<String>,
    /// `Requires-Python`.
    pub requires_python: Option<String>,
    /// `Provides-Extra`.
    pub provides_extra: Vec<ExtraName>,
}

/// The PKG-INFO of a source distribution does not say what its wheel will depend on: the backend has to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("PKG-INFO does not guarantee the dependencies of the wheel")]
pub struct DynamicDependencies;

impl CandidateMetadata {
    /// Reads the METADATA of a wheel, or the file that an index serves beside it (PEP 658).
    pub fn parse(text: &str) -> Self {
        let mut metadata = Self::default();
        for (field, value) in fields(text) {
            match field.to_ascii_lowercase().as_str() {
                "requires-dist" => metadata.requires_dist.push(value),
                "requires-python" => metadata.requires_python = Some(value),
                "provides-extra" => metadata.provides_extra.push(ExtraName::new(&value)),
                _ => {}
            }
        }
        metadata
    }

    /// Reads the PKG-INFO of a source distribution.
    ///
    /// # Errors
    ///
    /// When it may differ from the wheel's METADATA: `Metadata-Version` is below 2.2, or one of the fields that matter
    /// here is `Dynamic` (PEP 643).
    pub fn parse_sdist(text: &str) -> Result<Self, DynamicDependencies> {
        let mut is_reliable = false;
        for (field, value) in fields(text) {
            match field.to_ascii_lowercase().as_str() {
                "metadata-version" => is_reliable = has_dynamic(&value),
                "dynamic" if is_read(&value) => return Err(DynamicDependencies),
                _ => {}
            }
        }
        if !is_reliable {
            return Err(DynamicDependencies);
        }
        Ok(Self::parse(text))
    }
}

/// Tells whether metadata of this version names what is dynamic, so that the rest can be relied on.
fn has_dynamic(version: &str) -> bool {
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    let number = |text: &str| text.parse::<u32>().unwrap_or(0);
    (number(major), number(minor)) >= (2, 2)
}

fn is_read(field: &str) -> bool {
    let read = ["requires-dist", "requires-python", "provides-extra"];
    read.contains(&field.to_ascii_lowercase().as_str())
}

/// The fields up to the first empty line. Indented lines continue a value, also those with nothing but spaces, which the
/// texts of licences have.
fn fields(text: &str) -> Vec<(&str, String)> {
    let mut fields: Vec<(&str, String)> = Vec::new();
    for line in text.lines().take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((field, value)) = line.split_once(':') {
            fields.push((field, value.trim().to_owned()));
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHEEL: &str = "Metadata-Version: 2.1\r\nName: a\r\nrequires-dist: b (>=1)\r\nRequires-Dist: c;\r\n  extra == 'x'\r\n\
        Requires-Python: >=3.8\r\nLicense: text\r\n        \r\n        more\r\nProvides-Extra: X_y\r\n\r\nRequires-Dist: prose\r\n";

    #[test]
    fn fields_end_at_the_description() {
        let metadata = CandidateMetadata::parse(WHEEL);
        assert_eq!(metadata.requires_dist, ["b (>=1)", "c; extra == 'x'"]);
        assert_eq!(metadata.requires_python.as_deref(), Some(">=3.8"));
        assert_eq!(metadata.provides_extra, [ExtraName::new("x-y")]);
    }

    #[track_caller]
    fn sdist(text: &str, is_reliable: bool) {
        assert_eq!(
            CandidateMetadata::parse_sdist(text).is_ok(),
            is_reliable,
            "{text}"
        );
    }

    #[test]
    fn metadata_of_source_distributions_counts_from_2_2() {
        sdist("Metadata-Version: 2.1\n", false);
        sdist("Metadata-Version: 2.2\n", true);
        sdist("Metadata-Version: 2.10\nDynamic: License\n", true);
        sdist("Metadata-Version: 2.4\nDynamic: requires-dist\n", false);
        sdist("Metadata-Version: 2.2\nDynamic: Requires-Python\n", false);
        sdist("Name: a\n", false);
        sdist("Metadata-Version: 3\n", true);
    }
}
