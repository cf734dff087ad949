//! docs/security.md: the tests that it names exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn sources(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, texts);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            texts.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// The names of all functions that are tests.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    sources(&root.join("src"), &mut texts);
    sources(&root.join("tests/it"), &mut texts);
    let parts = texts.iter().flat_map(|text| text.split("#[test]").skip(1));
    let names = parts.filter_map(|part| {
        let (_, rest) = part.split_once("fn ")?;
        Some(rest.split('(').next()?.to_owned())
    });
    names.collect()
}

#[test]
fn every_test_that_the_table_of_rules_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/security.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with('|'));
    let named = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let is_test =
        |name: &&str| name.len() > 20 && name.contains('_') && !name.contains(['/', ' ', '-', '.']);
    let named: BTreeSet<&str> = named.filter(is_test).collect();
    assert!(named.len() > 40, "{}", named.len());
    let tests = tests();
    let missing: Vec<&&str> = named
        .iter()
        .filter(|name| !tests.contains(**name))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_published_case_is_in_the_table_of_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/security.md")).unwrap();
    let cases = fs::read_to_string(root.join("tests/it/published.rs")).unwrap();
    let names = cases
        .split("#[test]\nfn ")
        .skip(1)
        .map(|part| part.split('(').next().unwrap());
    for name in names {
        assert!(text.contains(&format!("`{name}`")), "{name}");
    }
}
