//! Dependencies, from the tables of Poetry and from requirements in standard form.

mod marker;
mod origin;
mod print;

use std::collections::BTreeSet;
use std::path::Path;

use toml::{Table, Value};

use super::{Error, FileSystem};
use crate::marker::Marker;
use crate::name::{ExtraName, PackageName};
use crate::requirement::{Requirement, without_comment};
use crate::source::{Source, are_same};
use crate::version::VersionConstraint;
use marker::table_marker;
use origin::{from_url, table_source};

pub(crate) use print::path_to_url;

/// What a project, a group or a locked package depends on.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The name, normalized.
    pub name: PackageName,
    /// The name as written.
    pub written_name: String,
    /// The extras of the package that are asked for.
    pub extras: BTreeSet<ExtraName>,
    /// The versions that will do.
    pub constraint: VersionConstraint,
    /// The versions as written; those of a requirement in standard form as poetry-core prints them.
    pub written_constraint: String,
    /// The place that the dependency names; paths are absolute.
    pub source: Option<Source>,
    /// The name of the source in `[[tool.poetry.source]]` that the package has to come from.
    pub source_name: Option<String>,
    /// Whether only extras bring it in.
    pub is_optional: bool,
    /// Whether versions before a release will do; `None` when nothing is said.
    pub allows_prereleases: Option<bool>,
    /// Whether it is wanted editable.
    pub is_develop: bool,
    /// The extras of the project that bring it in.
    pub in_extras: Vec<ExtraName>,
    marker: Marker,
}

impl Dependency {
    /// Reads `value`, the constraint of `name` in a table of Poetry or of a lock: a string, or a table that may name a
    /// repository, file, path or address. Relative paths are taken from `root`.
    ///
    /// # Errors
    ///
    /// [`Error::Dependency`] when a constraint, marker or address in it cannot be read.
    pub fn from_toml(
        name: &str,
        value: &Value,
        root: &Path,
        files: &dyn FileSystem,
    ) -> Result<Self, Error> {
        match value {
            Value::Table(table) => Self::from_table(name, &TomlFields(table), root, files),
            Value::String(text) => Self::plain(name, text),
            Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_) => Err(Error::dependency(name, "it must be a version or a table")),
        }
    }

    /// Makes a dependency on the versions `constraint` of `name`.
    ///
    /// # Errors
    ///
    /// [`Error::Dependency`] when `constraint` cannot be read.
    pub fn plain(name: &str, constraint: &str) -> Result<Self, Error> {
        let parsed = VersionConstraint::parse(constraint).map_err(Error::constraint)?;
        Ok(Self::new(name, parsed, constraint.to_owned()))
    }

    fn new(name: &str, constraint: VersionConstraint, written_constraint: String) -> Self {
        Self {
            name: PackageName::new(name),
            written_name: name.to_owned(),
            extras: BTreeSet::new(),
            constraint,
            written_constraint,
            source: None,
            source_name: None,
            is_optional: false,
            allows_prereleases: None,
            is_develop: false,
            in_extras: Vec::new(),
            marker: Marker::any(),
        }
    }

    pub(crate) fn from_table(
        name: &str,
        fields: &dyn Fields,
        root: &Path,
        files: &dyn FileSystem,
    ) -> Result<Self, Error> {
        let source = table_source(name, fields, root, files)?;
        let version = match &source {
            Some(_) => "*",
            None => fields.text("version").unwrap_or("*"),
        };
        let mut dependency = Self::plain(name, version)?;
        // poetry-core forgets `optional` for the `file` form.
        dependency.is_optional =
            fields.flag("optional") == Some(true) && fields.text("file").is_none();
        dependency.allows_prereleases = match &source {
            Some(_) => Some(true),
            None => fields.flag("allow-prereleases"),
        };
        dependency.is_develop = fields.flag("develop") == Some(true);
        dependency.extras = fields.texts("extras").map(ExtraName::new).collect();
        dependency.source = source;
        dependency.source_name = fields.text("source").map(str::to_owned);
        let marker = table_marker(name, fields)?;
        if fields
            .text("markers")
            .is_some_and(|text| text.contains("extra"))
        {
            dependency.set_marker(marker);
        } else {
            dependency.marker = marker;
        }
        Ok(dependency)
    }

    /// Reads a requirement in standard form ([dependency specifiers], PEP 508). Relative paths are taken from `root`.
    ///
    /// [dependency specifiers]: https://packaging.python.org/en/latest/specifications/dependency-specifiers/
    ///
    /// # Errors
    ///
    /// [`Error::Requirement`] when it cannot be read.
    pub fn from_requirement(
        text: &str,
        root: &Path,
        files: &dyn FileSystem,
    ) -> Result<Self, Error> {
        let requirement = Requirement::parse(&without_comment(text))
            .map_err(|error| Error::requirement(text, &error.to_string()))?;
        let mut dependency = if let Some(url) = &requirement.url {
            from_url(&requirement.name, url.as_written(), root, files)
                .ok_or_else(|| Error::requirement(text, "its URL is invalid"))??
        } else {
            // poetry-core keeps what it read, not what was written.
            let written = requirement.constraint.to_string();
            Self::new(&requirement.name, requirement.constraint, written)
        };
        let extras = requirement.extras.iter();
        dependency.extras = extras.map(|extra| ExtraName::new(extra)).collect();
        if !requirement.marker.is_any() {
            dependency.set_marker(requirement.marker);
        }
        Ok(dependency)
    }

    /// Returns the marker.
    pub fn marker(&self) -> &Marker {
        &self.marker
    }

    /// Replaces the marker. One that speaks of extras makes the dependency optional and part of them.
    pub fn set_marker(&mut self, marker: Marker) {
        if marker.to_string().contains("extra ") {
            self.is_optional = true;
        }
        for extra in marker.in_extras() {
            if !self.in_extras.contains(&extra) {
                self.in_extras.push(extra);
            }
        }
        self.marker = marker;
    }

    /// Tells whether `self` and `other` ask for the same, markers aside.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.name == other.name
            && self.extras == other.extras
            && are_same(self.source.as_ref(), other.source.as_ref())
            && (self.constraint == other.constraint || self.is_direct_origin())
    }

    /// Tells whether the package is found without an index.
    pub fn is_direct_origin(&self) -> bool {
        let source = self.source.as_ref();
        source.is_some_and(|source| source.location.is_direct_origin())
    }

    /// Returns the path of a file or folder that the dependency names, absolute.
    pub fn path(&self) -> Option<&Path> {
        self.source.as_ref()?.location.path()
    }
}

/// The fields of a dependency's table, in a pyproject.toml or in a lock.
pub(crate) trait Fields {
    /// Returns the string under `key`.
    fn text(&self, key: &str) -> Option<&str>;
    /// Returns the boolean under `key`.
    fn flag(&self, key: &str) -> Option<bool>;
    /// Returns the strings of the array under `key`.
    fn texts<'a>(&'a self, key: &str) -> Box<dyn Iterator<Item = &'a str> + 'a>;
}

struct TomlFields<'a>(&'a Table);

impl Fields for TomlFields<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.0.get(key)?.as_bool()
    }

    fn texts<'a>(&'a self, key: &str) -> Box<dyn Iterator<Item = &'a str> + 'a> {
        let items = self.0.get(key).and_then(Value::as_array).into_iter();
        Box::new(items.flatten().filter_map(Value::as_str))
    }
}
