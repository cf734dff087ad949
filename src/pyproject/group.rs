//! Dependency groups: `[tool.poetry.group]`, `[dependency-groups]`, and the main group.

use super::{Dependency, Error};
use crate::marker::Marker;
use crate::name::{ExtraName, GroupName};

/// The name of the group that `[project]` and `[tool.poetry.dependencies]` fill.
pub const MAIN: &str = "main";

/// One group of dependencies.
///
/// Poetry keeps two lists: what is declared in standard form, and what `[tool.poetry]` says. Where both are there, the second
/// only adds to the first (a source, a path, a narrower version) for locking.
#[derive(Clone, Debug)]
pub struct Group {
    /// The name, normalized.
    pub name: GroupName,
    /// Whether the group has to be asked for.
    pub is_optional: bool,
    /// The groups that it includes, in order.
    pub includes: Vec<GroupName>,
    pub(super) standard: Vec<Dependency>,
    pub(super) poetry: Vec<Dependency>,
    pub(super) is_mixed_dynamic: bool,
}

impl Group {
    /// Makes a group without dependencies.
    pub(crate) fn new(name: &str, is_optional: bool) -> Self {
        Self {
            name: GroupName::new(name),
            is_optional,
            includes: Vec::new(),
            standard: Vec::new(),
            poetry: Vec::new(),
            is_mixed_dynamic: false,
        }
    }

    /// Returns the dependencies of the group itself, as metadata has them.
    pub fn dependencies(&self) -> Vec<&Dependency> {
        if self.standard.is_empty() {
            return self.poetry.iter().collect();
        }
        let mut dependencies: Vec<&Dependency> = self.standard.iter().collect();
        if self.is_mixed_dynamic {
            let n_optional = dependencies
                .iter()
                .filter(|dependency| dependency.is_optional)
                .count();
            let wants_optional = n_optional == 0;
            if wants_optional || n_optional == dependencies.len() {
                let poetry = self.poetry.iter();
                dependencies
                    .extend(poetry.filter(|dependency| dependency.is_optional == wants_optional));
            }
        }
        dependencies
    }

    /// Returns the dependencies of the group itself as Poetry locks them, those of `[tool.poetry]` worked in.
    pub(super) fn dependencies_for_locking(&self) -> Result<Vec<Dependency>, Error> {
        if self.poetry.is_empty() {
            return Ok(self.standard.clone());
        }
        if self.standard.is_empty() {
            return Ok(self.poetry.clone());
        }
        let mut dependencies = Vec::new();
        for dependency in self.dependencies() {
            let n_before = dependencies.len();
            self.add_enriched(dependency, &mut dependencies)?;
            if dependencies.len() == n_before {
                dependencies.push(dependency.clone());
            }
        }
        Ok(dependencies)
    }

    /// Adds `dependency` once for each dependency of `[tool.poetry]` on the same package whose marker meets its own.
    fn add_enriched(
        &self,
        dependency: &Dependency,
        dependencies: &mut Vec<Dependency>,
    ) -> Result<(), Error> {
        let own_marker = match extras_marker(&dependency.in_extras) {
            Some(extras) => dependency.marker().intersect(&extras),
            None => dependency.marker().clone(),
        };
        let named = self
            .poetry
            .iter()
            .filter(|other| other.name == dependency.name);
        for other in named {
            let mut marker = own_marker.intersect(other.marker());
            if marker.is_empty() {
                continue;
            }
            if marker == own_marker {
                marker = dependency.marker().clone();
            }
            dependencies.push(enrich(dependency, other, marker)?);
        }
        Ok(())
    }
}

fn extras_marker(extras: &[ExtraName]) -> Option<Marker> {
    let parts: Vec<String> = extras
        .iter()
        .map(|extra| format!("extra == '{extra}'"))
        .collect();
    if parts.is_empty() {
        return None;
    }
    Marker::parse(&parts.join(" or ")).ok()
}

fn enrich(standard: &Dependency, poetry: &Dependency, marker: Marker) -> Result<Dependency, Error> {
    let names = || (standard.describe(), poetry.describe());
    if let (Some(one), Some(other)) = (&standard.source, &poetry.source)
        && !one.is_same_as(other)
    {
        let (standard, poetry) = names();
        return Err(Error::DifferentSources { standard, poetry });
    }
    let constraint = standard.constraint.intersect(&poetry.constraint);
    if constraint.is_empty() {
        let (standard, poetry) = names();
        return Err(Error::IncompatibleConstraints { standard, poetry });
    }
    let mut dependency;
    if standard.source.is_some() {
        dependency = standard.clone();
        dependency.is_develop = poetry.is_develop;
    } else {
        dependency = poetry.clone();
        dependency.extras.clone_from(&standard.extras);
        dependency.is_optional = standard.is_optional;
        dependency.in_extras.clone_from(&standard.in_extras);
    }
    dependency.written_constraint = constraint.to_string();
    dependency.constraint = constraint;
    dependency.set_marker(marker);
    Ok(dependency)
}
