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
mod comparison;
mod environment;
mod evaluate;
mod inverse;
mod merge;
mod node;
mod operator;
mod parse;
mod plain;
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
pub(crate) use parse::standard_marker as parse_standard_marker;

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
    /// There are more comparisons than anyone would write.
    #[error("the marker has more than {limit} comparisons")]
    TooLong {
        /// How many comparisons there may be.
        limit: usize,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::VersionConstraint;

    fn marker(text: &str) -> Marker {
        Marker::parse(text).unwrap()
    }

    #[track_caller]
    fn prints(text: &str, expected: &str) {
        assert_eq!(marker(text).to_string(), expected);
    }

    #[track_caller]
    fn refuses(text: &str, message: &str) {
        assert_eq!(Marker::parse(text).unwrap_err().to_string(), message);
    }

    #[track_caller]
    fn intersection(ours: &str, theirs: &str, expected: &str) {
        let both = marker(ours).intersect(&marker(theirs));
        assert_eq!(both.to_string(), expected);
    }

    #[track_caller]
    fn union(ours: &str, theirs: &str, expected: &str) {
        let either = marker(ours).union(&marker(theirs));
        assert_eq!(either.to_string(), expected);
    }

    #[track_caller]
    fn reduces(text: &str, python: &str, expected: &str) {
        let constraint = VersionConstraint::parse_marker(python).unwrap();
        let reduced = marker(text).reduce_by_python_constraint(&constraint);
        assert_eq!(reduced.to_string(), expected);
    }

    #[test]
    fn values_are_quoted_alike() {
        prints("os.name=='nt'", "os_name == \"nt\"");
        prints(
            "python_full_version<'3.8'",
            "python_full_version < \"3.8.0\"",
        );
        prints(
            "'tegra' not in platform_release",
            "\"tegra\" not in platform_release",
        );
        prints("os_name == ''", "os_name == \" \"");
    }

    #[test]
    fn the_side_of_the_variable_is_kept() {
        prints("\"x\" in os_name", "\"x\" in os_name");
        prints("os_name in \"x\"", "os_name in \"x\"");
        prints(
            "\"x\" in os_name and sys_platform == \"a\"",
            "\"x\" in os_name and sys_platform == \"a\"",
        );
        prints(
            "os_name in \"x\" and sys_platform == \"a\"",
            "os_name in \"x\" and sys_platform == \"a\"",
        );
    }

    #[test]
    fn comparisons_of_one_variable_merge() {
        prints(
            "python_version >= '3.8' and python_version < '3.9'",
            "python_version == \"3.8\"",
        );
        prints(
            "python_version > '3.8' and python_version < '3.9'",
            "<empty>",
        );
        prints("python_version <= '3.8' or python_version >= '3.9'", "");
        prints(
            "python_version >= '3.8' and python_full_version >= '3.8.1'",
            "python_full_version >= \"3.8.1\"",
        );
        prints(
            "python_version < '3.9' or python_full_version < '3.9.1'",
            "python_full_version < \"3.9.1\"",
        );
        prints("os_name == 'nt' and os_name == 'posix'", "<empty>");
        prints("os_name != 'nt' or os_name != 'posix'", "");
        prints(
            "extra == 'a' and extra == 'b'",
            "extra == \"a\" and extra == \"b\"",
        );
        prints("extra == 'a' and extra != 'a'", "<empty>");
    }

    #[test]
    fn versions_that_follow_each_other_make_a_range() {
        union(
            "python_version == '3.8'",
            "python_version == '3.9'",
            "python_version >= \"3.8\" and python_version < \"3.10\"",
        );
    }

    #[test]
    fn the_shorter_normal_form_is_kept() {
        prints(
            "(os_name == 'nt' or extra == 'a') and (os_name == 'nt' or extra == 'b')",
            "os_name == \"nt\" or extra == \"a\" and extra == \"b\"",
        );
        intersection(
            "sys_platform == 'linux' or python_version < '3.8'",
            "sys_platform == 'linux'",
            "sys_platform == \"linux\"",
        );
    }

    #[test]
    fn other_texts_are_refused() {
        refuses(
            "os_name",
            "`os_name` is not a marker: unexpected text at column 8",
        );
        refuses(
            "os_name == 'nt' and",
            "`os_name == 'nt' and` is not a marker: unexpected text at column 20",
        );
        refuses(
            "os_name not  in 'nt'",
            "`os_name not  in 'nt'` is not a marker: unexpected text at column 9",
        );
        refuses(
            "'3.8' <= python_version",
            "`python_version` cannot be compared as `\"3.8\" <=`",
        );
        refuses(
            "python_version > 'x'",
            "`python_version` cannot be compared as `> x`",
        );
        refuses(
            &"(".repeat(1000),
            "parentheses are nested more than 200 deep",
        );
    }

    #[test]
    fn conditions_that_all_interpreters_meet_are_left_out() {
        reduces(
            "python_version >= '3.8' and os_name == 'nt'",
            ">=3.9",
            "os_name == \"nt\"",
        );
        reduces(
            "python_version < '3.8' or os_name == 'nt'",
            ">=3.9",
            "os_name == \"nt\"",
        );
        reduces(
            "python_version < '3.10' or python_version >= '3.10'",
            "^3.9",
            "",
        );
    }

    #[test]
    fn extras_are_decided_or_dropped() {
        let marked = marker("python_version < '3.8' and (extra == 'a' or extra == 'Foo_Bar')");
        assert_eq!(
            marked.without_extras().to_string(),
            "python_version < \"3.8\""
        );
        let extras = [crate::name::ExtraName::new("foo-bar")];
        assert_eq!(
            marked.apply_extras(&extras).to_string(),
            "python_version < \"3.8\""
        );
        assert!(marked.apply_extras(&[]).is_empty());
        assert_eq!(marked.in_extras().len(), 2);
    }

    #[test]
    fn interpreters_become_markers_and_come_back() {
        let constraint = VersionConstraint::parse_marker(">=3.8,<3.9 || >3.10").unwrap();
        let python = Marker::from_python_constraint(&constraint);
        assert_eq!(
            python.to_string(),
            "python_version == \"3.8\" or python_full_version > \"3.10.0\""
        );
        assert_eq!(
            python.python_constraint().to_string(),
            ">=3.8,<3.9 || >3.10.0"
        );
        assert_eq!(python.python_versions(), "~3.8 || >3.10.0");
    }

    #[test]
    fn deep_nesting_is_no_danger() {
        let levels = (0..190).map(|n| format!("(sys_platform == '{n}' {} ", ["and", "or"][n % 2]));
        let opening = levels.collect::<Vec<_>>().concat();
        let text = format!("{opening}os_name == 'nt'{}", ")".repeat(190));
        let nested = marker(&text);
        assert!(
            nested
                .union(&marker("os_name != 'nt'"))
                .to_string()
                .contains("os_name")
        );
        assert_eq!(nested.invert().invert().to_string(), nested.to_string());
    }

    #[test]
    fn endless_texts_are_refused() {
        refuses(
            &"os_name=='a'or ".repeat(10_001),
            "the marker has more than 10000 comparisons",
        );
        let values = "a ".repeat(2000);
        assert!(Marker::parse(&format!("os_name in '{values}'")).is_err());
    }

    #[test]
    fn too_long_normal_forms_are_given_up() {
        let clauses: Vec<String> = (0..40)
            .map(|n| format!("(os_name == '{n}' or platform_version == '{n}' or extra == '{n}')"))
            .collect();
        let text = clauses.join(" and ");
        assert!(
            Marker::parse(&text)
                .unwrap()
                .to_string()
                .contains("os_name == \"39\"")
        );
    }

    #[test]
    fn what_is_given_up_loses_no_condition() {
        let clauses: Vec<String> = (0..40)
            .map(|n| {
                format!("(os_name == '{n}' or platform_version == '{n}' or sys_platform == '{n}')")
            })
            .collect();
        let plain = clauses.join(" and ");
        let marked = marker(&format!("{plain} and extra == 'a'"));
        let printed = plain.replace('\'', "\"");
        assert_eq!(marked.without_extras().to_string(), printed);
        let kept = [
            Variable::OsName,
            Variable::PlatformVersion,
            Variable::SysPlatform,
        ];
        assert_eq!(marked.only(&kept).to_string(), printed);
        let extras = [crate::name::ExtraName::new("a")];
        assert_eq!(marked.apply_extras(&extras).to_string(), printed);
        assert!(marked.apply_extras(&[]).is_empty());
    }
}
