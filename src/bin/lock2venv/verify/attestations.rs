//! `lock2venv verify --attestations`: the trusted root, the record of publishers, and what is said of both.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lock2venv::attestation::{Identity, Record, RootError, TrustedRoot};
use lock2venv::audit::verify::{
    AttestOptions, Attestation, Extent, Origin, RECORD_FILE, VerifiedPackage, VerifyReport,
    read_record, write_record,
};

use super::Verify;
use super::rows::{Row, label};
use crate::args::Groups;
use crate::context::Context;
use crate::diagnose::{Failure, count};
use crate::install::project::LockedProject;

/// What attestations are held against.
pub(super) struct Attesting {
    root: TrustedRoot,
    record: Record,
    /// The folder of the record.
    folder: PathBuf,
    is_updated: bool,
}

impl Attesting {
    /// Reads the trusted root and the record; `None` when nobody asks for attestations.
    pub(super) fn read(
        arguments: &Verify,
        locked: &LockedProject,
        context: &Context,
    ) -> Result<Option<Self>, Failure> {
        let Some(path) = arguments.trusted_root.as_ref() else {
            return Ok(None);
        };
        if !arguments.attestations {
            return Ok(None);
        }
        // First: a program that cannot verify has no use for anything else.
        let root = read_root(&context.working_folder.join(path))?;
        let folder = &locked.project.root;
        let record = read_record(folder).map_err(|error| Failure::new(&error))?;
        Ok(Some(Self {
            root,
            record: record.unwrap_or_default(),
            folder: folder.clone(),
            is_updated: arguments.update_attestations,
        }))
    }

    pub(super) fn options(&self, n_connections: usize) -> AttestOptions<'_> {
        AttestOptions {
            root: &self.root,
            record: &self.record,
            n_connections,
        }
    }

    /// Writes the record of what was found, where that is asked for.
    pub(super) fn write(&self, report: &VerifyReport, groups: &Groups) -> Result<(), Failure> {
        let extent = if groups.are_named() || !groups.provided.is_empty() {
            Extent::Part
        } else {
            Extent::Whole
        };
        let record = report.record(&self.record, extent);
        if !self.is_updated || record == self.record {
            return Ok(());
        }
        write_record(&self.folder, &record).map_err(|error| Failure::new(&error))
    }

    /// Tells whether attestations are a reason to fail.
    pub(super) fn is_satisfied(&self, report: &VerifyReport) -> bool {
        if self.is_updated {
            !report.has_broken_attestations()
        } else {
            report.is_as_recorded()
        }
    }

    /// Says that attestations are not as recorded; of those that were just recorded nothing.
    pub(super) fn failure(&self, report: &VerifyReport) -> Failure {
        let counts = report.attestation_counts();
        let n_left = report.packages.iter().filter(|package| package.has_left);
        let (n_broken, n_left) = (counts.n_invalid + counts.n_failed, n_left.count());
        let n_others = counts.n_lost + counts.n_changed;
        let n_wrong = n_broken + if self.is_updated { 0 } else { n_others };
        let subject = match n_wrong {
            0 => count(n_left, "package"),
            _ => format!("{n_wrong} of {}", count(counts.n_files, "file")),
        };
        let failure = Failure::text(format!("the attestations of {subject} are not as recorded"));
        if self.is_updated || n_others + n_left == 0 {
            return failure;
        }
        failure.hint(format!(
            "where the change is right, `--update-attestations` writes it into {RECORD_FILE}"
        ))
    }
}

fn read_root(path: &Path) -> Result<TrustedRoot, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::input(path, &error).about(&["trusted_root"]))?;
    TrustedRoot::parse(&text).map_err(|error| {
        let is_not_built = matches!(error, RootError::NotBuilt);
        let failure = Failure::new(&error).about(&["trusted_root"]);
        if is_not_built {
            failure.hint("`cargo install lock2venv` and the executable `lock2venv-attestations` of a release have them")
        } else {
            failure.detail(format!("in `{}`", path.display()))
        }
    })
}

/// Lists attestations that are not as recorded, the worst first.
pub(super) fn rows(report: &VerifyReport) -> Vec<Row> {
    let mut rows = Vec::new();
    if !report.has_attested() {
        return rows;
    }
    for word in ["invalid", "changed", "lost", "failed"] {
        for package in &report.packages {
            rows.extend(of_word(word, package));
            rows.extend((word == "lost" && package.has_left).then(|| left(package)));
        }
    }
    rows
}

fn left(package: &VerifiedPackage) -> Row {
    Row {
        word: "lost".to_owned(),
        files: Vec::new(),
        package: label(package),
        text: "it was attested, and comes from outside of indexes now".to_owned(),
        details: Vec::new(),
    }
}

fn of_word(word: &str, package: &VerifiedPackage) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for file in &package.files {
        let found = file.attestation.as_ref();
        let Some(attestation) = found.filter(|found| found.word() == word) else {
            continue;
        };
        let row = Row {
            word: word.to_owned(),
            files: vec![file.name.clone()],
            package: label(package),
            text: reason(attestation, package),
            details: details(attestation),
        };
        let is_same = |known: &&mut Row| known.text == row.text && known.details == row.details;
        match rows.last_mut().filter(is_same) {
            Some(known) => known.files.extend(row.files),
            None => rows.push(row),
        }
    }
    rows
}

fn reason(attestation: &Attestation, package: &VerifiedPackage) -> String {
    match attestation {
        Attestation::Changed { .. } => "attested by another publisher than recorded".to_owned(),
        Attestation::Lost => {
            let index = match &package.origin {
                Origin::Index { name, .. } => name.as_str(),
                Origin::Url | Origin::File | Origin::Directory | Origin::Git => "",
            };
            format!("index `{index}` offers no attestation of it any more")
        }
        Attestation::Verified(_)
        | Attestation::New(_)
        | Attestation::None
        | Attestation::Invalid(_)
        | Attestation::Failed(_) => attestation.problem().unwrap_or_default(),
    }
}

fn details(attestation: &Attestation) -> Vec<String> {
    let Attestation::Changed {
        identities,
        recorded,
    } = attestation
    else {
        return Vec::new();
    };
    let line = |word: &str, identity: &Identity| format!("{word:<9} {identity}");
    let before = recorded.iter().map(|identity| line("recorded", identity));
    let now = identities.difference(recorded);
    before
        .chain(now.map(|identity| line("attested", identity)))
        .collect()
}

/// Writes the numbers, where attestations were asked for.
pub(super) fn write_summary(text: &mut String, report: &VerifyReport) {
    if !report.has_attested() {
        return;
    }
    let counts = report.attestation_counts();
    let n_right = counts.n_verified + counts.n_new + counts.n_changed;
    // A text takes whatever is written.
    let _ = write!(
        text,
        "attestations of {n_right} of {} are right",
        count(counts.n_files, "file")
    );
    if counts.n_new > 0 {
        let _ = write!(
            text,
            ", {} by publishers that were not recorded",
            counts.n_new
        );
    }
    if counts.n_none > 0 {
        let _ = write!(text, "; {} have none", counts.n_none);
    }
    text.push('\n');
}
