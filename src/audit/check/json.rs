//! The report for machines. `schemas/check-1.json` in the repository is its JSON Schema.
//!
//! Within one version of the schema fields and kinds of problems may be added, and none changes its meaning or goes.

use serde::Serialize;

use super::report::{Actual, CheckReport, Problem};
use crate::installed::StartupFile;
use crate::version::Version;

/// The name and version of the schema.
const SCHEMA: &str = "lock2venv.check/1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    as_locked: bool,
    environment: Option<String>,
    python: Option<&'a str>,
    counts: Counts,
    startup: Vec<StartupDocument<'a>>,
    problems: Vec<ProblemDocument<'a>>,
}

#[derive(Serialize)]
struct StartupDocument<'a> {
    path: &'a str,
    distribution: Option<&'a str>,
    lines: &'a [String],
}

#[derive(Serialize)]
struct Counts {
    distributions: usize,
    files: usize,
    bytes: u64,
    unlisted_bytecode: usize,
    problems: usize,
}

#[derive(Default, Serialize)]
struct ProblemDocument<'a> {
    kind: &'static str,
    distribution: Option<String>,
    path: Option<&'a str>,
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    installed: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

impl CheckReport {
    /// Renders the report as JSON, with a line end.
    pub fn to_json(&self) -> String {
        let document = Document {
            schema: SCHEMA,
            as_locked: self.is_as_locked(),
            environment: self.root.as_ref().map(|root| root.display().to_string()),
            python: self.python.as_deref(),
            counts: Counts {
                distributions: self.n_distributions,
                files: self.n_files,
                bytes: self.n_bytes,
                unlisted_bytecode: self.n_unlisted_bytecode,
                problems: self.problems.len(),
            },
            startup: self.startup.iter().map(StartupDocument::of).collect(),
            problems: self.problems.iter().map(ProblemDocument::of).collect(),
        };
        // Texts, numbers and lists can always be written.
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text + "\n"
    }
}

impl<'a> StartupDocument<'a> {
    fn of(file: &'a StartupFile) -> Self {
        Self {
            path: &file.path,
            distribution: file.distribution.as_deref(),
            lines: &file.lines,
        }
    }
}

impl<'a> ProblemDocument<'a> {
    fn of(problem: &'a Problem) -> Self {
        let mut document = Self {
            kind: problem.word(),
            distribution: problem.distribution(),
            path: problem.path(),
            reason: Some(problem.reason()).filter(|reason| !reason.is_empty()),
            ..Self::default()
        };
        document.add_facts(problem);
        document
    }

    fn add_facts(&mut self, problem: &Problem) {
        match problem {
            Problem::StaleLock { locked, current } => {
                self.locked.clone_from(locked);
                self.actual.clone_from(current);
            }
            Problem::NotInstalled { version, .. } => self.locked = Some(version.to_string()),
            Problem::WrongVersion {
                locked, installed, ..
            } => {
                self.locked = Some(locked.to_string());
                self.installed = Some(vec![installed.to_string()]);
            }
            Problem::Duplicate { versions, .. } => {
                self.installed = Some(versions.iter().map(Version::to_string).collect());
            }
            Problem::Changed {
                recorded, actual, ..
            } => {
                self.recorded = Some(recorded.to_string());
                match actual {
                    Actual::Size(n_bytes) => self.size = Some(*n_bytes),
                    Actual::Digest(digest) => self.actual = Some(digest.to_string()),
                }
            }
            Problem::Interpreter(_)
            | Problem::Runtime { .. }
            | Problem::WrongOrigin { .. }
            | Problem::Extra { .. }
            | Problem::Unfinished { .. }
            | Problem::NoRecord { .. }
            | Problem::Outside { .. }
            | Problem::Unproven { .. }
            | Problem::Missing { .. }
            | Problem::MissingScript { .. }
            | Problem::Unreadable { .. }
            | Problem::Startup(_)
            | Problem::Foreign { .. } => {}
        }
    }
}
