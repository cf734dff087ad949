//! Reading what packages depend on: locks before version 2.1 tell it.

use std::path::{Path, PathBuf};

use super::error::PackageFault;
use super::package_reader::PackageReader;
use super::toml_tree::{Table, Value};
use crate::name::ExtraName;
use crate::pyproject::{Dependency, Fields, FileSystem};
use crate::source::{Location, Source};

impl<'a> PackageReader<'a> {
    pub(super) fn extras(
        &mut self,
        table: &'a Table<'a>,
    ) -> Result<Vec<(ExtraName, Vec<Dependency>)>, PackageFault> {
        let extras = table.get("extras").and_then(Value::as_table);
        let mut read = Vec::new();
        for (extra, requirements) in extras.into_iter().flat_map(Table::iter) {
            let dependencies = requirements.texts().map(|text| self.dependency(text));
            let dependencies: Result<_, _> = dependencies.collect();
            read.push((ExtraName::new(extra), dependencies?));
        }
        Ok(read)
    }

    fn dependency(&mut self, text: &'a str) -> Result<Dependency, PackageFault> {
        if let Some(dependency) = self.of_extras.get(text) {
            return Ok(dependency.clone());
        }
        let dependency = extra_dependency(text);
        let dependency = dependency.map_err(|error| PackageFault::Dependency(Box::new(error)))?;
        self.of_extras.insert(text, dependency.clone());
        Ok(dependency)
    }

    pub(super) fn requires(
        &self,
        table: &'a Table<'a>,
        source: Option<&Source>,
    ) -> Result<Vec<Dependency>, PackageFault> {
        let root = match source.map(|source| &source.location) {
            Some(Location::Directory(path)) => path,
            _ => self.root,
        };
        let mut requires = Vec::new();
        let dependencies = table.get("dependencies").and_then(Value::as_table);
        for (name, value) in dependencies.into_iter().flat_map(Table::iter) {
            let values = match value {
                Value::Array(items) => items.as_slice(),
                Value::String(_)
                | Value::Table(_)
                | Value::Files(_)
                | Value::Boolean(_)
                | Value::Other(_) => std::slice::from_ref(value),
            };
            for value in values {
                let dependency = match value {
                    Value::Table(table) => Dependency::from_table(name, table, root, self.files),
                    Value::String(_)
                    | Value::Boolean(_)
                    | Value::Array(_)
                    | Value::Files(_)
                    | Value::Other(_) => Dependency::plain(name, value.as_str().unwrap_or("*")),
                };
                requires
                    .push(dependency.map_err(|error| PackageFault::Dependency(Box::new(error)))?);
            }
        }
        Ok(requires)
    }
}

/// Reads a requirement in `[package.extras]`; old locks hold some that are not in standard form, as `name[extra] (^1.0)`.
fn extra_dependency(text: &str) -> Result<Dependency, crate::pyproject::Error> {
    let standard = Dependency::from_requirement(text, Path::new("/"), &NoFiles);
    let Err(error) = standard else {
        return standard;
    };
    let (rest, constraint) = match text
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once('('))
    {
        Some((rest, constraint)) if rest.ends_with(char::is_whitespace) => {
            (rest.trim_end(), constraint)
        }
        _ => (text, "*"),
    };
    let (name, extras) = match rest.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
        Some(parts) => parts,
        None => (rest, ""),
    };
    if name.is_empty() {
        return Err(error);
    }
    let mut dependency = Dependency::plain(name, constraint)?;
    let extras = extras.split(',').filter(|extra| !extra.is_empty());
    dependency.extras = extras.map(ExtraName::new).collect();
    Ok(dependency)
}

/// Knows of no file: what an extra of a package says is never about this disk.
pub(super) struct NoFiles;

impl FileSystem for NoFiles {
    fn kind(&self, _path: &Path) -> crate::pyproject::PathKind {
        crate::pyproject::PathKind::Missing
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }
}

impl Fields for Table<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.get(key)?.as_bool()
    }

    fn texts<'b>(&'b self, key: &str) -> Box<dyn Iterator<Item = &'b str> + 'b> {
        Box::new(self.get(key).into_iter().flat_map(Value::texts))
    }
}
