//! pyproject.toml as far as a wheel needs it, dependencies excepted: `[project]`, `[tool.poetry]` and `[build-system]`.
//!
//! The shapes are those of poetry-core's schemas; keys that a wheel does not depend on are passed over. Tables whose order shows in
//! the wheel keep the order of the document.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::toml_document::TomlDocument;

/// The whole document.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Document {
    #[serde(default)]
    pub(super) project: Standard,
    #[serde(default)]
    pub(super) tool: Tool,
    pub(super) build_system: Option<BuildSystem>,
}

impl Document {
    /// Reads `text`.
    ///
    /// # Errors
    ///
    /// That of the `toml` crate, with its place.
    pub(super) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text).or_else(|error| {
            // A number that does not fit, which nobody reads, is refused as well.
            let document = TomlDocument::parse(text).ok();
            let document = document.and_then(|document| document.into_table().try_into().ok());
            document.ok_or(error)
        })
    }
}

/// `[tool]`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Tool {
    #[serde(default)]
    pub(super) poetry: Poetry,
}

/// `[build-system]` (PEP 518, PEP 517).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct BuildSystem {
    pub(super) build_backend: Option<String>,
    pub(super) backend_path: Option<Vec<String>>,
}

/// `[project]` (PEP 621, PEP 639).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct Standard {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) description: Option<String>,
    pub(super) readme: Option<Readme>,
    pub(super) requires_python: Option<String>,
    pub(super) license: Option<License>,
    pub(super) license_files: Option<Vec<String>>,
    pub(super) authors: Vec<Person>,
    pub(super) maintainers: Vec<Person>,
    pub(super) keywords: Vec<String>,
    pub(super) classifiers: Vec<String>,
    pub(super) urls: Ordered<String>,
    pub(super) scripts: Ordered<String>,
    pub(super) gui_scripts: Ordered<String>,
    pub(super) entry_points: Ordered<Ordered<String>>,
}

/// `project.readme`: a path, or a table.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Readme {
    Path(String),
    Table(ReadmeTable),
}

/// `[project.readme]`: `file` or `text`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ReadmeTable {
    pub(super) file: Option<String>,
    pub(super) text: Option<String>,
    pub(super) content_type: String,
}

/// `project.license`: an expression, or a table of the deprecated form.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum License {
    Expression(String),
    Table {
        text: Option<String>,
        file: Option<String>,
    },
}

/// One of `project.authors` or `project.maintainers`.
#[derive(Debug, Deserialize)]
pub(super) struct Person {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

/// `[tool.poetry]`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct Poetry {
    pub(super) package_mode: Option<bool>,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) description: Option<String>,
    pub(super) keywords: Vec<String>,
    pub(super) homepage: Option<String>,
    pub(super) repository: Option<String>,
    pub(super) documentation: Option<String>,
    pub(super) license: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) maintainers: Vec<String>,
    pub(super) readme: OneOrMany,
    pub(super) classifiers: Vec<String>,
    pub(super) packages: Vec<Package>,
    pub(super) include: Vec<Include>,
    /// Patterns; anything else finds nothing in poetry-core either.
    pub(super) exclude: Vec<toml::Value>,
    pub(super) scripts: Ordered<Script>,
    pub(super) plugins: Ordered<Ordered<String>>,
    pub(super) urls: Ordered<String>,
    pub(super) build: Option<Build>,
}

/// A string or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    /// Returns the strings.
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

/// One of `packages`.
#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub(super) include: String,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) format: Option<OneOrMany>,
}

/// One of `include`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Include {
    /// A path alone is for source distributions.
    Path(#[expect(dead_code, reason = "read to see that it is a string")] String),
    Table {
        path: String,
        format: Option<OneOrMany>,
    },
}

/// One of `scripts`: an entry point, or a table.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Script {
    EntryPoint(String),
    Table {
        reference: Option<String>,
        #[serde(rename = "type")]
        kind: Option<String>,
    },
}

/// `build`: a script, or a table with one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Build {
    Script(String),
    Table { script: Option<String> },
}

impl Build {
    /// Returns the script to run, if there is one.
    pub(super) fn script(&self) -> Option<&str> {
        match self {
            Self::Script(script) => Some(script),
            Self::Table { script } => script.as_deref(),
        }
    }
}

/// A table in the order of the document.
#[derive(Debug)]
pub(super) struct Ordered<T>(pub(super) Vec<(String, T)>);

impl<T> Ordered<T> {
    /// Tells whether the table has no key.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes through keys and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Ordered<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}
