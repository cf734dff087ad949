//! Conjunctions and disjunctions made short: part is held against part, until nothing changes.

use super::algebra::{Algebra, Join, Stopped};
use super::node::{Complexity, Marker, flatten_all, flatten_any};
use super::single::Single;

/// Up to here a conjunction or disjunction counts as simple: two comparisons.
const SIMPLE: Complexity = Complexity(2, 2);

/// What became of a part held against those before it.
enum Fate {
    /// Nothing: it stays beside them.
    Kept,
    /// The part at this place stands for both now.
    Joined(usize, Marker),
    /// The whole has only one possible value.
    Decided,
}

impl Algebra {
    /// Joins `markers` by `and`, simplified.
    pub(super) fn all_of(&mut self, markers: Vec<Marker>) -> Result<Marker, Stopped> {
        let mut parts = flatten_all(markers);
        let mut before: Vec<Marker> = Vec::new();
        while before != parts {
            before = std::mem::take(&mut parts);
            for marker in &before {
                if parts.contains(marker) || marker.is_any() {
                    continue;
                }
                match self.hold_against_all(marker, &parts)? {
                    Fate::Kept => parts.push(marker.clone()),
                    Fate::Joined(place, joined) => {
                        parts[place] = joined;
                        parts = flatten_all(parts);
                    }
                    Fate::Decided => return Ok(Marker::empty()),
                }
            }
        }
        if parts.iter().any(Marker::is_empty) {
            return Ok(Marker::empty());
        }
        Ok(match parts.len() {
            0 => Marker::any(),
            1 => parts.remove(0),
            _ => Marker::all_of(parts),
        })
    }

    fn hold_against_all(&mut self, marker: &Marker, parts: &[Marker]) -> Result<Fate, Stopped> {
        for (place, part) in parts.iter().enumerate() {
            self.step()?;
            let joined = if part.as_any().is_some() {
                self.simplify_intersection(part, marker)?
            } else if marker.as_any().is_some() {
                self.simplify_intersection(marker, part)?
            } else {
                let joined = self.intersect_one(part, marker)?;
                if joined.as_ref().is_some_and(Marker::is_empty) {
                    return Ok(Fate::Decided);
                }
                joined.filter(|joined| joined.variable().is_some())
            };
            if let Some(joined) = joined {
                return Ok(Fate::Joined(place, joined));
            }
        }
        Ok(Fate::Kept)
    }

    fn intersect_one(&mut self, part: &Marker, marker: &Marker) -> Result<Option<Marker>, Stopped> {
        if part.variable().is_some() && marker.is_empty() {
            return Ok(Some(marker.clone()));
        }
        self.merge(part, marker, Join::And)
    }

    /// Joins `markers` by `or`, simplified.
    pub(super) fn any_of(&mut self, markers: Vec<Marker>) -> Result<Marker, Stopped> {
        let mut parts = flatten_any(markers);
        let mut before: Vec<Marker> = Vec::new();
        while before != parts {
            before = std::mem::take(&mut parts);
            for marker in &before {
                if parts.contains(marker) || marker.is_empty() {
                    continue;
                }
                match self.hold_against_any(marker, &parts)? {
                    Fate::Kept => parts.push(marker.clone()),
                    Fate::Joined(place, joined) => {
                        parts[place] = joined;
                        parts = flatten_any(parts);
                    }
                    Fate::Decided => return Ok(Marker::any()),
                }
            }
        }
        if parts.iter().any(Marker::is_any) {
            return Ok(Marker::any());
        }
        Ok(match parts.len() {
            0 => Marker::empty(),
            1 => parts.remove(0),
            _ => Marker::any_of(parts),
        })
    }

    fn hold_against_any(&mut self, marker: &Marker, parts: &[Marker]) -> Result<Fate, Stopped> {
        for (place, part) in parts.iter().enumerate() {
            self.step()?;
            let joined = if part.as_all().is_some() {
                self.simplify_union(part, marker)?
            } else if marker.as_all().is_some() {
                self.simplify_union(marker, part)?
            } else {
                let joined = self.union_one(part, marker)?;
                if joined.as_ref().is_some_and(Marker::is_any) {
                    return Ok(Fate::Decided);
                }
                joined.filter(|joined| joined.variable().is_some() || is_simple_all(joined))
            };
            if let Some(joined) = joined {
                return Ok(Fate::Joined(place, joined));
            }
        }
        Ok(Fate::Kept)
    }

    fn union_one(&mut self, part: &Marker, marker: &Marker) -> Result<Option<Marker>, Stopped> {
        if part.variable().is_some() && marker.is_any() {
            return Ok(Some(marker.clone()));
        }
        self.merge(part, marker, Join::Or)
    }

    /// Simplifies the conjunction of the disjunction `either` and `other`, where that is easy: one contains the other,
    /// or what they do not share comes together to something simple.
    fn simplify_intersection(
        &mut self,
        either: &Marker,
        other: &Marker,
    ) -> Result<Option<Marker>, Stopped> {
        let ours = either.as_any().unwrap_or_default();
        if ours.contains(other) || has_wider_python(ours, other) {
            return Ok(Some(other.clone()));
        }
        let Some(theirs) = other.as_any() else {
            return Ok(None);
        };
        let parts = match Parts::of(ours, theirs) {
            Relation::Within => return Ok(Some(either.clone())),
            Relation::Around => return Ok(Some(other.clone())),
            Relation::Apart => return Ok(None),
            Relation::Overlap(parts) => parts,
        };
        let rest = self.intersect(&Marker::any_of(parts.ours), &Marker::any_of(parts.theirs))?;
        if !(rest.variable().is_some() || rest.is_empty() || is_simple_any(&rest)) {
            return Ok(None);
        }
        self.union(&rest, &Marker::any_of(parts.shared)).map(Some)
    }

    /// Simplifies the disjunction of the conjunction `all` and `other`, where that is easy.
    fn simplify_union(&mut self, all: &Marker, other: &Marker) -> Result<Option<Marker>, Stopped> {
        let ours = all.as_all().unwrap_or_default();
        if ours.contains(other) || has_narrower_python(ours, other) {
            return Ok(Some(other.clone()));
        }
        let Some(theirs) = other.as_all() else {
            return Ok(None);
        };
        let parts = match Parts::of(ours, theirs) {
            Relation::Within => return Ok(Some(all.clone())),
            Relation::Around => return Ok(Some(other.clone())),
            Relation::Apart => return Ok(None),
            Relation::Overlap(parts) => parts,
        };
        let rest = self.union(&Marker::all_of(parts.ours), &Marker::all_of(parts.theirs))?;
        if !(rest.variable().is_some() || rest.is_any() || is_simple_all(&rest)) {
            return Ok(None);
        }
        self.intersect(&rest, &Marker::all_of(parts.shared))
            .map(Some)
    }
}

fn is_simple_all(marker: &Marker) -> bool {
    marker.as_all().is_some() && marker.complexity() <= SIMPLE
}

fn is_simple_any(marker: &Marker) -> bool {
    marker.as_any().is_some() && marker.complexity() <= SIMPLE
}

/// Tells whether one of `markers` allows all interpreters that the comparison `other` does.
fn has_wider_python(markers: &[Marker], other: &Marker) -> bool {
    pythons(markers, other).any(|(ours, theirs)| allows_all(ours, theirs))
}

/// Tells whether the comparison `other` allows all interpreters that one of `markers` does.
fn has_narrower_python(markers: &[Marker], other: &Marker) -> bool {
    pythons(markers, other).any(|(ours, theirs)| allows_all(theirs, ours))
}

/// The comparisons of the interpreter's version in `markers`, each with `other`, if that is one, too.
fn pythons<'a>(
    markers: &'a [Marker],
    other: &'a Marker,
) -> impl Iterator<Item = (&'a Single, &'a Single)> {
    let other = python_single(other);
    let ours = markers.iter().filter_map(python_single);
    other
        .into_iter()
        .flat_map(move |other| ours.clone().map(move |single| (single, other)))
}

fn python_single(marker: &Marker) -> Option<&Single> {
    marker
        .as_single()
        .filter(|single| single.variable().is_python())
}

fn allows_all(wider: &Single, narrower: &Single) -> bool {
    match (wider.python_constraint(), narrower.python_constraint()) {
        (Some(wider), Some(narrower)) => wider.allows_all(narrower),
        _ => false,
    }
}

/// How the parts of two markers relate.
enum Relation {
    Within,
    Around,
    Apart,
    Overlap(Parts),
}

/// The parts that two markers share, and those of each alone.
struct Parts {
    shared: Vec<Marker>,
    ours: Vec<Marker>,
    theirs: Vec<Marker>,
}

impl Parts {
    fn of(ours: &[Marker], theirs: &[Marker]) -> Relation {
        let (shared, only_ours): (Vec<_>, Vec<_>) = ours
            .iter()
            .cloned()
            .partition(|marker| theirs.contains(marker));
        if only_ours.is_empty() {
            return Relation::Within;
        }
        let only_theirs: Vec<_> = theirs
            .iter()
            .filter(|marker| !ours.contains(marker))
            .cloned()
            .collect();
        if only_theirs.is_empty() {
            return Relation::Around;
        }
        if shared.is_empty() {
            return Relation::Apart;
        }
        Relation::Overlap(Self {
            shared,
            ours: only_ours,
            theirs: only_theirs,
        })
    }
}
