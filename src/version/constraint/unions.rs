//! Set operations on unions of intervals.

use super::VersionConstraint;
use super::interval::Interval;

pub(super) fn merge(sorted: Vec<Interval>) -> Vec<Interval> {
    let mut merged: Vec<Interval> = Vec::with_capacity(sorted.len());
    for interval in sorted {
        let Some(last) = merged.last_mut() else {
            merged.push(interval);
            continue;
        };
        if !last.allows_any(&interval) && !last.is_adjacent_to(&interval) {
            merged.push(interval);
            continue;
        }
        match last.union(&interval) {
            VersionConstraint::Interval(joined) => *last = joined,
            VersionConstraint::Empty | VersionConstraint::Union(_) => merged.push(interval),
        }
    }
    merged
}

pub(super) fn covers(ours: &[Interval], theirs: &[Interval]) -> bool {
    let mut ours = ours.iter();
    let mut current = ours.next();
    for wanted in theirs {
        while current.is_some_and(|interval| !interval.allows_all(wanted)) {
            current = ours.next();
        }
        if current.is_none() {
            return false;
        }
    }
    true
}

pub(super) fn overlap(ours: &[Interval], theirs: &[Interval]) -> bool {
    walk_pairs(ours, theirs).any(|(ours, theirs)| ours.allows_any(theirs))
}

pub(super) fn intersect_unions(ours: &[Interval], theirs: &[Interval]) -> VersionConstraint {
    let common = walk_pairs(ours, theirs).map(|(ours, theirs)| ours.intersect(theirs));
    VersionConstraint::union_of(common)
}

/// The pairs of intervals that may overlap: of two, the one that ends first is left behind.
fn walk_pairs<'a>(
    ours: &'a [Interval],
    theirs: &'a [Interval],
) -> impl Iterator<Item = (&'a Interval, &'a Interval)> {
    let (mut at, mut their_at) = (0, 0);
    std::iter::from_fn(move || {
        let pair = (ours.get(at)?, theirs.get(their_at)?);
        if pair.1.allows_higher(pair.0) {
            at += 1;
        } else {
            their_at += 1;
        }
        Some(pair)
    })
}

pub(super) fn subtract_union(whole: &Interval, holes: &[Interval]) -> VersionConstraint {
    let mut kept = Vec::new();
    let mut current = whole.clone();
    for hole in holes {
        if hole.is_strictly_lower(&current) {
            continue;
        }
        if current.is_strictly_lower(hole) {
            break;
        }
        match current.difference(hole) {
            VersionConstraint::Empty => return VersionConstraint::Empty,
            VersionConstraint::Interval(rest) if rest.is_empty() => {
                return VersionConstraint::Empty;
            }
            VersionConstraint::Interval(rest) => current = rest,
            VersionConstraint::Union(mut parts) => {
                let Some(last) = parts.pop() else { break };
                kept.extend(parts.into_iter().next().map(VersionConstraint::Interval));
                current = last;
            }
        }
    }
    if kept.is_empty() {
        return VersionConstraint::Interval(current);
    }
    kept.push(VersionConstraint::Interval(current));
    VersionConstraint::union_of(kept)
}

pub(super) fn subtract(ours: &[Interval], theirs: &[Interval]) -> VersionConstraint {
    let mut kept: Vec<Interval> = Vec::new();
    let mut ours = ours.iter().cloned();
    let mut theirs = theirs.iter();
    let mut current = ours.next();
    let mut hole = theirs.next();
    while let Some(interval) = current.take() {
        let Some(their) = hole else {
            kept.push(interval);
            current = ours.next();
            continue;
        };
        if their.is_strictly_lower(&interval) {
            hole = theirs.next();
            current = Some(interval);
            continue;
        }
        if interval.is_strictly_lower(their) {
            kept.push(interval);
            current = ours.next();
            continue;
        }
        current = match interval.difference(their) {
            VersionConstraint::Union(mut parts) => {
                hole = theirs.next();
                let last = parts.pop();
                kept.extend(parts);
                last
            }
            VersionConstraint::Empty => ours.next(),
            VersionConstraint::Interval(rest) if rest.is_empty() => ours.next(),
            VersionConstraint::Interval(rest) if rest.allows_higher(their) => {
                hole = theirs.next();
                Some(rest)
            }
            VersionConstraint::Interval(rest) => {
                kept.push(rest);
                ours.next()
            }
        };
    }
    if kept.len() == 1 {
        return VersionConstraint::from_intervals(kept);
    }
    VersionConstraint::union_of(kept.into_iter().map(VersionConstraint::Interval))
}
