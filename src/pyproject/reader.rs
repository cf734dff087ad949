//! Reading a document whose shape is known to be right.

use std::cell::RefCell;
use std::path::Path;

use toml::{Table, Value};

use super::dependency::Dependency;
use super::error::{Error, MetadataFault};
use super::group::{Group, MAIN};
use super::sources;
use super::warning::ProjectWarning;
use super::{FileSystem, PathKind, Project, table_of};
use crate::name::{GroupName, PackageName};
use crate::toml_document::TomlDocument;
use crate::version::{Version, VersionConstraint};

/// What `*` means as the Python constraint of a project.
const ANY_PYTHON: &str = "~2.7 || >=3.4";

/// The parts of a document whose shape is known to be right.
pub(super) struct Reader<'a> {
    pub(super) project: &'a Table,
    pub(super) groups: &'a Table,
    pub(super) tool_poetry: &'a Table,
    pub(super) root: &'a Path,
    pub(super) files: &'a dyn FileSystem,
    pub(super) warnings: RefCell<Vec<ProjectWarning>>,
}

impl Reader<'_> {
    pub(super) fn read(&self) -> Result<Project, Error> {
        if self.tool_poetry.contains_key("dev-dependencies") {
            self.warn(ProjectWarning::DevDependencies);
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
            self.check_license_file(license)?;
        }
        let mut entries = files.into_iter().flatten().filter_map(Value::as_str);
        entries.try_for_each(check_license_entry)?;
        let entry_points = table_of(self.project, "entry-points");
        for group in entry_points.into_iter().flat_map(Table::keys) {
            if matches!(group.as_str(), "console-scripts" | "gui-scripts") {
                let fault = MetadataFault::ReservedEntryPoints(group.clone());
                return Err(Error::Metadata(fault));
            }
        }
        Ok(())
    }

    fn check_license_file(&self, license: &Table) -> Result<(), Error> {
        let text = |key: &str| license.get(key).and_then(Value::as_str);
        let has_text = text("text").is_some_and(|text| !text.is_empty());
        let file = text("file").filter(|file| !file.is_empty() && !has_text);
        let path = file.map(|file| self.root.join(file));
        match path.filter(|path| self.files.kind(path) == PathKind::Missing) {
            Some(path) => Err(Error::LicenseFile(path)),
            None => Ok(()),
        }
    }

    /// Returns the Pythons of the project: the last `python` of the main group in `[tool.poetry]`, which `requires-python` has
    /// to contain; else `requires-python`.
    pub(super) fn python(&self) -> Result<(String, VersionConstraint), Error> {
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

    pub(super) fn add_poetry_dependencies(
        &self,
        group: &mut Group,
        table: &Table,
    ) -> Result<(), Error> {
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
    fn warn(&self, warning: ProjectWarning) {
        let mut warnings = self.warnings.borrow_mut();
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    pub(super) fn dependency_from_requirement(&self, text: &str) -> Result<Dependency, Error> {
        let dependency = Dependency::from_requirement(text, self.root, self.files)?;
        self.check_path(&dependency);
        Ok(dependency)
    }

    fn check_path(&self, dependency: &Dependency) {
        let (name, source) = (&dependency.written_name, dependency.source.as_ref());
        if let Some(warning) = ProjectWarning::of_path(name, source, self.files) {
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

fn check_license_entry(entry: &str) -> Result<(), Error> {
    if entry.contains('\\') {
        let fault = MetadataFault::LicenseBackslash(entry.to_owned());
        return Err(Error::Metadata(fault));
    }
    if entry.split('/').any(|part| part == "..") {
        let fault = MetadataFault::LicenseParent(entry.to_owned());
        return Err(Error::Metadata(fault));
    }
    Ok(())
}
