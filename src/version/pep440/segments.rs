//! The parts of a version, in their order.

use std::cmp::Ordering;
use std::fmt;

#[derive(Clone, Debug, Default)]
pub(super) struct Segments {
    pub(super) epoch: u64,
    pub(super) release: Vec<u64>,
    pub(super) pre: Option<(Phase, u64)>,
    pub(super) post: Option<u64>,
    pub(super) dev: Option<u64>,
    pub(super) local: Option<Vec<Box<str>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Alpha,
    Beta,
    Candidate,
}

impl Segments {
    pub(super) fn significant_release(&self) -> &[u64] {
        let end = self.release.iter().rposition(|&number| number != 0);
        &self.release[..end.map_or(0, |last| last + 1)]
    }

    /// The pre-release for the order: a bare development release comes before all phases, a release after them.
    fn pre_order(&self) -> (u8, Option<(Phase, u64)>) {
        match self.pre {
            None if self.post.is_none() && self.dev.is_some() => (0, None),
            None => (2, None),
            pre @ Some(_) => (1, pre),
        }
    }

    fn dev_order(&self) -> (bool, u64) {
        (self.dev.is_none(), self.dev.unwrap_or(0))
    }
}

impl Ord for Segments {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| self.significant_release().cmp(other.significant_release()))
            .then_with(|| self.pre_order().cmp(&other.pre_order()))
            .then_with(|| self.post.cmp(&other.post))
            .then_with(|| self.dev_order().cmp(&other.dev_order()))
            .then_with(|| compare_local(self.local.as_deref(), other.local.as_deref()))
    }
}

impl PartialOrd for Segments {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Segments {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Segments {}

fn compare_local(ours: Option<&[Box<str>]>, theirs: Option<&[Box<str>]>) -> Ordering {
    match (ours, theirs) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(ours), Some(theirs)) => {
            let ours = ours.iter().map(|segment| local_order(segment));
            ours.cmp(theirs.iter().map(|segment| local_order(segment)))
        }
    }
}

/// Numbers come after words; they are compared by length and digits, so that no number is too long.
fn local_order(segment: &str) -> (bool, usize, &str) {
    if segment.bytes().all(|byte| byte.is_ascii_digit()) && !segment.is_empty() {
        let digits = segment.trim_start_matches('0');
        return (true, digits.len(), digits);
    }
    (false, 0, segment)
}

impl fmt::Display for Segments {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch != 0 {
            write!(formatter, "{}!", self.epoch)?;
        }
        for (place, number) in self.release.iter().enumerate() {
            let dot = if place == 0 { "" } else { "." };
            write!(formatter, "{dot}{number}")?;
        }
        if let Some((phase, number)) = self.pre {
            write!(formatter, "{}{number}", phase.as_str())?;
        }
        if let Some(number) = self.post {
            write!(formatter, ".post{number}")?;
        }
        if let Some(number) = self.dev {
            write!(formatter, ".dev{number}")?;
        }
        for (place, segment) in self.local.iter().flatten().enumerate() {
            let sign = if place == 0 { "+" } else { "." };
            write!(formatter, "{sign}{}", segment.to_lowercase())?;
        }
        Ok(())
    }
}

impl Phase {
    fn as_str(self) -> &'static str {
        match self {
            Self::Alpha => "a",
            Self::Beta => "b",
            Self::Candidate => "rc",
        }
    }
}
