//! What a report says of attestations, counted, and as the next record.

use std::collections::BTreeMap;

use super::attestation::{Attestation, AttestationCounts};
use super::report::{VerifiedPackage, VerifyReport};
use crate::attestation::{Record, Recorded};
use crate::name::PackageName;

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All packages of a lock.
    Whole,
    /// A selection of them.
    Part,
}

impl VerifyReport {
    /// Tells whether all attestations are right and by those who are recorded, and none is missing that was there, nor a package
    /// of which there were some.
    pub fn is_as_recorded(&self) -> bool {
        let has_left = |package: &VerifiedPackage| package.has_left;
        self.attestations().all(Attestation::is_as_recorded) && !self.packages.iter().any(has_left)
    }

    /// Tells whether an attestation proves nothing, or could not be fetched.
    pub fn has_broken_attestations(&self) -> bool {
        self.attestations().any(Attestation::is_broken)
    }

    /// Counts the files whose attestations were asked for.
    pub fn attestation_counts(&self) -> AttestationCounts {
        let mut counts = AttestationCounts::default();
        for attestation in self.attestations() {
            counts.n_files += 1;
            let count = match attestation {
                Attestation::Verified(_) => &mut counts.n_verified,
                Attestation::New(_) => &mut counts.n_new,
                Attestation::None => &mut counts.n_none,
                Attestation::Lost => &mut counts.n_lost,
                Attestation::Changed { .. } => &mut counts.n_changed,
                Attestation::Invalid(_) => &mut counts.n_invalid,
                Attestation::Failed(_) => &mut counts.n_failed,
            };
            *count += 1;
        }
        counts
    }

    /// Makes the record of what was found, which accepts what changed. Of packages that could not be judged in full, and, where
    /// the report is about a part of the lock, of those that it is not about, what was recorded `before` is kept.
    pub fn record(&self, before: &Record, extent: Extent) -> Record {
        let mut packages = match extent {
            Extent::Whole => BTreeMap::new(),
            Extent::Part => before.packages.clone(),
        };
        let mut versions: BTreeMap<&PackageName, Vec<&VerifiedPackage>> = BTreeMap::new();
        for package in &self.packages {
            versions.entry(&package.name).or_default().push(package);
        }
        for (name, versions) in versions {
            let recorded = match found(&versions) {
                Found::Whole(recorded) => Some(recorded),
                Found::Broken => before.packages.get(name).cloned(),
            };
            match recorded.filter(|recorded| !recorded.identities.is_empty()) {
                Some(recorded) => packages.insert(name.clone(), recorded),
                None => packages.remove(name),
            };
        }
        Record { packages }
    }

    fn attestations(&self) -> impl Iterator<Item = &Attestation> {
        let files = self.packages.iter().flat_map(|package| &package.files);
        files.filter_map(|file| file.attestation.as_ref())
    }
}

/// What was found of all versions of a package.
enum Found {
    Whole(Recorded),
    /// Something of it could not be judged.
    Broken,
}

fn found(versions: &[&VerifiedPackage]) -> Found {
    let mut recorded = Recorded {
        is_every_file: true,
        ..Recorded::default()
    };
    for package in versions.iter().filter(|package| package.is_of_index()) {
        if package.failure.is_some() {
            return Found::Broken;
        }
        for file in &package.files {
            match &file.attestation {
                None => return Found::Broken,
                Some(attestation) if attestation.is_broken() => return Found::Broken,
                Some(attestation) => match attestation.identities() {
                    Some(identities) => recorded.identities.extend(identities.iter().cloned()),
                    None => recorded.is_every_file = false,
                },
            }
        }
    }
    Found::Whole(recorded)
}

impl VerifiedPackage {
    /// Tells whether a file of it has right attestations.
    pub(super) fn is_attested(&self) -> bool {
        let mut attestations = self
            .files
            .iter()
            .filter_map(|file| file.attestation.as_ref());
        attestations.any(|attestation| attestation.identities().is_some())
    }
}
