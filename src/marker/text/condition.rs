//! One comparison of a text, and what two of them are together.

use std::fmt;
use std::sync::Arc;

use super::TextConstraint;
use super::condition::Comparison::{Equal, In, NotEqual, NotIn};

/// What a text is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::marker) enum Domain {
    /// A variable, which has one value.
    Variable,
    /// The extras, any number of which are asked for.
    Extras,
}

/// How a text is compared. `In` and `NotIn` ask whether the given value is a part of the variable's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::marker) enum Comparison {
    Equal,
    NotEqual,
    In,
    NotIn,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::marker) struct Condition {
    pub(in crate::marker) operator: Comparison,
    pub(in crate::marker) value: Arc<str>,
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
    pub(in crate::marker) fn new(operator: Comparison, value: &str) -> Self {
        Self {
            operator,
            value: value.into(),
        }
    }

    pub(in crate::marker) fn invert(&self) -> Self {
        Self {
            operator: self.operator.invert(),
            value: Arc::clone(&self.value),
        }
    }

    pub(in crate::marker) fn allows(&self, value: &str) -> bool {
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

    pub(super) fn intersect(&self, other: &Self, domain: Domain) -> TextConstraint {
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

    pub(super) fn union(&self, other: &Self, domain: Domain) -> TextConstraint {
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

pub(super) fn values_contain(conditions: &[Condition], value: &str) -> bool {
    conditions
        .iter()
        .any(|condition| *condition.value == *value)
}

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
