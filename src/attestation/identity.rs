//! Who published a file, without what changes from release to release.

use std::collections::BTreeMap;
use std::fmt;

/// A publisher as a certificate proves it, such as a workflow of a repository.
///
/// Its fields are those of `attestation-identities` in [pylock.toml], and where the certificate has them `repository_id` and
/// `owner_id`, the numbers that stay with a repository and its owner: a name that was given up and taken by somebody else has
/// others. Neither a version nor a tag, branch or commit is part of it.
///
/// [pylock.toml]: https://packaging.python.org/en/latest/specifications/pylock-toml/
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity(BTreeMap<String, String>);

impl Identity {
    /// Makes one of its kind, such as `GitHub`, and its other fields.
    pub(super) fn new<const N: usize>(kind: &str, fields: [(&str, Option<&str>); N]) -> Self {
        let fields = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        let fields = [("kind", kind)].into_iter().chain(fields);
        Self(
            fields
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// Makes one of its fields; `None` without a kind.
    pub(super) fn from_fields(fields: BTreeMap<String, String>) -> Option<Self> {
        fields.contains_key("kind").then_some(Self(fields))
    }

    /// Returns its fields by name, `kind` among them.
    pub fn fields(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

impl fmt::Display for Identity {
    /// Prints the kind, then the other fields.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.0.get("kind").map_or("", String::as_str);
        formatter.write_str(kind)?;
        for (name, value) in self.0.iter().filter(|(name, _)| *name != "kind") {
            write!(formatter, " {name}={value}")?;
        }
        Ok(())
    }
}
