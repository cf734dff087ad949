//! Refusals that can be lifted one by one, because what pip makes of such a wheel harms nobody.
//!
//! A rule has a name only if two things are certain: every reader finds the same bytes under the same paths, and where they go is
//! inside the environment and takes the place of nothing that makes it one. So there is no rule for paths that lead outside, for
//! hidden or overlapping content, for headers that contradict each other, for two files with one path, or for names that belong to
//! the environment. Nor is there one for a `.dist-info` folder without the local part of the version: its name is how everyone who
//! reads the environment tells what is installed.

use std::collections::BTreeSet;

use super::Error;
use crate::archive::{Deviation, DeviationKind};

/// A refusal that can be lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// An entry is a symbolic link; pip's `zipfile` makes a plain file of it that holds the link's text.
    SymbolicLinks,
    /// A file lies in a folder of `.data/scripts`; pip keeps the folder.
    NestedScripts,
    /// Two scripts of `entry_points.txt` have one name and call different objects; with pip the last stays, those of
    /// `gui_scripts` being last.
    RepeatedScripts,
    /// An entry of the archive has a comment, which pip does not read.
    EntryComments,
    /// Zeros follow the archive, which pip does not read.
    TrailingZeros,
}

/// The rules that are lifted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leniency(BTreeSet<Rule>);

/// What a wheel is only accepted with because a rule is lifted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exception {
    /// The rule.
    pub rule: Rule,
    /// The entry or script that the rule would refuse; empty for the archive as a whole.
    pub path: String,
}

impl Rule {
    /// Every rule, in the order of their names.
    pub const ALL: [Self; 5] = [
        Self::EntryComments,
        Self::NestedScripts,
        Self::RepeatedScripts,
        Self::SymbolicLinks,
        Self::TrailingZeros,
    ];

    /// Returns the name, as users write it; names never change.
    pub fn name(self) -> &'static str {
        match self {
            Self::SymbolicLinks => "symbolic-links",
            Self::NestedScripts => "nested-scripts",
            Self::RepeatedScripts => "repeated-scripts",
            Self::EntryComments => "entry-comments",
            Self::TrailingZeros => "trailing-zeros",
        }
    }

    /// Finds the rule by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// Finds the rule that a deviation of the archive breaks; `None` for one that is never a reason to refuse a wheel.
    pub(super) fn of_deviation(kind: DeviationKind) -> Option<Self> {
        match kind {
            DeviationKind::SymbolicLink => Some(Self::SymbolicLinks),
            DeviationKind::EntryComment => Some(Self::EntryComments),
            DeviationKind::TrailingZeros => Some(Self::TrailingZeros),
            DeviationKind::RepeatedEntry => None,
        }
    }
}

impl FromIterator<Rule> for Leniency {
    fn from_iter<T: IntoIterator<Item = Rule>>(rules: T) -> Self {
        Self(rules.into_iter().collect())
    }
}

impl Leniency {
    /// Tells whether what `exception` is about is accepted.
    ///
    /// # Errors
    ///
    /// The [`Error`] of the rule, when that is not lifted.
    pub fn check(&self, exception: &Exception) -> Result<(), Error> {
        if self.0.contains(&exception.rule) {
            return Ok(());
        }
        Err(exception.clone().into_error())
    }
}

impl Exception {
    /// Takes what breaks a rule from among the deviations of an archive.
    pub(super) fn of_deviation(deviation: &Deviation) -> Option<Self> {
        Some(Self {
            rule: Rule::of_deviation(deviation.kind)?,
            path: deviation.path.clone(),
        })
    }

    /// Returns the error of the rule.
    pub fn into_error(self) -> Error {
        let deviation = |kind| {
            let path = self.path.clone();
            Error::Archive(Deviation { kind, path }.into_error())
        };
        match self.rule {
            Rule::SymbolicLinks => deviation(DeviationKind::SymbolicLink),
            Rule::EntryComments => deviation(DeviationKind::EntryComment),
            Rule::TrailingZeros => deviation(DeviationKind::TrailingZeros),
            Rule::NestedScripts => Error::NestedScript { path: self.path },
            Rule::RepeatedScripts => Error::RepeatedScript { name: self.path },
        }
    }
}

impl Error {
    /// Returns the rule that refuses the wheel, if it is one that can be lifted.
    pub fn rule(&self) -> Option<Rule> {
        if let Self::Archive(error) = self {
            return error.deviation().and_then(Rule::of_deviation);
        }
        if matches!(self, Self::NestedScript { .. }) {
            return Some(Rule::NestedScripts);
        }
        matches!(self, Self::RepeatedScript { .. }).then_some(Rule::RepeatedScripts)
    }
}
