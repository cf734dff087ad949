//! Holds `src/` to ARCHITECTURE.md: who may import whom, and what the pure part must not touch.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every module of the library in reading order, and the modules that it may use, all of them above it.
const MODULES: &[(&str, &[&str])] = &[
    // Words.
    ("name", &[]),
    ("digest", &[]),
    ("secret", &[]),
    ("url", &["secret"]),
    ("source", &["url"]),
    ("version", &[]),
    ("marker", &["name", "version"]),
    ("requirement", &["url", "version", "marker"]),
    ("tag", &[]),
    ("filename", &["name", "version", "tag"]),
    ("toml_document", &[]),
    // Documents.
    (
        "pyproject",
        &[
            "name",
            "digest",
            "url",
            "source",
            "version",
            "marker",
            "requirement",
            "toml_document",
        ],
    ),
    (
        "lock",
        &[
            "name",
            "url",
            "source",
            "version",
            "marker",
            "toml_document",
            "pyproject",
        ],
    ),
    ("installed", &["name", "version"]),
    ("attestation", &["name", "tag", "filename", "toml_document"]),
    // Decisions.
    ("target", &["marker", "tag"]),
    (
        "select",
        &["name", "source", "version", "marker", "pyproject", "lock"],
    ),
    (
        "export",
        &[
            "name",
            "digest",
            "url",
            "source",
            "marker",
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
            "tag",
            "filename",
            "pyproject",
            "lock",
            "installed",
            "target",
        ],
    ),
    (
        "resolve",
        &["name", "url", "version", "marker", "filename", "target"],
    ),
    ("event", &["name", "version", "installed", "plan"]),
    // Effects.
    ("platform", &[]),
    ("configuration", &["name", "url", "toml_document", "plan"]),
    ("project_files", &["lock", "pyproject", "platform"]),
    ("process", &["platform"]),
    ("git", &["secret", "url", "platform", "process"]),
    ("archive", &[]),
    ("sdist", &["platform", "archive"]),
    (
        "build",
        &[
            "name",
            "version",
            "requirement",
            "filename",
            "platform",
            "configuration",
            "process",
        ],
    ),
    (
        "wheel",
        &[
            "name",
            "version",
            "filename",
            "digest",
            "installed",
            "archive",
        ],
    ),
    (
        "store",
        &["digest", "url", "event", "platform", "archive", "wheel"],
    ),
    (
        "interpreter",
        &[
            "digest", "version", "marker", "tag", "target", "platform", "process", "store",
        ],
    ),
    (
        "http",
        &["digest", "secret", "url", "configuration", "process"],
    ),
    (
        "index",
        &["name", "digest", "url", "plan", "configuration", "http"],
    ),
    ("bytecode", &["digest", "plan", "platform", "store"]),
    (
        "environment",
        &[
            "name",
            "digest",
            "version",
            "installed",
            "platform",
            "wheel",
            "interpreter",
        ],
    ),
    (
        "project_wheel",
        &[
            "name",
            "digest",
            "version",
            "filename",
            "toml_document",
            "pyproject",
            "platform",
            "project_files",
        ],
    ),
    (
        "install",
        &[
            "name",
            "digest",
            "version",
            "filename",
            "pyproject",
            "installed",
            "plan",
            "event",
            "platform",
            "archive",
            "wheel",
            "store",
            "bytecode",
            "environment",
            "project_wheel",
        ],
    ),
    (
        "builder",
        &[
            "name",
            "digest",
            "url",
            "version",
            "filename",
            "pyproject",
            "plan",
            "resolve",
            "event",
            "platform",
            "configuration",
            "git",
            "archive",
            "sdist",
            "build",
            "wheel",
            "store",
            "interpreter",
            "http",
            "index",
            "environment",
            "install",
        ],
    ),
    (
        "wheelhouse",
        &[
            "name",
            "digest",
            "filename",
            "tag",
            "plan",
            "configuration",
            "platform",
            "archive",
            "store",
            "project_wheel",
        ],
    ),
    (
        "prepare",
        &[
            "name",
            "digest",
            "url",
            "version",
            "plan",
            "event",
            "platform",
            "configuration",
            "process",
            "git",
            "build",
            "store",
            "http",
            "index",
            "filename",
            "project_wheel",
            "install",
            "builder",
            "wheelhouse",
        ],
    ),
    (
        "session",
        &[
            "name",
            "digest",
            "url",
            "version",
            "marker",
            "project_files",
            "pyproject",
            "lock",
            "installed",
            "select",
            "plan",
            "event",
            "configuration",
            "interpreter",
            "platform",
            "process",
            "archive",
            "wheel",
            "build",
            "store",
            "http",
            "index",
            "bytecode",
            "environment",
            "project_wheel",
            "install",
            "builder",
            "wheelhouse",
            "prepare",
            "target",
        ],
    ),
    (
        "audit",
        &[
            "name",
            "digest",
            "url",
            "version",
            "filename",
            "pyproject",
            "lock",
            "installed",
            "attestation",
            "select",
            "plan",
            "event",
            "platform",
            "wheel",
            "interpreter",
            "http",
            "index",
            "environment",
            "install",
            "session",
        ],
    ),
    ("fuzz", &["git", "interpreter", "store"]),
];

/// The first module that may touch the world.
const FIRST_EFFECT: &str = "platform";

/// What touches the world, and, where it is not every effect's business, which modules may.
const WORLD: &[(&str, Option<&[&str]>)] = &[
    ("std::fs", None),
    ("std::os", None),
    ("fs_err", None),
    ("rustix", Some(&["platform"])),
    ("tempfile", None),
    ("fastrand", None),
    ("std::time", None),
    // Splits a text like PATH, and reads nothing.
    ("std::env", Some(&["interpreter", "git"])),
    // A build runs what a project brings: its backend, in a Python of its own environment.
    (
        "std::process",
        Some(&["interpreter", "process", "build", "bytecode"]),
    ),
    (
        "std::thread",
        Some(&["http", "index", "prepare", "bytecode", "session", "audit"]),
    ),
    ("rayon", Some(&["install"])),
    ("std::net", Some(&["configuration", "http"])),
    ("ureq", Some(&["http"])),
    ("rustls", Some(&["http"])),
    // The text of an address with its secrets.
    (".expose()", Some(&["http", "url"])),
    // The text of an address as a document has it, which only what repeats the document needs.
    (
        ".as_written()",
        Some(&[
            "url",
            "source",
            "version",
            "pyproject",
            "lock",
            "export",
            "plan",
            "git",
        ]),
    ),
    // A file that is proven.
    ("VerifiedFile {", Some(&["store"])),
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
fn modules_use_only_what_stands_above_them() {
    for (position, (module, allowed)) in MODULES.iter().enumerate() {
        let above: BTreeSet<_> = MODULES[..position].iter().map(|row| row.0).collect();
        for used in *allowed {
            assert!(above.contains(used), "`{module}` uses `{used}`");
        }
    }
}

#[test]
fn the_table_allows_nothing_that_is_not_used() {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, file) in library_files() {
        let paths = crate_paths(&code_of(&file));
        used.entry(module).or_default().extend(paths);
    }
    for (module, allowed) in MODULES {
        for name in *allowed {
            assert!(used[*module].contains(*name), "`{module}` lost `{name}`");
        }
    }
}

#[test]
fn only_effects_touch_the_world_and_each_part_of_it_has_its_keepers() {
    let pure: BTreeSet<_> = MODULES
        .iter()
        .map(|row| row.0)
        .take_while(|name| *name != FIRST_EFFECT)
        .collect();
    let mut faults = Vec::new();
    for (module, file) in library_files() {
        let code = code_of(&file);
        for (path, keepers) in WORLD {
            let may = match keepers {
                Some(keepers) => keepers.contains(&module.as_str()),
                None => !pure.contains(module.as_str()),
            };
            if !may && code.contains(path) {
                faults.push(format!("{}: `{path}`", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_program_makes_no_system_call_of_its_own() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin");
    let mut files = Vec::new();
    collect(&program, "bin", &mut files);
    assert!(!files.is_empty());
    for (_, file) in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("rustix"), "{}", file.display());
    }
}

#[test]
fn two_modules_alone_are_unsafe() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&source, "", &mut files);
    files.retain(|(_, file)| code_of(file).contains("unsafe_code"));
    let mut names: Vec<_> = files
        .iter()
        .map(|(_, file)| file.strip_prefix(&source).unwrap().to_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["archive/whole.rs", "digest/sha_ni.rs"]);
}

#[test]
fn the_folder_of_the_cache_version_is_named_in_one_file() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&source, "", &mut files);
    files.retain(|(_, file)| {
        let code = code_of(file);
        code.contains("\"v1\"") || code.contains("\"v1/")
    });
    let named: Vec<_> = files.iter().map(|(_, file)| file.as_path()).collect();
    assert_eq!(named, [source.join("store/layout.rs")]);
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

#[test]
fn every_folder_of_fixtures_is_explained() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let readme = fs::read_to_string(fixtures.join("README.md")).unwrap();
    for entry in fs::read_dir(&fixtures).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let row = format!("| `{name}/` |");
        assert!(!path.is_dir() || readme.contains(&row), "`{name}`");
    }
}

/// Every file of the library (not of the command line) with the name of its module.
pub(crate) fn library_files() -> Vec<(String, PathBuf)> {
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
pub(crate) fn code_of(file: &Path) -> String {
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
