//! Sets of texts: the values that `sys_platform` and its like may have, and the extras that may be asked for.
//!
//! An environment has one `sys_platform` but any number of extras. So `== a` and `== b` have nothing in common for a
//! variable, but are a proper condition on extras; [`Domain`] tells the two apart. What the operations give is Poetry's.

use std::fmt;
use std::sync::Arc;

use crate::version::{CONDITION_LIMIT, is_space, n_conditions, split_alternatives, trim};
use Comparison::{Equal, In, NotEqual, NotIn};

/// What a text is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Domain {
    /// A variable, which has one value.
    Variable,
    /// The extras, any number of which are asked for.
    Extras,
}

/// How a text is compared. `In` and `NotIn` ask whether the given value is a part of the variable's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    In,
    NotIn,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Condition {
    pub(super) operator: Comparison,
    pub(super) value: Arc<str>,
}

/// A set of texts.
#[derive(Clone, Debug)]
pub(super) enum TextConstraint {
    Any,
    Empty,
    One(Condition),
    All(Vec<Condition>),
    Either(Vec<TextConstraint>),
}

impl Comparison {
    fn invert(self) -> Self {
        match self {
            Equal => NotEqual,
            NotEqual => Equal,
            In => NotIn,
            NotIn => In,
        }
    }
}

impl Condition {
    pub(super) fn new(operator: Comparison, value: &str) -> Self {
        Self {
            operator,
            value: value.into(),
        }
    }

    pub(super) fn invert(&self) -> Self {
        Self {
            operator: self.operator.invert(),
            value: Arc::clone(&self.value),
        }
    }

    pub(super) fn allows(&self, value: &str) -> bool {
        match self.operator {
            Equal => *self.value == *value,
            NotEqual => *self.value != *value,
            In => value.contains(&*self.value),
            NotIn => !value.contains(&*self.value),
        }
    }

    fn allows_all(&self, other: &Self) -> bool {
        match (self.operator, other.operator) {
            (_, Equal) => self.allows(&other.value),
            (In, In) => other.value.contains(&*self.value),
            (NotIn | NotEqual, NotIn) => self.value.contains(&*other.value),
            _ => self == other,
        }
    }

    fn allows_any(&self, other: &Self) -> bool {
        match (self.operator, other.operator) {
            (Equal, _) => other.allows(&self.value),
            (_, Equal) => self.allows(&other.value),
            (In, NotIn) => !self.value.contains(&*other.value),
            (NotIn, In) => !other.value.contains(&*self.value),
            _ => true,
        }
    }

    fn is_opposite(&self, other: &Self) -> bool {
        self.value == other.value && self.operator.invert() == other.operator
    }

    fn intersect(&self, other: &Self, domain: Domain) -> TextConstraint {
        if self == other {
            return self.clone().into();
        }
        if domain == Domain::Extras {
            if self.value == other.value {
                return TextConstraint::Empty;
            }
            return TextConstraint::All(vec![self.clone(), other.clone()]);
        }
        if self.allows_all(other) {
            return other.clone().into();
        }
        if other.allows_all(self) {
            return self.clone().into();
        }
        if !self.allows_any(other) || !other.allows_any(self) {
            return TextConstraint::Empty;
        }
        TextConstraint::All(vec![self.clone(), other.clone()])
    }

    fn union(&self, other: &Self, domain: Domain) -> TextConstraint {
        if self == other {
            return self.clone().into();
        }
        if domain == Domain::Extras {
            if self.value == other.value {
                return TextConstraint::Any;
            }
        } else if self.allows_all(other) {
            return self.clone().into();
        } else if other.allows_all(self) {
            return other.clone().into();
        } else if self.covers_all_with(other) {
            return TextConstraint::Any;
        }
        TextConstraint::Either(vec![self.clone().into(), other.clone().into()])
    }

    fn covers_all_with(&self, other: &Self) -> bool {
        let operators = (self.operator, other.operator);
        let is_in_some_negation = matches!(operators, (In, NotEqual | NotIn));
        operators == (NotEqual, NotEqual)
            || (is_in_some_negation && other.value.contains(&*self.value))
            || (other.operator == In && self.value.contains(&*other.value))
            || self.is_opposite(other)
    }
}

impl TextConstraint {
    /// Parses alternatives (`|`) of conditions joined by commas.
    pub(super) fn parse(text: &str, domain: Domain) -> Option<Self> {
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

    pub(super) fn is_any(&self) -> bool {
        matches!(self, Self::Any)
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Returns the condition if there is just one.
    pub(super) fn as_one(&self) -> Option<&Condition> {
        if let Self::One(condition) = self {
            return Some(condition);
        }
        None
    }

    pub(super) fn allows(&self, value: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Empty => false,
            Self::One(condition) => condition.allows(value),
            Self::All(conditions) => conditions.iter().all(|condition| condition.allows(value)),
            Self::Either(parts) => parts.iter().any(|part| part.allows(value)),
        }
    }

    pub(super) fn intersect(&self, other: &Self, domain: Domain) -> Self {
        match (self, other) {
            (Self::Any, _) => other.clone(),
            (Self::Empty, _) | (_, Self::Empty) => Self::Empty,
            (_, Self::Any) => self.clone(),
            (Self::One(ours), Self::One(theirs)) => ours.intersect(theirs, domain),
            (Self::All(ours), Self::All(theirs)) => intersect_all(ours, theirs, domain),
            (Self::All(ours), Self::One(their)) | (Self::One(their), Self::All(ours)) => {
                intersect_all_with(ours, their, domain)
            }
            (Self::Either(ours), _) => intersect_either(ours, other, domain),
            (_, Self::Either(theirs)) => intersect_either(theirs, self, domain),
        }
    }

    pub(super) fn union(&self, other: &Self, domain: Domain) -> Self {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Empty, _) => other.clone(),
            (_, Self::Empty) => self.clone(),
            (Self::One(ours), Self::One(theirs)) => ours.union(theirs, domain),
            (Self::One(_), Self::Either(theirs)) => {
                union_either(std::slice::from_ref(self), theirs, domain)
            }
            (Self::All(ours), Self::All(theirs)) => union_all(ours, theirs, domain),
            (Self::All(ours), Self::One(their)) | (Self::One(their), Self::All(ours)) => {
                union_all_with(ours, their, domain)
            }
            (Self::Either(_), _) if self == other => self.clone(),
            (Self::Either(ours), Self::Either(theirs)) => union_either(ours, theirs, domain),
            (Self::Either(ours), Self::One(_)) => {
                union_either(ours, std::slice::from_ref(other), domain)
            }
            (Self::Either(ours), Self::All(theirs)) | (Self::All(theirs), Self::Either(ours)) => {
                union_either_with_all(ours, theirs, domain)
            }
        }
    }
}

fn values_contain(conditions: &[Condition], value: &str) -> bool {
    conditions
        .iter()
        .any(|condition| *condition.value == *value)
}

fn intersect_all(ours: &[Condition], theirs: &[Condition], domain: Domain) -> TextConstraint {
    let all = || ours.iter().chain(theirs);
    let contradicts = |condition: &Condition| {
        let mut others = all();
        others.any(|other| other.operator == NotEqual && other.value == condition.value)
    };
    if domain == Domain::Extras && all().any(|one| one.operator == Equal && contradicts(one)) {
        return TextConstraint::Empty;
    }
    let new = theirs.iter().filter(|condition| !ours.contains(condition));
    TextConstraint::All(ours.iter().chain(new).cloned().collect())
}

fn intersect_all_with(ours: &[Condition], their: &Condition, domain: Domain) -> TextConstraint {
    if ours.contains(their) {
        return TextConstraint::All(ours.to_vec());
    }
    if values_contain(ours, &their.value) {
        return TextConstraint::Empty;
    }
    if their.operator == Equal && domain == Domain::Variable {
        return their.clone().into();
    }
    TextConstraint::All(ours.iter().chain([their]).cloned().collect())
}

fn union_all(ours: &[Condition], theirs: &[Condition], domain: Domain) -> TextConstraint {
    let (our_set, their_set) = (
        TextConstraint::All(ours.to_vec()),
        TextConstraint::All(theirs.to_vec()),
    );
    if domain == Domain::Extras {
        if ours.iter().all(|condition| theirs.contains(condition)) {
            return our_set;
        }
        if theirs.iter().all(|condition| ours.contains(condition)) {
            return their_set;
        }
        return TextConstraint::Either(vec![our_set, their_set]);
    }
    let mut common: Vec<_> = ours
        .iter()
        .filter(|one| theirs.contains(one))
        .cloned()
        .collect();
    match common.len() {
        0 => TextConstraint::Any,
        1 => TextConstraint::One(common.remove(0)),
        _ => TextConstraint::All(common),
    }
}

fn union_all_with(ours: &[Condition], their: &Condition, domain: Domain) -> TextConstraint {
    if ours.contains(their) {
        return their.clone().into();
    }
    let is_known = values_contain(ours, &their.value);
    let mut others: Vec<_> = ours
        .iter()
        .filter(|one| one.value != their.value)
        .cloned()
        .collect();
    if domain == Domain::Extras {
        let mut parts = vec![TextConstraint::All(ours.to_vec())];
        if ours.len() == 2 && is_known {
            parts = others.into_iter().map(TextConstraint::One).collect();
        }
        parts.push(their.clone().into());
        return TextConstraint::Either(parts);
    }
    if !is_known {
        return match their.operator {
            NotEqual => TextConstraint::Any,
            Equal | In | NotIn => TextConstraint::All(ours.to_vec()),
        };
    }
    match others.len() {
        1 => TextConstraint::One(others.remove(0)),
        _ => TextConstraint::All(others),
    }
}

fn contains_all(whole: &[TextConstraint], part: &[TextConstraint]) -> bool {
    part.iter().all(|constraint| whole.contains(constraint))
}

fn intersect_either(
    ours: &[TextConstraint],
    other: &TextConstraint,
    domain: Domain,
) -> TextConstraint {
    if domain == Domain::Extras && matches!(other, TextConstraint::One(_)) && ours.contains(other) {
        return other.clone();
    }
    let theirs = if let TextConstraint::Either(theirs) = other {
        theirs.as_slice()
    } else {
        std::slice::from_ref(other)
    };
    let mut common = Vec::new();
    if let TextConstraint::All(conditions) = other {
        for our in ours {
            let start = our.clone();
            push_distinct(
                &mut common,
                conditions.iter().fold(start, |set, condition| {
                    set.intersect(&condition.clone().into(), domain)
                }),
            );
        }
        return from_parts(common);
    }
    if contains_all(theirs, ours) {
        return TextConstraint::Either(ours.to_vec());
    }
    if contains_all(ours, theirs) {
        return from_parts(theirs.to_vec());
    }
    for our in ours {
        for their in theirs {
            push_distinct(&mut common, our.intersect(their, domain));
        }
    }
    from_parts(common)
}

/// Adds `part` unless it is empty or is there already, if need be in another order.
fn push_distinct(parts: &mut Vec<TextConstraint>, part: TextConstraint) {
    let is_same = |known: &TextConstraint| match (known, &part) {
        (TextConstraint::All(ours), TextConstraint::All(theirs)) => {
            ours.iter().all(|condition| theirs.contains(condition))
                && theirs.iter().all(|condition| ours.contains(condition))
        }
        _ => *known == part,
    };
    if !part.is_empty() && !parts.iter().any(is_same) {
        parts.push(part);
    }
}

fn from_parts(mut parts: Vec<TextConstraint>) -> TextConstraint {
    match parts.len() {
        0 => TextConstraint::Empty,
        1 => parts.remove(0),
        _ => TextConstraint::Either(parts),
    }
}

fn union_either(
    ours: &[TextConstraint],
    theirs: &[TextConstraint],
    domain: Domain,
) -> TextConstraint {
    let (mut our_parts, mut their_parts, mut merged) = (Vec::new(), Vec::new(), Vec::new());
    for their in theirs {
        for our in ours {
            let union = our.union(their, domain);
            if union.is_any() {
                return union;
            }
            if union.as_one().is_none() {
                push_unknown(&mut our_parts, our);
                push_unknown(&mut their_parts, their);
            } else if union == *our {
                push_unknown(&mut our_parts, our);
            } else if union == *their {
                push_unknown(&mut their_parts, their);
            } else {
                push_unknown(&mut merged, &union);
            }
        }
    }
    for part in their_parts.iter().chain(&merged) {
        push_unknown(&mut our_parts, part);
    }
    match our_parts.len() {
        1 => our_parts.remove(0),
        _ => TextConstraint::Either(our_parts),
    }
}

fn push_unknown(parts: &mut Vec<TextConstraint>, part: &TextConstraint) {
    if !parts.contains(part) {
        parts.push(part.clone());
    }
}

fn union_either_with_all(
    ours: &[TextConstraint],
    theirs: &[Condition],
    domain: Domain,
) -> TextConstraint {
    let singles = || ours.iter().filter_map(TextConstraint::as_one);
    if singles().any(|condition| theirs.contains(condition)) {
        return TextConstraint::Either(ours.to_vec());
    }
    let is_redundant = |their: &Condition| singles().any(|our| our.union(their, domain).is_any());
    let needed: Vec<_> = theirs.iter().filter(|their| !is_redundant(their)).collect();
    let needed_parts = needed
        .iter()
        .map(|&condition| condition.clone().into())
        .collect();
    if needed.is_empty() {
        return TextConstraint::Any;
    }
    if needed.len() < theirs.len() {
        let ours = TextConstraint::Either(ours.to_vec());
        return ours.union(&TextConstraint::Either(needed_parts), domain);
    }
    let mut parts = ours.to_vec();
    parts.push(TextConstraint::All(theirs.to_vec()));
    TextConstraint::Either(parts)
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
pub(super) fn split_containment(text: &str) -> Option<(Comparison, &str)> {
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

impl From<Condition> for TextConstraint {
    fn from(condition: Condition) -> Self {
        Self::One(condition)
    }
}

impl PartialEq for TextConstraint {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, Self::Any) | (Self::Empty, Self::Empty) => true,
            (Self::One(ours), Self::One(theirs)) => ours == theirs,
            (Self::All(ours), Self::All(theirs)) => ours == theirs,
            (Self::Either(ours), Self::Either(theirs)) => ours == theirs,
            _ => false,
        }
    }
}

impl Eq for TextConstraint {}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Equal => "==",
            NotEqual => "!=",
            In => "in",
            NotIn => "not in",
        })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operator, value } = self;
        match operator {
            Equal => formatter.write_str(value),
            NotEqual => write!(formatter, "!={value}"),
            In | NotIn => write!(formatter, "'{value}' {operator}"),
        }
    }
}
