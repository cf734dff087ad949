//! What Poetry checks of a whole pyproject.toml before it reads anything: shapes, groups and names.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::error::Error;
use super::schema;
use super::{POETRY_VERSION, table_of};
use crate::name::{GroupName, PackageName};
use crate::version::{Version, VersionConstraint};

pub(super) fn check_requires_poetry(tool_poetry: &Table) -> Result<(), Error> {
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
pub(super) fn check(document: &Table, tool_poetry: &Table) -> Result<(), Error> {
    if !has_tables(document) {
        let faults = vec!["data must be object".to_owned()];
        return Err(Error::Invalid { faults });
    }
    let mut faults = schema::faults(document, tool_poetry);
    faults.extend(missing_keys(document, tool_poetry));
    faults.extend(group_faults(document, tool_poetry));
    faults.extend(schema::poetry_faults(tool_poetry));
    if let Some(name) = first_text(document, tool_poetry, "name")
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

/// Tells whether `[tool]` and `[tool.poetry]` are tables where they are there.
fn has_tables(document: &Table) -> bool {
    let is_table = |parent: &Table, key: &str| parent.get(key).is_none_or(Value::is_table);
    let tool = table_of(document, "tool");
    is_table(document, "tool") && tool.is_none_or(|tool| is_table(tool, "poetry"))
}

/// Tells what a package has to have and does not.
fn missing_keys(document: &Table, tool_poetry: &Table) -> Vec<String> {
    if tool_poetry.get("package-mode").and_then(Value::as_bool) == Some(false) {
        return Vec::new();
    }
    let keys = ["name", "version"].into_iter();
    let missing = keys.filter(|key| first_text(document, tool_poetry, key).is_none());
    let faults = missing.map(|key| {
        format!("Either [project.{key}] or [tool.poetry.{key}] is required in package mode.")
    });
    faults.collect()
}

fn first_text<'a>(document: &'a Table, tool_poetry: &'a Table, key: &str) -> Option<&'a str> {
    let of_project = table_of(document, "project").and_then(|project| project.get(key));
    let given = of_project.into_iter().chain(tool_poetry.get(key));
    let mut texts = given.filter_map(Value::as_str);
    texts.find(|text| !text.is_empty())
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
pub(super) fn included_groups(group: &Value) -> impl Iterator<Item = &str> {
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
                faults.push(circle(root, &path, include));
            } else {
                stack.push(path.iter().copied().chain([include]).collect());
            }
        }
    }
    faults
}

fn circle(root: &GroupName, path: &[&GroupName], include: &GroupName) -> String {
    let steps = path[1..].iter().copied().chain([include]);
    let steps: Vec<&str> = steps.map(GroupName::as_str).collect();
    let steps = steps.join(" -> ");
    format!("Cyclic dependency group include in {root}: {steps}")
}
