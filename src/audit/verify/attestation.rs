//! What the attestations of files prove, and what changed since they were recorded.

use std::collections::BTreeSet;

use crate::attestation::{Fault, Identity, Recorded};
use crate::index;

/// What the attestations of a locked file prove.
#[derive(Debug)]
pub enum Attestation {
    /// The recorded publishers of its package made them.
    Verified(BTreeSet<Identity>),
    /// They are right, and nothing is recorded of its package yet.
    New(BTreeSet<Identity>),
    /// There are none, and nothing recorded says that there should be.
    None,
    /// There are none, and there were when the package was recorded: of every file, or of others that have none either now.
    Lost,
    /// They are right, and somebody else made them than those who are recorded.
    Changed {
        /// Who made them.
        identities: BTreeSet<Identity>,
        /// Who is recorded.
        recorded: BTreeSet<Identity>,
    },
    /// They prove nothing.
    Invalid(Fault),
    /// They could not be fetched; `None` where their server could not be reached for another file.
    Failed(Option<index::Error>),
}

/// How many locked files there are of each kind, of those that an index offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttestationCounts {
    /// All.
    pub n_files: usize,
    /// See [`Attestation::Verified`], and so on.
    pub n_verified: usize,
    /// Those of packages that are not recorded.
    pub n_new: usize,
    /// Those without.
    pub n_none: usize,
    /// Those without, that should have some.
    pub n_lost: usize,
    /// Those by others.
    pub n_changed: usize,
    /// Those that prove nothing.
    pub n_invalid: usize,
    /// Those that could not be fetched.
    pub n_failed: usize,
}

impl Attestation {
    /// Returns its word, such as `verified`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Verified(_) => "verified",
            Self::New(_) => "new",
            Self::None => "none",
            Self::Lost => "lost",
            Self::Changed { .. } => "changed",
            Self::Invalid(_) => "invalid",
            Self::Failed(_) => "failed",
        }
    }

    /// Returns who made them, where they are right.
    pub fn identities(&self) -> Option<&BTreeSet<Identity>> {
        match self {
            Self::Verified(identities)
            | Self::New(identities)
            | Self::Changed { identities, .. } => Some(identities),
            Self::None | Self::Lost | Self::Invalid(_) | Self::Failed(_) => None,
        }
    }

    /// Tells whether it is what a record makes one expect.
    pub fn is_as_recorded(&self) -> bool {
        match self {
            Self::Verified(_) | Self::New(_) | Self::None => true,
            Self::Lost | Self::Changed { .. } | Self::Invalid(_) | Self::Failed(_) => false,
        }
    }

    /// Tells whether nothing is proven that was claimed; a new record makes this no better.
    pub fn is_broken(&self) -> bool {
        matches!(self, Self::Invalid(_) | Self::Failed(_))
    }

    /// Holds what is right, or missing, against what is recorded of the package.
    pub(super) fn hold_against(&mut self, recorded: &Recorded, is_package_attested: bool) {
        match self {
            Self::New(identities) => {
                let identities = std::mem::take(identities);
                *self = if identities.is_subset(&recorded.identities) {
                    Self::Verified(identities)
                } else {
                    Self::Changed {
                        identities,
                        recorded: recorded.identities.clone(),
                    }
                };
            }
            Self::None if recorded.is_every_file || !is_package_attested => *self = Self::Lost,
            Self::None
            | Self::Verified(_)
            | Self::Lost
            | Self::Changed { .. }
            | Self::Invalid(_)
            | Self::Failed(_) => {}
        }
    }
}
