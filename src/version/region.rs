//! The regions that several sets of versions divide all versions into.

use std::cmp::Ordering;

use super::{Bound, Range, Version, VersionConstraint};

/// Divides all versions into ranges such that each of `constraints` holds all of a range or none of it.
///
/// `>=3.6` and `>=2.7,<3.0 || >=3.4` give `<2.7`, `>=2.7,<3.0`, `>=3.0,<3.4`, `>=3.4,<3.6` and `>=3.6`.
/// This is poetry-core's `constraint_regions`.
pub fn regions(constraints: &[VersionConstraint]) -> Vec<Range> {
    let edges = edges(constraints);
    let mut regions = Vec::with_capacity(edges.len() + 1);
    let mut min = None;
    for edge in edges {
        let max = Bound {
            version: edge.version.clone(),
            is_included: edge.belongs_below,
        };
        regions.push(Range::new(min, Some(max)));
        min = Some(Bound {
            version: edge.version,
            is_included: !edge.belongs_below,
        });
    }
    regions.push(Range::new(min, None));
    regions
}

struct Edge {
    version: Version,
    /// Whether the version lies in the region before the edge.
    belongs_below: bool,
}

fn edges(constraints: &[VersionConstraint]) -> Vec<Edge> {
    let mut edges = Vec::new();
    for interval in constraints.iter().flat_map(VersionConstraint::intervals) {
        edges.extend(
            interval
                .min()
                .map(|(version, included)| edge(version, !included)),
        );
    }
    for interval in constraints.iter().flat_map(VersionConstraint::intervals) {
        edges.extend(
            interval
                .max()
                .map(|(version, included)| edge(version, included)),
        );
    }
    edges.sort_by(order);
    edges.dedup_by(|ours, theirs| order(ours, theirs).is_eq());
    edges
}

fn edge(version: &Version, belongs_below: bool) -> Edge {
    Edge {
        version: version.clone(),
        belongs_below,
    }
}

fn order(ours: &Edge, theirs: &Edge) -> Ordering {
    let versions = ours.version.cmp(&theirs.version);
    versions.then(ours.belongs_below.cmp(&theirs.belongs_below))
}
