//! pyproject.toml, in both dialects: `[tool.poetry]`, and `[project]` with `[dependency-groups]`.
//!
//! The two are read into one shape as poetry-core and Poetry read them ([pyproject.toml specification], PEP 621, 735), with
//! the same faults refused: what would stop Poetry stops us. Metadata that only a built wheel needs is left to whoever builds;
//! the whole document is kept for that.
//!
//! Reading a path dependency asks the disk whether a file or a folder is there, through [`FileSystem`].
//!
//! [pyproject.toml specification]: https://packaging.python.org/en/latest/specifications/pyproject-toml/

mod content_hash;
mod dependency;
mod git_url;
mod group;
mod schema;
mod sources;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::name::{ExtraName, GroupName, PackageName};
use crate::requirement::Requirement;
use crate::source::{Location, Source};
use crate::toml_document::TomlDocument;
use crate::url::shown;
use crate::version::{self, Version, VersionConstraint};

pub use dependency::Dependency;
pub(crate) use dependency::{Fields, path_to_url};
pub(crate) use git_url::GitUrl;
pub use group::{Group, MAIN};
pub use sources::{Priority, ProjectSource};

/// The version of Poetry whose behaviour is followed.
pub const POETRY_VERSION: &str = "2.5.1";

/// Any of these makes a folder a project.
const PROJECT_FILES: [&str; 3] = ["pyproject.toml", "setup.py", "setup.cfg"];

/// What `*` means as the Python constraint of a project.
const ANY_PYTHON: &str = "~2.7 || >=3.4";

/// What documents ask of the disk.
pub trait FileSystem {
    /// Tells what stands at `path`, links followed.
    fn kind(&self, path: &Path) -> PathKind;

    /// Makes `path` absolute and resolves its links, as far as it exists.
    fn resolve(&self, path: &Path) -> PathBuf;
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// Nothing.
    Missing,
    /// A file.
    File,
    /// A folder.
    Directory,
}

/// What a pyproject.toml says about dependencies.
#[derive(Clone, Debug)]
pub struct Project {
    /// The name, normalized; `non-package-mode` where a project that is no package has none.
    pub name: PackageName,
    /// The version; `0` where a project that is no package has none.
    pub version: Version,
    /// Whether the project is a package that can be built and installed (`package-mode`).
    pub is_package: bool,
    /// The Pythons it supports, as written; `*` when nothing is said.
    pub python_versions: String,
    /// The Pythons it supports.
    pub python_constraint: VersionConstraint,
    /// The groups, in the order in which Poetry creates them.
    pub groups: Vec<Group>,
    /// The names of the packages that each extra brings in.
    pub extras: BTreeMap<ExtraName, Vec<PackageName>>,
    /// The package sources, the first asked first. Never empty.
    pub sources: Vec<ProjectSource>,
    /// What Poetry warns of when it reads the file.
    pub warnings: Vec<Warning>,
    /// The whole document.
    pub document: TomlDocument,
    /// The folder of the file, absolute.
    pub root: PathBuf,
}

/// What is wrong with a pyproject.toml, but does not stop anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// `[tool.poetry.dev-dependencies]` is used.
    #[error(
        "The \"poetry.dev-dependencies\" section is deprecated and will be removed in a future version. Use \"poetry.group.dev.dependencies\" instead."
    )]
    DevDependencies,
    /// A path dependency is not what it should be.
    #[error("{}", path_warning(*fault, path, name))]
    Path {
        /// What is wrong with it.
        fault: PathFault,
        /// The path, absolute.
        path: PathBuf,
        /// The name of the dependency, as written.
        name: String,
    },
}

/// What is wrong with a path dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathFault {
    /// It is not there.
    Missing,
    /// A folder stands where a file should.
    NotAFile,
    /// A file stands where a folder should.
    NotADirectory,
    /// The folder holds no pyproject.toml, setup.py or setup.cfg.
    NotAProject,
}

fn path_warning(fault: PathFault, path: &Path, name: &str) -> String {
    let path = path.display();
    match fault {
        PathFault::Missing => format!("Path {path} for {name} does not exist"),
        PathFault::NotAFile => format!("{path} for {name} is a directory, expected a file"),
        PathFault::NotADirectory => format!("{path} for {name} is a file, expected a directory"),
        PathFault::NotAProject => {
            format!("Directory {path} for {name} does not seem to be a Python package")
        }
    }
}

impl Warning {
    /// Returns what Poetry says of a dependency or locked package `name` from `source`, when that is a path and not what it
    /// should be.
    pub fn of_path(name: &str, source: Option<&Source>, files: &dyn FileSystem) -> Option<Self> {
        let location = &source?.location;
        let path = location.path()?;
        let is_file = matches!(location, Location::File(_));
        let fault = match (is_file, files.kind(path)) {
            (true, PathKind::File) => return None,
            (_, PathKind::Missing) => PathFault::Missing,
            (true, PathKind::Directory) => PathFault::NotAFile,
            (false, PathKind::File) => PathFault::NotADirectory,
            (false, PathKind::Directory) => {
                let is_there = |file: &str| files.kind(&path.join(file)) != PathKind::Missing;
                if PROJECT_FILES.iter().any(|file| is_there(file)) {
                    return None;
                }
                PathFault::NotAProject
            }
        };
        Some(Self::Path {
            fault,
            path: path.to_owned(),
            name: name.to_owned(),
        })
    }
}

/// Why a pyproject.toml could not be read. The text is Poetry's where Poetry has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not TOML.
    #[error("pyproject.toml is not valid TOML: line {line}, column {column}: {message}")]
    Toml {
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What the TOML reader says.
        message: String,
    },
    /// A merge left its conflict markers.
    #[error("pyproject.toml has a merge conflict: line {line}, column 1")]
    MergeConflict {
        /// The line of the first marker, from 1.
        line: usize,
    },
    /// The project wants another Poetry.
    #[error("This project requires Poetry {0}, but you are using Poetry {POETRY_VERSION}")]
    RequiresPoetry(String),
    /// Values have the wrong shape.
    #[error("The Poetry configuration is invalid:\n{}", list(faults))]
    Invalid {
        /// The faults.
        faults: Vec<String>,
    },
    /// The project's version is not one.
    #[error("Invalid version '{version}' on package {name}")]
    Version {
        /// What stands there.
        version: String,
        /// The project.
        name: PackageName,
    },
    /// A version constraint cannot be read.
    #[error("Could not parse version constraint: {0}")]
    Constraint(String),
    /// A requirement in standard form cannot be read.
    #[error("the requirement `{requirement}` is invalid: {reason}")]
    Requirement {
        /// The requirement.
        requirement: String,
        /// What is wrong.
        reason: String,
    },
    /// A dependency cannot be read.
    #[error("the dependency `{name}` is invalid: {reason}")]
    Dependency {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// `[tool.poetry.dependencies.python]` allows what `requires-python` does not.
    #[error(
        "The Python constraint in [tool.poetry.dependencies] \"{python}\" is not a subset of \"requires-python\" in [project] \"{requires_python}\""
    )]
    PythonNotSubset {
        /// The former.
        python: String,
        /// The latter.
        requires_python: String,
    },
    /// No Python satisfies the project's constraint.
    #[error("no Python satisfies the constraint `{0}` of the project")]
    NoPython(String),
    /// A group includes one that is not there.
    #[error("Group '{group}' includes group '{included}' which is not defined.")]
    UnknownInclude {
        /// The group.
        group: String,
        /// The one that is not there.
        included: String,
    },
    /// A group includes another twice.
    #[error("Dependency group {0} is already included")]
    IncludedTwice(String),
    /// `[project]` and `[tool.poetry]` name different places for one dependency.
    #[error("Cannot enrich dependency with different sources: {standard} and {poetry}")]
    DifferentSources {
        /// The dependency in `[project]`.
        standard: String,
        /// The dependency in `[tool.poetry]`.
        poetry: String,
    },
    /// No version satisfies both `[project]` and `[tool.poetry]`.
    #[error("Cannot enrich dependency with incompatible constraints: {standard} and {poetry}")]
    IncompatibleConstraints {
        /// The dependency in `[project]`.
        standard: String,
        /// The dependency in `[tool.poetry]`.
        poetry: String,
    },
    /// Two sources have one name.
    #[error("A repository with name {0} was already added.")]
    DuplicateSource(String),
    /// PyPI was given an address.
    #[error("The PyPI repository cannot be configured with a custom url.")]
    PypiWithUrl,
    /// A source has no address.
    #[error("Missing [url] in source '{0}'.")]
    SourceWithoutUrl(String),
    /// No source is ever asked.
    #[error("At least one source must not be configured as 'explicit'.")]
    OnlyExplicitSources,
    /// The license file is not there.
    #[error("Poetry: license file '{}' not found", .0.display())]
    LicenseFile(PathBuf),
    /// Another rule of poetry-core about metadata is broken.
    #[error("{0}")]
    Metadata(MetadataFault),
}

/// A rule about metadata that poetry-core checks while it reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataFault {
    /// `license` is a table and `license-files` is there as well.
    #[error("[project.license] must be of type string if [project.license-files] is defined.")]
    LicenseTable,
    /// An entry of `license-files` has a backslash.
    #[error(
        "Invalid entry in [project.license-files]: '{0}' (Path delimiters must be forward slashes.)"
    )]
    LicenseBackslash(String),
    /// An entry of `license-files` leaves its folder.
    #[error("Invalid entry in [project.license-files]: '{0}' ('..' must not be used.)")]
    LicenseParent(String),
    /// A group of entry points has a reserved name.
    #[error("Group '{0}' is reserved and cannot be used as a custom entry-point group.")]
    ReservedEntryPoints(String),
}

fn list(faults: &[String]) -> String {
    let lines: Vec<String> = faults
        .iter()
        .map(|fault| format!("  - {fault}\n"))
        .collect();
    lines.concat()
}

impl Error {
    fn dependency(name: &str, reason: &str) -> Self {
        Self::Dependency {
            name: name.to_owned(),
            reason: shown(reason),
        }
    }

    fn constraint(error: version::Error) -> Self {
        match error {
            version::Error::InvalidConstraint { text }
            | version::Error::InvalidVersion { text } => Self::Constraint(shown(&text)),
            version::Error::TooLong { .. } => Self::Constraint(error.to_string()),
        }
    }

    fn requirement(requirement: &str, reason: &str) -> Self {
        Self::Requirement {
            requirement: shown(requirement),
            reason: shown(reason),
        }
    }
}

impl Project {
    /// Reads `text`, the pyproject.toml of the folder `root` (absolute).
    ///
    /// # Errors
    ///
    /// Whatever stops Poetry: see [`Error`].
    pub fn parse(text: &str, root: &Path, files: &dyn FileSystem) -> Result<Self, Error> {
        Self::parse_warning(text, root, files, &mut Vec::new())
    }

    /// Reads `text` as [`Project::parse`] does, and adds to `warnings` what Poetry warns of, which it does even if it then fails.
    ///
    /// # Errors
    ///
    /// Whatever stops Poetry: see [`Error`].
    pub fn parse_warning(
        text: &str,
        root: &Path,
        files: &dyn FileSystem,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self, Error> {
        let parsed = TomlDocument::parse(text).map_err(|error| toml_error(text, &error))?;
        let document = parsed.table();
        let empty = Table::new();
        let tool = document.get("tool").and_then(Value::as_table);
        let tool_poetry = match tool.and_then(|tool| tool.get("poetry")) {
            Some(Value::Table(table)) => table,
            _ => &empty,
        };
        check_requires_poetry(tool_poetry)?;
        check(document, tool_poetry)?;
        let reader = Reader {
            project: document
                .get("project")
                .and_then(Value::as_table)
                .unwrap_or(&empty),
            groups: table_of(document, "dependency-groups").unwrap_or(&empty),
            tool_poetry,
            root,
            files,
            warnings: RefCell::default(),
        };
        let project = reader.read();
        warnings.append(&mut reader.warnings.take());
        let mut project = project?;
        project.warnings.clone_from(warnings);
        project.document = parsed;
        Ok(project)
    }

    /// Finds a group by its name.
    pub fn group(&self, name: &GroupName) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == *name)
    }

    /// Returns what the groups `names` depend on, as Poetry locks it: group by group in the order of the project, each with
    /// what it includes.
    ///
    /// # Errors
    ///
    /// [`Error::DifferentSources`] and [`Error::IncompatibleConstraints`] when `[tool.poetry]` contradicts `[project]`.
    pub fn requirements(&self, names: &BTreeSet<GroupName>) -> Result<Vec<Dependency>, Error> {
        let mut requirements = Vec::new();
        for group in self
            .groups
            .iter()
            .filter(|group| names.contains(&group.name))
        {
            self.add_requirements(group, &mut requirements)?;
        }
        Ok(requirements)
    }

    /// The groups that are included cannot form a circle: [`Project::parse`] refuses that.
    fn add_requirements(
        &self,
        group: &Group,
        requirements: &mut Vec<Dependency>,
    ) -> Result<(), Error> {
        requirements.extend(group.dependencies_for_locking()?);
        let included = group.includes.iter().filter_map(|name| self.group(name));
        for group in included {
            self.add_requirements(group, requirements)?;
        }
        Ok(())
    }

    /// Computes the content hash that a lock of this project bears, as the current Poetry computes it; `None` when a date
    /// stands where no hash can be made of it.
    pub fn content_hash(&self) -> Option<String> {
        content_hash::compute(self.document.table(), content_hash::Groups::Hashed)
    }

    /// Computes the content hash as Poetry did before 2.3.0, which left `[dependency-groups]` out.
    pub fn content_hash_without_groups(&self) -> Option<String> {
        content_hash::compute(self.document.table(), content_hash::Groups::LeftOut)
    }
}

fn toml_error(text: &str, error: &toml::de::Error) -> Error {
    let (line, column) = position(text, error.span().map_or(0, |span| span.start));
    if let Some(line) = merge_conflict(text, line) {
        return Error::MergeConflict { line };
    }
    Error::Toml {
        line,
        column,
        message: error.message().to_owned(),
    }
}

/// Returns the line of the first marker of a merge conflict, if it is not behind `line`; both from 1.
pub(crate) fn merge_conflict(text: &str, line: usize) -> Option<usize> {
    let mut lines = text.lines().take(line);
    let is_marker = |line: &str| {
        let signs = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];
        let rest = signs.iter().find_map(|sign| line.strip_prefix(sign));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    Some(lines.position(is_marker)? + 1)
}

/// Returns line and column of the byte `at`, both from 1, columns in characters.
pub(crate) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |index| index + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

fn table_of<'a>(parent: &'a Table, key: &str) -> Option<&'a Table> {
    parent.get(key).and_then(Value::as_table)
}

fn check_requires_poetry(tool_poetry: &Table) -> Result<(), Error> {
    let wanted = tool_poetry.get("requires-poetry").and_then(Value::as_str);
    let Some(text) = wanted.filter(|text| !text.is_empty()) else {
        return Ok(());
    };
    let constraint = VersionConstraint::parse(text).map_err(Error::constraint)?;
    let is_allowed = Version::parse(POETRY_VERSION).is_ok_and(|ours| constraint.allows(&ours));
    if is_allowed {
        return Ok(());
    }
    Err(Error::RequiresPoetry(constraint.to_string()))
}

/// Checks shapes, groups and names, and tells all faults at once, as Poetry does.
fn check(document: &Table, tool_poetry: &Table) -> Result<(), Error> {
    let mut faults = Vec::new();
    let is_table = |parent: &Table, key: &str| parent.get(key).is_none_or(Value::is_table);
    let tool = table_of(document, "tool");
    if !is_table(document, "tool") || !tool.is_none_or(|tool| is_table(tool, "poetry")) {
        faults.push("data must be object".to_owned());
        return Err(Error::Invalid { faults });
    }
    faults.extend(schema::faults(document, tool_poetry));
    let project = table_of(document, "project");
    let text = |key: &str| {
        let of_project = project.and_then(|project| project.get(key));
        let given = of_project.into_iter().chain(tool_poetry.get(key));
        given
            .filter_map(Value::as_str)
            .find(|text| !text.is_empty())
    };
    if tool_poetry.get("package-mode").and_then(Value::as_bool) != Some(false) {
        for key in ["name", "version"] {
            if text(key).is_none() {
                faults.push(format!(
                    "Either [project.{key}] or [tool.poetry.{key}] is required in package mode."
                ));
            }
        }
    }
    faults.extend(group_faults(document, tool_poetry));
    faults.extend(schema::poetry_faults(tool_poetry));
    if let Some(name) = text("name")
        && depends_on(tool_poetry, &PackageName::new(name))
    {
        faults.push(format!(
            "Project name ({name}) is same as one of its dependencies"
        ));
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::Invalid { faults })
}

fn depends_on(tool_poetry: &Table, name: &PackageName) -> bool {
    let groups = table_of(tool_poetry, "group").into_iter();
    let groups = groups.flat_map(Table::values).filter_map(Value::as_table);
    let of_groups = groups.filter_map(|group| table_of(group, "dependencies"));
    let sections = ["dependencies", "dev-dependencies"].into_iter();
    let mut sections = sections
        .filter_map(|key| table_of(tool_poetry, key))
        .chain(of_groups);
    sections.any(|section| section.keys().any(|key| PackageName::new(key) == *name))
}

/// Finds groups that are one after normalization, and groups that include themselves.
fn group_faults(document: &Table, tool_poetry: &Table) -> Vec<String> {
    let mut names: Vec<(GroupName, BTreeSet<&str>)> = Vec::new();
    let mut includes: Vec<(GroupName, Vec<GroupName>)> = Vec::new();
    let standard = table_of(document, "dependency-groups")
        .into_iter()
        .flatten();
    let poetry = table_of(tool_poetry, "group").into_iter().flatten();
    for (name, value) in standard.chain(poetry) {
        let normal = GroupName::new(name);
        match names.iter_mut().find(|(other, _)| *other == normal) {
            Some((_, written)) => {
                written.insert(name);
            }
            None => names.push((normal.clone(), BTreeSet::from([name.as_str()]))),
        }
        let included = included_groups(value).map(GroupName::new);
        match includes.iter_mut().find(|(other, _)| *other == normal) {
            Some((_, groups)) => groups.extend(included),
            None => includes.push((normal, included.collect())),
        }
    }
    let duplicates = names.iter().filter(|(_, written)| written.len() > 1);
    let mut faults: Vec<String> = duplicates
        .map(|(name, written)| {
            let written: Vec<&str> = written.iter().copied().collect();
            let written = written.join(", ");
            format!("Duplicate dependency group name after normalization: {name} ({written})")
        })
        .collect();
    for (root, _) in &includes {
        faults.extend(circles(root, &includes));
    }
    faults
}

/// Returns the groups that a group of either dialect includes, as written.
fn included_groups(group: &Value) -> impl Iterator<Item = &str> {
    let items = group.as_array().into_iter().flatten();
    let standard = items.filter_map(|item| item.get("include-group")?.as_str());
    let included = group.get("include-groups").and_then(Value::as_array);
    let poetry = included.into_iter().flatten().filter_map(Value::as_str);
    standard.chain(poetry)
}

fn circles(root: &GroupName, includes: &[(GroupName, Vec<GroupName>)]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut stack = vec![vec![root]];
    while let Some(path) = stack.pop() {
        let last = path.last().copied().unwrap_or(root);
        let entry = includes.iter().find(|(name, _)| name == last);
        for include in entry.into_iter().flat_map(|(_, groups)| groups) {
            if path.contains(&include) {
                let steps = path[1..].iter().copied().chain([include]);
                let steps: Vec<&str> = steps.map(GroupName::as_str).collect();
                let steps = steps.join(" -> ");
                faults.push(format!(
                    "Cyclic dependency group include in {root}: {steps}"
                ));
            } else {
                let mut path = path.clone();
                path.push(include);
                stack.push(path);
            }
        }
    }
    faults
}

/// The parts of a document whose shape is known to be right.
struct Reader<'a> {
    project: &'a Table,
    groups: &'a Table,
    tool_poetry: &'a Table,
    root: &'a Path,
    files: &'a dyn FileSystem,
    warnings: RefCell<Vec<Warning>>,
}

impl Reader<'_> {
    fn read(&self) -> Result<Project, Error> {
        if self.tool_poetry.contains_key("dev-dependencies") {
            self.warn(Warning::DevDependencies);
        }
        let name = self.first_text("name").unwrap_or("non-package-mode");
        let version = self.first_text("version").unwrap_or("0");
        let name = PackageName::new(name);
        let parsed = Version::parse(version).map_err(|_| Error::Version {
            version: version.to_owned(),
            name: name.clone(),
        })?;
        self.check_metadata()?;
        let (python_versions, python_constraint) = self.python()?;
        let groups = self.groups()?;
        let mut project = Project {
            name,
            version: parsed,
            is_package: self
                .tool_poetry
                .get("package-mode")
                .and_then(Value::as_bool)
                != Some(false),
            python_versions,
            python_constraint,
            extras: self.extras(&groups),
            groups,
            sources: Vec::new(),
            warnings: Vec::new(),
            document: TomlDocument::default(),
            root: self.root.to_owned(),
        };
        self.check_build_constraints()?;
        project.sources = sources::read(self.tool_poetry)?;
        Ok(project)
    }

    fn first_text(&self, key: &str) -> Option<&str> {
        let given = self
            .project
            .get(key)
            .into_iter()
            .chain(self.tool_poetry.get(key));
        given
            .filter_map(Value::as_str)
            .find(|text| !text.is_empty())
    }

    /// Checks what poetry-core checks of metadata while it reads, beyond its schemas.
    fn check_metadata(&self) -> Result<(), Error> {
        let files = self.project.get("license-files").and_then(Value::as_array);
        if let Some(license) = table_of(self.project, "license") {
            if files.is_some() {
                return Err(Error::Metadata(MetadataFault::LicenseTable));
            }
            let text = |key: &str| license.get(key).and_then(Value::as_str);
            let has_text = text("text").is_some_and(|text| !text.is_empty());
            if let Some(file) = text("file").filter(|file| !file.is_empty() && !has_text) {
                let path = self.root.join(file);
                if self.files.kind(&path) == PathKind::Missing {
                    return Err(Error::LicenseFile(path));
                }
            }
        }
        for entry in files.into_iter().flatten().filter_map(Value::as_str) {
            if entry.contains('\\') {
                let fault = MetadataFault::LicenseBackslash(entry.to_owned());
                return Err(Error::Metadata(fault));
            }
            if entry.split('/').any(|part| part == "..") {
                let fault = MetadataFault::LicenseParent(entry.to_owned());
                return Err(Error::Metadata(fault));
            }
        }
        let entry_points = table_of(self.project, "entry-points");
        for group in entry_points.into_iter().flat_map(Table::keys) {
            if matches!(group.as_str(), "console-scripts" | "gui-scripts") {
                let fault = MetadataFault::ReservedEntryPoints(group.clone());
                return Err(Error::Metadata(fault));
            }
        }
        Ok(())
    }

    /// Returns the Pythons of the project: the last `python` of the main group in `[tool.poetry]`, which `requires-python` has
    /// to contain; else `requires-python`.
    fn python(&self) -> Result<(String, VersionConstraint), Error> {
        let required = self.project.get("requires-python").and_then(Value::as_str);
        let required = required.unwrap_or("*");
        let outer = parse_python(required)?;
        let (mut text, mut constraint) = (required, parse_python(any_python(required))?);
        for python in self.main_tables().flat_map(python_values) {
            (text, constraint) = (python, parse_python(any_python(python))?);
            if (python == "*" && required != "*") || !outer.allows_all(&constraint) {
                return Err(Error::PythonNotSubset {
                    python: python.to_owned(),
                    requires_python: required.to_owned(),
                });
            }
        }
        if constraint.is_empty() {
            return Err(Error::NoPython(text.to_owned()));
        }
        Ok((text.to_owned(), constraint))
    }

    /// Returns the tables of `[tool.poetry]` that fill the main group.
    fn main_tables(&self) -> impl Iterator<Item = &Table> {
        let groups = table_of(self.tool_poetry, "group").into_iter().flatten();
        let main = groups.filter(|(name, _)| GroupName::new(name).as_str() == MAIN);
        let main = main.filter_map(|(_, group)| group.get("dependencies")?.as_table());
        table_of(self.tool_poetry, "dependencies")
            .into_iter()
            .chain(main)
    }

    fn groups(&self) -> Result<Vec<Group>, Error> {
        let mut groups = Vec::new();
        self.read_main(&mut groups)?;
        let tables = table_of(self.tool_poetry, "group");
        for (name, items) in self.groups {
            let mut tables = tables.into_iter().flatten();
            let named = tables.find(|(other, _)| GroupName::new(other) == GroupName::new(name));
            let is_optional = named.is_some_and(|(_, table)| is_optional(table));
            let mut group = Group::new(name, is_optional);
            let items = items.as_array().into_iter().flatten();
            for text in items.filter_map(Value::as_str) {
                let dependency = self.dependency_from_requirement(text)?;
                group.standard.push(dependency);
            }
            put(&mut groups, group);
        }
        for (name, table) in tables.into_iter().flatten() {
            let index = find_or_add(&mut groups, name, is_optional(table));
            if let Some(dependencies) = table.get("dependencies").and_then(Value::as_table) {
                self.add_poetry_dependencies(&mut groups[index], dependencies)?;
            }
        }
        let poetry = tables.into_iter().flatten();
        for (name, value) in self.groups.iter().chain(poetry) {
            include(&mut groups, name, included_groups(value))?;
        }
        if let Some(dependencies) = table_of(self.tool_poetry, "dev-dependencies") {
            let index = find_or_add(&mut groups, "dev", false);
            self.add_poetry_dependencies(&mut groups[index], dependencies)?;
        }
        Ok(groups)
    }

    fn read_main(&self, groups: &mut Vec<Group>) -> Result<(), Error> {
        let required = self.project.get("dependencies").and_then(Value::as_array);
        let optional = table_of(self.project, "optional-dependencies");
        if required.is_some() || optional.is_some_and(|optional| !optional.is_empty()) {
            let mut group = Group::new(MAIN, false);
            group.is_mixed_dynamic =
                self.is_dynamic("dependencies") || self.is_dynamic("optional-dependencies");
            for text in required.into_iter().flatten().filter_map(Value::as_str) {
                let dependency = self.dependency_from_requirement(text)?;
                group.standard.push(dependency);
            }
            for (extra, items) in optional.into_iter().flatten() {
                let items = items.as_array().into_iter().flatten();
                for text in items.filter_map(Value::as_str) {
                    let mut dependency = self.dependency_from_requirement(text)?;
                    dependency.is_optional = true;
                    dependency.in_extras = vec![ExtraName::new(extra)];
                    group.standard.push(dependency);
                }
            }
            groups.push(group);
        }
        if let Some(dependencies) = table_of(self.tool_poetry, "dependencies") {
            let index = find_or_add(groups, MAIN, false);
            self.add_poetry_dependencies(&mut groups[index], dependencies)?;
        }
        Ok(())
    }

    fn is_dynamic(&self, field: &str) -> bool {
        let dynamic = self.project.get("dynamic").and_then(Value::as_array);
        let mut fields = dynamic.into_iter().flatten();
        fields.any(|name| name.as_str() == Some(field))
    }

    fn add_poetry_dependencies(&self, group: &mut Group, table: &Table) -> Result<(), Error> {
        let packages = table
            .iter()
            .filter(|(name, _)| name.to_lowercase() != "python");
        for (name, value) in packages {
            let values = value
                .as_array()
                .map_or(std::slice::from_ref(value), Vec::as_slice);
            for value in values {
                let dependency = Dependency::from_toml(name, value, self.root, self.files)?;
                self.check_path(&dependency);
                group.poetry.push(dependency);
            }
        }
        Ok(())
    }

    /// Reads the extras; those of `[tool.poetry]` count only where `[project]` declares no dependencies.
    fn extras(&self, groups: &[Group]) -> BTreeMap<ExtraName, Vec<PackageName>> {
        let is_filled = |value: &Value| {
            let has_items = value.as_array().is_some_and(|items| !items.is_empty());
            has_items || value.as_table().is_some_and(|table| !table.is_empty())
        };
        let optional = table_of(self.project, "optional-dependencies");
        let keys = ["dependencies", "optional-dependencies"];
        let is_standard = keys
            .iter()
            .any(|key| self.project.get(*key).is_some_and(is_filled));
        let mut extras = BTreeMap::new();
        if is_standard {
            for (extra, items) in optional.into_iter().flatten() {
                let items = items.as_array().into_iter().flatten();
                let names = items.filter_map(Value::as_str).filter_map(requirement_name);
                extras.insert(ExtraName::new(extra), names.collect());
            }
            return extras;
        }
        let main = groups.iter().find(|group| group.name.as_str() == MAIN);
        let main = main.map(Group::dependencies).unwrap_or_default();
        let tables = table_of(self.tool_poetry, "extras");
        for (extra, items) in tables.into_iter().flatten() {
            let items = items.as_array().into_iter().flatten();
            let names = items.filter_map(Value::as_str).map(PackageName::new);
            let known = names.filter(|name| main.iter().any(|dependency| dependency.name == *name));
            extras.insert(ExtraName::new(extra), known.collect());
        }
        extras
    }

    fn check_build_constraints(&self) -> Result<(), Error> {
        let tables = table_of(self.tool_poetry, "build-constraints");
        for constraints in tables
            .into_iter()
            .flat_map(Table::values)
            .filter_map(Value::as_table)
        {
            let mut group = Group::new("constraints", false);
            self.add_poetry_dependencies(&mut group, constraints)?;
        }
        Ok(())
    }

    /// Adds what Poetry warns of; once, where Poetry may say it again and again.
    fn warn(&self, warning: Warning) {
        let mut warnings = self.warnings.borrow_mut();
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    fn dependency_from_requirement(&self, text: &str) -> Result<Dependency, Error> {
        let dependency = Dependency::from_requirement(text, self.root, self.files)?;
        self.check_path(&dependency);
        Ok(dependency)
    }

    fn check_path(&self, dependency: &Dependency) {
        let (name, source) = (&dependency.written_name, dependency.source.as_ref());
        if let Some(warning) = Warning::of_path(name, source, self.files) {
            self.warn(warning);
        }
    }
}

fn parse_python(text: &str) -> Result<VersionConstraint, Error> {
    VersionConstraint::parse_marker(text).map_err(Error::constraint)
}

fn any_python(text: &str) -> &str {
    if text == "*" { ANY_PYTHON } else { text }
}

/// Returns the versions of Python that a table of dependencies asks for.
fn python_values(dependencies: &Table) -> impl Iterator<Item = &str> {
    let named = dependencies
        .iter()
        .filter(|(name, _)| name.to_lowercase() == "python");
    let values = named.flat_map(|(_, value)| value_or_items(value));
    values.filter_map(Value::as_str)
}

/// Returns the items of an array, or the value itself.
fn value_or_items(value: &Value) -> &[Value] {
    value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice)
}

fn requirement_name(text: &str) -> Option<PackageName> {
    let requirement = Requirement::parse(text).ok()?;
    Some(PackageName::new(&requirement.name))
}

fn is_optional(group: &Value) -> bool {
    group.get("optional").and_then(Value::as_bool) == Some(true)
}

fn find_or_add(groups: &mut Vec<Group>, name: &str, is_optional: bool) -> usize {
    let normal = GroupName::new(name);
    let index = groups.iter().position(|group| group.name == normal);
    index.unwrap_or_else(|| {
        groups.push(Group::new(name, is_optional));
        groups.len() - 1
    })
}

/// Puts `group` in the place of the one with its name, or at the end.
fn put(groups: &mut Vec<Group>, group: Group) {
    match groups.iter_mut().find(|other| other.name == group.name) {
        Some(other) => *other = group,
        None => groups.push(group),
    }
}

fn include<'a>(
    groups: &mut [Group],
    name: &str,
    included: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    let normal = GroupName::new(name);
    for written in included {
        let included = GroupName::new(written);
        if !groups.iter().any(|group| group.name == included) {
            return Err(Error::UnknownInclude {
                group: name.to_owned(),
                included: written.to_owned(),
            });
        }
        let group = groups.iter_mut().find(|group| group.name == normal);
        let Some(group) = group else { continue };
        if group.includes.contains(&included) {
            return Err(Error::IncludedTwice(written.to_owned()));
        }
        group.includes.push(included);
    }
    Ok(())
}
