//! Markers and the versions of interpreters: from one to the other and back.
//!
//! `python_version` has two numbers, so `python_version > "3.6"` means 3.7 and later, while `python_full_version > "3.6"`
//! begins at 3.6.0; the texts made here keep what they mean.

use super::algebra::{Algebra, Stopped};
use super::comparison::{Comparison, normalize};
use super::node::{Marker, Node};
use super::operator::Operator;
use super::variable::Variable;
use crate::name::ExtraName;
use crate::version::{Bound, Interval, Range, Version, VersionConstraint};

impl Marker {
    /// Returns the marker that holds on the interpreters of `constraint` (poetry-core's `create_nested_marker`, parsed).
    pub fn from_python_constraint(constraint: &VersionConstraint) -> Self {
        if constraint.is_empty() {
            return Self::empty();
        }
        let marker = Self::parse(&nested_marker(constraint));
        marker.unwrap_or_else(|_| Self::any())
    }

    /// Returns the interpreters on which the marker may hold (poetry-core's `get_python_constraint_from_marker`).
    pub fn python_constraint(&self) -> VersionConstraint {
        let constraint = Algebra::new().python_constraint(self);
        constraint.unwrap_or_else(|_| VersionConstraint::any())
    }

    /// Returns the interpreters on which the marker may hold as a text, `*` for all: the `python_versions` that poetry-core
    /// gives a dependency with this marker. [`VersionConstraint::parse_marker`] reads it.
    pub fn python_versions(&self) -> String {
        let conditions = Algebra::new().conditions(self, &Variable::PYTHON);
        let versions = conditions
            .ok()
            .and_then(|conditions| normalize(&conditions));
        versions.unwrap_or_else(|| "*".to_owned())
    }

    /// Returns the extras that the marker asks for, in order of appearance: the `in_extras` of a dependency with it.
    pub fn in_extras(&self) -> Vec<ExtraName> {
        let conditions = Algebra::new().conditions(self, &[Variable::Extra]);
        let mut extras = Vec::new();
        for (operator, value) in conditions.into_iter().flatten().flatten() {
            match operator {
                Some(Operator::Equal) => extras.push(ExtraName::new(&value)),
                None => extras.extend(wanted_extras(&value)),
                Some(_) => {}
            }
        }
        let mut distinct = Vec::new();
        for extra in extras {
            if !distinct.contains(&extra) {
                distinct.push(extra);
            }
        }
        distinct
    }
}

/// The extras of a constraint such as `a || b` or `a, !=b`.
fn wanted_extras(constraint: &str) -> Vec<ExtraName> {
    let separator = if constraint.contains("||") { "||" } else { "," };
    let extras = constraint.split(separator).map(crate::version::trim);
    let wanted = extras.filter(|extra| !extra.starts_with("!="));
    wanted.map(ExtraName::new).collect()
}

impl Algebra {
    pub(super) fn python_constraint(
        &mut self,
        marker: &Marker,
    ) -> Result<VersionConstraint, Stopped> {
        let single = marker.as_single();
        if let Some(single) = single.filter(|single| single.variable().is_python()) {
            let constraint = single.python_constraint().cloned();
            return Ok(constraint.unwrap_or_else(VersionConstraint::any));
        }
        let python = self.only(marker, &Variable::PYTHON)?;
        if python.is_any() {
            return Ok(VersionConstraint::any());
        }
        if python.is_empty() {
            return Ok(VersionConstraint::empty());
        }
        let conditions = self.conditions(marker, &Variable::PYTHON)?;
        let normalized = normalize(&conditions);
        let constraint = normalized.and_then(|text| VersionConstraint::parse_marker(&text).ok());
        Ok(constraint.unwrap_or_else(VersionConstraint::any))
    }

    /// Returns the comparisons of `variables` in each conjunction of the disjunctive normal form, repeated groups left
    /// out; nothing at all if no conjunction has any.
    pub(super) fn conditions(
        &mut self,
        marker: &Marker,
        variables: &[Variable],
    ) -> Result<Vec<Vec<Comparison>>, Stopped> {
        let normal = self.dnf(marker)?;
        let conjunctions = match normal.as_any() {
            Some(conjunctions) => conjunctions,
            None => std::slice::from_ref(&normal),
        };
        let mut groups: Vec<Vec<Comparison>> = Vec::new();
        for conjunction in conjunctions {
            let parts = conjunction
                .as_all()
                .unwrap_or(std::slice::from_ref(conjunction));
            let wanted = parts.iter().filter(|part| {
                part.variable()
                    .is_some_and(|variable| variables.contains(&variable))
            });
            let group = wanted.filter_map(comparison).collect();
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        if groups.iter().all(Vec::is_empty) {
            groups.clear();
        }
        Ok(groups)
    }
}

fn comparison(marker: &Marker) -> Option<Comparison> {
    match marker.node() {
        Node::Single(single) => Some((Some(single.operator()), single.value().to_owned())),
        Node::AllValues(values) => Some((None, values.join(", "))),
        Node::AnyValue(values) => Some((None, values.join(" || "))),
        Node::Any | Node::Empty | Node::All(_) | Node::Either(_) => None,
    }
}

/// Writes `constraint` as a marker on `python_version` and, where that is not exact enough, on `python_full_version`.
fn nested_marker(constraint: &VersionConstraint) -> String {
    match constraint {
        VersionConstraint::Empty => String::new(),
        VersionConstraint::Interval(interval) => interval_marker(interval),
        VersionConstraint::Union(intervals) => {
            let parts = intervals
                .iter()
                .map(|interval| format!("({})", interval_marker(interval)));
            parts.collect::<Vec<_>>().join(" or ")
        }
    }
}

fn interval_marker(interval: &Interval) -> String {
    match interval {
        Interval::Version(version) => {
            format!("{} == \"{}\"", variable_for(version), version.normal())
        }
        Interval::Range(Range { min, max }) => {
            let min = min.as_ref().map(|min| bound_marker(min, Side::Min));
            let max = max.as_ref().map(|max| bound_marker(max, Side::Max));
            let sides: Vec<String> = min.into_iter().chain(max).collect();
            sides.join(" and ")
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Min,
    Max,
}

fn bound_marker(bound: &Bound, side: Side) -> String {
    let operator = match (side, bound.is_included) {
        (Side::Min, true) => ">=",
        (Side::Min, false) => ">",
        (Side::Max, true) => "<=",
        (Side::Max, false) => "<",
    };
    // `python_version` cannot tell 3.8.0 from 3.8.1, which `>` and `<=` have to.
    let is_inexact = bound.version.precision() < 3 && matches!(operator, ">" | "<=");
    if is_inexact {
        let version = bound.version.with_patch();
        return format!("python_full_version {operator} \"{}\"", version.normal());
    }
    let variable = variable_for(&bound.version);
    format!(
        "{variable} {operator} \"{}\"",
        bound.version.stable().normal()
    )
}

fn variable_for(version: &Version) -> Variable {
    if version.precision() >= 3 {
        return Variable::PythonFullVersion;
    }
    Variable::PythonVersion
}
