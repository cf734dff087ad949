//! Reading the packages of a lock.

use std::collections::HashMap;
use std::path::Path;

use super::error::PackageFault;
use super::text::Text;
use super::toml_tree::{Table, Value};
use super::{File, Package};
use crate::marker::Marker;
use crate::name::{GroupName, PackageName};
use crate::pyproject::{Dependency, FileSystem, GitUrl};
use crate::source::{Location, Source};
use crate::url::WrittenUrl;
use crate::version::{Version, VersionConstraint};

/// The files that locks before version 2.0 keep in `[metadata.files]`, and the oldest as bare hashes in `[metadata.hashes]`.
pub(super) struct MetadataFiles<'a> {
    hashes: Option<HashMap<&'a str, &'a Value<'a>>>,
    pub(super) files: HashMap<&'a str, &'a Value<'a>>,
}

impl<'a> MetadataFiles<'a> {
    pub(super) fn new(metadata: &'a Table<'a>) -> Self {
        let entries = |key: &str| Some(metadata.get(key)?.as_table()?.iter().collect());
        Self {
            hashes: entries("hashes"),
            files: entries("files").unwrap_or_default(),
        }
    }
}

pub(super) struct PackageReader<'a> {
    pub(super) text: &'a Text,
    pub(super) metadata: MetadataFiles<'a>,
    pub(super) has_groups: bool,
    pub(super) root: &'a Path,
    pub(super) files: &'a dyn FileSystem,
    pub(super) constraints: HashMap<&'a str, VersionConstraint>,
    pub(super) markers: HashMap<&'a str, Marker>,
    /// What extras of packages bring in, by its text: half of it occurs more than once.
    pub(super) of_extras: HashMap<&'a str, Dependency>,
}

impl<'a> PackageReader<'a> {
    pub(super) fn read(&mut self, table: &'a Table<'a>) -> Result<Package, PackageFault> {
        let text = |key: &'static str| {
            let value = table.get(key).and_then(Value::as_str);
            value.ok_or(PackageFault::Field(key))
        };
        let written_name = text("name")?;
        let version = text("version")?;
        let version =
            Version::parse(version).map_err(|_| PackageFault::Version(version.to_owned()))?;
        let source = read_source(table)?;
        let resolved_source = match &source {
            Some(source) => Some(self.resolve(source)?),
            None => None,
        };
        let python_versions = text("python-versions")?;
        let optional = table.get("optional").and_then(Value::as_bool);
        let mut package = Package {
            name: PackageName::new(written_name),
            written_name: written_name.to_owned(),
            version,
            files: self.package_files(table, written_name, resolved_source.as_ref())?,
            source,
            python_constraint: self.constraint(python_versions)?,
            python_versions: python_versions.to_owned(),
            is_optional: optional.ok_or(PackageFault::Field("optional"))?,
            is_develop: table.get("develop").and_then(Value::as_bool) == Some(true),
            groups: Vec::new(),
            requires: Vec::new(),
            extras: Vec::new(),
            resolved_source,
        };
        if self.has_groups {
            package.groups = self.groups(table)?;
        } else {
            package.extras = self.extras(table)?;
            package.requires = self.requires(table, package.resolved_source.as_ref())?;
        }
        Ok(package)
    }

    pub(super) fn resolve(&self, source: &Source) -> Result<Source, PackageFault> {
        let full = |path: &Path| self.files.resolve(&self.root.join(path));
        let location = match &source.location {
            Location::Git(url) => {
                let parsed = GitUrl::parse(url.as_written());
                let parsed = parsed.ok_or_else(|| PackageFault::GitUrl(url.clone()))?;
                Location::Git(WrittenUrl::new(parsed.url()))
            }
            Location::File(path) => Location::File(full(path)),
            Location::Directory(path) => Location::Directory(full(path)),
            Location::Index(_) | Location::Url(_) => source.location.clone(),
        };
        Ok(Source {
            location,
            ..source.clone()
        })
    }

    pub(super) fn constraint(&mut self, text: &'a str) -> Result<VersionConstraint, PackageFault> {
        if let Some(constraint) = self.constraints.get(text) {
            return Ok(constraint.clone());
        }
        let invalid = || PackageFault::PythonVersions(text.to_owned());
        let constraint = VersionConstraint::parse_marker(text).map_err(|_| invalid())?;
        if constraint.is_empty() {
            return Err(invalid());
        }
        self.constraints.insert(text, constraint.clone());
        Ok(constraint)
    }

    pub(super) fn marker(&mut self, text: &'a str) -> Result<Marker, PackageFault> {
        if text == "*" {
            return Ok(Marker::any());
        }
        if let Some(marker) = self.markers.get(text) {
            return Ok(marker.clone());
        }
        let marker = Marker::parse(text).map_err(|_| PackageFault::Marker(text.to_owned()))?;
        self.markers.insert(text, marker.clone());
        Ok(marker)
    }

    pub(super) fn groups(
        &mut self,
        table: &'a Table<'a>,
    ) -> Result<Vec<(GroupName, Marker)>, PackageFault> {
        let groups = table.get("groups").and_then(Value::as_array);
        let groups = groups.ok_or(PackageFault::Field("groups"))?;
        let markers = table.get("markers");
        let mut read = Vec::with_capacity(groups.len());
        for group in groups.iter().filter_map(Value::as_str) {
            let text = match markers {
                Some(Value::String(text)) => text,
                Some(Value::Table(markers)) => {
                    markers.get(group).and_then(Value::as_str).unwrap_or("*")
                }
                Some(_) => return Err(PackageFault::Field("markers")),
                None => "*",
            };
            read.push((GroupName::new(group), self.marker(text)?));
        }
        Ok(read)
    }

    fn package_files(
        &self,
        table: &'a Table<'a>,
        name: &str,
        source: Option<&Source>,
    ) -> Result<Vec<File>, PackageFault> {
        if let Some(files) = table.get("files") {
            return self.read_files(files);
        }
        if let Some(hashes) = &self.metadata.hashes {
            let hashes = hashes.get(name).ok_or(PackageFault::Field("files"))?;
            let files = hashes.texts().map(|hash| self.file(hash, hash));
            return Ok(files.collect());
        }
        let location = source.map(|source| &source.location);
        if let Some(Location::Git(_) | Location::Directory(_) | Location::Url(_)) = location {
            return Ok(Vec::new());
        }
        let files = self
            .metadata
            .files
            .get(name)
            .ok_or(PackageFault::Field("files"))?;
        let mut files = self.read_files(files)?;
        if let Some(Location::File(path)) = location {
            let name = path.file_name();
            files.retain(|file| Some(file.name.as_str().as_ref()) == name);
        }
        Ok(files)
    }

    fn read_files(&self, files: &Value<'_>) -> Result<Vec<File>, PackageFault> {
        if let Value::Files(files) = files {
            let files = files.iter().map(|file| self.file(file.name, file.hash));
            return Ok(files.collect());
        }
        let items = files.as_array().ok_or(PackageFault::Field("files"))?;
        let file = |item: &Value<'_>| {
            let text = |key| item.as_table()?.get(key)?.as_str();
            Some(self.file(text("file")?, text("hash")?))
        };
        let files = items
            .iter()
            .map(|item| file(item).ok_or(PackageFault::Field("files")));
        files.collect()
    }

    pub(super) fn file(&self, name: &str, hash: &str) -> File {
        File {
            name: self.text.cut(name),
            hash: self.text.cut(hash),
        }
    }
}

fn read_source(table: &Table<'_>) -> Result<Option<Source>, PackageFault> {
    let source = table.get("source").and_then(Value::as_table);
    let Some(source) = source.filter(|source| source.iter().next().is_some()) else {
        return Ok(None);
    };
    let text = |key: &str| source.get(key).and_then(Value::as_str).map(str::to_owned);
    let kind = text("type").ok_or(PackageFault::Field("source"))?;
    let url = source.get("url").and_then(Value::as_str);
    let location = Location::from_words(&kind, url.ok_or(PackageFault::Field("source"))?);
    Ok(Some(Source {
        location: location.ok_or(PackageFault::SourceType(kind))?,
        reference: text("reference"),
        resolved_reference: text("resolved_reference"),
        subdirectory: text("subdirectory"),
    }))
}
