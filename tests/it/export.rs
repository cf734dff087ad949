//! What `lock2venv export` prints, held against what Poetry prints (`fixtures/README.md` says how that was recorded).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lock2venv::digest::{Algorithm, Digest};
use lock2venv::export::{self, FileInfo};
use lock2venv::lock::{File, Lock, Package};
use lock2venv::project_files::{Disk, ProjectFiles};
use lock2venv::select::{Choice, DefaultGroups, Request, select};
use lock2venv::url::WrittenUrl;
use toml::{Table, Value};

use crate::support::local_index::{Fault, LocalIndex};
use crate::support::workspace::Workspace;

/// Cases in which we fail as Poetry does and say it in our own words.
const IN_OUR_WORDS: &[&str] = &[
    "hashes-with-two-colons",
    "invalid-dependency-bad-git",
    "invalid-dependency-bad-marker",
    "invalid-dependency-bad-url",
    "pylock-file-not-listed",
    "pylock-git-without-revision",
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
    let mut ran = match fs::read_to_string(folder.join("index.json")) {
        Ok(index) if !arguments.contains(&"-o") => pylock(folder, &arguments, &index),
        _ => export(
            folder,
            &arguments,
            run.get("variables").and_then(Value::as_table),
        ),
    };
    ran.hide(folder);
    let name = folder.file_name().unwrap().to_str().unwrap();
    let fault = |what: String| Some(format!("{name} {arguments:?}: {what}"));
    let succeeds = run["code"].as_integer() == Some(0);
    if ran.is_success != succeeds {
        return fault(format!("success is {}\n{}", ran.is_success, ran.errors));
    }
    if succeeds {
        let expected = fs::read_to_string(folder.join(run["output"].as_str().unwrap())).unwrap();
        if ran.text != expected {
            return fault(diffy::create_patch(&expected, &ran.text).to_string());
        }
    }
    let expected = run.get("errors").and_then(Value::as_str);
    let expected = expected.unwrap_or_default();
    let is_same = if succeeds {
        ran.is_of_library || lines_once(&ran.errors) == lines_once(expected)
    } else {
        ran.errors == expected
    };
    if is_same || IN_OUR_WORDS.contains(&name) {
        return None;
    }
    fault(format!("says {:?} instead of {expected:?}", ran.errors))
}

/// The lines of warnings. Poetry says some of them again and again, and in the order of its own work.
fn lines_once(errors: &str) -> BTreeSet<&str> {
    errors.lines().collect()
}

/// What is said in Poetry's words: not our own warnings and hints, which Poetry has none of.
fn poetrys(errors: &str) -> String {
    let is_poetrys = |line: &&str| !line.starts_with("warning: ") && !line.starts_with("hint: ");
    let lines = errors.split_inclusive('\n');
    lines.filter(is_poetrys).collect()
}

const PROJECT: &str =
    "[tool.poetry]\nname = \"demo\"\nversion = \"1.0\"\npackages = [{include = \"demo\"}]\n";

/// A workspace with a project that depends on `alpha` from an index and `one` in a folder.
fn workspace(has_hashes: bool) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("pyproject.toml", PROJECT);
    workspace.write("demo/__init__.py", "");
    workspace.write("libs/one/setup.py", "");
    let hash = if has_hashes {
        "{file = \"alpha-1.0-py3-none-any.whl\", hash = \"sha256:aa\"}"
    } else {
        ""
    };
    let package = |name: &str, files: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1.0\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = [{files}]\n"
        )
    };
    let project = lock2venv::pyproject::Project::parse(PROJECT, Path::new("/"), &Disk).unwrap();
    let lock = format!(
        "{}{}develop = true\n[package.source]\ntype = \"directory\"\nurl = \"libs/one\"\n\n[metadata]\nlock-version = \"2.1\"\ncontent-hash = \"{}\"\n",
        package("alpha", hash),
        package("one", ""),
        project.content_hash().unwrap(),
    );
    workspace.write("poetry.lock", lock);
    workspace
}

#[test]
fn the_project_is_appended_as_its_folder_where_there_are_no_hashes() {
    let project = workspace(true);
    let arguments = [
        "export",
        "--append-project",
        "--relative-paths",
        "--without-hashes",
    ];
    let printed = project.run(&arguments).succeeded().stdout;
    let alpha = "alpha==1.0 ; python_version == \"2.7\" or python_version >= \"3.4\"";
    assert!(
        printed.ends_with(&format!("\n{alpha}\n./\n"))
            || printed.ends_with(&format!("{alpha}\n./\n")),
        "{printed}"
    );
    assert!(
        printed.starts_with("-e ./libs/one ; python_version"),
        "{printed}"
    );
}

#[test]
fn a_folder_among_hashes_is_refused_with_what_to_do() {
    let hint = "--append-project=wheel";
    workspace(true)
        .run(&["export", "--append-project"])
        .failed(2, &["hash", hint]);
    workspace(false)
        .run(&["export", "--append-project"])
        .succeeded();
}

#[test]
fn the_project_is_appended_as_its_wheel_with_its_hash() {
    let project = workspace(true);
    let arguments = ["export", "--append-project=wheel"];
    let printed = project.run(&arguments).succeeded().stdout;
    let wheel = fs::read(project.project().join("dist/demo-1.0-py2.py3-none-any.whl")).unwrap();
    let digest = Digest::of(Algorithm::Sha256, &wheel);
    let line = format!("./dist/demo-1.0-py2.py3-none-any.whl \\\n    --hash={digest}\n");
    assert!(printed.ends_with(&line), "{printed}");
    assert_eq!(
        project.run(&arguments).succeeded().stdout,
        printed,
        "the wheel is reproducible"
    );
}

#[test]
fn only_requirements_can_hold_the_project() {
    for format in ["constraints.txt", "pylock.toml"] {
        let arguments = ["export", "--append-project", "-f", format];
        workspace(false)
            .run(&arguments)
            .failed(2, &["cannot be appended"]);
    }
}

#[test]
fn paths_are_relative_to_the_output_file() {
    let project = workspace(false);
    fs::create_dir_all(project.project().join("deploy/app")).unwrap();
    let output = "deploy/app/requirements.txt";
    project
        .run(&["export", "--relative-paths", "-o", output])
        .succeeded();
    let written = fs::read_to_string(project.project().join(output)).unwrap();
    assert!(written.starts_with("-e ../../libs/one ; "), "{written}");
}

#[test]
fn a_check_tells_whether_the_file_is_up_to_date() {
    let project = workspace(true);
    let check = ["export", "-o", "requirements.txt", "--check"];
    project.run(&check).failed(1, &["out of date"]);
    assert!(!project.project().join("requirements.txt").exists());
    project
        .run(&["export", "-o", "requirements.txt"])
        .succeeded();
    assert_eq!(project.run(&check).succeeded().stdout, "");
    project.write("requirements.txt", "alpha==0.9\n");
    let failed = project.run(&check).failed(1, &["out of date"]);
    assert!(failed.stdout.contains("-alpha==0.9\n"), "{}", failed.stdout);
    assert!(
        failed.stdout.contains("+alpha==1.0 ; "),
        "{}",
        failed.stdout
    );
}

#[test]
fn pylock_asks_the_index_for_addresses_sizes_and_times() {
    let index = LocalIndex::start();
    let page = concat!(
        "{\"meta\": {\"api-version\": \"1.1\"}, \"name\": \"alpha\", \"files\": [{\"filename\": ",
        "\"alpha-1.0-py3-none-any.whl\", \"url\": \"https://files.example/alpha.whl\", \"hashes\": {}, ",
        "\"size\": 12, \"upload-time\": \"2024-01-02T03:04:05.60Z\"}]}"
    );
    index.add("alpha", "alpha-1.0-py3-none-any.whl", b"");
    index.misbehave("/simple/alpha/", Fault::Body(page.into()), 1);
    let project = workspace(true);
    let arguments = ["export", "-f", "pylock.toml", "-o", "pylock.toml"];
    project.run_with_index(&index.url(), &arguments).succeeded();
    let written = fs::read_to_string(project.project().join("pylock.toml")).unwrap();
    let line = concat!(
        "    {name = \"alpha-1.0-py3-none-any.whl\", url = \"https://files.example/alpha.whl\", ",
        "upload-time = 2024-01-02T03:04:05.600000Z, size = 12, hashes = {sha256 = \"aa\"}},\n"
    );
    assert!(written.contains(line), "{written}");
    assert!(
        written.contains("[packages.directory]\npath = \"libs/one\"\neditable = true\n"),
        "{written}"
    );
}

#[test]
fn a_stale_lock_and_a_missing_one_are_refused() {
    let project = workspace(true);
    project.write(
        "pyproject.toml",
        format!("{PROJECT}[tool.poetry.dependencies]\nnew = \"*\"\n"),
    );
    project.run(&["export"]).failed(1, &["poetry lock"]);
    fs::remove_file(project.project().join("poetry.lock")).unwrap();
    project
        .run(&["export"])
        .failed(1, &["poetry.lock does not exist", "poetry lock"]);
}

/// How an export went.
struct Ran {
    is_success: bool,
    /// Whether the library ran alone, which prints no warnings.
    is_of_library: bool,
    text: String,
    errors: String,
}

impl Ran {
    /// Puts `${ROOT}` and `${ABOVE}` in the place of this machine's folders.
    fn hide(&mut self, folder: &Path) {
        let names = [(folder, "${ROOT}"), (folder.parent().unwrap(), "${ABOVE}")];
        for (path, name) in names {
            let path = path.to_str().unwrap();
            self.text = self.text.replace(path, name);
            self.errors = self.errors.replace(path, name);
        }
    }
}

fn export(folder: &Path, arguments: &[&str], variables: Option<&Table>) -> Ran {
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
    let output = command.output().unwrap();
    Ran {
        is_success: output.status.success(),
        is_of_library: false,
        text: String::from_utf8(output.stdout).unwrap(),
        errors: poetrys(&String::from_utf8(output.stderr).unwrap()),
    }
}

/// Exports as `pylock.toml`, with what `index` knows of files in the place of all indexes.
fn pylock(folder: &Path, arguments: &[&str], index: &str) -> Ran {
    let index: serde_json::Value = serde_json::from_str(index).unwrap();
    let info = |_: &Package, file: &File| {
        let known = index.get(&*file.name)?;
        Some(FileInfo {
            url: WrittenUrl::new(known["url"].as_str().unwrap()),
            n_bytes: known.get("size").and_then(serde_json::Value::as_u64),
            upload_time: known
                .get("upload_time")
                .and_then(|time| time.as_str())
                .map(str::to_owned),
        })
    };
    let files = ProjectFiles::read(folder).unwrap();
    let project = files.project().unwrap();
    let lock = Lock::parse(&files.lock.clone().unwrap(), &project, &Disk).unwrap();
    let choice = Choice::new(&project, &request(arguments), DefaultGroups::Main).unwrap();
    let selection = select(&project, &lock, &choice).unwrap();
    let result = export::pylock(&project, &selection, &choice, folder, &info);
    Ran {
        is_success: result.is_ok(),
        is_of_library: true,
        errors: result
            .as_ref()
            .map_or_else(|error| format!("\n{error}\n"), |_| String::new()),
        text: result.unwrap_or_default(),
    }
}

/// Reads the choice of groups and extras in the arguments of an export.
pub(crate) fn request(arguments: &[&str]) -> Request {
    let mut request = Request::default();
    let mut arguments = arguments.iter().copied();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap().to_owned();
        match argument {
            "--with" => request.with.push(value()),
            "--only" => request.only.push(value()),
            "-E" | "--extras" => request.extras.push(value()),
            "--all-groups" => request.all_groups = true,
            "--all-extras" => request.all_extras = true,
            "-f" => drop(value()),
            "--without-urls" | "--without-hashes" => {}
            _ => panic!("{argument} is not known here"),
        }
    }
    request
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
