//! Sets of versions: none, one interval, or several.

mod display;
mod interval;
mod syntax;
mod unions;

use std::fmt;

use super::{Error, Version};
use interval::version_difference;
use unions::{covers, intersect_unions, merge, overlap, subtract, subtract_union};

pub use interval::{Bound, Interval, Range};
pub(crate) use syntax::{CONDITION_LIMIT, n_conditions, split_alternatives};

/// A set of versions, with Poetry's algebra and text.
///
/// Equality is that of Poetry's classes: of the bounds, not of their text (`>=1` equals `>=1.0`).
#[derive(Clone, Debug)]
pub enum VersionConstraint {
    /// No version.
    Empty,
    /// Versions without a gap.
    Interval(Interval),
    /// Several intervals in ascending order, none of which touch.
    Union(Vec<Interval>),
}

impl VersionConstraint {
    /// Parses a constraint as Poetry's `parse_constraint` does: `^1.2`, `~1`, `>=1,<2 || 3.*`, `*`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConstraint`] with the part that could not be read.
    pub fn parse(text: &str) -> Result<Self, Error> {
        syntax::parse(text, syntax::Dialect::Requirement)
    }

    /// Parses a constraint on the version of an interpreter, as Poetry's `parse_marker_version_constraint` does.
    ///
    /// There are no pre-releases to keep out, so the end of `^3.8` is `4.0` and not `4.0.dev0`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConstraint`] with the part that could not be read.
    pub fn parse_marker(text: &str) -> Result<Self, Error> {
        syntax::parse(text, syntax::Dialect::Interpreter)
    }

    /// Parses a constraint on `platform_release`, whose versions need not be those of PEP 440 (`5.15.0-91-generic`).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConstraint`] with the part that could not be read.
    pub fn parse_release(text: &str) -> Result<Self, Error> {
        syntax::parse(text, syntax::Dialect::Platform)
    }

    /// Returns the set of all versions.
    pub fn any() -> Self {
        Range::default().into()
    }

    /// Returns the set of no versions.
    pub fn empty() -> Self {
        Self::Empty
    }

    fn excluding(version: Version) -> Self {
        let bound = Bound::excluded(version);
        Self::Union(vec![
            Interval::Range(Range::new(None, Some(bound.clone()))),
            Interval::Range(Range::new(Some(bound), None)),
        ])
    }

    /// Returns the only version of the set, if that is how it is given (`1.0`, `==1.0`).
    pub fn as_version(&self) -> Option<&Version> {
        match self {
            Self::Interval(Interval::Version(version)) => Some(version),
            Self::Empty | Self::Interval(Interval::Range(_)) | Self::Union(_) => None,
        }
    }

    /// Returns the intervals of the set in ascending order.
    pub fn intervals(&self) -> &[Interval] {
        match self {
            Self::Empty => &[],
            Self::Interval(interval) => std::slice::from_ref(interval),
            Self::Union(intervals) => intervals,
        }
    }

    /// Tells whether every version lies in the set.
    pub fn is_any(&self) -> bool {
        matches!(self, Self::Interval(interval) if interval.is_any())
    }

    /// Tells whether no version lies in the set.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Interval(interval) => interval.is_empty(),
            Self::Union(_) => false,
        }
    }

    /// Tells whether one comparison says it all: `==`, `!=`, `>`, `>=`, `<` or `<=` with one version.
    pub fn is_simple(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Interval(interval) => interval.is_simple(),
            Self::Union(_) => self.excluded_version().is_some(),
        }
    }

    /// Tells whether the set ends somewhere.
    pub fn has_upper_bound(&self) -> bool {
        let mut intervals = self.intervals().iter();
        intervals.all(|interval| interval.max().is_some())
    }

    /// Returns the version that alone is missing, as in `!=1.0`.
    pub fn excluded_version(&self) -> Option<Version> {
        let Self::Union(_) = self else { return None };
        let missing = self.complement();
        missing.as_version().cloned()
    }

    /// Tells whether all but one wildcard lies in the set, as in `!=1.*`.
    pub fn excludes_single_wildcard(&self) -> bool {
        matches!(self, Self::Union(intervals) if display::excluded(intervals).is_some())
    }

    /// Returns the set of all versions that do not lie in this one.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::any().difference(self)
    }
}

/// Questions about one set and another.
impl VersionConstraint {
    /// Tells whether `version` lies in the set. A public version that does brings its local variants along.
    pub fn allows(&self, version: &Version) -> bool {
        if let Some(excluded) = self.excluded_version() {
            return !interval::is_variant(&excluded, version);
        }
        let mut intervals = self.intervals().iter();
        intervals.any(|interval| interval.allows(version))
    }

    /// Tells whether all of `other` lies in the set.
    pub fn allows_all(&self, other: &Self) -> bool {
        match self {
            Self::Empty => other.is_empty(),
            Self::Interval(Interval::Version(_)) if other.is_empty() => true,
            Self::Interval(Interval::Version(_)) if matches!(other, Self::Union(_)) => false,
            Self::Interval(ours) => {
                let mut theirs = other.intervals().iter();
                theirs.all(|theirs| ours.allows_all(theirs))
            }
            Self::Union(ours) => covers(ours, other.intervals()),
        }
    }

    /// Tells whether some version lies in both sets.
    pub fn allows_any(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Empty, _) => false,
            (Self::Interval(Interval::Version(_)), Self::Union(_)) => {
                !other.intersect(self).is_empty()
            }
            (Self::Interval(ours), _) => {
                let mut theirs = other.intervals().iter();
                theirs.any(|theirs| ours.allows_any(theirs))
            }
            (Self::Union(ours), _) => overlap(ours, other.intervals()),
        }
    }
}

/// Set operations.
impl VersionConstraint {
    /// Returns what lies in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Empty, _) => Self::Empty,
            (Self::Interval(_), _) if other.is_empty() => Self::Empty,
            (Self::Interval(ours), Self::Interval(theirs)) => ours.intersect(theirs),
            (Self::Interval(_), _) => other.intersect(self),
            (Self::Union(ours), _) => intersect_unions(ours, other.intervals()),
        }
    }

    /// Returns what lies in one of the sets or in both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Empty, _) => other.clone(),
            (Self::Interval(ours), Self::Interval(theirs)) => ours.union(theirs),
            (Self::Interval(Interval::Version(_)), _) => other.union(self),
            _ => Self::union_of([self.clone(), other.clone()]),
        }
    }

    /// Returns what lies in this set and not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Empty, _) => Self::Empty,
            (Self::Interval(Interval::Version(version)), _) => version_difference(version, other),
            (Self::Interval(_), Self::Empty) => self.clone(),
            (Self::Interval(ours), Self::Interval(theirs)) => ours.difference(theirs),
            (Self::Interval(ours), Self::Union(theirs)) => subtract_union(ours, theirs),
            (Self::Union(ours), _) => subtract(ours, other.intervals()),
        }
    }

    /// Returns the union of many sets: sorted, and merged where they overlap or touch.
    pub fn union_of(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut intervals: Vec<Interval> = Vec::new();
        for part in parts {
            match part {
                Self::Empty => {}
                Self::Interval(interval) if interval.is_empty() => {}
                Self::Interval(interval) => intervals.push(interval),
                Self::Union(several) => intervals.extend(several),
            }
        }
        if intervals.iter().any(Interval::is_any) {
            return Self::any();
        }
        intervals.sort_by(Interval::order);
        Self::from_intervals(merge(intervals))
    }

    fn from_intervals(mut intervals: Vec<Interval>) -> Self {
        match intervals.len() {
            0 => Self::Empty,
            1 => Self::Interval(intervals.remove(0)),
            _ => Self::Union(intervals),
        }
    }
}

impl From<Version> for VersionConstraint {
    fn from(version: Version) -> Self {
        Self::Interval(Interval::Version(version))
    }
}

impl From<Range> for VersionConstraint {
    fn from(range: Range) -> Self {
        Self::Interval(Interval::Range(range))
    }
}

impl From<Interval> for VersionConstraint {
    fn from(interval: Interval) -> Self {
        Self::Interval(interval)
    }
}

impl PartialEq for VersionConstraint {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Interval(ours), Self::Interval(theirs)) => ours == theirs,
            (Self::Union(ours), Self::Union(theirs)) => ours == theirs,
            (Self::Empty, _) => other.is_empty(),
            (_, Self::Empty) => self.is_empty(),
            (Self::Interval(_), Self::Union(_)) | (Self::Union(_), Self::Interval(_)) => false,
        }
    }
}

impl Eq for VersionConstraint {}

impl fmt::Display for VersionConstraint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("<empty>"),
            Self::Interval(interval) => write!(formatter, "{interval}"),
            Self::Union(intervals) => display::write_union(intervals, formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraint(text: &str) -> VersionConstraint {
        VersionConstraint::parse(text).unwrap()
    }

    #[track_caller]
    fn prints(text: &str, expected: &str) {
        assert_eq!(constraint(text).to_string(), expected);
    }

    #[track_caller]
    fn intersection(ours: &str, theirs: &str, expected: &str) {
        let both = constraint(ours).intersect(&constraint(theirs));
        assert_eq!(both.to_string(), expected);
    }

    #[track_caller]
    fn union(ours: &str, theirs: &str, expected: &str) {
        let either = constraint(ours).union(&constraint(theirs));
        assert_eq!(either.to_string(), expected);
    }

    #[track_caller]
    fn difference(ours: &str, theirs: &str, expected: &str) {
        let rest = constraint(ours).difference(&constraint(theirs));
        assert_eq!(rest.to_string(), expected);
    }

    #[track_caller]
    fn refuses(text: &str, part: &str) {
        let error = VersionConstraint::parse(text).unwrap_err();
        let text = part.to_owned();
        assert_eq!(error, Error::InvalidConstraint { text });
    }

    #[test]
    fn operators_of_poetry_become_ranges() {
        prints("^1.2", ">=1.2,<2.0");
        prints("^0.0.3", ">=0.0.3,<0.0.4");
        prints("~1", ">=1,<2");
        prints("~1.2.3", ">=1.2.3,<1.3.0");
        prints("~=1.4.5", ">=1.4.5,<1.5.0");
        prints("*", "*");
        prints("v*.x", "*");
    }

    #[test]
    fn wildcards_print_as_wildcards() {
        prints("1.*", "==1.*");
        prints("!=1.2.*", "!=1.2.*");
        prints(">=1.dev0,<2", "==1.*");
        prints("1.2.3.4.*", "==1.2.3.4.*");
        prints("==1.0.post1.*", "==1.0.post1.*");
    }

    #[test]
    fn conditions_and_alternatives_combine() {
        prints(">=1 <2,!=1.5", ">=1,!=1.5,<2");
        prints(">=1, <2, || >=3,", ">=1,<2 || >=3");
        prints("1.0|2.0", "1.0 || 2.0");
        prints("<1 || >=1", "<1 || >=1");
        prints("<=1 || >1", "*");
        prints(">2,<1", "<empty>");
    }

    #[test]
    fn the_part_that_cannot_be_read_is_named() {
        refuses(">=1,<two", "<two");
        refuses("", "");
        refuses("===1.0", "===1.0");
        refuses(">=1 || >", ">");
    }

    #[test]
    fn sets_intersect() {
        intersection("^1.2", ">=1.5", ">=1.5,<2.0");
        intersection("!=1.5", ">1,<2", ">1,!=1.5,<2");
        intersection(">=1.0+local", "1.0", ">=1.0+local,<1.0.1");
        intersection("<1 || >2", ">=0.5,<3", ">=0.5,<1 || >2,<3");
        intersection("1.0", "1.0+cpu", "1.0+cpu");
    }

    #[test]
    fn sets_unite() {
        union("<1", ">=1", "<1 || >=1");
        union("<1.5", ">=1", "*");
        union("1.0", "1.0+cpu", "1.0");
        union(">1", "1", ">=1");
        union(">=1.0+a,<=1.0+b", "1.0", ">=1.0,<1.0.1");
    }

    #[test]
    fn sets_are_taken_from_each_other() {
        difference("*", "!=1.0", "1.0");
        difference(">=1,<3", "2", ">=1,!=2,<3");
        difference("1.0", "1.0+cpu", ">=1.0,!=1.0+cpu,<1.0.post0");
        difference("<1 || >2", "<0.5 || >3", ">=0.5.dev0,<1 || >2,<=3");
    }

    #[test]
    fn pre_releases_of_an_excluded_end_are_left_out() {
        let before_two = constraint("<2");
        assert!(!before_two.allows(&Version::parse("2.0a1").unwrap()));
        let on_an_interpreter = VersionConstraint::parse_marker("<2").unwrap();
        assert!(on_an_interpreter.allows(&Version::parse("2.0a1").unwrap()));
    }

    #[test]
    fn local_variants_go_with_their_version() {
        assert!(constraint("1.0").allows(&Version::parse("1.0+cpu").unwrap()));
        assert!(constraint("<=1.0").allows(&Version::parse("1.0+cpu").unwrap()));
        assert!(!constraint(">1.0").allows(&Version::parse("1.0+cpu").unwrap()));
        assert!(!constraint(">1.0").allows(&Version::parse("1.0.post1").unwrap()));
        assert!(!constraint("!=1.0").allows(&Version::parse("1.0+cpu").unwrap()));
    }

    #[test]
    fn releases_of_systems_need_not_be_versions() {
        let release = VersionConstraint::parse_release(">=5.15.0-91-generic").unwrap();
        assert_eq!(release.to_string(), ">=5.15.0+91-generic");
    }
}
