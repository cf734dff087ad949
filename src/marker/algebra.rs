//! Normal forms, and the choice between them.
//!
//! Poetry brings a conjunction or disjunction into both normal forms and keeps the shortest of the two and the original.
//! The forms call for each other; a call that would start itself again is refused, and the caller makes do with the other
//! candidates. What was normalized or merged before is remembered, as in Poetry, but only within one operation.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::node::Marker;

/// How many comparisons of two markers one operation may take. Poetry would need minutes for as many.
const STEP_LIMIT: u64 = 5_000_000;

/// How many parts a normal form may have before it is simplified. Each is then held against each, so Poetry would need
/// minutes for as many, too.
const CHOICE_LIMIT: usize = 20_000;

/// How deep operations may call each other. Python's own limit stops Poetry at about as many.
const DEPTH_LIMIT: usize = 100;

/// Why an operation has no result: it would begin again with its own operands, or takes too long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopped;

/// The memory of one operation.
pub(super) struct Algebra {
    conjunctive: HashMap<Identical, Marker, BuildHasherDefault<KnownHash>>,
    disjunctive: HashMap<Identical, Marker, BuildHasherDefault<KnownHash>>,
    pub(super) merged:
        HashMap<(Identical, Identical, Join), Option<Marker>, BuildHasherDefault<KnownHash>>,
    unions: Vec<Vec<Marker>>,
    intersections: Vec<Vec<Marker>>,
    steps_left: u64,
}

/// How two markers are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Join {
    And,
    Or,
}

/// A marker as a key: unlike the equality of markers, this one tells apart on which side variables stand.
#[derive(Clone)]
pub(super) struct Identical(pub(super) Marker);

impl Algebra {
    pub(super) fn new() -> Self {
        Self {
            conjunctive: HashMap::default(),
            disjunctive: HashMap::default(),
            merged: HashMap::default(),
            unions: Vec::new(),
            intersections: Vec::new(),
            steps_left: STEP_LIMIT,
        }
    }

    pub(super) fn intersect(&mut self, ours: &Marker, theirs: &Marker) -> Result<Marker, Stopped> {
        if ours.is_any() || ours.is_empty() {
            return Ok(if ours.is_any() { theirs } else { ours }.clone());
        }
        if ours.variable().is_none() {
            return self.intersection_of(&[ours.clone(), theirs.clone()]);
        }
        if theirs.is_any() || theirs.is_empty() {
            return Ok(if theirs.is_any() { ours } else { theirs }.clone());
        }
        if theirs.variable().is_none() {
            return self.intersection_of(&[theirs.clone(), ours.clone()]);
        }
        let merged = self.merge(ours, theirs, Join::And)?;
        Ok(merged.unwrap_or_else(|| Marker::all_of([ours.clone(), theirs.clone()])))
    }

    pub(super) fn union(&mut self, ours: &Marker, theirs: &Marker) -> Result<Marker, Stopped> {
        if ours.is_any() || ours.is_empty() {
            return Ok(if ours.is_empty() { theirs } else { ours }.clone());
        }
        if ours.variable().is_none() {
            return self.union_of(&[ours.clone(), theirs.clone()]);
        }
        if theirs.is_any() || theirs.is_empty() {
            return Ok(if theirs.is_empty() { ours } else { theirs }.clone());
        }
        if theirs.variable().is_none() {
            return self.union_of(&[theirs.clone(), ours.clone()]);
        }
        let merged = self.merge(ours, theirs, Join::Or)?;
        Ok(merged.unwrap_or_else(|| Marker::any_of([ours.clone(), theirs.clone()])))
    }

    /// Joins `markers` by `and` in the shortest form.
    pub(super) fn intersection_of(&mut self, markers: &[Marker]) -> Result<Marker, Stopped> {
        if self.intersections.len() > DEPTH_LIMIT
            || self.intersections.iter().any(|call| call == markers)
        {
            return Err(Stopped);
        }
        self.intersections.push(markers.to_vec());
        let result = self.shortest_intersection(markers);
        self.intersections.pop();
        result
    }

    fn shortest_intersection(&mut self, markers: &[Marker]) -> Result<Marker, Stopped> {
        let plain = unwrap(Marker::all_of(markers.iter().cloned()));
        let disjunction = self.dnf(&plain)?;
        if disjunction.as_any().is_none() {
            return Ok(disjunction);
        }
        match self.cnf(&disjunction) {
            Ok(conjunction) if conjunction.as_all().is_none() => Ok(conjunction),
            Ok(conjunction) => Ok(shortest([disjunction, conjunction, plain])),
            Err(Stopped) => Ok(shortest([disjunction, plain])),
        }
    }

    /// Joins `markers` by `or` in the shortest form.
    pub(super) fn union_of(&mut self, markers: &[Marker]) -> Result<Marker, Stopped> {
        if self.unions.len() > DEPTH_LIMIT || self.unions.iter().any(|call| call == markers) {
            return Err(Stopped);
        }
        self.unions.push(markers.to_vec());
        let result = self.shortest_union(markers);
        self.unions.pop();
        result
    }

    fn shortest_union(&mut self, markers: &[Marker]) -> Result<Marker, Stopped> {
        let plain = unwrap(Marker::any_of(markers.iter().cloned()));
        let conjunction = self.cnf(&plain)?;
        if conjunction.as_all().is_none() {
            return Ok(conjunction);
        }
        match self.dnf(&conjunction) {
            Ok(disjunction) if disjunction.as_any().is_none() => Ok(disjunction),
            Ok(disjunction) => Ok(shortest([disjunction, conjunction, plain])),
            Err(Stopped) => Ok(shortest([conjunction, plain])),
        }
    }

    /// Brings `marker` into conjunctive normal form.
    pub(super) fn cnf(&mut self, marker: &Marker) -> Result<Marker, Stopped> {
        let (parts, join) = match (marker.as_all(), marker.as_any()) {
            (Some(parts), _) => (parts, Join::And),
            (_, Some(parts)) => (parts, Join::Or),
            (None, None) => return Ok(marker.clone()),
        };
        let key = Identical(marker.clone());
        if let Some(known) = self.conjunctive.get(&key) {
            return Ok(known.clone());
        }
        let parts = self.each(parts, Self::cnf)?;
        let result = match join {
            Join::And => self.all_of(parts)?,
            Join::Or => {
                let lists = parts
                    .iter()
                    .map(|part| part.as_all().unwrap_or(std::slice::from_ref(part)));
                let products = self.products(&lists.collect::<Vec<_>>())?;
                let parts = self.each(products, Self::any_of)?;
                self.all_of(parts)?
            }
        };
        self.conjunctive.insert(key, result.clone());
        Ok(result)
    }

    /// Brings `marker` into disjunctive normal form.
    pub(super) fn dnf(&mut self, marker: &Marker) -> Result<Marker, Stopped> {
        let (parts, join) = match (marker.as_all(), marker.as_any()) {
            (Some(parts), _) => (parts, Join::And),
            (_, Some(parts)) => (parts, Join::Or),
            (None, None) => return Ok(marker.clone()),
        };
        let key = Identical(marker.clone());
        if let Some(known) = self.disjunctive.get(&key) {
            return Ok(known.clone());
        }
        let parts = self.each(parts, Self::dnf)?;
        let result = match join {
            Join::Or => self.any_of(parts)?,
            Join::And => {
                let lists = parts
                    .iter()
                    .map(|part| part.as_any().unwrap_or(std::slice::from_ref(part)));
                let products = self.products(&lists.collect::<Vec<_>>())?;
                let parts = self.each(products, Self::all_of)?;
                self.any_of(parts)?
            }
        };
        self.disjunctive.insert(key, result.clone());
        Ok(result)
    }

    fn each<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        change: impl Fn(&mut Self, T) -> Result<Marker, Stopped>,
    ) -> Result<Vec<Marker>, Stopped> {
        items.into_iter().map(|item| change(self, item)).collect()
    }

    /// Returns each choice of one marker from every list, the last list changing fastest. Of choices with the same
    /// markers only the first one counts.
    ///
    /// Choices are made list by list. Two beginnings with the same markers have the same continuations, so the later one
    /// is dropped at once; there are then as many beginnings as sets of markers, however long the lists.
    fn products(&mut self, lists: &[&[Marker]]) -> Result<Vec<Vec<Marker>>, Stopped> {
        let (numbers, n_words) = number(lists);
        let mut choices = vec![Choice::empty(n_words)];
        for (list, numbers) in lists.iter().zip(&numbers) {
            choices = self.lengthen(&choices, list, numbers)?;
            if choices.len() > CHOICE_LIMIT {
                return Err(Stopped);
            }
        }
        Ok(choices.into_iter().map(Choice::into_markers).collect())
    }

    fn lengthen<'a>(
        &mut self,
        choices: &[Choice<'a>],
        list: &'a [Marker],
        numbers: &[usize],
    ) -> Result<Vec<Choice<'a>>, Stopped> {
        let mut known: HashSet<Vec<u64>, BuildHasherDefault<KnownHash>> = HashSet::default();
        let mut longer = Vec::with_capacity(choices.len());
        let next = || list.iter().zip(numbers);
        let all = choices
            .iter()
            .flat_map(|choice| next().map(move |one| (choice, one)));
        for (choice, (marker, &number)) in all {
            self.step()?;
            let choice = choice.with(marker, number);
            if choices.len() * list.len() == 1 || known.insert(choice.set.clone()) {
                longer.push(choice);
            }
        }
        Ok(longer)
    }

    /// Counts one step.
    pub(super) fn step(&mut self) -> Result<(), Stopped> {
        self.steps_left = self.steps_left.checked_sub(1).ok_or(Stopped)?;
        Ok(())
    }
}

/// One marker from each of several lists.
struct Choice<'a> {
    markers: Vec<&'a Marker>,
    /// The numbers of the markers, as bits.
    set: Vec<u64>,
}

impl<'a> Choice<'a> {
    fn empty(n_words: usize) -> Self {
        Self {
            markers: Vec::new(),
            set: vec![0; n_words],
        }
    }

    fn with(&self, marker: &'a Marker, number: usize) -> Self {
        let mut markers = Vec::with_capacity(self.markers.len() + 1);
        markers.extend_from_slice(&self.markers);
        markers.push(marker);
        let mut set = self.set.clone();
        set[number / 64] |= 1 << (number % 64);
        Self { markers, set }
    }

    fn into_markers(self) -> Vec<Marker> {
        self.markers.into_iter().cloned().collect()
    }
}

/// Gives equal markers equal numbers. Returns them with the number of 64-bit words that hold one bit for each.
fn number(lists: &[&[Marker]]) -> (Vec<Vec<usize>>, usize) {
    let mut known: Vec<&Marker> = Vec::new();
    let mut numbers = Vec::with_capacity(lists.len());
    for list in lists {
        let mut of_list = Vec::with_capacity(list.len());
        for marker in *list {
            let place = known.iter().position(|other| *other == marker);
            of_list.push(place.unwrap_or(known.len()));
            if place.is_none() {
                known.push(marker);
            }
        }
        numbers.push(of_list);
    }
    (numbers, known.len().div_ceil(64))
}

/// Takes a conjunction or disjunction of one marker for that marker.
fn unwrap(marker: Marker) -> Marker {
    match marker.as_all().or(marker.as_any()) {
        Some([only]) => unwrap(only.clone()),
        _ => marker,
    }
}

/// Returns the least complex candidate, the first of several.
fn shortest<const N: usize>(candidates: [Marker; N]) -> Marker {
    let shortest = candidates.into_iter().min_by_key(Marker::complexity);
    shortest.unwrap_or_else(Marker::any)
}

impl PartialEq for Identical {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_identical(&other.0)
    }
}

impl Eq for Identical {}

impl Hash for Identical {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash_code());
    }
}

/// A hasher for keys that carry their hash.
#[derive(Default)]
pub(super) struct KnownHash(u64);

impl Hasher for KnownHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = self.0.rotate_left(5).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number;
    }
}
