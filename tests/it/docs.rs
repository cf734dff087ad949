//! Every command line of lock2venv in README.md and docs/ makes sense, and every link leads to a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::workspace::Workspace;

/// The documents, with their texts.
fn documents() -> BTreeMap<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = fs::read_dir(root.join("docs")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let paths = paths.chain([root.join("README.md")]);
    let texts = paths.map(|path| (path.clone(), fs::read_to_string(path).unwrap()));
    texts.collect()
}

/// Finds the command lines in a text: those of code blocks, and those between backticks.
fn command_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut is_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
            continue;
        }
        if is_code {
            let line = line.trim();
            let starts = ["$ ", "- run: ", "- ", ""].map(|start| line.strip_prefix(start));
            let line = starts
                .into_iter()
                .flatten()
                .find(|line| line.starts_with("lock2venv "));
            lines.extend(line.map(str::to_owned));
        } else {
            let quoted = line.split('`').skip(1).step_by(2);
            let quoted = quoted.filter(|text| text.starts_with("lock2venv "));
            lines.extend(quoted.map(str::to_owned));
        }
    }
    lines
}

/// Splits a command line as a shell does, as far as documents need it.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('"').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    let ends = |word: &&String| !["|", "&&", ">", ";", "\\", "#"].contains(&word.as_str());
    words.iter().take_while(ends).skip(1).cloned().collect()
}

#[test]
fn every_command_line_in_the_documents_makes_sense() {
    let workspace = Workspace::new();
    let mut n_lines = 0;
    for (path, text) in documents() {
        for line in command_lines(&text) {
            let words = words(&line);
            let is_pattern = words.first().is_none_or(|word| word == "COMMAND");
            // What follows `run` is another program's.
            let is_run = words.first().is_some_and(|word| word == "run");
            if is_pattern || is_run {
                continue;
            }
            let words = words.iter().map(String::as_str).chain(["--help"]);
            let output = workspace.run(&words.collect::<Vec<_>>());
            assert_eq!(
                output.code,
                0,
                "{}: {line}\n{}",
                path.display(),
                output.stderr
            );
            n_lines += 1;
        }
    }
    assert!(n_lines > 20, "{n_lines}");
}

#[test]
fn every_link_between_the_documents_leads_to_a_file() {
    for (path, text) in documents() {
        for target in text.split("](").skip(1) {
            let target = target.split(')').next().unwrap();
            let file = target.split('#').next().unwrap();
            if file.is_empty() || target.contains("://") {
                continue;
            }
            let file = path.parent().unwrap().join(file);
            assert!(file.exists(), "{}: {target}", path.display());
        }
    }
}
