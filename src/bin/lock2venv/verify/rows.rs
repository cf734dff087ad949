//! What is not as it was locked, as rows of a table: files of one package with the same fault share one.

use lock2venv::audit::verify::{
    Bytes, LockedFile, Offer, Origin, Verdict, VerifiedPackage, VerifyReport,
};
use lock2venv::index::simple::ProjectStatus;

use super::attestations;

/// A row, and lines below it.
pub(super) struct Row {
    /// What is wrong, such as `missing`.
    pub(super) word: String,
    /// The files it is about; none for the package as a whole.
    pub(super) files: Vec<String>,
    /// Name and version of the package.
    pub(super) package: String,
    /// More about it; may be empty.
    pub(super) text: String,
    pub(super) details: Vec<String>,
}

/// Lists what is not as it was locked, the worst first; and then what is worth a note.
pub(super) fn of(report: &VerifyReport) -> Vec<Row> {
    let mut rows = Vec::new();
    for verdict in [
        Verdict::Different,
        Verdict::Missing,
        Verdict::Failed,
        Verdict::Unproven,
    ] {
        for package in report.packages.iter().filter(|package| package.is_asked()) {
            rows.extend(of_verdict(verdict, package));
        }
    }
    rows.extend(attestations::rows(report));
    for package in &report.packages {
        rows.extend(without_files(package));
        rows.extend(status(package));
        rows.extend(yanked(package));
    }
    rows
}

fn of_verdict(verdict: Verdict, package: &VerifiedPackage) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let files = package.files.iter();
    for file in files.filter(|file| package.verdict(file) == verdict) {
        let row = Row {
            word: verdict.word().to_owned(),
            files: vec![file.name.clone()],
            package: label(package),
            text: reason(verdict, file, package),
            details: details(verdict, file),
        };
        let known = rows.last_mut().filter(|known| {
            known.text == row.text && known.details.is_empty() && row.details.is_empty()
        });
        match known {
            Some(known) => known.files.extend(row.files),
            None => rows.push(row),
        }
    }
    rows
}

fn reason(verdict: Verdict, file: &LockedFile, package: &VerifiedPackage) -> String {
    let index = match &package.origin {
        Origin::Index { name, .. } => format!("index `{name}`"),
        Origin::Url | Origin::File | Origin::Directory | Origin::Git => "its server".to_owned(),
    };
    match (verdict, &file.offer) {
        (Verdict::Same, _) => String::new(),
        (Verdict::Different, Offer::Different(_)) => format!("{index} offers another file"),
        (Verdict::Different, _) => format!("{index} sends other bytes"),
        (Verdict::Missing, Offer::Missing) => format!("{index} does not offer it"),
        (Verdict::Failed, _) if package.failure.is_some() => format!("{index} gave no answer"),
        (Verdict::Missing | Verdict::Failed, _) => file.problem().unwrap_or_default(),
        (Verdict::Unproven, Offer::OtherAlgorithms(names)) => {
            format!("{index} offers only {}", names.join(", "))
        }
        (Verdict::Unproven, Offer::NothingLocked) => {
            "poetry.lock has no digest of it but weak or unknown ones".to_owned()
        }
        (Verdict::Unproven, _) => format!("{index} offers no digest"),
    }
}

fn details(verdict: Verdict, file: &LockedFile) -> Vec<String> {
    if verdict != Verdict::Different {
        return Vec::new();
    }
    let locked = file.locked.iter().map(|hash| format!("locked    {hash}"));
    let mut details: Vec<String> = locked.collect();
    if let Offer::Different(digest) = &file.offer {
        details.push(format!("offered   {digest}"));
    }
    if let Some(Bytes::Different { digests, n_bytes }) = &file.bytes {
        let received = digests.iter();
        details.extend(received.map(|digest| format!("received  {digest} ({n_bytes} bytes)")));
    }
    details
}

fn without_files(package: &VerifiedPackage) -> Option<Row> {
    let text = "poetry.lock lists no file of it".to_owned();
    package
        .lacks_files()
        .then(|| whole("unproven", package, text))
}

fn status(package: &VerifiedPackage) -> Option<Row> {
    if package.status == ProjectStatus::Active {
        return None;
    }
    let reason = package.status_reason.clone().unwrap_or_default();
    Some(whole(package.status.word(), package, reason))
}

fn yanked(package: &VerifiedPackage) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for file in &package.files {
        let Some(reason) = &file.yanked else { continue };
        match rows.last_mut().filter(|row| row.text == *reason) {
            Some(row) => row.files.push(file.name.clone()),
            None => rows.push(Row {
                files: vec![file.name.clone()],
                ..whole("yanked", package, reason.clone())
            }),
        }
    }
    rows
}

fn whole(word: &str, package: &VerifiedPackage, text: String) -> Row {
    Row {
        word: word.to_owned(),
        files: Vec::new(),
        package: label(package),
        text,
        details: Vec::new(),
    }
}

pub(super) fn label(package: &VerifiedPackage) -> String {
    format!("{} {}", package.name, package.version)
}
