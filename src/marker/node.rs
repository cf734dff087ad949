//! The tree of a marker: its nodes, their equality and their text.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::single::Single;
use super::text::Condition;
use super::variable::Variable;

/// A marker in Poetry's normal form, cheap to clone.
///
/// Equality is that of Poetry: of the text and the order of the parts, not of meaning; `"x" in os_name` equals
/// `os_name in "x"`.
#[derive(Clone)]
pub struct Marker(Arc<Tree>);

struct Tree {
    node: Node,
    hash: u64,
    complexity: Complexity,
}

/// One node of a marker.
pub(super) enum Node {
    /// Always holds.
    Any,
    /// Never holds.
    Empty,
    /// One comparison.
    Single(Single),
    /// Comparisons of one variable with several values, all of which hold.
    AllValues(Values),
    /// Comparisons of one variable with several values, one of which holds.
    AnyValue(Values),
    /// All of several markers.
    All(Vec<Marker>),
    /// One of several markers.
    Either(Vec<Marker>),
}

/// One variable and conditions on it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Values {
    pub(super) variable: Variable,
    pub(super) conditions: Vec<Condition>,
}

impl Values {
    pub(super) fn invert(&self) -> Self {
        Self {
            variable: self.variable,
            conditions: self.conditions.iter().map(Condition::invert).collect(),
        }
    }
}

/// How long a marker is: the number of comparisons, then the same with each set of values counted once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Complexity(pub(super) usize, pub(super) usize);

impl Marker {
    pub(super) fn node(&self) -> &Node {
        &self.0.node
    }

    pub(super) fn complexity(&self) -> Complexity {
        self.0.complexity
    }

    /// Joins markers by `and`, without simplifying more than repetitions.
    pub(super) fn all_of(markers: impl IntoIterator<Item = Self>) -> Self {
        Node::All(flatten_all(markers)).into()
    }

    /// Joins markers by `or`, without simplifying more than repetitions.
    pub(super) fn any_of(markers: impl IntoIterator<Item = Self>) -> Self {
        Node::Either(flatten_any(markers)).into()
    }

    pub(super) fn as_single(&self) -> Option<&Single> {
        if let Node::Single(single) = self.node() {
            return Some(single);
        }
        None
    }

    pub(super) fn as_all(&self) -> Option<&[Self]> {
        if let Node::All(markers) = self.node() {
            return Some(markers);
        }
        None
    }

    pub(super) fn as_any(&self) -> Option<&[Self]> {
        if let Node::Either(markers) = self.node() {
            return Some(markers);
        }
        None
    }

    /// Returns the variable if the marker compares only one, with one value or with several.
    pub(super) fn variable(&self) -> Option<Variable> {
        match self.node() {
            Node::Single(single) => Some(single.variable()),
            Node::AllValues(values) | Node::AnyValue(values) => Some(values.variable),
            Node::Any | Node::Empty | Node::All(_) | Node::Either(_) => None,
        }
    }

    /// Tells whether both are the same, down to which side of a comparison the variable stands on.
    pub(crate) fn is_identical(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.hash == other.0.hash
                && self
                    .node()
                    .matches(other.node(), Self::is_identical, Single::is_identical))
    }

    pub(super) fn hash_code(&self) -> u64 {
        self.0.hash
    }
}

/// Flattens conjunctions in `markers` and drops repetitions.
pub(super) fn flatten_all(markers: impl IntoIterator<Item = Marker>) -> Vec<Marker> {
    let mut flat = Vec::new();
    for marker in markers {
        match marker.as_all() {
            Some(parts) => parts.iter().for_each(|part| push_new(&mut flat, part)),
            None => push_new(&mut flat, &marker),
        }
    }
    flat
}

/// Flattens disjunctions in `markers` and drops repetitions.
pub(super) fn flatten_any(markers: impl IntoIterator<Item = Marker>) -> Vec<Marker> {
    let mut flat = Vec::new();
    for marker in markers {
        match marker.as_any() {
            Some(parts) => parts.iter().for_each(|part| push_new(&mut flat, part)),
            None => push_new(&mut flat, &marker),
        }
    }
    flat
}

fn push_new(markers: &mut Vec<Marker>, marker: &Marker) {
    if !markers.contains(marker) {
        markers.push(marker.clone());
    }
}

impl Node {
    fn matches(
        &self,
        other: &Self,
        same: impl Fn(&Marker, &Marker) -> bool,
        same_single: impl Fn(&Single, &Single) -> bool,
    ) -> bool {
        match (self, other) {
            (Self::Any, Self::Any) | (Self::Empty, Self::Empty) => true,
            (Self::Single(ours), Self::Single(theirs)) => same_single(ours, theirs),
            (Self::AllValues(ours), Self::AllValues(theirs))
            | (Self::AnyValue(ours), Self::AnyValue(theirs)) => ours == theirs,
            (Self::All(ours), Self::All(theirs)) | (Self::Either(ours), Self::Either(theirs)) => {
                ours.len() == theirs.len()
                    && ours
                        .iter()
                        .zip(theirs)
                        .all(|(ours, theirs)| same(ours, theirs))
            }
            _ => false,
        }
    }

    fn hash_code(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        std::mem::discriminant(self).hash(&mut hasher);
        match self {
            Self::Any | Self::Empty => {}
            Self::Single(single) => single.hash(&mut hasher),
            Self::AllValues(values) | Self::AnyValue(values) => values.hash(&mut hasher),
            Self::All(markers) | Self::Either(markers) => {
                for marker in markers {
                    hasher.write_u64(marker.0.hash);
                }
            }
        }
        hasher.finish()
    }

    fn complexity(&self) -> Complexity {
        match self {
            Self::Any | Self::Empty | Self::Single(_) => Complexity(1, 1),
            Self::AllValues(values) | Self::AnyValue(values) => {
                Complexity(values.conditions.len(), 1)
            }
            Self::All(markers) | Self::Either(markers) => {
                let start = Complexity(0, 0);
                markers.iter().fold(start, |sum, marker| {
                    let part = marker.complexity();
                    Complexity(sum.0 + part.0, sum.1 + part.1)
                })
            }
        }
    }
}

impl From<Node> for Marker {
    fn from(node: Node) -> Self {
        Self(Arc::new(Tree {
            hash: node.hash_code(),
            complexity: node.complexity(),
            node,
        }))
    }
}

impl PartialEq for Marker {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.hash == other.0.hash
                && self.node().matches(other.node(), Self::eq, Single::eq))
    }
}

impl Eq for Marker {}

impl Hash for Marker {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => Ok(()),
            Self::Empty => formatter.write_str("<empty>"),
            Self::Single(single) => write!(formatter, "{single}"),
            Self::AllValues(values) => values.write(" and ", formatter),
            Self::AnyValue(values) => values.write(" or ", formatter),
            Self::All(markers) => write_all(markers, formatter),
            Self::Either(markers) => write_any(markers, formatter),
        }
    }
}

fn write_all(markers: &[Marker], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (place, marker) in markers.iter().enumerate() {
        if place > 0 {
            formatter.write_str(" and ")?;
        }
        match marker.node() {
            Node::Single(_) | Node::All(_) | Node::AllValues(_) => write!(formatter, "{marker}")?,
            Node::Any | Node::Empty | Node::AnyValue(_) | Node::Either(_) => {
                write!(formatter, "({marker})")?;
            }
        }
    }
    Ok(())
}

fn write_any(markers: &[Marker], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (place, marker) in markers.iter().enumerate() {
        if place > 0 {
            formatter.write_str(" or ")?;
        }
        write!(formatter, "{marker}")?;
    }
    Ok(())
}

impl Values {
    /// Writes the conditions without the variable.
    pub(super) fn join(&self, glue: &str) -> String {
        let conditions = self.conditions.iter().map(Condition::to_string);
        conditions.collect::<Vec<_>>().join(glue)
    }

    fn write(&self, glue: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, condition) in self.conditions.iter().enumerate() {
            let glue = if place == 0 { "" } else { glue };
            let Condition { operator, value } = condition;
            write!(formatter, "{glue}{} {operator} \"{value}\"", self.variable)?;
        }
        Ok(())
    }
}

impl From<Single> for Marker {
    fn from(single: Single) -> Self {
        Node::Single(single).into()
    }
}
