//! Which of two intervals comes first.

use std::cmp::Ordering;

use super::Interval;
use super::range::Range;
use crate::version::constraint::VersionConstraint;

impl Interval {
    pub(super) fn before(&self, other: &Self) -> VersionConstraint {
        let (min, end) = (self.min_bound(), other.min_bound());
        match (min, end) {
            (Some(min), Some(end)) if min.version == end.version => min.version.into(),
            (min, end) => Range::new(min, end.map(|end| end.flipped())).or_empty(),
        }
    }

    pub(super) fn after(&self, other: &Self) -> VersionConstraint {
        let (start, max) = (other.max_bound(), self.max_bound());
        match (start, max) {
            (Some(start), Some(max)) if max.version == start.version => max.version.into(),
            (start, max) => Range::new(start.map(|start| start.flipped()), max).or_empty(),
        }
    }

    pub(in crate::version) fn allows_lower(&self, other: &Self) -> bool {
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

    pub(in crate::version) fn allows_higher(&self, other: &Self) -> bool {
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

    pub(in crate::version) fn is_strictly_lower(&self, other: &Self) -> bool {
        let (Some((ours, our_end)), Some((theirs, their_end))) = (self.max(), other.min()) else {
            return false;
        };
        match ours.cmp(theirs) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => !(our_end && their_end),
        }
    }

    pub(in crate::version) fn is_adjacent_to(&self, other: &Self) -> bool {
        let (Some((ours, our_end)), Some((theirs, their_end))) = (self.max(), other.min()) else {
            return false;
        };
        ours == theirs && our_end != their_end
    }

    pub(in crate::version) fn order(&self, other: &Self) -> Ordering {
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
