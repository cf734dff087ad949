//! The report for a person: what is right is a number, what is not is named.

use std::fmt::Write as _;
use std::time::Duration;

use lock2venv::audit::verify::{Origin, VerifiedPackage, VerifyReport};

use super::attestations;
use super::rows::{self, Row, label};
use crate::diagnose::count;
use crate::report::{Verbosity, shown};

/// How many files of a row are named, unless all are asked for.
const MOST_NAMED: usize = 3;

pub(super) fn render(report: &VerifyReport, verbosity: Verbosity, duration: Duration) -> String {
    let mut text = String::new();
    let is_whole = verbosity == Verbosity::Verbose;
    for row in rows::of(report) {
        write_row(&mut text, &row, is_whole);
    }
    write_notes(&mut text, report, is_whole);
    attestations::write_summary(&mut text, report);
    let counts = report.counts();
    let asked = report.packages.iter().filter(|package| package.is_asked());
    let how = if report.has_downloaded {
        ", bytes included"
    } else {
        ""
    };
    // A text takes whatever is written.
    let _ = writeln!(
        text,
        "{} of {} of {} are as locked{how} ({:.1} s)",
        counts.n_same,
        count(counts.n_files, "file"),
        count(asked.count(), "package"),
        duration.as_secs_f64()
    );
    shown(&text).into_owned()
}

fn write_row(text: &mut String, row: &Row, is_whole: bool) {
    let subject = match row.files.as_slice() {
        [] => row.package.clone(),
        [one] => one.clone(),
        files => format!("{}: {}", row.package, listed(files, is_whole)),
    };
    let reason = match row.text.as_str() {
        "" => String::new(),
        reason => format!(": {reason}"),
    };
    push_line(text, &format!("{:<11} {subject}{reason}", row.word));
    for detail in &row.details {
        push_line(text, &format!("            {detail}"));
    }
}

/// Adds one line, and no other that a server or a file would have between.
fn push_line(text: &mut String, line: &str) {
    text.push_str(&line.replace('\n', "\\n"));
    text.push('\n');
}

fn listed(names: &[String], is_whole: bool) -> String {
    let n_named = if is_whole || names.len() == MOST_NAMED + 1 {
        names.len()
    } else {
        MOST_NAMED.min(names.len())
    };
    let mut text = names[..n_named].join(", ");
    if names.len() > n_named {
        let _ = write!(text, " and {} more", names.len() - n_named);
    }
    text
}

fn write_notes(text: &mut String, report: &VerifyReport, is_whole: bool) {
    let packages = || report.packages.iter();
    let others: Vec<String> = packages()
        .flat_map(|package| package.not_locked.clone())
        .collect();
    write_note(text, "offered, but not locked", "file", &others, is_whole);
    for (origin, what) in [
        (
            Origin::Url,
            "outside of indexes, at a URL (only `--download` checks it)",
        ),
        (
            Origin::File,
            "outside of indexes, as a file on this machine",
        ),
        (
            Origin::Directory,
            "outside of indexes, as a folder on this machine",
        ),
        (Origin::Git, "outside of indexes, in a git repository"),
    ] {
        let is_it = |package: &&VerifiedPackage| package.origin == origin && !package.is_asked();
        let names: Vec<String> = packages().filter(is_it).map(label).collect();
        write_note(text, what, "package", &names, is_whole);
    }
}

fn write_note(text: &mut String, what: &str, thing: &str, names: &[String], is_whole: bool) {
    if names.is_empty() {
        return;
    }
    let number = count(names.len(), thing);
    let names = listed(names, is_whole);
    push_line(text, &format!("note        {number} {what}: {names}"));
}
