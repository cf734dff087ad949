//! Documents that are odd and valid: what Python's `tomllib` takes must not stop a project.

use std::process::{Command, Stdio};

use lock2venv::configuration::{Configuration, Documents, SettingsDocument};
use lock2venv::lock;
use lock2venv::project_files::Disk;
use lock2venv::project_wheel;
use lock2venv::pyproject::Project;

use crate::support::requirement::missing;

const PYPROJECT: &str = "[tool.poetry]\npackage-mode = false\n";
const LOCK: &str = "package = []\n[metadata]\nlock-version = \"2.1\"\npython-versions = \"*\"\n";

/// Texts of a table that nobody reads, each taken by `tomllib`.
fn odd_texts() -> Vec<String> {
    let texts = [
        // Numbers of any size.
        "x = 1e400",
        "x = [-1.5e+999, { y = 1e99999999999999999999 }]",
        "x = 9223372036854775808\ny = -9223372036854775809",
        "x = 123456789012345678901234567890",
        "x = 0xFFFFFFFFFFFFFFFFFF\ny = 0o7777777777777777777777777",
        "x = 0xDEADbeef\ny = +0\nz = -0.0\nw = 1_000.0_1e1_0",
        "x = [nan, +nan, -inf, inf]",
        // Times.
        "x = 1979-05-27T07:32:00.1234567890123",
        "x = 1979-05-27t07:32:00z\ny = 1979-05-27 07:32:00",
        "x = 07:32:00.999999999999\ny = 0001-01-01\nz = 1979-05-27T00:32:00-23:59",
        // Keys and tables.
        "'' = 1",
        "a . b . \"c.d\" = 1",
        "1979-05-27 = 1\n1.2 = 3\n-_ = 1",
        "\"\\u00e9\" = 1",
        "fruit.apple.color = 'red'\nfruit.apple.taste.sweet = true",
        "x = [\n 1, # one\n 'a',\n [2.0], {b = 1},\n]",
        "[[odd.a]]\nx = 1\n[[odd.a]]\n[odd.a.b]\ny = 1\n[[odd.a.c]]",
        "[ odd . \"b\" . 'c' ]\nx = 1\n[odd.b]\ny = 1",
        // Strings.
        "x = \"\"\"\"\"two quotes\"\"\"\"\"\ny = '''''two'''''",
        "x = \"\"\"a \\\n   \n  b\"\"\"",
        "x = \"\\u00e9 \\U0001F600 \\b\\t\\n\\f\\r\\\"\\\\\"",
        "x = '\u{85}\u{2028}'\ny = \"\t\"",
        "x = 1\r\ny = \"\"\"a\r\nb\"\"\"\r",
        "x\t=\t1\t#\tcomment \u{1f600}",
    ];
    let digits = format!("x = 0.{}\ny = 0b{}", "1".repeat(1000), "1".repeat(70));
    let nested = format!("x = {}{}", "[".repeat(60), "]".repeat(60));
    let dotted = format!("{} = 1", vec!["a"; 70].join("."));
    let texts = texts.into_iter().map(str::to_owned);
    texts.chain([digits, nested, dotted]).collect()
}

fn below(document: &str, odd: &str) -> String {
    format!("{document}\n[odd]\n{odd}\n")
}

fn is_taken_by_python(text: &str) -> Option<bool> {
    let script = "import sys, tomllib\ntomllib.load(sys.stdin.buffer)";
    let python = Command::new("python3.11")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut python = python.ok()?;
    let mut input = python.stdin.take()?;
    std::io::Write::write_all(&mut input, text.as_bytes()).ok()?;
    drop(input);
    Some(python.wait().ok()?.success())
}

#[test]
fn the_odd_documents_are_valid() {
    if is_taken_by_python("").is_none() {
        missing("python3.11");
        return;
    }
    let all: Vec<String> = odd_texts().iter().map(|odd| below("", odd)).collect();
    for text in all {
        assert_eq!(is_taken_by_python(&text), Some(true), "{text}");
    }
}

#[test]
fn a_table_that_nobody_reads_stops_no_project() {
    let root = tempfile::tempdir().unwrap();
    for odd in odd_texts() {
        let text = below(PYPROJECT, &odd);
        let project = Project::parse(&text, root.path(), &Disk);
        let project = project.unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(project.content_hash().is_some());
        project_wheel::backend(&text).unwrap();
        let text = below(LOCK, &odd).into();
        let lock =
            lock::LockDocument::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        lock.read(root.path(), &Disk).unwrap();
        let text = below("", &odd);
        let document = SettingsDocument {
            path: root.path(),
            text: &text,
        };
        let documents = Documents {
            config: Some(document),
            ..Documents::default()
        };
        Configuration::parse(&documents, []).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
}

#[test]
fn the_wheel_of_a_project_with_odd_tables_is_built() {
    let root = tempfile::tempdir().unwrap();
    fs_err::write(root.path().join("demo.py"), "").unwrap();
    let head = "[project]\nname = \"demo\"\nversion = \"1.0\"\n";
    let options = project_wheel::BuildOptions::default();
    for odd in odd_texts() {
        fs_err::write(root.path().join("pyproject.toml"), below(head, &odd)).unwrap();
        let built = project_wheel::build(root.path(), &options);
        built.unwrap_or_else(|error| panic!("{error}: {odd}"));
    }
}
