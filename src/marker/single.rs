//! One comparison of a variable with a value, as it is written and as it is understood.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use super::Error;
use super::comparison::{self, expand_values};
use super::operator::{OPERATORS, Operator};
use super::text::{Comparison, Domain, TextConstraint, split_containment};
use super::variable::Variable;
use crate::version::{VersionConstraint, is_space};

/// One comparison.
///
/// Equality is that of Poetry: the side on which the variable stands does not count.
pub(super) struct Single {
    pub(super) variable: Variable,
    pub(super) operator: Operator,
    pub(super) value: Arc<str>,
    pub(super) is_swapped: bool,
    pub(super) constraint: Constraint,
    python: OnceLock<Option<VersionConstraint>>,
}

/// What a comparison means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Constraint {
    Version(VersionConstraint),
    Text(TextConstraint),
}

impl Constraint {
    pub(super) fn is_any(&self) -> bool {
        match self {
            Self::Version(versions) => versions.is_any(),
            Self::Text(texts) => texts.is_any(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Version(versions) => versions.is_empty(),
            Self::Text(texts) => texts.is_empty(),
        }
    }
}

impl Single {
    /// Reads a comparison from operator and value in one text, such as `>= 3.8` or, with the variable on the right,
    /// `"tegra" in`.
    pub(super) fn parse(variable: Variable, text: &str) -> Result<Self, Error> {
        let (operator, value) =
            split_comparison(text).ok_or_else(|| not_comparable(variable, text))?;
        Self::build(variable, operator, value, text, false)
    }

    /// Reads a comparison with the variable on the right, such as `"tegra" in`.
    pub(super) fn parse_swapped(variable: Variable, text: &str) -> Result<Self, Error> {
        let (comparison, value) =
            split_containment(text).ok_or_else(|| not_comparable(variable, text))?;
        let operator = if comparison == Comparison::NotIn {
            Operator::NotIn
        } else {
            Operator::In
        };
        Self::build(variable, operator, value, text, true)
    }

    fn build(
        variable: Variable,
        operator: Operator,
        value: &str,
        text: &str,
        is_swapped: bool,
    ) -> Result<Self, Error> {
        let missing = if is_swapped {
            0
        } else {
            missing_zeros(variable, operator, value)
        };
        let zeros = ".0".repeat(missing);
        let constraint = if is_swapped && !variable.is_python() {
            read_constraint(variable, text, Kind::Text)
        } else if operator.is_containment() {
            let kind = if variable.is_version() {
                Kind::Version
            } else {
                Kind::Text
            };
            read_constraint(variable, &expand_values(variable, operator, value), kind)
        } else if variable.is_version() {
            read_constraint(variable, &format!("{text}{zeros}"), Kind::Version)
        } else {
            read_constraint(variable, text, Kind::Text)
        };
        Ok(Self {
            variable,
            operator,
            value: if missing == 0 {
                value.into()
            } else {
                format!("{value}{zeros}").into()
            },
            is_swapped,
            constraint: constraint.ok_or_else(|| not_comparable(variable, text))?,
            python: OnceLock::new(),
        })
    }

    pub(super) fn variable(&self) -> Variable {
        self.variable
    }

    pub(super) fn operator(&self) -> Operator {
        self.operator
    }

    pub(super) fn value(&self) -> &str {
        &self.value
    }

    pub(super) fn constraint(&self) -> &Constraint {
        &self.constraint
    }

    /// Returns the interpreters that satisfy the comparison, if it is about their version and can be read as such.
    pub(super) fn python_constraint(&self) -> Option<&VersionConstraint> {
        let constraint = self
            .python
            .get_or_init(|| comparison::python_constraint(self.operator, &self.value));
        constraint.as_ref()
    }

    pub(super) fn is_identical(&self, other: &Self) -> bool {
        self == other && self.is_swapped == other.is_swapped
    }
}

/// Sets a space between operator and version.
pub(super) fn spaced(text: &str) -> String {
    let start = text.find(|character: char| !matches!(character, '<' | '>' | '='));
    let (operator, version) = text.split_at(start.unwrap_or(0));
    format!("{operator} {version}")
}

/// Splits `text` as `(~=|!=|>=?|<=?|==?=?|not in |in )?\s*(.+)` does, which gives an operator back if else no value is left.
fn split_comparison(text: &str) -> Option<(Operator, &str)> {
    let prefixes = OPERATORS.iter().filter_map(|(spelling, operator)| {
        let rest = text.strip_prefix(spelling)?;
        if operator.is_containment() {
            return Some((*operator, rest.strip_prefix(' ')?));
        }
        Some((*operator, rest))
    });
    let mut splits = prefixes.chain([(Operator::Equal, text)]);
    splits.find_map(|(operator, rest)| Some((operator, value_of(rest)?)))
}

fn value_of(text: &str) -> Option<&str> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let value = text.trim_start_matches(is_space);
    let value = if value.is_empty() {
        let last = text.char_indices().next_back()?;
        &text[last.0..]
    } else {
        value
    };
    (!value.contains('\n')).then_some(value)
}

/// `python_full_version` always has three numbers. Returns how many `.0` are missing.
fn missing_zeros(variable: Variable, operator: Operator, value: &str) -> usize {
    if variable != Variable::PythonFullVersion || operator.is_containment() {
        return 0;
    }
    2_usize.saturating_sub(value.matches('.').count())
}

#[derive(Clone, Copy)]
enum Kind {
    Version,
    Text,
}

fn read_constraint(variable: Variable, text: &str, kind: Kind) -> Option<Constraint> {
    match (kind, variable) {
        (Kind::Version, Variable::PlatformRelease) => VersionConstraint::parse_release(text)
            .ok()
            .map(Constraint::Version),
        (Kind::Version, _) => VersionConstraint::parse_marker(text)
            .ok()
            .map(Constraint::Version),
        (Kind::Text, _) => TextConstraint::parse(text, domain_of(variable)).map(Constraint::Text),
    }
}

pub(super) fn domain_of(variable: Variable) -> Domain {
    if variable == Variable::Extra {
        return Domain::Extras;
    }
    Domain::Variable
}

fn not_comparable(variable: Variable, text: &str) -> Error {
    Error::Comparison {
        variable,
        comparison: text.to_owned(),
    }
}

impl PartialEq for Single {
    fn eq(&self, other: &Self) -> bool {
        self.variable == other.variable
            && self.operator == other.operator
            && self.value == other.value
    }
}

impl Eq for Single {}

impl Hash for Single {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.variable.hash(state);
        self.operator.hash(state);
        self.value.hash(state);
    }
}

impl fmt::Display for Single {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            variable, value, ..
        } = self;
        let operator = self.operator.as_str();
        if self.is_swapped {
            return write!(formatter, "\"{value}\" {operator} {variable}");
        }
        write!(formatter, "{variable} {operator} \"{value}\"")
    }
}
