//! Who published the packages of a lock when it was last verified: `lock2venv.attestations.toml`, which is committed beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use toml::{Table, Value};

use super::identity::Identity;
use crate::name::PackageName;
use crate::toml_document::TomlDocument;

const HEADER: &str = "\
# Who published the packages of poetry.lock, as their attestations (PEP 740) prove it.
# Made by `lock2venv verify --attestations --update-attestations`; commit it, and review its changes.
";

/// The version of the file.
const VERSION: i64 = 1;

/// The publishers of packages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// By the names of packages. A package without attestations is not among them.
    pub packages: BTreeMap<PackageName, Recorded>,
}

/// What is known of one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Who published its files.
    pub identities: BTreeSet<Identity>,
    /// Whether every locked file of it had an attestation.
    pub is_every_file: bool,
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It is not TOML.
    #[error("not TOML")]
    Toml(#[source] toml::de::Error),
    /// It has another version than 1.
    #[error("it has no version that is known here, which is {VERSION}")]
    Version,
    /// A package is not described as it has to be.
    #[error("package {} of it is not described in full: it needs `name`, `every-file` and `attestation-identities`", position + 1)]
    Package {
        /// Its position, from 0.
        position: usize,
    },
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        let document = TomlDocument::parse(text).map_err(RecordError::Toml)?;
        let mut table = document.into_table();
        if table.get("version") != Some(&Value::Integer(VERSION)) {
            return Err(RecordError::Version);
        }
        let packages = match table.remove("packages") {
            None => Vec::new(),
            Some(Value::Array(packages)) => packages,
            Some(_) => return Err(RecordError::Package { position: 0 }),
        };
        let packages = packages.into_iter().enumerate();
        let packages = packages.map(|(position, package)| {
            read_package(package).ok_or(RecordError::Package { position })
        });
        Ok(Self {
            packages: packages.collect::<Result<_, _>>()?,
        })
    }

    /// Renders it: packages, identities and their fields are sorted, so that equal records are equal texts.
    pub fn render(&self) -> String {
        let mut text = format!("{HEADER}version = {VERSION}\n");
        for (name, recorded) in &self.packages {
            // A text takes whatever is written.
            let _ = writeln!(text, "\n[[packages]]\nname = {}", quoted(name.as_str()));
            let _ = writeln!(text, "every-file = {}", recorded.is_every_file);
            text.push_str("attestation-identities = [\n");
            for identity in &recorded.identities {
                let _ = writeln!(text, "    {},", inline(identity));
            }
            text.push_str("]\n");
        }
        text
    }
}

fn read_package(package: Value) -> Option<(PackageName, Recorded)> {
    let Value::Table(package) = package else {
        return None;
    };
    let identities = package.get("attestation-identities")?.as_array()?.iter();
    let identities = identities.map(|identity| read_identity(identity.as_table()?));
    let recorded = Recorded {
        identities: identities.collect::<Option<_>>()?,
        is_every_file: package.get("every-file")?.as_bool()?,
    };
    let name = PackageName::new(package.get("name")?.as_str()?);
    (!recorded.identities.is_empty()).then_some((name, recorded))
}

fn read_identity(fields: &Table) -> Option<Identity> {
    let fields = fields.iter();
    let fields = fields.map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Identity::from_fields(fields.collect::<Option<_>>()?)
}

fn inline(identity: &Identity) -> String {
    let fields = identity.fields().iter();
    let fields = fields.map(|(name, value)| (name.clone(), Value::String(value.clone())));
    Value::Table(fields.collect()).to_string()
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let identity = |workflow| {
            let fields = [
                ("workflow", Some(workflow)),
                ("repository", Some("acme/core")),
                ("owner_id", None),
            ];
            Identity::new("GitHub", fields)
        };
        let recorded = Recorded {
            identities: BTreeSet::from([identity("release.yml"), identity("a\"\n\u{7f}'b\\.yml")]),
            is_every_file: true,
        };
        Record {
            packages: BTreeMap::from([(PackageName::new("acme-core"), recorded)]),
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let text = record().render();
        assert_eq!(Record::parse(&text).unwrap(), record());
        assert_eq!(Record::parse(&text).unwrap().render(), text);
        let start = "version = 1\n\n[[packages]]\nname = \"acme-core\"\nevery-file = true\nattestation-identities = [\n";
        assert!(text.contains(start), "{text}");
        let line =
            "    { kind = \"GitHub\", repository = \"acme/core\", workflow = \"release.yml\" },\n";
        assert!(text.contains(line), "{text}");
        assert_eq!(
            Record::parse(&Record::default().render()).unwrap(),
            Record::default()
        );
    }

    #[test]
    fn odd_records_are_refused() {
        for odd in ["x", "", "version = 2", "version = \"1\""] {
            assert!(Record::parse(odd).is_err(), "{odd}");
        }
        for package in [
            "packages = 1",
            "packages = [1]",
            "[[packages]]",
            "[[packages]]\nname = 'a'\nevery-file = true\nattestation-identities = []",
            "[[packages]]\nname = 'a'\nevery-file = true\nattestation-identities = [{}]",
            "[[packages]]\nname = 'a'\nevery-file = 1\nattestation-identities = [{kind = 'x'}]",
            "[[packages]]\nname = 'a'\nevery-file = true\nattestation-identities = [{kind = 1}]",
        ] {
            let error = Record::parse(&format!("version = 1\n{package}")).unwrap_err();
            assert!(
                matches!(error, RecordError::Package { position: 0 }),
                "{package}"
            );
        }
    }
}
