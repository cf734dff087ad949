//! What is installed of a lock, held against what Poetry installs (`fixtures/README.md` says how that was recorded).

use std::path::{Path, PathBuf};

use lock2venv::lock::LockDocument;
use lock2venv::project_files::{Disk, ProjectFiles};
use lock2venv::select::{Choice, DefaultGroups, Request, select_for};
use lock2venv::target::Target;
use serde::Deserialize;

/// One recorded answer of Poetry.
#[derive(Debug, Deserialize)]
struct Case {
    /// The folder of the project, below `fixtures`.
    project: String,
    target: String,
    request: WrittenRequest,
    /// The packages that are installed; `None` where Poetry refuses.
    packages: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct WrittenRequest {
    with: Vec<String>,
    without: Vec<String>,
    only: Vec<String>,
    all_groups: bool,
    extras: Vec<String>,
    all_extras: bool,
}

#[test]
fn what_is_installed_is_what_poetry_installs() {
    let text = fs_err::read_to_string(fixtures().join("selections/expected.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    assert!(cases.len() > 600, "only {} cases were found", cases.len());
    let faults: Vec<String> = cases.iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn fault(case: &Case) -> Option<String> {
    let answer = installed(case);
    (answer.as_ref().ok() != case.packages.as_ref())
        .then(|| format!("{case:?}\n  but ours: {answer:?}"))
}

fn installed(case: &Case) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let files = ProjectFiles::read(&fixtures().join(&case.project))?;
    let project = files.project()?;
    let document = LockDocument::parse(files.lock.as_ref().unwrap())?;
    document.check_freshness(&project)?;
    let choice = Choice::new(&project, &request(case), DefaultGroups::NonOptional)?;
    let lock = document.read(&project.root, &Disk)?;
    let environment = target(&case.target).marker_environment;
    let selected = select_for(&project, &lock, &choice, &environment)?;
    let texts = selected.iter().map(|selected| {
        let package = selected.package;
        format!("{} {}", package.name, package.version.text())
    });
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    Ok(texts)
}

fn request(case: &Case) -> Request {
    let written = case.request.clone();
    Request {
        with: written.with,
        without: written.without,
        only: written.only,
        all_groups: written.all_groups,
        extras: written.extras,
        all_extras: written.all_extras,
    }
}

fn target(name: &str) -> Target {
    let path = fixtures().join(format!("targets/{name}.json"));
    serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}
