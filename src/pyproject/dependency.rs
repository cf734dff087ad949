//! Dependencies, from the tables of Poetry and from requirements in standard form.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use toml::{Table, Value};

use super::git_url::GitUrl;
use super::{Error, FileSystem, PathKind};
use crate::marker::Marker;
use crate::name::{ExtraName, PackageName};
use crate::requirement::{Requirement, without_comment};
use crate::source::{Location, Source, are_same};
use crate::url::{WrittenUrl, percent_decode, percent_encode, shown};
use crate::version::VersionConstraint;

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
    /// The versions as written.
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
            | Value::Array(_) => Err(Error::dependency(name, "a version or a table is wanted")),
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
        let mut dependency = match &requirement.url {
            Some(url) => from_url(&requirement.name, url.as_written(), root, files)
                .ok_or_else(|| Error::requirement(text, "its address cannot be read"))??,
            None => Self::new(
                &requirement.name,
                requirement.constraint,
                requirement.constraint_text,
            ),
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

    /// Describes the dependency as Poetry's messages do, but for credentials: `urllib3 (>=1.21.1,<3)`.
    pub fn describe(&self) -> String {
        match self.address() {
            Some(address) => {
                let name = self.written_complete_name();
                let address = shown(&address);
                format!("{name} ({}) @ {address}", self.written_constraint)
            }
            None => self.requirement(),
        }
    }

    /// Prints the dependency as poetry-core requires it in METADATA, without its marker: `urllib3 (>=1.21.1,<3)` or
    /// `demo[x] @ https://…`.
    pub fn requirement(&self) -> String {
        let name = self.written_complete_name();
        match (self.address(), self.constraint_text()) {
            (Some(address), _) => format!("{name} @ {address}"),
            (None, Some(constraint)) => format!("{name} ({constraint})"),
            (None, None) => name,
        }
    }

    /// Prints the place that the dependency names as requirements have it.
    fn address(&self) -> Option<String> {
        let source = self.source.as_ref()?;
        let address = match &source.location {
            Location::Git(url) => git_address(url, source.reference.as_deref()),
            Location::File(path) | Location::Directory(path) => path_to_url(path),
            Location::Url(url) | Location::Index(url) => url.as_written().to_owned(),
        };
        let subdirectory = source.subdirectory.as_deref().unwrap_or_default();
        match subdirectory {
            "" => Some(address),
            folder => Some(format!("{address}#subdirectory={folder}")),
        }
    }

    fn written_complete_name(&self) -> String {
        if self.extras.is_empty() {
            return self.written_name.clone();
        }
        let extras: Vec<&str> = self.extras.iter().map(ExtraName::as_str).collect();
        format!("{}[{}]", self.written_name, extras.join(","))
    }

    /// Prints the versions as poetry-core writes them in a requirement.
    fn constraint_text(&self) -> Option<String> {
        let constraint = &self.constraint;
        if constraint.is_any() {
            return None;
        }
        if let Some(version) = constraint.as_version() {
            return Some(format!("=={}", version.text()));
        }
        if constraint.intervals().len() < 2 {
            return Some(constraint.to_string().replace(' ', ""));
        }
        if constraint.excluded_version().is_some() || constraint.excludes_single_wildcard() {
            return Some(constraint.to_string());
        }
        let parts = self.written_constraint.split(',');
        let parts: Vec<String> = parts
            .map(|part| match VersionConstraint::parse(part) {
                Ok(part) => part.to_string(),
                Err(_) => part.to_owned(),
            })
            .collect();
        Some(parts.join(","))
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

fn table_source(
    name: &str,
    fields: &dyn Fields,
    root: &Path,
    files: &dyn FileSystem,
) -> Result<Option<Source>, Error> {
    let owned = |key: &str| fields.text(key).map(str::to_owned);
    let subdirectory = owned("subdirectory");
    if let Some(url) = fields.text("git") {
        let url = GitUrl::parse(url)
            .ok_or_else(|| Error::dependency(name, &format!("`{url}` is not a git address")))?;
        let given = owned("branch").or_else(|| owned("tag"));
        let reference = given.or_else(|| owned("rev"));
        return Ok(Some(git_source(&url, reference, subdirectory)));
    }
    if let Some(path) = fields.text("file") {
        let path = full_path(Path::new(path), root, files);
        return Ok(Some(file_source(path, subdirectory)));
    }
    if let Some(path) = fields.text("path") {
        let path = Path::new(path);
        if files.kind(&root.join(path)) == PathKind::File {
            let path = full_path(path, root, files);
            return Ok(Some(file_source(path, subdirectory)));
        }
        let path = path.join(subdirectory.unwrap_or_default());
        let path = full_path(&path, root, files);
        return Ok(Some(Source::at(Location::Directory(path))));
    }
    let Some(url) = fields.text("url") else {
        return Ok(None);
    };
    url_source(url, subdirectory)
        .map(Some)
        .ok_or_else(|| Error::dependency(name, &format!("{url} does not seem like a valid url")))
}

fn git_source(url: &GitUrl, reference: Option<String>, subdirectory: Option<String>) -> Source {
    let reference = reference.filter(|reference| !reference.is_empty());
    Source {
        reference: Some(reference.unwrap_or_else(|| "HEAD".to_owned())),
        subdirectory,
        ..Source::at(Location::Git(WrittenUrl::new(url.url())))
    }
}

fn file_source(path: PathBuf, subdirectory: Option<String>) -> Source {
    Source {
        subdirectory,
        ..Source::at(Location::File(path))
    }
}

fn url_source(url: &str, subdirectory: Option<String>) -> Option<Source> {
    let (scheme, rest) = url.split_once("://")?;
    let host_length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let is_url = !scheme.is_empty() && host_length > 0;
    is_url.then(|| Source {
        subdirectory,
        ..Source::at(Location::Url(WrittenUrl::new(url)))
    })
}

/// Joins `markers`, `python` and `platform`.
fn table_marker(name: &str, fields: &dyn Fields) -> Result<Marker, Error> {
    let invalid = |text: &str| Error::dependency(name, &format!("`{text}` is not a marker"));
    let given = |key| fields.text(key).filter(|text| !text.is_empty());
    let mut marker = match given("markers") {
        Some(text) => Marker::parse(text).map_err(|_| invalid(text))?,
        None => Marker::any(),
    };
    if let Some(text) = given("python") {
        let constraint = VersionConstraint::parse(text).map_err(Error::constraint)?;
        marker = marker.intersect(&Marker::from_python_constraint(&constraint));
    }
    if let Some(text) = given("platform") {
        let platform = Marker::parse(&platform_marker(text)).map_err(|_| invalid(text))?;
        marker = marker.intersect(&platform);
    }
    Ok(marker)
}

/// Writes `platform`, such as `linux || darwin` or `!=win32`, as a marker.
fn platform_marker(platform: &str) -> String {
    if platform == "*" {
        return String::new();
    }
    let alternatives = platform.split('|').filter(|part| !part.is_empty());
    let alternatives = alternatives.map(|alternative| {
        let parts = alternative.split(',').map(str::trim).map(|part| {
            let (operator, value) = match part.strip_prefix("!=") {
                Some(value) => ("!=", value),
                None => ("==", part.trim_start_matches('=')),
            };
            format!("sys_platform {operator} \"{}\"", value.trim())
        });
        parts.collect::<Vec<_>>().join(" and ")
    });
    alternatives.collect::<Vec<_>>().join(" or ")
}

/// Makes `path` absolute. Only a relative one is resolved, links and all, as poetry-core does.
fn full_path(path: &Path, root: &Path, files: &dyn FileSystem) -> PathBuf {
    if path.is_absolute() {
        return path.components().collect();
    }
    files.resolve(&root.join(path))
}

/// Reads `name @ url`; `None` when the address has no form that Poetry knows.
fn from_url(
    name: &str,
    url: &str,
    root: &Path,
    files: &dyn FileSystem,
) -> Option<Result<Dependency, Error>> {
    let scheme = url_scheme(url);
    let without_fragment = url.split('#').next().unwrap_or(url);
    let wheel = wheel_name_and_version(without_fragment);
    let (name, version) = match &wheel {
        Some((wheel_name, version)) => (wheel_name.as_str(), version.as_str()),
        None => (name, "*"),
    };
    let subdirectory = fragment_subdirectory(url);
    let source = match scheme.as_str() {
        "git" => git_source(&GitUrl::parse(without_fragment)?, None, None),
        "http" | "https" => url_source(without_fragment, subdirectory)?,
        "file" => {
            let path = file_url_to_path(without_fragment)?;
            guessed_path_source(&path, root, subdirectory, files)
        }
        scheme if scheme.starts_with("git+") => {
            let git = GitUrl::parse(url)?;
            git_source(&git, git.revision.clone(), git.subdirectory.clone())
        }
        _ => guessed_path_source(Path::new(url), root, None, files),
    };
    let dependency = Dependency::plain(name, version).map(|mut dependency| {
        dependency.source = Some(source);
        dependency.written_constraint = String::from("*");
        dependency.allows_prereleases = Some(true);
        dependency
    });
    Some(dependency)
}

/// Takes a path for a file or a folder by what is there, or else by whether its name has a suffix.
fn guessed_path_source(
    path: &Path,
    root: &Path,
    subdirectory: Option<String>,
    files: &dyn FileSystem,
) -> Source {
    let is_file = match files.kind(&root.join(path)) {
        PathKind::File => true,
        PathKind::Directory => false,
        PathKind::Missing => path.extension().is_some_and(|suffix| !suffix.is_empty()),
    };
    if is_file {
        return file_source(full_path(path, root, files), subdirectory);
    }
    let path = path.join(subdirectory.unwrap_or_default());
    Source::at(Location::Directory(full_path(&path, root, files)))
}

fn url_scheme(url: &str) -> String {
    let Some((scheme, _)) = url.split_once(':') else {
        return String::new();
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if is_scheme {
        scheme.to_ascii_lowercase()
    } else {
        String::new()
    }
}

fn fragment_subdirectory(url: &str) -> Option<String> {
    let (_, rest) = url
        .split_once("#subdirectory=")
        .or_else(|| url.split_once("&subdirectory="))?;
    rest.split('&').next().map(str::to_owned)
}

fn file_url_to_path(url: &str) -> Option<PathBuf> {
    let rest = url.split_once(':')?.1;
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let host_length = rest.find('/').unwrap_or(rest.len());
            let (host, path) = rest.split_at(host_length);
            if !host.is_empty() && host != "localhost" {
                return None;
            }
            path
        }
        None => rest,
    };
    Some(PathBuf::from(percent_decode(path)))
}

/// Reads name and version off the last part of an address that ends in `.whl`.
fn wheel_name_and_version(url: &str) -> Option<(String, String)> {
    let path = url.split('?').next().unwrap_or(url);
    let file = percent_decode(path.trim_end_matches('/').rsplit('/').next()?);
    let stem = file.strip_suffix(".whl")?;
    let mut parts = stem.split('-');
    let name = parts.next()?.to_owned();
    let version = parts.next()?.to_owned();
    Some((name, version))
}

/// Prints the address of a git source as requirements have it, with the revision that was asked for.
fn git_address(url: &WrittenUrl, reference: Option<&str>) -> String {
    let address = format!("git+{}", url.as_written());
    match reference.filter(|name| *name != "HEAD") {
        Some(reference) => format!("{address}@{reference}"),
        None => address,
    }
}

/// Prints an absolute path as a `file://` address, quoted as Python's `Path.as_uri` does.
pub(crate) fn path_to_url(path: &Path) -> String {
    let names = path
        .components()
        .filter(|component| *component != Component::RootDir);
    let encoded = names.map(|name| percent_encode(name.as_os_str().as_encoded_bytes()));
    format!("file:///{}", encoded.collect::<Vec<_>>().join("/"))
}
