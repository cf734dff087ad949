//! What was worked out of markers, remembered.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use crate::lock::Package;
use crate::marker::Marker;
use crate::version::VersionConstraint;

/// A marker as a key. Equal markers may still differ in a reversed comparison (`"x" in os_name`); what is remembered of one
/// must not be given for the other.
#[derive(Clone)]
pub(super) struct Exact(Marker);

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_identical(&other.0)
    }
}

impl Eq for Exact {}

impl Hash for Exact {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Remembers what was worked out of markers: a walk meets the same few again and again.
#[derive(Default)]
pub(super) struct Memo<'a> {
    intersections: HashMap<(Exact, Exact), Marker>,
    pub(super) without_extras: HashMap<Exact, Marker>,
    python_constraints: HashMap<Exact, VersionConstraint>,
    pub(super) supported: HashMap<&'a str, Marker>,
}

impl<'a> Memo<'a> {
    pub(super) fn intersect(&mut self, one: &Marker, other: &Marker) -> Marker {
        if one.is_any() {
            return other.clone();
        }
        let key = (Exact(one.clone()), Exact(other.clone()));
        let known = self.intersections.entry(key);
        known.or_insert_with(|| one.intersect(other)).clone()
    }

    pub(super) fn without_extras(&mut self, marker: Marker) -> Marker {
        let known = self.without_extras.entry(Exact(marker));
        known
            .or_insert_with_key(|key| key.0.without_extras())
            .clone()
    }

    /// Returns the Pythons on which a dependency with `marker` is wanted, as poetry-core works them out.
    pub(super) fn python_constraint(&mut self, marker: &Marker) -> VersionConstraint {
        let known = self.python_constraints.entry(Exact(marker.clone()));
        let constraint = known.or_insert_with(|| {
            let constraint = VersionConstraint::parse_marker(&marker.python_versions());
            constraint.unwrap_or_else(|_| VersionConstraint::any())
        });
        constraint.clone()
    }

    /// Returns the marker that holds on the Pythons that `package` supports.
    pub(super) fn supported(&mut self, package: &'a Package) -> Marker {
        let known = self.supported.entry(&package.python_versions);
        let constraint = &package.python_constraint;
        let marker = known.or_insert_with(|| {
            if constraint.is_any() {
                Marker::any()
            } else {
                Marker::from_python_constraint(constraint)
            }
        });
        marker.clone()
    }
}
