//! What the report for machines says of attestations.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::attestation::Attestation;
use super::causes::{fetch_problem, with_causes};
use super::report::VerifyReport;
use crate::attestation::Identity;

#[derive(Serialize)]
pub(super) struct AttestationSummary {
    as_recorded: bool,
    files: usize,
    verified: usize,
    new: usize,
    none: usize,
    lost: usize,
    changed: usize,
    invalid: usize,
    failed: usize,
}

#[derive(Serialize)]
pub(super) struct FileAttestation<'a> {
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    identities: Option<Fields<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<Fields<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

type Fields<'a> = Vec<&'a BTreeMap<String, String>>;

impl AttestationSummary {
    pub(super) fn of(report: &VerifyReport) -> Option<Self> {
        let counts = report.has_attested().then(|| report.attestation_counts())?;
        Some(Self {
            as_recorded: report.is_as_recorded(),
            files: counts.n_files,
            verified: counts.n_verified,
            new: counts.n_new,
            none: counts.n_none,
            lost: counts.n_lost,
            changed: counts.n_changed,
            invalid: counts.n_invalid,
            failed: counts.n_failed,
        })
    }
}

impl<'a> FileAttestation<'a> {
    pub(super) fn of(attestation: &'a Attestation) -> Self {
        let recorded = match attestation {
            Attestation::Changed { recorded, .. } => Some(fields(recorded)),
            Attestation::Verified(_)
            | Attestation::New(_)
            | Attestation::None
            | Attestation::Lost
            | Attestation::Invalid(_)
            | Attestation::Failed(_) => None,
        };
        Self {
            result: attestation.word(),
            identities: attestation.identities().map(fields),
            recorded,
            problem: attestation.problem(),
        }
    }
}

impl Attestation {
    /// Says why it proves nothing, with the causes.
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Invalid(fault) => Some(with_causes(fault)),
            Self::Failed(error) => Some(fetch_problem(error.as_ref())),
            Self::Verified(_) | Self::New(_) | Self::None | Self::Lost | Self::Changed { .. } => {
                None
            }
        }
    }
}

fn fields(identities: &BTreeSet<Identity>) -> Fields<'_> {
    identities.iter().map(Identity::fields).collect()
}
