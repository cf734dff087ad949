//! `[tool.poetry.build-constraints]`: what narrows the build requirements of packages.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{Dependency, Error, FileSystem, Project, table_of};
use crate::name::PackageName;

impl Project {
    /// Returns for each package what narrows its build requirements, as requirements in standard form
    /// ([dependency specifiers], PEP 508).
    ///
    /// [dependency specifiers]: https://packaging.python.org/en/latest/specifications/dependency-specifiers/
    ///
    /// # Errors
    ///
    /// [`Error::Dependency`] when a constraint cannot be read.
    pub fn build_constraints(
        &self,
        files: &dyn FileSystem,
    ) -> Result<BTreeMap<PackageName, Vec<String>>, Error> {
        let tool = table_of(self.document.table(), "tool");
        let tool_poetry = tool.and_then(|tool| table_of(tool, "poetry"));
        let tables = tool_poetry.and_then(|poetry| table_of(poetry, "build-constraints"));
        let mut constraints = BTreeMap::new();
        for (package, table) in tables.into_iter().flatten() {
            let table = table
                .as_table()
                .map(|table| self.requirements_of(table, files));
            let requirements = table.transpose()?.unwrap_or_default();
            constraints.insert(PackageName::new(package), requirements);
        }
        Ok(constraints)
    }

    fn requirements_of(&self, table: &Table, files: &dyn FileSystem) -> Result<Vec<String>, Error> {
        let mut requirements = Vec::new();
        for (name, value) in table {
            let one = std::slice::from_ref(value);
            let values = value.as_array().map_or(one, Vec::as_slice);
            for value in values {
                requirements.push(self.requirement_of(name, value, files)?);
            }
        }
        Ok(requirements)
    }

    fn requirement_of(
        &self,
        name: &str,
        value: &Value,
        files: &dyn FileSystem,
    ) -> Result<String, Error> {
        let dependency = Dependency::from_toml(name, value, &self.root, files)?;
        let requirement = dependency.requirement();
        if dependency.marker().is_any() {
            return Ok(requirement);
        }
        // A URL ends at a space.
        Ok(format!("{requirement} ; {}", dependency.marker()))
    }
}
