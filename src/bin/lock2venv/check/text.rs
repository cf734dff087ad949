//! The report for a person: what is right is a number, what is not is named.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use indicatif::HumanBytes;
use lock2venv::audit::check::{Actual, CheckReport, Problem};

use crate::diagnose::count;
use crate::report::{Verbosity, shown};

/// How many problems of one kind are named of one distribution, unless all are asked for.
const MOST_NAMED: usize = 10;

pub(super) fn render(report: &CheckReport, verbosity: Verbosity, duration: Duration) -> String {
    let mut text = String::new();
    let most = if verbosity == Verbosity::Verbose {
        usize::MAX
    } else {
        MOST_NAMED
    };
    let mut named: BTreeMap<(&str, Option<String>), usize> = BTreeMap::new();
    for problem in &report.problems {
        let key = (problem.word(), problem.distribution());
        let number = named.entry(key).or_default();
        *number += 1;
        if *number <= most {
            write_problem(&mut text, problem);
        }
    }
    for ((word, distribution), number) in named {
        if number > most {
            let of = distribution.map_or(String::new(), |name| format!(" of {name}"));
            let _ = writeln!(
                text,
                "{word:<14} {} more{of} (`-v` names all)",
                number - most
            );
        }
    }
    write_startup(&mut text, report);
    write_summary(&mut text, report, duration);
    shown(&text).into_owned()
}

// A text takes whatever is written.
fn write_problem(text: &mut String, problem: &Problem) {
    let subject = match (problem.path(), problem.distribution()) {
        (Some(path), Some(distribution)) => format!("{path} ({distribution})"),
        (Some(path), None) => path.to_owned(),
        (None, distribution) => distribution.unwrap_or_default(),
    };
    let reason = problem.reason();
    let colon = if subject.is_empty() || reason.is_empty() {
        ""
    } else {
        ": "
    };
    let line = format!("{:<14} {subject}{colon}{reason}", problem.word());
    text.push_str(&line.replace('\n', "\\n"));
    text.push('\n');
    if let Problem::Changed {
        recorded,
        actual: Actual::Digest(actual),
        ..
    } = problem
    {
        let _ = writeln!(text, "               recorded  {recorded}");
        let _ = writeln!(text, "               actual    {actual}");
    }
}

/// Lists what runs at the start, unless it is among the problems.
fn write_startup(text: &mut String, report: &CheckReport) {
    let is_problem = |problem: &Problem| matches!(problem, Problem::Startup(_));
    if !report.problems.iter().any(is_problem) {
        for file in &report.startup {
            write_problem(text, &Problem::Startup(file.clone()));
        }
    }
}

fn write_summary(text: &mut String, report: &CheckReport, duration: Duration) {
    let Some(root) = &report.root else {
        if report.is_as_locked() {
            text.push_str("poetry.lock matches pyproject.toml\n");
        }
        return;
    };
    if report.n_unlisted_bytecode > 0 {
        let number = count(report.n_unlisted_bytecode, "file");
        let _ = writeln!(
            text,
            "note           {number} of bytecode in no RECORD, beside sources that are in one"
        );
    }
    let _ = writeln!(
        text,
        "{} in {} and {} in `{}` ({} hashed in {:.1} s)",
        count(report.problems.len(), "problem"),
        count(report.n_distributions, "distribution"),
        count(report.n_files, "file"),
        root.display(),
        HumanBytes(report.n_bytes),
        duration.as_secs_f64()
    );
}
