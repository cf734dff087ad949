//! Real projects and what Poetry exports for them, as far as that corpus is on this machine: it is too large for the repository.
//!
//! It is looked for in the folder that `LOCK2VENV_CORPUS` names, and in `shared/corpus` beside the repository. Each
//! `cases/<case>/case.json` tells arguments, exit code and the SHA-256 of what is printed, `${ROOT}` standing for the path of
//! `cases/<case>/project`.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::{env, fs, thread};

use lock2venv::digest::{Algorithm, Digest};
use lock2venv::export::{self, ExportOptions, Extent};
use lock2venv::lock::Lock;
use lock2venv::project_files::{Disk, ProjectFiles};
use lock2venv::pyproject::Project;
use lock2venv::select::{Choice, DefaultGroups, Selection, select};
use serde_json::Value;

use crate::export::request;
use crate::support::requirement::missing_data;

#[test]
fn exports_of_real_projects_are_those_of_poetry() {
    let Some(corpus) = corpus() else {
        missing_data("corpus, whose folder `LOCK2VENV_CORPUS` can name");
        return;
    };
    let entries = fs::read_dir(corpus.join("cases")).unwrap();
    let cases = entries.map(|entry| entry.unwrap().path());
    let waiting = Mutex::new(cases.collect::<Vec<PathBuf>>());
    let n_threads = thread::available_parallelism().map_or(1, usize::from);
    let outcomes = thread::scope(|scope| {
        let workers: Vec<_> = (0..n_threads)
            .map(|_| scope.spawn(|| work(&waiting)))
            .collect();
        let outcomes = workers.into_iter().map(|worker| worker.join().unwrap());
        outcomes.collect::<Vec<Outcome>>()
    });
    let n_runs: usize = outcomes.iter().map(|outcome| outcome.n_runs).sum();
    let faults: Vec<String> = outcomes
        .into_iter()
        .flat_map(|outcome| outcome.faults)
        .collect();
    assert!(n_runs > 0, "{} holds no cases", corpus.display());
    assert!(
        faults.is_empty(),
        "{} of {n_runs} runs:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let named = env::var_os("LOCK2VENV_CORPUS").map(PathBuf::from);
    if let Some(named) = &named {
        assert!(
            named.join("cases").is_dir(),
            "LOCK2VENV_CORPUS names no corpus"
        );
    }
    named
        .or(Some(beside))
        .filter(|folder| folder.join("cases").is_dir())
}

#[derive(Default)]
struct Outcome {
    n_runs: usize,
    faults: Vec<String>,
}

fn work(waiting: &Mutex<Vec<PathBuf>>) -> Outcome {
    let mut outcome = Outcome::default();
    loop {
        let next = waiting.lock().unwrap().pop();
        let Some(folder) = next else { return outcome };
        check(&folder, &mut outcome);
    }
}

fn check(folder: &Path, outcome: &mut Outcome) {
    let case = fs::read(folder.join("case.json")).unwrap();
    let case: Value = serde_json::from_slice(&case).unwrap();
    let root = fs::canonicalize(folder.join("project")).unwrap();
    let documents = Documents::read(&root.join(case["root"].as_str().unwrap()));
    let mut selections = Vec::new();
    for run in case["runs"].as_array().unwrap() {
        outcome.n_runs += 1;
        let arguments = run["args"].as_array().unwrap().iter();
        let arguments: Vec<&str> = arguments
            .map(|argument| argument.as_str().unwrap())
            .collect();
        let printed = documents
            .as_ref()
            .and_then(|documents| documents.export(&arguments, &mut selections));
        let text = printed.as_deref().unwrap_or_default();
        let text = text.replace(root.to_str().unwrap(), "${ROOT}");
        let digest = Digest::of(Algorithm::Sha256, text.as_bytes()).hex();
        let is_success = run["code"].as_i64() == Some(0);
        if printed.is_some() != is_success || run["stdout_sha256"] != digest {
            let name = folder.file_name().unwrap().to_string_lossy();
            outcome.faults.push(format!(
                "{name} {arguments:?}: success is {}",
                printed.is_some()
            ));
        }
    }
}

/// The documents of a project, read once for all runs.
struct Documents {
    project: Project,
    lock: Lock,
}

impl Documents {
    fn read(folder: &Path) -> Option<Self> {
        let files = ProjectFiles::read(folder).ok()?;
        let project = files.project().ok()?;
        let lock = Lock::parse(files.lock.as_ref()?, &project, &Disk).ok()?;
        Some(Self { project, lock })
    }

    /// Exports, with the selection that was made for the same choice before where there is one.
    fn export<'a>(
        &'a self,
        arguments: &[&str],
        selections: &mut Vec<(Choice, Option<Selection<'a>>)>,
    ) -> Option<String> {
        let choice = Choice::new(&self.project, &request(arguments), DefaultGroups::Main).ok()?;
        let known = selections.iter().position(|(known, _)| *known == choice);
        let known = known.unwrap_or_else(|| {
            let selection = select(&self.project, &self.lock, &choice).ok();
            selections.push((choice, selection));
            selections.len() - 1
        });
        let selection = selections[known].1.as_ref()?;
        let has = |flag: &str| arguments.contains(&flag);
        let extent = if has("constraints.txt") {
            Extent::Constraints
        } else {
            Extent::Requirements
        };
        let options = ExportOptions {
            without_hashes: has("--without-hashes"),
            without_urls: has("--without-urls"),
            ..ExportOptions::default()
        };
        let export = export::export(&self.project, selection, extent, &options).ok()?;
        Some(export.text)
    }
}
