//! `lock2venv check`: an environment, held against the lock and against its RECORDs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use lock2venv::audit::check::{CheckOptions, CheckPlan};
use lock2venv::event::{Event, Reporter};
use lock2venv::lock::Lock;
use lock2venv::project_files::{Disk, ProjectFiles};
use lock2venv::select::{Choice, DefaultGroups, Request};
use lock2venv::session::Goal;
use serde_json::Value;

use crate::support::locked_wheels::snapshot;
use crate::support::scene::{Locked, PYPROJECT, Scene, packages, search_path};
use crate::support::schema;
use crate::support::workspace::Output;

/// An environment of the scene's lock, with the project.
fn installed() -> Scene {
    let scene = Scene::new();
    scene.run(&["-q", "install"]).succeeded();
    scene
}

fn library(scene: &Scene) -> PathBuf {
    let lib = fs::read_dir(scene.venv().join("lib")).unwrap();
    let folder = lib.map(|entry| entry.unwrap().path()).next().unwrap();
    folder.join("site-packages")
}

/// Lists what is wrong: kind, what it is about, and why. The folder of the library is `LIB`.
#[track_caller]
fn problems(scene: &Scene, arguments: &[&str]) -> Vec<String> {
    let output = scene.run(&[&["check", "--format", "json"], arguments].concat());
    listed(&output)
}

#[track_caller]
fn listed(output: &Output) -> Vec<String> {
    let document = schema::document(&output.stdout, "check-1");
    let problems = document["problems"].as_array().unwrap();
    assert_eq!(document["as_locked"], problems.is_empty());
    assert_eq!(output.code, i32::from(!problems.is_empty()), "{output:#?}");
    let problems = problems.iter().map(|problem| {
        let text = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
        let words = [
            text("kind"),
            text("distribution"),
            text("path"),
            text("reason"),
        ];
        let words = words.into_iter().filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" | ")
    });
    problems.map(|problem| without_library(&problem)).collect()
}

fn without_library(text: &str) -> String {
    let Some(start) = text.find("lib/python") else {
        return text.to_owned();
    };
    match text[start..].find("/site-packages") {
        Some(length) => format!(
            "{}LIB{}",
            &text[..start],
            &text[start + length + "/site-packages".len()..]
        ),
        None => text.to_owned(),
    }
}

/// Changes an environment in one way and lists what is found.
#[track_caller]
fn after(change: impl Fn(&Scene, &Path), expected: &[&str]) {
    let scene = installed();
    change(&scene, &library(&scene));
    assert_eq!(problems(&scene, &[]), expected);
}

#[test]
fn what_is_as_locked_is_a_number_and_nothing_is_written() {
    let scene = installed();
    let before = snapshot(&scene.workspace.project());
    let output = scene.run(&["check"]).succeeded();
    assert_eq!(output.stderr, "");
    let (start, end) = output.stdout.split_once(" files in ").unwrap();
    assert!(
        start.starts_with("0 problems in 3 distributions and "),
        "{start}"
    );
    assert!(
        end.contains("/project/.venv` (") && end.contains(" hashed in "),
        "{end}"
    );
    assert_eq!(problems(&scene, &[]), [""; 0]);
    assert_eq!(snapshot(&scene.workspace.project()), before);
}

#[test]
fn a_tampered_environment_is_described_file_by_file() {
    let scene = installed();
    let library = library(&scene);
    let module = library.join("acme/__init__.py");
    let text = fs::read_to_string(&module).unwrap();
    fs::remove_file(&module).unwrap();
    fs::write(&module, text.replace("1.0", "6.6")).unwrap();
    let main = library.join("acme/__main__.py");
    fs::remove_file(&main).unwrap();
    fs::write(&main, "import os\n").unwrap();
    fs::remove_file(library.join("acme_dev/__init__.py")).unwrap();
    fs::remove_file(scene.venv().join("bin/acme-dev")).unwrap();
    fs::write(library.join("evil.pth"), "import os\n").unwrap();
    fs::create_dir_all(library.join("evil/deep")).unwrap();
    fs::write(library.join("evil/deep/a.py"), "").unwrap();
    fs::write(scene.venv().join("bin/evil"), "#!/bin/sh\n").unwrap();
    fs::write(library.join("acme/evil.so"), "").unwrap();
    assert_eq!(
        problems(&scene, &[]),
        [
            "missing-script | acme-dev 1.0 | bin/acme-dev",
            "changed | acme 1.0 | LIB/acme/__init__.py",
            "changed | acme 1.0 | LIB/acme/__main__.py | its size is now 10 bytes",
            "missing | acme-dev 1.0 | LIB/acme_dev/__init__.py",
            "foreign | bin/evil",
            "foreign | LIB/acme/evil.so",
            "foreign | LIB/evil.pth",
            "foreign | LIB/evil/",
        ]
    );
    let output = scene
        .run(&["check"])
        .failed(1, &["error: the check found 8 problems", "hint: "]);
    for part in [
        "changed ",
        "recorded  sha256:",
        "actual    sha256:",
        "8 problems in 3 ",
    ] {
        assert!(
            output.stdout.contains(part),
            "no `{part}` in {}",
            output.stdout
        );
    }
}

#[test]
fn distributions_are_held_against_the_lock() {
    let scene = installed();
    let mut other = packages();
    other[0] = Locked::new("acme", "2.0");
    other.push(Locked::new("acme-new", "1.0"));
    other.retain(|locked| locked.wheel.distribution().name.as_str() != "acme-dev");
    scene.lock(&other);
    assert_eq!(
        problems(&scene, &[]),
        [
            "wrong-version | acme 1.0 | 2.0 is locked",
            "extra | acme-dev 1.0",
            "not-installed | acme-new 1.0",
        ]
    );
}

#[test]
fn groups_extras_and_parts_choose_as_for_install() {
    let scene = installed();
    let check = |arguments: &[&str], expected: &[&str]| {
        assert_eq!(problems(&scene, arguments), expected, "{arguments:?}");
    };
    check(&["--without", "dev"], &["extra | acme-dev 1.0"]);
    check(&["--with", "bench"], &["not-installed | acme-bench 1.0"]);
    check(&["-E", "docs"], &["not-installed | acme-docs 1.0"]);
    check(&["--no-root"], &[]);
    check(&["--only-root"], &[]);
    check(&["--without", "dev", "--allow", "pip, acme-dev"], &[]);
    check(&["--without", "dev", "--allow", ":all:"], &[]);
    scene
        .run(&["check", "--only-root", "--no-root"])
        .failed(2, &["cannot be used together"]);
    fs::write(library(&scene).join("acme/__main__.py"), "x").unwrap();
    fs::write(library(&scene).join("x.py"), "x").unwrap();
    check(&["--only-root"], &[]);
    fs::write(library(&scene).join("annapurna/__init__.py"), "x").unwrap();
    check(
        &["--only-root"],
        &["changed | annapurna 0.1.0 | LIB/annapurna/__init__.py | its size is now 1 bytes"],
    );
    let scene = Scene::new();
    scene.run(&["-q", "install", "--no-root"]).succeeded();
    assert_eq!(problems(&scene, &["--no-root"]), [""; 0]);
    assert_eq!(problems(&scene, &[]), ["not-installed | annapurna 0.1.0"]);
}

#[test]
fn bytecode_is_known_by_its_source() {
    let scene = installed();
    let python = scene.venv().join("bin/python");
    let mut run = Command::new(python);
    run.args(["-c", "import acme"])
        .env_remove("PYTHONDONTWRITEBYTECODE");
    assert!(run.status().unwrap().success());
    let output = scene.run(&["check"]).succeeded();
    assert!(
        output
            .stdout
            .contains("note           1 file of bytecode in no RECORD"),
        "{output:?}"
    );
    let cache = library(&scene).join("acme/__pycache__");
    let file = fs::read_dir(&cache)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    fs::copy(&file, cache.join(name.replace("__init__", "other"))).unwrap();
    fs::copy(&file, library(&scene).join("acme/other.pyc")).unwrap();
    let found = problems(&scene, &[]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found
            .iter()
            .all(|problem| problem.starts_with("foreign | LIB/acme/")),
        "{found:?}"
    );

    let scene = Scene::new();
    scene.run(&["-q", "install", "--compile"]).succeeded();
    let output = scene.run(&["check"]).succeeded();
    assert!(!output.stdout.contains("bytecode"), "{output:?}");
    let cache = library(&scene).join("acme/__pycache__");
    let file = fs::read_dir(cache).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(&file).unwrap();
    fs::write(&file, "evil").unwrap();
    let found = problems(&scene, &[]);
    assert!(
        found[0].starts_with("changed | acme 1.0 | LIB/acme/__pycache__/"),
        "{found:?}"
    );
}

#[test]
fn what_venv_installs_is_extra_unless_allowed() {
    let scene = Scene::new();
    let made = Command::new("python3")
        .args(["-m", "venv", ".venv"])
        .env("PATH", search_path())
        .current_dir(scene.workspace.project())
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        println!("skipped: there is no `python3 -m venv` with pip");
        return;
    }
    scene.run(&["-q", "install"]).succeeded();
    let output = scene
        .run(&["check"])
        .failed(1, &["hint: `--allow pip,setuptools,wheel`"]);
    assert!(output.stdout.contains("extra          pip "), "{output:?}");
    assert_eq!(
        problems(&scene, &["--allow", "pip,setuptools,wheel"]),
        [""; 0]
    );
    let variables = [("LOCK2VENV_ALLOW", "pip,setuptools,wheel")];
    scene.run_with(&variables, &["check"]).succeeded();
}

#[test]
fn another_python_is_a_problem_beside_those_of_files() {
    let scene = installed();
    fs::write(library(&scene).join("x.py"), "").unwrap();
    let python = scene.venv().join("bin/python");
    fs::remove_file(&python).unwrap();
    symlink("/opt/nowhere/python3", python).unwrap();
    let found = problems(&scene, &["--without", "dev"]);
    assert!(
        found[0].starts_with("interpreter | ") && found[0].contains("/opt/nowhere/python3"),
        "{found:?}"
    );
    for problem in [
        "extra | acme-dev 1.0",
        "foreign | bin/python",
        "foreign | LIB/x.py",
    ] {
        assert!(found.contains(&problem.to_owned()), "{found:?}");
    }
    fs::write(scene.venv().join("pyvenv.cfg"), "home = /opt/nowhere\n").unwrap();
    let found = problems(&scene, &[]);
    assert!(found[0].starts_with("interpreter | "), "{found:?}");
}

#[test]
fn a_program_in_the_place_of_python_is_not_run() {
    let scene = installed();
    let python = scene.venv().join("bin/python");
    let proof = scene.workspace.project().join("proof");
    fs::remove_file(&python).unwrap();
    fs::write(&python, format!("#!/bin/sh\ntouch {}\n", proof.display())).unwrap();
    fs::set_permissions(&python, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let found = problems(&scene, &[]);
    assert!(
        found
            .iter()
            .any(|problem| problem == "foreign | bin/python"),
        "{found:?}"
    );
    assert!(!proof.exists());
}

#[test]
fn a_python_that_was_asked_for_or_is_not_allowed_is_named() {
    let scene = installed();
    scene
        .workspace
        .change_project(|text| text.replace(">=3.8", ">=3.8,<3.9"));
    let found = problems(&scene, &[]);
    assert!(
        found[0].starts_with("interpreter | the project does not support its Python 3."),
        "{found:?}"
    );
    let scene = installed();
    scene
        .run(&["check", "--python", "no-such-python"])
        .failed(1, &["no-such-python"]);
    let own = scene.venv().join("bin/python");
    assert_eq!(
        problems(&scene, &["--python", own.to_str().unwrap()]),
        [""; 0]
    );
}

#[test]
fn links_to_sources_are_as_asked_for() {
    let scene = installed();
    assert_eq!(
        problems(&scene, &["--editable"]),
        ["wrong-origin | annapurna 0.1.0 | it is not editable"]
    );
    scene.run(&["-q", "install", "--editable"]).succeeded();
    assert_eq!(problems(&scene, &["--editable"]), [""; 0]);
    assert_eq!(
        problems(&scene, &[]),
        ["wrong-origin | annapurna 0.1.0 | it is editable"]
    );
    let text = fs::read(library(&scene).join("acme-1.0.dist-info/RECORD")).unwrap();
    let info = library(&scene).join("acme-1.0.dist-info");
    fs::write(
        info.join("direct_url.json"),
        "{\"url\": \"file:///x\", \"dir_info\": {}}",
    )
    .unwrap();
    assert_eq!(
        problems(&scene, &["--editable"]),
        [
            "wrong-origin | acme 1.0 | it is not from an index: it has a direct_url.json",
            "foreign | LIB/acme-1.0.dist-info/direct_url.json",
        ]
    );
    assert!(!text.is_empty());
}

#[test]
fn a_stale_lock_is_a_problem_and_alone_what_lock_asks_for() {
    let scene = installed();
    let output = scene.run(&["check", "--lock"]).succeeded();
    assert_eq!(output.stdout, "poetry.lock matches pyproject.toml\n");
    scene.workspace.write(
        "pyproject.toml",
        PYPROJECT.replace("\"acme\"]", "\"acme>=1\"]"),
    );
    for arguments in [&[][..], &["--lock"]] {
        assert_eq!(
            problems(&scene, arguments),
            ["stale-lock | poetry.lock does not match pyproject.toml"]
        );
    }
    let output = scene
        .run(&["check", "--lock"])
        .failed(1, &["hint: run `poetry lock`"]);
    assert_eq!(
        output.stdout,
        "stale-lock     poetry.lock does not match pyproject.toml\n"
    );
    // No environment is looked for.
    fs::remove_dir_all(scene.venv()).unwrap();
    assert_eq!(problems(&scene, &["--lock"]).len(), 1);
}

#[test]
fn without_an_environment_there_is_nothing_to_check() {
    let scene = Scene::new();
    scene
        .run(&["check"])
        .failed(1, &["error: there is no environment at", "hint: "]);
    scene.workspace.write("other/file", "");
    scene
        .run(&["check", "--venv", "other"])
        .failed(1, &["is not a virtual environment"]);
    scene.run(&["-q", "install", "--venv", "env"]).succeeded();
    scene.run(&["check", "--venv", "env"]).succeeded();
}

#[test]
fn hostile_records_are_read_with_care() {
    let record = "acme-1.0.dist-info/RECORD";
    let with_lines = |library: &Path, lines: &str| {
        let path = library.join(record);
        let text = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(path, format!("{text}{lines}")).unwrap();
    };
    after(
        |_, library| {
            with_lines(
                library,
                "../../../../../outside,,\n/etc/passwd,,\nweak.py,md5=00,\n",
            );
        },
        &[
            "outside | acme 1.0 | ../../../../../outside",
            "outside | acme 1.0 | /etc/passwd",
            "missing | acme 1.0 | LIB/weak.py",
        ],
    );
    after(
        |_, library| {
            fs::write(library.join("weak.py"), "").unwrap();
            with_lines(library, "weak.py,md5=00,\n");
        },
        &["unproven | acme 1.0 | LIB/weak.py"],
    );
    after(
        |_, library| {
            let path = library.join("acme/__main__.py");
            fs::remove_file(&path).unwrap();
            fs::create_dir(path).unwrap();
        },
        &["unreadable | acme 1.0 | LIB/acme/__main__.py | it is not a file"],
    );
    after(
        |_, library| {
            let path = library.join("acme/__main__.py");
            fs::remove_file(&path).unwrap();
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        },
        &["unreadable | acme 1.0 | LIB/acme/__main__.py | it is not a file"],
    );
    after(
        |_, library| {
            let path = library.join("acme/__main__.py");
            fs::remove_file(&path).unwrap();
            symlink("nowhere", path).unwrap();
        },
        &["missing | acme 1.0 | LIB/acme/__main__.py"],
    );
}

#[test]
fn a_record_that_cannot_be_read_lists_nothing() {
    let scene = installed();
    let info = library(&scene).join("acme-1.0.dist-info");
    fs::remove_file(info.join("RECORD")).unwrap();
    fs::write(info.join("RECORD"), "a,b,c,d\n").unwrap();
    let found = problems(&scene, &[]);
    assert!(found[0].starts_with("no-record | acme 1.0 | "), "{found:?}");
    assert_eq!(found[1..], ["foreign | bin/acme", "foreign | LIB/acme/"]);
    fs::remove_file(info.join("RECORD")).unwrap();
    let found = problems(&scene, &[]);
    assert!(
        found.contains(&"unfinished | LIB/acme-1.0.dist-info".to_owned()),
        "{found:?}"
    );
    assert!(
        found.contains(&"not-installed | acme 1.0".to_owned()),
        "{found:?}"
    );
}

#[test]
fn names_move_no_cursor() {
    let scene = installed();
    fs::write(library(&scene).join("\u{1b}[2Jgone\nx.py"), "").unwrap();
    let output = scene.run(&["check"]).failed(1, &[]);
    assert!(!output.stdout.contains('\u{1b}'), "{output:?}");
    assert!(
        output.stdout.contains("\\u{1b}[2Jgone\\nx.py\n"),
        "{output:?}"
    );
}

#[test]
fn a_file_of_two_distributions_is_right_when_it_is_that_of_one() {
    let wheel = |name: &str, text: &str| {
        let mut locked = Locked::new(name, "1.0");
        locked.wheel = locked.wheel.file("shared/data.txt", text);
        locked
    };
    let pyproject = PYPROJECT.replace("[\"acme\"]", "[\"acme\", \"acme-two\"]");
    let scene = Scene::of(
        &pyproject,
        &[wheel("acme", "one"), wheel("acme-two", "two")],
    );
    scene.run(&["-q", "install"]).succeeded();
    assert_eq!(problems(&scene, &["--only", "main"]), [""; 0]);
    let path = library(&scene).join("shared/data.txt");
    fs::remove_file(&path).unwrap();
    fs::write(&path, "six").unwrap();
    let found = problems(&scene, &["--only", "main"]);
    assert!(found[0].starts_with("changed | acme"), "{found:?}");
}

#[test]
fn many_problems_of_a_kind_are_a_number() {
    let scene = installed();
    for number in 10..30 {
        fs::write(library(&scene).join(format!("x{number}.py")), "").unwrap();
    }
    let output = scene.run(&["check"]).failed(1, &["found 20 problems"]);
    assert!(
        output
            .stdout
            .contains("foreign        10 more (`-v` names all)\n"),
        "{output:?}"
    );
    let output = scene.run(&["check", "-v"]).failed(1, &[]);
    assert!(
        output.stdout.contains("/x29.py\n") && !output.stdout.contains(" more "),
        "{output:?}"
    );
    let document: Value =
        serde_json::from_str(&scene.run(&["check", "--format", "json"]).stdout).unwrap();
    assert_eq!(document["counts"]["problems"], 20);
}

#[test]
fn a_lock_alone_is_enough_without_the_project() {
    let scene = installed();
    fs::remove_file(scene.workspace.project().join("pyproject.toml")).unwrap();
    let arguments = ["--no-root", "--only", "main,dev"];
    assert_eq!(problems(&scene, &arguments), [""; 0]);
    scene
        .run(&["check"])
        .failed(1, &["there is no pyproject.toml"]);
    scene
        .run(&["check", "--lock"])
        .failed(1, &["there is no pyproject.toml"]);
}

/// Counts the files that were compared.
#[derive(Default)]
struct Counted(AtomicUsize);

impl Reporter for Counted {
    fn report(&self, event: Event<'_>) {
        if let Event::Compared { n_files } = event {
            self.0.fetch_add(n_files, Ordering::SeqCst);
        }
    }
}

#[test]
fn each_file_is_counted_when_it_is_compared() {
    let scene = installed();
    let files = ProjectFiles::read(&scene.workspace.project()).unwrap();
    let project = files.project().unwrap();
    let lock = Lock::parse(files.lock.as_ref().unwrap(), &project, &Disk).unwrap();
    let choice = Choice::new(&project, &Request::default(), DefaultGroups::NonOptional).unwrap();
    let goal = Goal::new(&project, &lock, &choice);
    for n_threads in [1, 3] {
        let plan = CheckPlan::new(&goal, &scene.venv(), &CheckOptions::default()).unwrap();
        let (n_files, counted) = (plan.n_files(), Counted::default());
        let report = plan.run(n_threads, &counted).unwrap();
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        assert!(n_files > 0);
        assert_eq!(report.n_files, n_files);
        assert_eq!(counted.0.into_inner(), n_files);
    }
}
