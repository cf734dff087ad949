//! Locks that are TOML in any case: the bytes choose among keys and values, so what is fuzzed is what is read behind the TOML reader.
//!
//! Each byte is a step: a table, a key, a value that fits, a value of another kind, or a text that is taken from the bytes that follow.

#![no_main]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use libfuzzer_sys::fuzz_target;
use lock2venv::lock::LockDocument;
use lock2venv::pyproject::{FileSystem, PathKind};

const TABLES: [&str; 10] = [
    "[[package]]",
    "[package.dependencies]",
    "[package.extras]",
    "[package.source]",
    "[package.markers]",
    "[metadata]",
    "[extras]",
    "[metadata.files]",
    "[[package.dependencies.other]]",
    "[odd]",
];

const KEYS: [&str; 24] = [
    "name", "version", "optional", "python-versions", "groups", "markers", "files", "develop", "category", "type", "url", "reference",
    "resolved_reference", "subdirectory", "lock-version", "content-hash", "other", "demo", "extras", "path", "git", "source", "hash", "file",
];

const VALUES: [&str; 24] = [
    "\"demo\"",
    "\"1.0\"",
    "\"\"",
    "true",
    "false",
    "0",
    "-1.5",
    "[]",
    "{}",
    "[\"main\"]",
    "[\"main\", \"dev\"]",
    "\">=3.8,<4.0\"",
    "\"*\"",
    "\"sys_platform == 'linux' and extra == 'x'\"",
    "{ main = \"python_version < '3.9'\" }",
    "[{file = \"demo-1.0-py3-none-any.whl\", hash = \"sha256:82fee1fc78add43492d3a1898bfa6d8a904cc97d8427f683ed8e798d07761aa0\"}]",
    "[{file = \"demo-1.0.tar.gz\", hash = \"md5:0\"}]",
    "\"git\"",
    "\"legacy\"",
    "\"https://user:secret@example.org/simple\"",
    "\"../demo\"",
    "\"2.1\"",
    "{version = \"^1.0\", markers = \"python_version >= '3.10'\", optional = true, extras = [\"x\"]}",
    "2026-01-01",
];

struct Nothing;

impl FileSystem for Nothing {
    fn kind(&self, _: &Path) -> PathKind {
        PathKind::Missing
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }
}

/// Makes a lock of the steps.
fn lock(mut bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut keys: Vec<String> = Vec::new();
    while let [kind, choice, rest @ ..] = bytes {
        bytes = rest;
        let choice = usize::from(*choice);
        if kind % 4 == 0 {
            let _ = writeln!(text, "{}", TABLES[choice % TABLES.len()]);
            keys.clear();
            continue;
        }
        let key = KEYS[choice % KEYS.len()].to_owned();
        let value = if kind % 4 == 1 {
            let n_bytes = choice.min(bytes.len());
            let (taken, rest) = bytes.split_at(n_bytes);
            bytes = rest;
            format!("{:?}", String::from_utf8_lossy(taken)).replace("\\'", "'").replace("\\0", "\\u0000")
        } else {
            let value = bytes.first().map_or(0, |byte| usize::from(*byte));
            bytes = bytes.get(1..).unwrap_or_default();
            VALUES[value % VALUES.len()].to_owned()
        };
        // A key twice is an error of the TOML reader.
        if !keys.contains(&key) {
            let _ = writeln!(text, "{key} = {value}");
            keys.push(key);
        }
    }
    text
}

fuzz_target!(|bytes: &[u8]| {
    let text = lock(bytes);
    if let Ok(document) = LockDocument::parse(&text.as_str().into()) {
        let _ = document.read(Path::new("/app"), &Nothing);
    }
});
