//! The report for machines. `schemas/verify-1.json` in the repository is its JSON Schema.
//!
//! Within one version of the schema fields may be added, and none changes its meaning or goes.

use serde::Serialize;

use super::causes::{fetch_problem, with_causes};
use super::json_attestation::{AttestationSummary, FileAttestation};
use super::report::{Bytes, LockedFile, Offer, Origin, PageFailure, VerifiedPackage, VerifyReport};
use crate::attestation::IS_BUILT;
use crate::digest::Digest;

/// The name and version of the schema.
const SCHEMA: &str = "lock2venv.verify/1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    as_locked: bool,
    downloaded: bool,
    counts: Counts,
    packages: Vec<Package<'a>>,
    failures: Vec<Failure<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attestations: Option<AttestationSummary>,
}

#[derive(Serialize)]
struct Counts {
    packages: usize,
    files: usize,
    same: usize,
    different: usize,
    missing: usize,
    unproven: usize,
    failed: usize,
    yanked: usize,
}

#[derive(Serialize)]
struct Package<'a> {
    name: &'a str,
    version: String,
    source: Source<'a>,
    asked: bool,
    as_locked: bool,
    status: &'a str,
    status_reason: Option<&'a str>,
    files: Vec<File<'a>>,
    not_locked: &'a [String],
    /// A position in `failures`.
    failure: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attestation: Option<&'static str>,
}

#[derive(Serialize)]
struct Source<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct File<'a> {
    name: &'a str,
    verdict: &'static str,
    locked: &'a [String],
    offer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    offered: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithms: Option<&'a [String]>,
    yanked: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<Received>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attestation: Option<FileAttestation<'a>>,
}

#[derive(Serialize)]
struct Received {
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digests: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

#[derive(Serialize)]
struct Failure<'a> {
    index: &'a str,
    message: String,
}

impl VerifyReport {
    /// Renders the report as JSON, with a line end.
    pub fn to_json(&self) -> String {
        let counts = self.counts();
        let document = Document {
            schema: SCHEMA,
            as_locked: self.is_as_locked(),
            downloaded: self.has_downloaded,
            counts: Counts {
                packages: self.packages.len(),
                files: counts.n_files,
                same: counts.n_same,
                different: counts.n_different,
                missing: counts.n_missing,
                unproven: counts.n_unproven,
                failed: counts.n_failed,
                yanked: counts.n_yanked,
            },
            packages: self.packages.iter().map(Package::of).collect(),
            failures: self.failures.iter().map(Failure::of).collect(),
            attestations: AttestationSummary::of(self),
        };
        // Texts, numbers and lists can always be written.
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text + "\n"
    }
}

impl<'a> Package<'a> {
    fn of(package: &'a VerifiedPackage) -> Self {
        let files = package.files.iter();
        Self {
            name: package.name.as_str(),
            version: package.version.to_string(),
            source: Source::of(&package.origin),
            asked: package.is_asked(),
            as_locked: package.is_as_locked(),
            status: package.status.word(),
            status_reason: package.status_reason.as_deref(),
            files: files.map(|file| File::of(file, package)).collect(),
            not_locked: &package.not_locked,
            failure: package.failure,
            attestation: package.has_left.then_some("lost"),
        }
    }
}

impl<'a> Source<'a> {
    fn of(origin: &'a Origin) -> Self {
        let (r#type, name, url) = match origin {
            Origin::Index { name, url } => ("index", Some(name.as_str()), url.as_ref()),
            Origin::Url => ("url", None, None),
            Origin::File => ("file", None, None),
            Origin::Directory => ("directory", None, None),
            Origin::Git => ("git", None, None),
        };
        Self {
            r#type,
            name,
            url: url.map(ToString::to_string),
        }
    }
}

impl<'a> File<'a> {
    fn of(file: &'a LockedFile, package: &VerifiedPackage) -> Self {
        let (offer, offered, algorithms) = match &file.offer {
            Offer::Same => ("same", None, None),
            Offer::Different(digest) => ("different", Some(digest.to_string()), None),
            Offer::Missing => ("missing", None, None),
            Offer::OtherAlgorithms(names) => ("other-algorithms", None, Some(names.as_slice())),
            Offer::NoDigest => ("no-digest", None, None),
            Offer::Unusable(_) => ("unusable", None, None),
            Offer::NothingLocked => ("nothing-locked", None, None),
            Offer::NotAsked => ("not-asked", None, None),
        };
        let attestation = file.attestation.as_ref().filter(|_| IS_BUILT);
        Self {
            name: &file.name,
            verdict: package.verdict(file).word(),
            locked: &file.locked,
            offer,
            offered,
            algorithms,
            yanked: file.yanked.as_deref(),
            bytes: file.bytes.as_ref().map(Received::of),
            problem: file.problem(),
            attestation: attestation.map(FileAttestation::of),
        }
    }
}

impl Received {
    fn of(bytes: &Bytes) -> Self {
        let (result, digests, size) = match bytes {
            Bytes::Same => ("same", None, None),
            Bytes::Different { digests, n_bytes } => {
                let digests = digests.iter().map(Digest::to_string).collect();
                ("different", Some(digests), Some(*n_bytes))
            }
            Bytes::Failed(_) => ("failed", None, None),
        };
        Self {
            result,
            digests,
            size,
        }
    }
}

impl<'a> Failure<'a> {
    fn of(failure: &'a PageFailure) -> Self {
        Self {
            index: &failure.index,
            message: with_causes(&failure.error),
        }
    }
}

impl LockedFile {
    /// Says why the file cannot be fetched, where that is known; with the causes.
    pub fn problem(&self) -> Option<String> {
        if let Some(Bytes::Failed(error)) = &self.bytes {
            return Some(fetch_problem(error.as_ref()));
        }
        match &self.offer {
            Offer::Unusable(Some(fault)) => Some(with_causes(fault)),
            Offer::Unusable(None) => Some("the page has no URL for it".to_owned()),
            Offer::Same
            | Offer::Different(_)
            | Offer::Missing
            | Offer::OtherAlgorithms(_)
            | Offer::NoDigest
            | Offer::NothingLocked
            | Offer::NotAsked => None,
        }
    }
}
