//! One comparison of a variable with a value, as it is written and as it is understood.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use super::node::{Marker, Node};
use super::text::{Comparison, Domain, TextConstraint, split_containment};
use super::variable::Variable;
use super::{Error, python};
use crate::version::{Interval, VersionConstraint, is_space};

/// One comparison.
///
/// Equality is that of Poetry: the side on which the variable stands does not count.
pub(super) struct Single {
    variable: Variable,
    operator: Operator,
    value: Arc<str>,
    is_swapped: bool,
    constraint: Constraint,
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

/// The operator of a comparison, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operator {
    Compatible,
    NotEqual,
    GreaterEqual,
    Greater,
    LessEqual,
    Less,
    Identical,
    Equal,
    /// One `=`, which only constraints know.
    Assign,
    NotIn,
    In,
}

/// Spellings, each before those that it begins with.
const OPERATORS: [(&str, Operator); 11] = [
    ("~=", Operator::Compatible),
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterEqual),
    (">", Operator::Greater),
    ("<=", Operator::LessEqual),
    ("<", Operator::Less),
    ("===", Operator::Identical),
    ("==", Operator::Equal),
    ("=", Operator::Assign),
    ("not in", Operator::NotIn),
    ("in", Operator::In),
];

impl Operator {
    /// Returns the operator that `text` begins with and the length of its name.
    pub(super) fn parse_prefix(text: &str) -> Option<(Self, usize)> {
        let mut operators = OPERATORS.iter();
        let (spelling, operator) = operators.find(|(spelling, _)| text.starts_with(spelling))?;
        Some((*operator, spelling.len()))
    }

    pub(super) fn as_str(self) -> &'static str {
        let mut operators = OPERATORS.iter();
        operators
            .find(|(_, operator)| *operator == self)
            .map_or("", |(spelling, _)| spelling)
    }

    pub(super) fn is_containment(self) -> bool {
        matches!(self, Self::In | Self::NotIn)
    }

    /// Returns the operator that holds where this one does not; `~=` has none.
    fn invert(self) -> Option<Self> {
        Some(match self {
            Self::Equal | Self::Identical | Self::Assign => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Greater => Self::LessEqual,
            Self::GreaterEqual => Self::Less,
            Self::Less => Self::GreaterEqual,
            Self::LessEqual => Self::Greater,
            Self::In => Self::NotIn,
            Self::NotIn => Self::In,
            Self::Compatible => return None,
        })
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
            read_constraint(
                variable,
                &python::expand_values(variable, operator, value),
                kind,
            )
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
        let constraint = self.python.get_or_init(|| python::of_single(self));
        constraint.as_ref()
    }

    pub(super) fn is_identical(&self, other: &Self) -> bool {
        self == other && self.is_swapped == other.is_swapped
    }

    pub(super) fn invert(&self) -> Marker {
        let Some(operator) = self.operator.invert() else {
            return self.invert_compatible();
        };
        let (value, operator) = (&self.value, operator.as_str());
        let inverted = if self.is_swapped {
            Self::parse_swapped(self.variable, &format!("\"{value}\" {operator}"))
        } else {
            Self::parse(self.variable, &format!("{operator} {value}"))
        };
        inverted.map_or_else(|_| Marker::any(), Marker::from)
    }

    /// `~=` is a range, so its inverse are two comparisons. Poetry fails where it is compared with a text.
    fn invert_compatible(&self) -> Marker {
        let Constraint::Version(VersionConstraint::Interval(Interval::Range(range))) =
            &self.constraint
        else {
            return self.invert_text();
        };
        let sides = [range.without_max(), range.without_min()];
        let sides = sides.map(|side| {
            let side = Self::parse(self.variable, &spaced(&side.to_string()));
            side.map_or_else(|_| Marker::any(), |side| side.invert())
        });
        Marker::any_of(sides)
    }

    /// Poetry takes `~= x` for a text of its own, of which `!=` is the inverse.
    fn invert_text(&self) -> Marker {
        let inverted = Self::parse(
            self.variable,
            &format!("!= {} {}", self.operator.as_str(), self.value),
        );
        inverted.map_or_else(|_| Marker::any(), Marker::from)
    }
}

/// Sets a space between operator and version.
fn spaced(text: &str) -> String {
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

impl From<Single> for Marker {
    fn from(single: Single) -> Self {
        Node::Single(single).into()
    }
}
