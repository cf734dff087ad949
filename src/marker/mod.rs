//! Environment markers ([dependency specifiers], PEP 508), with Poetry's algebra and normal form.
//!
//! Every operation gives the marker that poetry-core 2.5 gives, and its text, because exports are compared byte for byte.
//! That includes Poetry's choices between equal markers, and its readings that PEP 508 does not share (`~=` on a text).
//! One fault is left out: Poetry's caches confuse `"x" in os_name` with `os_name in "x"`, so that what it prints for one
//! depends on what it read before.
//!
//! A [`Marker`] is cheap to clone and keeps nothing but itself; what an operation remembers while it works is dropped with
//! it. The normal forms can grow exponentially. Poetry would then not end; here an operation that takes too many steps gives
//! the plain conjunction or disjunction of its operands, which is right but not simplified.
//!
//! [dependency specifiers]: https://packaging.python.org/en/latest/specifications/dependency-specifiers/#environment-markers

mod algebra;
mod environment;
mod evaluate;
mod merge;
mod node;
mod parse;
mod python;
mod reduce;
mod simplify;
mod single;
mod text;
mod variable;

use std::fmt;

use algebra::Algebra;
use node::Node;

pub(crate) use parse::requirement_marker as parse_requirement_marker;

pub use environment::MarkerEnvironment;
pub use node::Marker;
pub use variable::Variable;

/// Why a marker could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text does not follow the grammar of markers.
    #[error("`{text}` is not a marker: unexpected text at column {column}")]
    Syntax {
        /// What was read.
        text: String,
        /// Where it went wrong, in characters, from 1.
        column: usize,
    },
    /// A variable is compared with something that it cannot be compared with.
    #[error("`{variable}` cannot be compared as `{comparison}`")]
    Comparison {
        /// The variable.
        variable: Variable,
        /// Operator and value.
        comparison: String,
    },
    /// Parentheses are nested too deeply.
    #[error("parentheses are nested more than {limit} deep")]
    TooDeep {
        /// How deep they may be nested.
        limit: usize,
    },
}

impl Marker {
    /// Parses `text`. The empty text and `*` are the marker that always holds.
    ///
    /// # Errors
    ///
    /// Any [`Error`], where Poetry fails too.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse::marker(text)
    }

    /// Returns the marker that every environment satisfies.
    pub fn any() -> Self {
        Node::Any.into()
    }

    /// Returns the marker that no environment satisfies.
    pub fn empty() -> Self {
        Node::Empty.into()
    }

    /// Tells whether this is the marker that every environment satisfies.
    pub fn is_any(&self) -> bool {
        matches!(self.node(), Node::Any)
    }

    /// Tells whether this is the marker that no environment satisfies.
    pub fn is_empty(&self) -> bool {
        matches!(self.node(), Node::Empty)
    }

    /// Returns the marker that holds where both hold.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let result = Algebra::new().intersect(self, other);
        result.unwrap_or_else(|_| Self::all_of([self.clone(), other.clone()]))
    }

    /// Returns the marker that holds where one of the two holds.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let result = Algebra::new().union(self, other);
        result.unwrap_or_else(|_| Self::any_of([self.clone(), other.clone()]))
    }

    /// Returns the marker that holds where this one does not. It is not simplified.
    #[must_use]
    pub fn invert(&self) -> Self {
        match self.node() {
            Node::Any => Self::empty(),
            Node::Empty => Self::any(),
            Node::Single(single) => single.invert(),
            Node::AllValues(values) => Node::AnyValue(values.invert()).into(),
            Node::AnyValue(values) => Node::AllValues(values.invert()).into(),
            Node::All(markers) => Self::any_of(markers.iter().map(Self::invert)),
            Node::Either(markers) => Self::all_of(markers.iter().map(Self::invert)),
        }
    }

    /// Returns the conjunctive normal form: a conjunction of disjunctions.
    #[must_use]
    pub fn cnf(&self) -> Self {
        let result = Algebra::new().cnf(self);
        result.unwrap_or_else(|_| self.clone())
    }

    /// Returns the disjunctive normal form: a disjunction of conjunctions.
    #[must_use]
    pub fn dnf(&self) -> Self {
        let result = Algebra::new().dnf(self);
        result.unwrap_or_else(|_| self.clone())
    }
}

/// Poetry's text of the marker: nothing for the marker that always holds, `<empty>` for the one that never does.
impl fmt::Display for Marker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.node())
    }
}

impl fmt::Debug for Marker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Marker({})", self.node())
    }
}
