//! Sets of versions without a gap: one version, or everything between two bounds.
//!
//! Poetry gives a single public version two readings: as a bound it is a point, as a set it also holds its local variants
//! (`1.0` allows `1.0+cpu`). The operations below follow Poetry in where they use which.

mod order;
mod range;

use super::VersionConstraint;
use crate::version::Version;

pub(super) use range::is_variant;
pub use range::{Bound, Range};

/// A set of versions without a gap.
#[derive(Clone, Debug)]
pub enum Interval {
    /// One version.
    Version(Version),
    /// Everything between two bounds.
    Range(Range),
}

impl Interval {
    /// Returns the lower bound and whether it is included.
    pub fn min(&self) -> Option<(&Version, bool)> {
        match self {
            Self::Version(version) => Some((version, true)),
            Self::Range(range) => range.min.as_ref().map(pair),
        }
    }

    /// Returns the upper bound and whether it is included.
    pub fn max(&self) -> Option<(&Version, bool)> {
        match self {
            Self::Version(version) => Some((version, true)),
            Self::Range(range) => range.max.as_ref().map(pair),
        }
    }

    fn min_bound(&self) -> Option<Bound> {
        self.min().map(bound)
    }

    fn max_bound(&self) -> Option<Bound> {
        self.max().map(bound)
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Version(_) => false,
            Self::Range(range) => range.is_empty(),
        }
    }

    pub(super) fn is_any(&self) -> bool {
        match self {
            Self::Version(_) => false,
            Self::Range(range) => range.is_any(),
        }
    }

    pub(super) fn is_simple(&self) -> bool {
        self.min().is_none() || self.max().is_none() || matches!(self, Self::Version(_))
    }

    pub(super) fn allows(&self, version: &Version) -> bool {
        match self {
            Self::Version(allowed) => is_variant(allowed, version),
            Self::Range(range) => range.allows(version),
        }
    }

    pub(super) fn allows_all(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Range(range)) if range.is_empty() => true,
            (Self::Version(ours), Self::Version(theirs)) => is_variant(ours, theirs),
            (Self::Version(_), Self::Range(_)) => self == other,
            (Self::Range(range), Self::Version(version)) => range.allows_all_of_version(version),
            (Self::Range(_), Self::Range(_)) => {
                !other.allows_lower(self) && !other.allows_higher(self)
            }
        }
    }

    pub(super) fn allows_any(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Version(_), _) => !self.intersect(other).is_empty(),
            (Self::Range(_), Self::Range(range)) if range.is_empty() => false,
            (Self::Range(range), Self::Version(version)) => range.allows_any_of_version(version),
            (Self::Range(_), Self::Range(_)) => {
                !other.is_strictly_lower(self) && !self.is_strictly_lower(other)
            }
        }
    }

    pub(super) fn intersect(&self, other: &Self) -> VersionConstraint {
        match (self, other) {
            (Self::Version(ours), Self::Version(theirs)) => {
                if is_variant(ours, theirs) {
                    return theirs.clone().into();
                }
                if is_variant(theirs, ours) {
                    return ours.clone().into();
                }
                VersionConstraint::Empty
            }
            (Self::Version(version), Self::Range(range))
            | (Self::Range(range), Self::Version(version)) => range.intersect_version(version),
            (Self::Range(_), Self::Range(range)) if range.is_empty() => VersionConstraint::Empty,
            (Self::Range(_), Self::Range(_)) => self.intersect_range(other),
        }
    }

    fn intersect_range(&self, other: &Self) -> VersionConstraint {
        let starts_lower = self.allows_lower(other);
        let is_apart = if starts_lower {
            self.is_strictly_lower(other)
        } else {
            other.is_strictly_lower(self)
        };
        if is_apart {
            return VersionConstraint::Empty;
        }
        let min = if starts_lower { other } else { self }.min_bound();
        let max = if self.allows_higher(other) {
            other
        } else {
            self
        }
        .max_bound();
        match (&min, &max) {
            (Some(low), Some(high)) if low.version == high.version => low.version.clone().into(),
            _ => Range::new(min, max).or_empty(),
        }
    }

    pub(super) fn union(&self, other: &Self) -> VersionConstraint {
        match (self, other) {
            (Self::Version(ours), Self::Version(theirs)) => {
                if is_variant(theirs, ours) {
                    return theirs.clone().into();
                }
                if is_variant(ours, theirs) {
                    return ours.clone().into();
                }
                VersionConstraint::union_of([self.clone().into(), other.clone().into()])
            }
            (Self::Version(version), Self::Range(range))
            | (Self::Range(range), Self::Version(version)) => range.union_version(version),
            (Self::Range(_), Self::Range(_)) => self.union_range(other),
        }
    }

    fn union_range(&self, other: &Self) -> VersionConstraint {
        if !self.touches(other) && !self.allows_any(other) {
            return VersionConstraint::union_of([self.clone().into(), other.clone().into()]);
        }
        let min = if self.allows_lower(other) {
            self
        } else {
            other
        }
        .min_bound();
        let max = if self.allows_higher(other) {
            self
        } else {
            other
        }
        .max_bound();
        Range::new(min, max).into()
    }

    /// Tells whether one ends where the other begins, and one of them holds that version. Two missing bounds count as
    /// the same place; neither is included, so they never touch.
    fn touches(&self, other: &Self) -> bool {
        meets(self.max(), other.min()) || meets(self.min(), other.max())
    }

    pub(super) fn difference(&self, other: &Self) -> VersionConstraint {
        match (self, other) {
            (_, Self::Range(range)) if range.is_empty() => self.clone().into(),
            (Self::Version(version), _) => version_difference(version, &other.clone().into()),
            (Self::Range(range), Self::Version(version)) => range.difference_version(version),
            (Self::Range(_), Self::Range(_)) => self.difference_range(other),
        }
    }

    fn difference_range(&self, other: &Self) -> VersionConstraint {
        if !self.allows_any(other) {
            return self.clone().into();
        }
        let before = self.allows_lower(other).then(|| self.before(other));
        let after = self.allows_higher(other).then(|| self.after(other));
        match (before, after) {
            (None, None) => VersionConstraint::Empty,
            (None, Some(rest)) | (Some(rest), None) => rest,
            (Some(before), Some(after)) => VersionConstraint::union_of([before, after]),
        }
    }
}

/// What `version` allows and `other` does not. Between them a public version and its local variants are a range that
/// ends at the next release of any kind.
pub(super) fn version_difference(
    version: &Version,
    other: &VersionConstraint,
) -> VersionConstraint {
    let whole = VersionConstraint::from(version.clone());
    if other.allows_all(&whole) {
        return VersionConstraint::Empty;
    }
    if !other.allows_any(&whole) {
        return whole;
    }
    let end = if version.is_devrelease() {
        version.next_devrelease()
    } else {
        version.next_postrelease()
    };
    let range = Range::new(
        Some(Bound::included(version.clone())),
        Some(Bound::excluded(end)),
    );
    VersionConstraint::from(range).difference(other)
}

fn meets(end: Option<(&Version, bool)>, start: Option<(&Version, bool)>) -> bool {
    match (end, start) {
        (Some((end, end_included)), Some((start, start_included))) => {
            end == start && (end_included || start_included)
        }
        _ => false,
    }
}

fn pair(bound: &Bound) -> (&Version, bool) {
    (&bound.version, bound.is_included)
}

fn bound((version, is_included): (&Version, bool)) -> Bound {
    Bound {
        version: version.clone(),
        is_included,
    }
}

/// A version equals a range that is only that version.
impl PartialEq for Interval {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Version(ours), Self::Version(theirs)) => ours == theirs,
            _ => self.min() == other.min() && self.max() == other.max(),
        }
    }
}

impl Eq for Interval {}
