//! Reading the groups of a project and its extras.

use std::collections::BTreeMap;

use toml::Value;

use super::check::included_groups;
use super::error::Error;
use super::group::{Group, MAIN};
use super::reader::Reader;
use super::table_of;
use crate::name::{ExtraName, GroupName, PackageName};
use crate::requirement::Requirement;

impl Reader<'_> {
    pub(super) fn groups(&self) -> Result<Vec<Group>, Error> {
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

    /// Reads the extras; those of `[tool.poetry]` count only where `[project]` declares no dependencies.
    pub(super) fn extras(&self, groups: &[Group]) -> BTreeMap<ExtraName, Vec<PackageName>> {
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

pub(super) fn include<'a>(
    groups: &mut [Group],
    name: &str,
    included: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    let normal = GroupName::new(name);
    for written in included {
        let included = GroupName::new(written);
        let mut names = groups.iter().map(|group| &group.name);
        names
            .find(|name| **name == included)
            .ok_or_else(|| unknown_include(name, written))?;
        let group = groups.iter_mut().find(|group| group.name == normal);
        let Some(group) = group else { continue };
        if group.includes.contains(&included) {
            return Err(Error::IncludedTwice(written.to_owned()));
        }
        group.includes.push(included);
    }
    Ok(())
}

fn unknown_include(group: &str, included: &str) -> Error {
    Error::UnknownInclude {
        group: group.to_owned(),
        included: included.to_owned(),
    }
}
