//! Holds `src/` to ARCHITECTURE.md: who may import whom, and what the pure part must not touch.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every module of the library in reading order, and the modules that it may use.
const MODULES: &[(&str, &[&str])] = &[
    ("name", &[]),
    ("digest", &[]),
    ("url", &[]),
    ("version", &[]),
    ("marker", &["name", "version"]),
    ("requirement", &["name", "url", "version", "marker"]),
    ("source", &[]),
    ("tag", &["version"]),
    ("filename", &["name", "version", "tag"]),
    ("pyproject", WORDS),
    (
        "lock",
        &[
            "digest",
            "name",
            "url",
            "version",
            "marker",
            "requirement",
            "source",
            "pyproject",
        ],
    ),
    (
        "wheel",
        &[
            "archive",
            "digest",
            "name",
            "url",
            "version",
            "filename",
            "requirement",
        ],
    ),
    ("archive", &[]),
    ("installed", &["name", "url", "version", "wheel"]),
    ("target", &["version", "marker", "tag"]),
    (
        "select",
        &[
            "name",
            "url",
            "version",
            "marker",
            "requirement",
            "source",
            "pyproject",
            "lock",
        ],
    ),
    (
        "export",
        &[
            "name",
            "digest",
            "url",
            "version",
            "marker",
            "requirement",
            "source",
            "pyproject",
            "lock",
            "select",
        ],
    ),
    (
        "plan",
        &[
            "name",
            "digest",
            "url",
            "version",
            "marker",
            "tag",
            "filename",
            "lock",
            "installed",
            "target",
            "select",
        ],
    ),
    ("event", &["name", "version", "plan"]),
    ("project_files", &["pyproject"]),
    ("configuration", &["name", "url", "plan"]),
    (
        "interpreter",
        &["digest", "version", "marker", "tag", "target"],
    ),
    (
        "environment",
        &[
            "name",
            "version",
            "wheel",
            "installed",
            "target",
            "interpreter",
        ],
    ),
    (
        "index",
        &[
            "name",
            "digest",
            "url",
            "filename",
            "plan",
            "event",
            "configuration",
        ],
    ),
    ("bytecode", &[]),
    ("cache", &["digest", "filename", "url", "wheel"]),
    ("project_wheel", WORDS_PYPROJECT_AND_FILES),
    (
        "fetch",
        &["name", "digest", "url", "plan", "index", "cache", "event"],
    ),
    (
        "install",
        &[
            "archive",
            "name",
            "digest",
            "url",
            "version",
            "filename",
            "wheel",
            "installed",
            "plan",
            "event",
            "environment",
            "bytecode",
            "cache",
            "fetch",
        ],
    ),
];

/// Modules that read a file which they are given open, at positions; they open none.
const READERS: &[&str] = &["archive", "wheel"];

const WORDS: &[&str] = &[
    "name",
    "digest",
    "url",
    "version",
    "marker",
    "requirement",
    "source",
    "tag",
    "filename",
];
const WORDS_PYPROJECT_AND_FILES: &[&str] = &[
    "name",
    "digest",
    "url",
    "version",
    "marker",
    "requirement",
    "source",
    "tag",
    "filename",
    "pyproject",
    "project_files",
];

/// The first module that may touch the world.
const FIRST_EFFECT: &str = "project_files";

const WORLD: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "std::net",
    "std::thread",
    "std::time",
    "fs_err",
    "ureq",
    "rayon",
];

#[test]
fn modules_import_only_what_the_table_allows() {
    let table: BTreeMap<_, _> = MODULES.iter().copied().collect();
    let mut faults = Vec::new();
    for (module, file) in library_files() {
        let Some(allowed) = table.get(module.as_str()) else {
            faults.push(format!(
                "{}: module `{module}` is not in the table",
                file.display()
            ));
            continue;
        };
        for used in crate_paths(&code_of(&file)) {
            if used != module && !allowed.contains(&used.as_str()) {
                faults.push(format!(
                    "{}: `{module}` uses `crate::{used}`",
                    file.display()
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn pure_modules_do_not_touch_the_world() {
    let pure: BTreeSet<_> = MODULES
        .iter()
        .map(|row| row.0)
        .take_while(|name| *name != FIRST_EFFECT)
        .collect();
    let mut faults = Vec::new();
    for (module, file) in library_files() {
        let mut code = code_of(&file);
        if READERS.contains(&module.as_str()) {
            code = code.replace("std::fs::File", "");
        }
        let touched = WORLD
            .iter()
            .filter(|path| pure.contains(module.as_str()) && code.contains(*path));
        faults.extend(touched.map(|path| format!("{}: `{path}`", file.display())));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_table_names_no_module_that_is_gone() {
    let present: BTreeSet<_> = library_files()
        .into_iter()
        .map(|(module, _)| module)
        .collect();
    for (module, _) in MODULES {
        assert!(
            present.contains(*module),
            "`{module}` is in the table and not in src/"
        );
    }
}

/// Every file of the library (not of the command line) with the name of its module.
fn library_files() -> Vec<(String, PathBuf)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    for entry in fs::read_dir(&source).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if module == "bin" || module == "lib" {
            continue;
        }
        collect(&path, &module, &mut files);
    }
    files
}

fn collect(path: &Path, module: &str, files: &mut Vec<(String, PathBuf)>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            collect(&entry.unwrap().path(), module, files);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        files.push((module.to_owned(), path.to_owned()));
    }
}

/// The text of a file without its comments and without the unit tests at its foot.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The first segments of all `crate::…` paths in `code`.
fn crate_paths(code: &str) -> BTreeSet<String> {
    let after = code.split("crate::").skip(1);
    let segments = after.map(|rest| {
        rest.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect::<String>()
    });
    segments.filter(|segment| !segment.is_empty()).collect()
}
