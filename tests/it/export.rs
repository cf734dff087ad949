//! What `lock2venv export` prints, held against what Poetry prints (`fixtures/README.md` says how that was recorded).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use toml::Table;

/// Cases in which we fail as Poetry does and say it in our own words.
const IN_OUR_WORDS: &[&str] = &[
    "hashes-with-two-colons",
    "invalid-dependency-bad-git",
    "invalid-dependency-bad-marker",
    "invalid-dependency-bad-url",
    "python-none",
    "walk-missing-path",
];

#[test]
fn exports_are_those_of_poetry() {
    let projects = fixtures().join("projects");
    let mut n_runs = 0;
    let mut faults = Vec::new();
    for folder in folders(&projects) {
        let Ok(text) = fs::read_to_string(folder.join("case.toml")) else {
            continue;
        };
        let case: Table = text.parse().unwrap();
        for run in case["run"].as_array().unwrap() {
            n_runs += 1;
            faults.extend(compare(&folder, run.as_table().unwrap()));
        }
    }
    assert!(n_runs > 200, "only {n_runs} runs were found");
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

fn compare(folder: &Path, run: &Table) -> Option<String> {
    let arguments: Vec<&str> = run["arguments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|argument| argument.as_str().unwrap())
        .collect();
    let output = export(
        folder,
        &arguments,
        run.get("variables").and_then(|it| it.as_table()),
    );
    let place = folder.to_str().unwrap();
    let above = folder.parent().unwrap().to_str().unwrap();
    let text = |bytes: &[u8]| {
        String::from_utf8(bytes.to_vec())
            .unwrap()
            .replace(place, "${ROOT}")
            .replace(above, "${ABOVE}")
    };
    let (printed, errors) = (text(&output.stdout), text(&output.stderr));
    let name = folder.file_name().unwrap().to_str().unwrap();
    let fault = |what: String| Some(format!("{name} {arguments:?}: {what}"));
    let succeeds = run["code"].as_integer() == Some(0);
    if output.status.success() != succeeds {
        return fault(format!("ends with {}\n{errors}", output.status));
    }
    if succeeds {
        let expected = fs::read_to_string(folder.join(run["output"].as_str().unwrap())).unwrap();
        return (printed != expected)
            .then(|| similar::TextDiff::from_lines(&expected, &printed))
            .and_then(|diff| fault(diff.unified_diff().to_string()));
    }
    let expected = run["errors"].as_str().unwrap();
    if errors == expected || IN_OUR_WORDS.contains(&name) {
        return None;
    }
    fault(format!("says {errors:?} instead of {expected:?}"))
}

fn export(folder: &Path, arguments: &[&str], variables: Option<&Table>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lock2venv"));
    command
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .arg("export")
        .args(arguments);
    for (name, value) in variables.into_iter().flatten() {
        command.env(name, value.as_str().unwrap());
    }
    command.output().unwrap()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}
