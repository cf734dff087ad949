//! Sets of texts: the values that `sys_platform` and its like may have, and the extras that may be asked for.
//!
//! An environment has one `sys_platform` but any number of extras. So `== a` and `== b` have nothing in common for a
//! variable, but are a proper condition on extras; [`Domain`] tells the two apart. What the operations give is Poetry's.

mod condition;
mod parse;
mod sets;

use sets::{
    intersect_all, intersect_all_with, intersect_either, union_all, union_all_with, union_either,
    union_either_with_all,
};

pub(super) use condition::{Comparison, Condition, Domain};
pub(super) use parse::split_containment;

/// A set of texts.
#[derive(Clone, Debug)]
pub(super) enum TextConstraint {
    Any,
    Empty,
    One(Condition),
    All(Vec<Condition>),
    Either(Vec<TextConstraint>),
}

impl TextConstraint {
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
