//! Reading constraints on texts.

use super::TextConstraint;
use super::condition::Comparison::{self, Equal, NotEqual};
use super::condition::Comparison::{In, NotIn};
use super::condition::{Condition, Domain};
use crate::version::{CONDITION_LIMIT, is_space, n_conditions, split_alternatives, trim};

impl TextConstraint {
    /// Parses alternatives (`|`) of conditions joined by commas.
    pub(in crate::marker) fn parse(text: &str, domain: Domain) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let mut alternatives = Vec::new();
        if n_conditions(text) > CONDITION_LIMIT {
            return None;
        }
        for alternative in split_alternatives(trim(text)) {
            let mut all: Option<Self> = None;
            for condition in split_at_commas(alternative) {
                let condition = Self::One(parse_condition(condition, domain)?);
                all = Some(match all {
                    Some(before) => before.intersect(&condition, domain),
                    None => condition,
                });
            }
            alternatives.extend(all);
        }
        if alternatives.len() == 1 {
            return alternatives.pop();
        }
        Some(Self::Either(alternatives))
    }
}

/// Splits at `\s*,\s*`.
fn split_at_commas(text: &str) -> impl Iterator<Item = &str> {
    let last = text.split(',').count() - 1;
    text.split(',').enumerate().map(move |(place, part)| {
        let part = if place == 0 {
            part
        } else {
            part.trim_start_matches(is_space)
        };
        if place == last {
            part
        } else {
            part.trim_end_matches(is_space)
        }
    })
}

fn parse_condition(text: &str, domain: Domain) -> Option<Condition> {
    if let Some(condition) = parse_containment(text) {
        return (domain == Domain::Variable).then_some(condition);
    }
    let operators = [
        ("!=", NotEqual),
        ("===", Equal),
        ("==", Equal),
        ("=", Equal),
        ("", Equal),
    ];
    operators.into_iter().find_map(|(spelling, operator)| {
        let rest = text.strip_prefix(spelling)?;
        let value = comparison_value(rest, domain)?;
        Some(Condition::new(operator, value))
    })
}

/// Matches `\s*(.+?)\s*$`, and `\s*(\S+?)\s*$` for extras.
fn comparison_value(text: &str, domain: Domain) -> Option<&str> {
    let value = trim(text);
    let is_good = match domain {
        Domain::Variable => !text.is_empty() && !value.contains('\n'),
        Domain::Extras => !value.is_empty() && !value.contains(is_space),
    };
    is_good.then_some(value)
}

/// Matches `"value" in` and `"value" not in`, in either kind of quotes.
fn parse_containment(text: &str) -> Option<Condition> {
    let (operator, value) = split_containment(text)?;
    Some(Condition::new(operator, trim(value)))
}

/// Splits `"value" in` into operator and value, as the value stands there.
pub(in crate::marker) fn split_containment(text: &str) -> Option<(Comparison, &str)> {
    let quote = text
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    let start = strip_word(text, "in")?;
    let (operator, start) = match strip_word(start, "not") {
        Some(rest) if start.ends_with(is_space) => (NotIn, rest),
        _ => (In, start),
    };
    let value = start
        .trim_end_matches(is_space)
        .strip_suffix(quote)?
        .strip_prefix(quote)?;
    (!value.is_empty() && !value.contains('\n')).then_some((operator, value))
}

fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let trimmed = if word == "not" {
        text.strip_suffix(is_space)?
    } else {
        text
    };
    let start = trimmed.len().checked_sub(word.len())?;
    let (before, end) = (trimmed.get(..start)?, trimmed.get(start..)?);
    end.eq_ignore_ascii_case(word).then_some(before)
}
