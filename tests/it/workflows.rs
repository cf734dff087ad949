//! What is run by others: the workflows, the action, the hook, and the YAML of the guides. It parses, its scripts are ones that bash
//! understands, and what they call is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::requirement::missing_option;
use crate::support::workspace::Workspace;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every YAML document, by where it is.
fn documents() -> BTreeMap<String, String> {
    let mut paths: Vec<PathBuf> = [
        "action.yml",
        ".pre-commit-hooks.yaml",
        ".github/dependabot.yml",
    ]
    .map(|name| repository().join(name))
    .to_vec();
    let workflows = fs::read_dir(repository().join(".github/workflows")).unwrap();
    paths.extend(workflows.map(|entry| entry.unwrap().path()));
    let read = |path: PathBuf| {
        (
            path.display().to_string(),
            fs::read_to_string(path).unwrap(),
        )
    };
    let mut found: BTreeMap<_, _> = paths.into_iter().map(read).collect();
    let guides = fs::read_dir(repository().join("docs")).unwrap();
    for path in guides.map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&path).unwrap();
        for (at, block) in text.split("```yaml\n").skip(1).enumerate() {
            let block = block.split("```").next().unwrap();
            found.insert(format!("{} {at}", path.display()), block.to_owned());
        }
    }
    found
}

/// Parses documents by Python's YAML; `None` where there is none.
fn parsed() -> Option<BTreeMap<String, Value>> {
    let code = "import json, sys, yaml\ntexts = json.load(sys.stdin)\n\
        print(json.dumps({name: yaml.safe_load(text) for name, text in texts.items()}, default=str))";
    let mut python = Command::new("python3");
    python
        .args(["-c", code])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let has_yaml = Command::new("python3")
        .args(["-c", "import yaml"])
        .stderr(Stdio::null())
        .status();
    if !has_yaml.unwrap().success() {
        missing_option("Python that has PyYAML");
        return None;
    }
    let mut python = python.spawn().unwrap();
    serde_json::to_writer(python.stdin.take().unwrap(), &documents()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    // `on` is a truth value in YAML 1.1, which JSON writes as a key `true`.
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Finds the scripts of a document: those of steps, of jobs and of hooks.
fn scripts(value: &Value) -> Vec<String> {
    match value {
        Value::Object(table) => {
            let of_key = |(key, value): (&String, &Value)| match (key.as_str(), value) {
                ("run" | "entry", Value::String(text)) => vec![text.clone()],
                ("script" | "before_script", Value::Array(lines)) => lines
                    .iter()
                    .filter_map(|line| line.as_str().map(str::to_owned))
                    .collect(),
                _ => scripts(value),
            };
            table.iter().flat_map(of_key).collect()
        }
        Value::Array(values) => values.iter().flat_map(scripts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// The scripts of all documents, with where they are.
fn all_scripts() -> Option<Vec<(String, String)>> {
    let documents = parsed()?;
    let found = documents.iter();
    let found =
        found.flat_map(|(name, value)| scripts(value).into_iter().map(|text| (name.clone(), text)));
    let found: Vec<_> = found.collect();
    assert!(found.len() > 20, "{}", found.len());
    Some(found)
}

#[test]
fn bash_understands_every_script() {
    for (name, text) in all_scripts().unwrap_or_default() {
        // What a workflow puts in is text.
        let text = text.replace("${{", "x{{");
        let output = Command::new("bash")
            .args(["-n", "-c", &text])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.is_empty(),
            "{name}: {text}\n{said}"
        );
    }
}

#[test]
fn every_script_of_the_repository_that_they_call_is_there_and_has_their_flags() {
    let mut n_called = 0;
    for (name, text) in all_scripts().unwrap_or_default() {
        let words: Vec<&str> = text
            .split_whitespace()
            .map(|word| word.trim_matches(['"', '\'']))
            .collect();
        for (at, word) in words.iter().enumerate() {
            let is_ours = ["tests/", "dist/", ".ci/", "benches/"]
                .iter()
                .any(|folder| word.starts_with(folder));
            let is_script = is_ours && !word.contains("/out") && *word != "dist/";
            if !is_script || word.contains('*') {
                continue;
            }
            n_called += 1;
            let path = repository().join(word);
            let script = fs::read_to_string(&path);
            let script = script.unwrap_or_else(|error| panic!("{name}: {word}: {error}"));
            let flags = words[at + 1..]
                .iter()
                .take_while(|word| word.starts_with("--"));
            for flag in flags {
                assert!(script.contains(flag), "{name}: {word} knows no {flag}");
            }
        }
    }
    assert!(n_called > 0 || parsed().is_none());
}

#[test]
fn every_command_of_lock2venv_in_them_makes_sense() {
    let workspace = Workspace::new();
    for (name, text) in all_scripts().unwrap_or_default() {
        for line in text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("lock2venv "))
        {
            let words = line.split_whitespace();
            // What follows `run` is another program's.
            if line.starts_with("run ") {
                continue;
            }
            let words: Vec<&str> = words.chain(["--help"]).collect();
            let output = workspace.run(&words);
            assert_eq!(output.code, 0, "{name}: {line}\n{}", output.stderr);
        }
    }
}

/// The last step of the action, run as GitHub runs it.
#[test]
fn the_action_passes_its_arguments_on() {
    let Some(documents) = parsed() else {
        return;
    };
    let action = documents
        .iter()
        .find(|(name, _)| name.ends_with("/action.yml"));
    let steps = action.unwrap().1["runs"]["steps"].as_array().unwrap();
    let step = steps.last().unwrap()["run"].as_str().unwrap();
    let run = |command: &str, arguments: &str| {
        let scene = crate::support::scene::Scene::new();
        let like = scene.command(&["export"]);
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step]);
        bash.env_clear().current_dir("/");
        bash.envs(
            like.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        bash.env("COMMAND", command).env("ARGUMENTS", arguments);
        bash.env("LOCK2VENV_DIRECTORY", scene.workspace.project());
        bash.env("BINARY", env!("CARGO_BIN_EXE_lock2venv"));
        scene.workspace.write("requirements.txt", "old\n");
        crate::support::workspace::Output::of(&mut bash)
    };
    run("export", "").failed(1, &["requirements.txt"]);
    assert!(
        run("export", "--without-hashes")
            .succeeded()
            .stdout
            .starts_with("acme==1.0")
    );
    run("check", "--lock").succeeded();
    run("verify", "--only main").succeeded();
    assert_eq!(run("install", "").code, 2);
}
