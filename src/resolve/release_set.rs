//! Sets of a project's releases, by their place in its list of versions, as the solver combines them.

use std::fmt;

use pubgrub::VersionSet;

/// How many releases one word of a set holds.
const WORD: u32 = u64::BITS;

/// A set of releases by number. It has one form only, so that equal sets compare equal.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ReleaseSet {
    /// One bit for each release; the last word is never one that `rest` would give.
    words: Vec<u64>,
    /// Whether all releases beyond `words` are in the set.
    rest: bool,
}

impl ReleaseSet {
    fn new(mut words: Vec<u64>, rest: bool) -> Self {
        while words.last() == Some(&fill(rest)) {
            words.pop();
        }
        Self { words, rest }
    }

    fn word(&self, at: usize) -> u64 {
        self.words.get(at).copied().unwrap_or(fill(self.rest))
    }

    fn combine(&self, other: &Self, operation: impl Fn(u64, u64) -> u64) -> Self {
        let length = self.words.len().max(other.words.len());
        let words = (0..length).map(|at| operation(self.word(at), other.word(at)));
        let rest = operation(fill(self.rest), fill(other.rest)) != 0;
        Self::new(words.collect(), rest)
    }
}

fn fill(rest: bool) -> u64 {
    if rest { u64::MAX } else { 0 }
}

fn place(release: u32) -> (usize, u64) {
    ((release / WORD) as usize, 1 << (release % WORD))
}

impl FromIterator<u32> for ReleaseSet {
    fn from_iter<I: IntoIterator<Item = u32>>(releases: I) -> Self {
        let mut words = Vec::new();
        for release in releases {
            let (at, bit) = place(release);
            if words.len() <= at {
                words.resize(at + 1, 0);
            }
            words[at] |= bit;
        }
        Self::new(words, false)
    }
}

impl VersionSet for ReleaseSet {
    type V = u32;

    fn empty() -> Self {
        Self::new(Vec::new(), false)
    }

    fn full() -> Self {
        Self::new(Vec::new(), true)
    }

    fn singleton(release: u32) -> Self {
        Self::from_iter([release])
    }

    fn complement(&self) -> Self {
        let words = self.words.iter().map(|word| !word);
        Self::new(words.collect(), !self.rest)
    }

    fn intersection(&self, other: &Self) -> Self {
        self.combine(other, |ours, theirs| ours & theirs)
    }

    fn union(&self, other: &Self) -> Self {
        self.combine(other, |ours, theirs| ours | theirs)
    }

    fn contains(&self, release: &u32) -> bool {
        let (at, bit) = place(*release);
        self.word(at) & bit != 0
    }
}

impl fmt::Debug for ReleaseSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

impl fmt::Display for ReleaseSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        let members = (0..length.saturating_mul(WORD)).filter(|release| self.contains(release));
        let rest = self.rest.then_some(length.saturating_mul(WORD)..);
        write!(formatter, "{:?} and {rest:?}", members.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_set() -> impl Strategy<Value = ReleaseSet> {
        let members = proptest::collection::vec(0u32..200, 0..20);
        (members, any::<bool>()).prop_map(|(members, is_turned)| {
            let set = ReleaseSet::from_iter(members);
            if is_turned { set.complement() } else { set }
        })
    }

    proptest! {
        #[test]
        fn operations_are_those_of_sets(one in any_set(), other in any_set()) {
            for release in 0..300 {
                let (ours, theirs) = (one.contains(&release), other.contains(&release));
                prop_assert_eq!(one.complement().contains(&release), !ours);
                prop_assert_eq!(one.intersection(&other).contains(&release), ours && theirs);
                prop_assert_eq!(one.union(&other).contains(&release), ours || theirs);
            }
        }

        #[test]
        fn equal_sets_compare_equal(one in any_set(), other in any_set()) {
            prop_assert_eq!(one.complement().complement(), one.clone());
            let both = one.complement().union(&other.complement()).complement();
            prop_assert_eq!(both, one.intersection(&other));
            prop_assert_eq!(one.intersection(&one.complement()), ReleaseSet::empty());
            prop_assert_eq!(one.union(&one.complement()), ReleaseSet::full());
        }
    }
}
