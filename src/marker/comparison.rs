//! Comparisons as constraints on versions, in the text that poetry-core gives them.

use super::operator::Operator;
use super::variable::Variable;
use crate::version::{Version, VersionConstraint};

/// One comparison of a group; a set of values has no operator.
pub(super) type Comparison = (Option<Operator>, String);

/// Returns the interpreters that satisfy one comparison of their version.
pub(super) fn python_constraint(operator: Operator, value: &str) -> Option<VersionConstraint> {
    let comparison = (Some(operator), value.to_owned());
    let text = normalize_group(&[comparison])?;
    VersionConstraint::parse_marker(&text).ok()
}

/// Writes the groups as one constraint. There is none if a group has no comparison: it holds on every interpreter.
pub(super) fn normalize(groups: &[Vec<Comparison>]) -> Option<String> {
    if groups.is_empty() || groups.iter().any(Vec::is_empty) {
        return None;
    }
    let groups: Option<Vec<String>> = groups.iter().map(|group| normalize_group(group)).collect();
    Some(groups?.join(" || "))
}

fn normalize_group(group: &[Comparison]) -> Option<String> {
    let mut conditions = Vec::with_capacity(group.len());
    for (operator, value) in group {
        conditions.push(normalize_comparison(*operator, value)?);
    }
    Some(conditions.join(" "))
}

fn normalize_comparison(operator: Option<Operator>, value: &str) -> Option<String> {
    let is_short = !value.contains('*') && value.matches('.').count() < 2;
    let zero = if value.contains('.') { "" } else { ".0" };
    Some(match operator {
        Some(Operator::Equal) if is_short => format!("~{value}{zero}"),
        Some(Operator::NotEqual) if is_short => format!("!={value}{zero}.*"),
        Some(operator @ (Operator::LessEqual | Operator::Greater)) => {
            let version = Version::parse(value).ok()?;
            let next = version.next_minor();
            if version.precision() >= 3 {
                format!("{}{value}", operator.as_str())
            } else if operator == Operator::Greater {
                format!(">={}", next.normal())
            } else {
                format!("<{}", next.normal())
            }
        }
        Some(operator @ (Operator::In | Operator::NotIn)) => {
            expand_values(Variable::PythonVersion, operator, value)
        }
        Some(operator) => format!("{}{value}", operator.as_str()),
        None => value.to_owned(),
    })
}

/// Writes the values of `in` and `not in` as one constraint: `3.8 3.9` as `3.8.* || 3.9.*`, texts as `== a || == b`.
pub(super) fn expand_values(variable: Variable, operator: Operator, values: &str) -> String {
    let is_in = operator == Operator::In;
    let is_version = variable.is_version();
    let values = split_values(values).into_iter();
    let conditions = values.map(|value| match (is_version, is_short(value), is_in) {
        (false, _, true) => format!("== {value}"),
        (false, _, false) => format!("!= {value}"),
        (true, true, true) => format!("{value}.*"),
        (true, true, false) => format!("!={value}.*"),
        (true, false, true) => format!("=={value}"),
        (true, false, false) => format!("!={value}"),
    });
    let glue = if is_in { " || " } else { ", " };
    conditions.collect::<Vec<_>>().join(glue)
}

fn is_short(version: &str) -> bool {
    version.matches('.').count() < 2
}

/// Splits at `[ ,|]+`.
fn split_values(text: &str) -> Vec<&str> {
    let is_separator = |character: char| matches!(character, ' ' | ',' | '|');
    let mut values: Vec<&str> = text
        .split(is_separator)
        .filter(|value| !value.is_empty())
        .collect();
    if text.starts_with(is_separator) {
        values.insert(0, "");
    }
    if text.is_empty() || text.ends_with(is_separator) {
        values.push("");
    }
    values
}
