//! Sets of versions without a gap: one version, or everything between two bounds.
//!
//! Poetry gives a single public version two readings: as a bound it is a point, as a set it also holds its local variants
//! (`1.0` allows `1.0+cpu`). The operations below follow Poetry in where they use which.

use std::cmp::Ordering;

use super::{Version, VersionConstraint};

/// One end of a [`Range`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Where the range ends.
    pub version: Version,
    /// Whether the version itself lies in the range.
    pub is_included: bool,
}

impl Bound {
    pub(super) fn included(version: Version) -> Self {
        Self {
            version,
            is_included: true,
        }
    }

    pub(super) fn excluded(version: Version) -> Self {
        Self {
            version,
            is_included: false,
        }
    }

    fn flipped(&self) -> Self {
        Self {
            version: self.version.clone(),
            is_included: !self.is_included,
        }
    }
}

/// The versions between two bounds; a missing bound is none at all.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Range {
    /// The lower bound.
    pub min: Option<Bound>,
    /// The upper bound.
    pub max: Option<Bound>,
}

/// A set of versions without a gap.
#[derive(Clone, Debug)]
pub enum Interval {
    /// One version.
    Version(Version),
    /// Everything between two bounds.
    Range(Range),
}

impl Range {
    pub(super) fn new(min: Option<Bound>, max: Option<Bound>) -> Self {
        Self { min, max }
    }

    /// Returns the range with the lower bound alone.
    #[must_use]
    pub fn without_max(&self) -> Self {
        Self::new(self.min.clone(), None)
    }

    /// Returns the range with the upper bound alone.
    #[must_use]
    pub fn without_min(&self) -> Self {
        Self::new(None, self.max.clone())
    }

    pub(super) fn is_any(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    pub(super) fn is_empty(&self) -> bool {
        let (Some(min), Some(max)) = (&self.min, &self.max) else {
            return false;
        };
        match min.version.cmp(&max.version) {
            Ordering::Less => false,
            Ordering::Equal => !(min.is_included && max.is_included),
            Ordering::Greater => true,
        }
    }

    fn or_empty(self) -> VersionConstraint {
        if self.is_empty() {
            return VersionConstraint::Empty;
        }
        self.into()
    }

    fn allows(&self, version: &Version) -> bool {
        self.min.as_ref().is_none_or(|min| lies_above(min, version))
            && self.max.as_ref().is_none_or(|max| lies_below(max, version))
    }

    fn allows_all_of_version(&self, version: &Version) -> bool {
        if !self.allows(version) || version.is_local() {
            return self.allows(version);
        }
        // An upper bound that is a local variant of `version` leaves out the variants above it.
        !self
            .max
            .as_ref()
            .is_some_and(|max| max.version.is_local() && max.version.without_local() == *version)
    }

    fn allows_any_of_version(&self, version: &Version) -> bool {
        self.allows(version) || self.local_min_within(version).is_some()
    }

    /// The lower bound, if it is a local variant of `version`.
    fn local_min_within(&self, version: &Version) -> Option<&Bound> {
        let min = self.min.as_ref()?;
        (min.version.is_local() && is_variant(version, &min.version)).then_some(min)
    }

    fn local_max_within(&self, version: &Version) -> Option<&Bound> {
        let max = self.max.as_ref()?;
        (max.version.is_local() && is_variant(version, &max.version)).then_some(max)
    }

    fn intersect_version(&self, version: &Version) -> VersionConstraint {
        if self.allows(version) {
            return version.clone().into();
        }
        if version.is_local() {
            return VersionConstraint::Empty;
        }
        let Some(min) = self.local_min_within(version) else {
            return VersionConstraint::Empty;
        };
        let end = Bound::excluded(version.stable().next_patch());
        Self::new(Some(min.clone()), Some(end)).or_empty()
    }

    fn union_version(&self, version: &Version) -> VersionConstraint {
        if let Some(broadened) = self.broadened(version) {
            return broadened.or_empty();
        }
        if self.allows(version) {
            return self.clone().into();
        }
        if is_at(self.min.as_ref(), version) {
            return Self::new(included(self.min.as_ref()), self.max.clone()).into();
        }
        if is_at(self.max.as_ref(), version) {
            return Self::new(self.min.clone(), included(self.max.as_ref())).into();
        }
        VersionConstraint::union_of([self.clone().into(), version.clone().into()])
    }

    /// The range with those bounds moved out that are local variants of the public `version`.
    fn broadened(&self, version: &Version) -> Option<Self> {
        if version.is_local() {
            return None;
        }
        let (min, max) = (
            self.local_min_within(version),
            self.local_max_within(version),
        );
        if min.is_none() && max.is_none() {
            return None;
        }
        let mut broadened = self.clone();
        if min.is_some() {
            broadened.min = Some(Bound::included(version.clone()));
        }
        if max.is_some() {
            broadened.max = Some(Bound::excluded(version.stable().next_patch()));
        }
        Some(broadened)
    }

    fn difference_version(&self, version: &Version) -> VersionConstraint {
        let has_min = is_at(self.min.as_ref(), version);
        let has_max = is_at(self.max.as_ref(), version);
        let is_outside = (has_min && !is_inclusive(self.min.as_ref()))
            || (!has_min && has_max && !is_inclusive(self.max.as_ref()));
        if !self.allows(version) || is_outside {
            return self.clone().into();
        }
        if has_min {
            return Self::new(excluded(self.min.as_ref()), self.max.clone()).or_empty();
        }
        if has_max {
            return Self::new(self.min.clone(), excluded(self.max.as_ref())).or_empty();
        }
        let hole = Some(Bound::excluded(version.clone()));
        let before = Self::new(self.min.clone(), hole.clone());
        let after = Self::new(hole, self.max.clone());
        VersionConstraint::union_of([before.or_empty(), after.or_empty()])
    }
}

fn is_at(bound: Option<&Bound>, version: &Version) -> bool {
    bound.is_some_and(|bound| bound.version == *version)
}

fn is_inclusive(bound: Option<&Bound>) -> bool {
    bound.is_some_and(|bound| bound.is_included)
}

fn included(bound: Option<&Bound>) -> Option<Bound> {
    bound.map(|bound| Bound::included(bound.version.clone()))
}

fn excluded(bound: Option<&Bound>) -> Option<Bound> {
    bound.map(|bound| Bound::excluded(bound.version.clone()))
}

/// Tells whether `version` is `allowed` or, if that is public, a local variant of it.
pub(super) fn is_variant(allowed: &Version, version: &Version) -> bool {
    if !allowed.is_local() && version.is_local() {
        return *allowed == version.without_local();
    }
    allowed == version
}

/// Neither post-releases nor local variants of an excluded lower bound lie above it
/// ([exclusive ordered comparison](https://packaging.python.org/en/latest/specifications/version-specifiers/#exclusive-ordered-comparison)).
fn lies_above(min: &Bound, version: &Version) -> bool {
    let mut version = version.clone();
    if !min.is_included && !min.version.is_postrelease() && version.is_postrelease() {
        version = version.without_postrelease();
    }
    if !min.version.is_local() && version.is_local() {
        version = version.without_local();
    }
    version > min.version || (min.is_included && version == min.version)
}

/// Local variants of an included upper bound count as the bound.
fn lies_below(max: &Bound, version: &Version) -> bool {
    let order = if !max.version.is_local() && version.is_local() {
        version.without_local().cmp(&max.version)
    } else {
        version.cmp(&max.version)
    };
    order.is_lt() || (max.is_included && order.is_eq())
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

    fn before(&self, other: &Self) -> VersionConstraint {
        let (min, end) = (self.min_bound(), other.min_bound());
        match (min, end) {
            (Some(min), Some(end)) if min.version == end.version => min.version.into(),
            (min, end) => Range::new(min, end.map(|end| end.flipped())).or_empty(),
        }
    }

    fn after(&self, other: &Self) -> VersionConstraint {
        let (start, max) = (other.max_bound(), self.max_bound());
        match (start, max) {
            (Some(start), Some(max)) if max.version == start.version => max.version.into(),
            (start, max) => Range::new(start.map(|start| start.flipped()), max).or_empty(),
        }
    }

    pub(super) fn allows_lower(&self, other: &Self) -> bool {
        match (self.min(), other.min()) {
            (None, theirs) => theirs.is_some(),
            (Some(_), None) => false,
            (Some((ours, our_end)), Some((theirs, their_end))) => match ours.cmp(theirs) {
                Ordering::Less => true,
                Ordering::Greater => false,
                Ordering::Equal => our_end && !their_end,
            },
        }
    }

    pub(super) fn allows_higher(&self, other: &Self) -> bool {
        match (self.max(), other.max()) {
            (None, theirs) => theirs.is_some(),
            (Some(_), None) => false,
            (Some((ours, our_end)), Some((theirs, their_end))) => match ours.cmp(theirs) {
                Ordering::Less => false,
                Ordering::Greater => true,
                Ordering::Equal => our_end && !their_end,
            },
        }
    }

    pub(super) fn is_strictly_lower(&self, other: &Self) -> bool {
        let (Some((ours, our_end)), Some((theirs, their_end))) = (self.max(), other.min()) else {
            return false;
        };
        match ours.cmp(theirs) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => !(our_end && their_end),
        }
    }

    pub(super) fn is_adjacent_to(&self, other: &Self) -> bool {
        let (Some((ours, our_end)), Some((theirs, their_end))) = (self.max(), other.min()) else {
            return false;
        };
        ours == theirs && our_end != their_end
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        let minimum = match (self.min(), other.min()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some((ours, our_end)), Some((theirs, their_end))) => {
                ours.cmp(theirs).then(their_end.cmp(&our_end))
            }
        };
        minimum.then_with(|| self.order_of_max(other))
    }

    fn order_of_max(&self, other: &Self) -> Ordering {
        match (self.max(), other.max()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some((ours, our_end)), Some((theirs, their_end))) => {
                ours.cmp(theirs).then(our_end.cmp(&their_end))
            }
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
