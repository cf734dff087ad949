//! Ranges of versions, and single versions beside them.

use std::cmp::Ordering;

use crate::version::Version;
use crate::version::constraint::VersionConstraint;

/// One end of a [`Range`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Where the range ends.
    pub version: Version,
    /// Whether the version itself lies in the range.
    pub is_included: bool,
}

impl Bound {
    pub(in crate::version) fn included(version: Version) -> Self {
        Self {
            version,
            is_included: true,
        }
    }

    pub(in crate::version) fn excluded(version: Version) -> Self {
        Self {
            version,
            is_included: false,
        }
    }

    pub(super) fn flipped(&self) -> Self {
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

impl Range {
    pub(in crate::version) fn new(min: Option<Bound>, max: Option<Bound>) -> Self {
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

    pub(in crate::version) fn is_any(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    pub(in crate::version) fn is_empty(&self) -> bool {
        let (Some(min), Some(max)) = (&self.min, &self.max) else {
            return false;
        };
        match min.version.cmp(&max.version) {
            Ordering::Less => false,
            Ordering::Equal => !(min.is_included && max.is_included),
            Ordering::Greater => true,
        }
    }

    pub(super) fn or_empty(self) -> VersionConstraint {
        if self.is_empty() {
            return VersionConstraint::Empty;
        }
        self.into()
    }

    pub(super) fn allows(&self, version: &Version) -> bool {
        self.min.as_ref().is_none_or(|min| lies_above(min, version))
            && self.max.as_ref().is_none_or(|max| lies_below(max, version))
    }

    pub(super) fn allows_all_of_version(&self, version: &Version) -> bool {
        if !self.allows(version) || version.is_local() {
            return self.allows(version);
        }
        // An upper bound that is a local variant of `version` leaves out the variants above it.
        !self
            .max
            .as_ref()
            .is_some_and(|max| max.version.is_local() && max.version.without_local() == *version)
    }

    pub(super) fn allows_any_of_version(&self, version: &Version) -> bool {
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

    pub(super) fn intersect_version(&self, version: &Version) -> VersionConstraint {
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

    pub(super) fn union_version(&self, version: &Version) -> VersionConstraint {
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

    pub(super) fn difference_version(&self, version: &Version) -> VersionConstraint {
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

pub(super) fn included(bound: Option<&Bound>) -> Option<Bound> {
    bound.map(|bound| Bound::included(bound.version.clone()))
}

pub(super) fn excluded(bound: Option<&Bound>) -> Option<Bound> {
    bound.map(|bound| Bound::excluded(bound.version.clone()))
}

/// Tells whether `version` is `allowed` or, if that is public, a local variant of it.
pub(in crate::version) fn is_variant(allowed: &Version, version: &Version) -> bool {
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
