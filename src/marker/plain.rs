//! Conditions taken out or decided without simplifying what is left.
//!
//! This is what remains where the normal forms of a marker take too long: the result means the same, and is only longer. It
//! takes as many steps as the marker has comparisons.

use super::node::{Marker, Node};

impl Marker {
    /// Returns the marker with `change` made to each comparison; sets of values of one variable count as one.
    pub(super) fn change_plainly(&self, change: &impl Fn(&Self) -> Self) -> Self {
        match self.node() {
            Node::All(parts) => {
                Self::all_plainly(parts.iter().map(|part| part.change_plainly(change)))
            }
            Node::Either(parts) => {
                Self::any_plainly(parts.iter().map(|part| part.change_plainly(change)))
            }
            Node::Any | Node::Empty | Node::Single(_) | Node::AllValues(_) | Node::AnyValue(_) => {
                change(self)
            }
        }
    }

    fn all_plainly(parts: impl Iterator<Item = Self>) -> Self {
        let parts: Vec<Self> = parts.filter(|part| !part.is_any()).collect();
        if parts.iter().any(Self::is_empty) {
            return Self::empty();
        }
        match parts.as_slice() {
            [] => Self::any(),
            [only] => only.clone(),
            _ => Self::all_of(parts),
        }
    }

    fn any_plainly(parts: impl Iterator<Item = Self>) -> Self {
        let parts: Vec<Self> = parts.filter(|part| !part.is_empty()).collect();
        if parts.iter().any(Self::is_any) {
            return Self::any();
        }
        match parts.as_slice() {
            [] => Self::empty(),
            [only] => only.clone(),
            _ => Self::any_of(parts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marker::Variable;

    #[track_caller]
    fn without_extra(text: &str, expected: &str) {
        let marker = Marker::parse(text).unwrap();
        let changed = marker.change_plainly(&|part| match part.variable() {
            Some(Variable::Extra) => Marker::any(),
            _ => part.clone(),
        });
        assert_eq!(changed.to_string(), expected);
    }

    #[test]
    fn what_always_holds_leaves_a_conjunction_and_fills_a_disjunction() {
        without_extra("os_name == 'nt' and extra == 'a'", "os_name == \"nt\"");
        without_extra("os_name == 'nt' or extra == 'a'", "");
        without_extra(
            "os_name == 'nt' and (extra == 'a' or sys_platform == 'b')",
            "os_name == \"nt\"",
        );
    }
}
