//! What people type: folders that are not there, flags twice, flags of other tools, and variables in their place.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::workspace::{Output, Workspace};

const ONE: &str = "demo==1.0 ; python_version >= \"3.9\"\n";

fn with(project: &Workspace, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    Output::of(project.command(arguments).envs(variables.iter().copied()))
}

#[test]
fn a_project_folder_has_to_be_there() {
    let project = Workspace::of_field("plain");
    let folder = project.project().join("no-such");
    let message = format!(
        "Specified path '{}' is not a valid directory.",
        folder.display()
    );
    for command in [
        &["export"][..],
        &["install"],
        &["cache", "dir"],
        &["completions", "bash"],
    ] {
        for named in [
            "no-such",
            "./no-such",
            "sub/../no-such",
            folder.to_str().unwrap(),
        ] {
            let arguments = [&["-P", named], command].concat();
            let refused = project.run(&arguments).failed(1, &[&message]);
            assert_eq!(refused.stdout, "");
            let by_variable = with(&project, &[("LOCK2VENV_PROJECT", named)], command);
            by_variable.failed(1, &[&message, "LOCK2VENV_PROJECT"]);
        }
        let file = project.run(&[&["-P", "pyproject.toml"], command].concat());
        file.failed(1, &["pyproject.toml' is not a valid directory."]);
        let other = project.run(&[&["-C", "no-such"], command].concat());
        other.failed(1, &["Specified path 'no-such' is not a valid directory."]);
    }
}

/// A monorepo with a project in `a` and none in `a/b` and `c`.
#[test]
fn a_project_folder_leads_where_the_system_says() {
    let project = Workspace::of_field("plain");
    let root = project.project();
    let (a, c) = (root.join("a"), root.join("c"));
    fs::create_dir_all(a.join("b")).unwrap();
    fs::create_dir_all(&c).unwrap();
    for file in ["pyproject.toml", "poetry.lock"] {
        fs::rename(root.join(file), a.join(file)).unwrap();
    }
    symlink(a.join("b"), c.join("link")).unwrap();
    let absolute = a.join("../c");
    for named in ["a", "a/b", "a/b/..", "c/../a", "c/link", "c/link/.."] {
        let output = project.run(&["-P", named, "export", "--without-hashes"]);
        assert_eq!(output.succeeded().stdout, ONE, "{named}");
    }
    for named in ["c", "a/../c", absolute.to_str().unwrap()] {
        let output = project.run(&["-P", named, "export"]);
        output.failed(1, &["could not find a pyproject.toml"]);
    }
}

#[test]
fn the_last_of_repeated_flags_wins() {
    let project = Workspace::of_field("plain");
    let export = |more: &[&str]| {
        let arguments = [&["export", "--without-hashes"], more].concat();
        project.run(&arguments).succeeded().stdout
    };
    let formats = ["-f", "pylock.toml", "-f", "requirements.txt"];
    assert_eq!(export(&formats), ONE);
    assert_eq!(export(&["--without-hashes", "--without-hashes"]), ONE);
    let global = [
        "--no-cache",
        "--no-plugins",
        "--no-ansi",
        "--ansi",
        "-n",
        "-n",
    ];
    assert_eq!(export(&global), ONE);
    assert_eq!(export(&["-o", "a", "-o", "b"]), "");
    assert!(!project.project().join("a").exists());
    assert!(project.project().join("b").exists());
    let cache = ["-q", "--no-cache", "cache", "-q", "dir", "--no-cache"];
    project.run(&cache).succeeded();
}

#[test]
fn extras_are_separated_by_spaces_as_with_poetry() {
    let project = Workspace::of_field("two-extras");
    let export = |arguments: &[&str]| {
        let arguments = [&["export"], arguments].concat();
        project.run(&arguments).succeeded().stdout
    };
    let both = export(&["--all-extras"]);
    assert_eq!(export(&["-E", "a b"]), both);
    assert_eq!(export(&["-E", "a", "-E", "b"]), both);
    let by_variable = with(&project, &[("LOCK2VENV_EXTRAS", "a b")], &["export"]);
    assert_eq!(by_variable.succeeded().stdout, both);
    for command in ["export", "install"] {
        let refused = project.run(&[command, "-E", "a,b"]);
        refused.failed(2, &["a,b", "separated by spaces: `--extras \"a b\"`"]);
    }
}

#[test]
fn the_command_line_beats_variables() {
    let project = Workspace::of_field("two-extras");
    let all = project.run(&["export", "--all-extras"]).succeeded().stdout;
    for (variable, value, arguments) in [
        ("LOCK2VENV_EXTRAS", "a", &["--all-extras"][..]),
        ("LOCK2VENV_ALL_EXTRAS", "1", &["-E", "a b"]),
        ("LOCK2VENV_WITH", "main", &["--all-groups", "--all-extras"]),
        (
            "LOCK2VENV_ALL_GROUPS",
            "1",
            &["--only", "main", "--all-extras"],
        ),
        (
            "LOCK2VENV_ONLY",
            "nonsense",
            &["--with", "main", "--all-extras"],
        ),
        (
            "LOCK2VENV_FORMAT",
            "nonsense",
            &["-f", "requirements.txt", "--all-extras"],
        ),
        ("LOCK2VENV_QUIET", "1", &["-v", "--all-extras"]),
    ] {
        let arguments = [&["export"], arguments].concat();
        let output = with(&project, &[(variable, value)], &arguments).succeeded();
        assert_eq!(output.stdout, all, "{variable}");
    }
    let only_root = [("LOCK2VENV_ONLY_ROOT", "1")];
    let no_root = ["install", "--no-root", "--dry-run"];
    with(&project, &only_root, &no_root).succeeded();
}

#[test]
fn a_wrong_variable_is_named() {
    let project = Workspace::of_field("two-extras");
    for (variable, value, command) in [
        ("LOCK2VENV_JOBS", "many", &["install"][..]),
        ("LOCK2VENV_QUIET", "perhaps", &["export"]),
        ("LOCK2VENV_LINK_MODE", "glue", &["install"]),
        ("LOCK2VENV_CHECK", "1", &["export"]),
        ("LOCK2VENV_FORMAT", "pdf", &["export"]),
        ("LOCK2VENV_EXTRAS", "c", &["export"]),
        ("LOCK2VENV_EXTRAS", "c", &["install"]),
        ("LOCK2VENV_WITH", "c", &["export"]),
        ("LOCK2VENV_ONLY", "c", &["install"]),
    ] {
        let variables = [("LOCK2VENV_COLOR", "never"), (variable, value)];
        let refused = with(&project, &variables, command).failed(2, &[variable]);
        let is_alone = !refused.stderr.contains("LOCK2VENV_COLOR");
        assert!(is_alone, "{}", refused.stderr);
    }
    let python = [("LOCK2VENV_PYTHON", "9.9")];
    let refused = with(&project, &python, &["install", "--no-root"]);
    refused.failed(1, &["9.9", "LOCK2VENV_PYTHON"]);
    let typed = project.run(&["export", "-f", "pdf"]).failed(2, &["pdf"]);
    assert!(!typed.stderr.contains("LOCK2VENV_"));
}

#[test]
fn habits_of_other_tools_are_answered() {
    let project = Workspace::of_field("plain");
    for (arguments, hint) in [
        (&["lock"][..], "`poetry lock`"),
        (&["shell"], "`lock2venv run CMD`"),
        (&["install", "--no-dev"], "`--without dev`"),
        (&["install", "--frozen"], "leave out `--frozen`"),
        (&["install", "--remove-untracked"], "`--sync`"),
        (&["export", "--no-hashes"], "`--without-hashes`"),
    ] {
        let refused = project.run(arguments).failed(2, &["hint: ", hint]);
        let misleads = refused.stderr.contains("--no-directory") || refused.stderr.contains("tip:");
        assert!(!misleads, "{}", refused.stderr);
    }
}

#[test]
fn a_newer_lock_is_said_by_install_too() {
    let project = Workspace::of_field("newer-lock");
    let arguments = ["install", "--dry-run", "--no-root"];
    let output = project.run(&arguments).succeeded();
    output.said(&["warning: ", "newer format", "poetry lock"]);
    let quiet = [&["-q"], &arguments[..]].concat();
    assert_eq!(project.run(&quiet).succeeded().stderr, "");
}

#[test]
fn a_lock_that_contradicts_itself_is_to_be_locked_again() {
    let project = Workspace::of_field("two-versions-in-one-group");
    let refused = project.run(&["install", "--dry-run", "--no-root"]);
    let refused = refused.failed(1, &["of `demo` are both required", "run `poetry lock`"]);
    let misleads = refused.stderr.contains("choose fewer");
    assert!(!misleads, "{}", refused.stderr);
}

#[test]
fn a_rehearsal_fails_where_the_run_would() {
    let project = Workspace::of_field("missing-directory");
    let run = |more: &[&str]| project.run(&[&["install", "--no-root"], more].concat());
    for more in [&[][..], &["--dry-run"]] {
        let refused = run(more).failed(1, &["`child`", "libs/child", "--no-directory"]);
        let misleads = refused.stderr.contains("canonicalize");
        assert!(!misleads, "{}", refused.stderr);
        assert!(!project.project().join(".venv").exists());
    }
    run(&["--dry-run", "--no-directory"]).succeeded();
    let root = Workspace::of_field("plain");
    let only_root = ["install", "--only-root", "--dry-run"];
    root.run(&only_root)
        .failed(1, &["module or package `app`", "--no-root"]);
    let file = Workspace::of_field("path-with-space");
    fs::remove_file(file.project().join("vendor/tool-1.0-py3-none-any.whl")).unwrap();
    let missing = file.run(&["install", "--no-root", "--dry-run"]);
    missing.failed(1, &["tool-1.0-py3-none-any.whl"]);
}

#[test]
fn a_folder_without_sources_is_planned_and_not_installed() {
    let project = Workspace::of_field("missing-directory");
    let run = |more: &[&str]| project.run(&[&["install", "--no-root"], more].concat());
    let pyproject = "[project]\nname = \"child\"\nversion = \"1.0\"\nreadme = \"README.md\"\n[build-system]\nrequires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n";
    project.write("libs/child/pyproject.toml", pyproject);
    run(&["--dry-run"]).succeeded().said(&["child"]);
    run(&[]).failed(1, &["module or package `child`", "--no-directory"]);
    project.write("libs/child/pyproject.toml", "[project");
    run(&["--dry-run"]).failed(1, &["`child`", "pyproject.toml"]);
}

#[test]
fn what_a_build_misses_is_said_with_what_to_do() {
    let project = Workspace::of_field("plain");
    let path = project.project().join("pyproject.toml");
    let text = fs::read_to_string(&path).unwrap();
    let install = ["install", "--only-root", "--dry-run"];
    let packages = "[tool.poetry]\npackages = [{include = \"webshop\"}]\n";
    fs::write(&path, format!("{text}{packages}")).unwrap();
    let parts = ["`webshop` does not exist", "--no-root"];
    project.run(&install).failed(1, &parts);
    let readme = "name = \"app\"\nreadme = \"README.md\"";
    fs::write(&path, text.replace("name = \"app\"", readme)).unwrap();
    project.write("app/__init__.py", "");
    let parts = ["`README.md`", "`touch README.md`", "--no-root"];
    project.run(&install).failed(1, &parts);
}

#[test]
fn a_variable_that_is_almost_right_is_named() {
    let project = Workspace::of_field("plain");
    let said = "`LOCK2VENV_WITHOUT_HASH` is ignored: did you mean `LOCK2VENV_WITHOUT_HASHES`?";
    let variables = [
        ("LOCK2VENV_WITHOUT_HASH", "1"),
        ("LOCK2VENV_VERSION", "1.2"),
        ("LOCK2VENV_OUTPT", ""),
    ];
    let output = with(&project, &variables, &["export"]).succeeded();
    assert_eq!(output.stderr, format!("warning: {said}\n"));
    let quiet = with(&project, &variables, &["export", "-q"]).succeeded();
    assert_eq!(quiet.stderr, "");
}

#[test]
fn a_place_that_cannot_become_an_environment_is_named_as_it_was_typed() {
    let project = Workspace::of_field("plain");
    project.write("file", "mine");
    symlink("loop", project.project().join("loop")).unwrap();
    let hint = "hint: name another folder: `--venv DIR`";
    for (place, parts) in [
        (
            "file",
            ["file` is not a folder", "name a folder: `--venv DIR`"],
        ),
        ("file/sub", ["cannot inspect `", hint]),
        ("loop", ["cannot inspect `", hint]),
        (
            "/proc/environment",
            ["cannot create `/proc/environment`", hint],
        ),
        (
            "/proc/some/environment",
            ["cannot create `/proc/some/environment`", hint],
        ),
    ] {
        let refused = project.run(&["install", "--no-root", "--venv", place]);
        let refused = refused.failed(1, &parts);
        assert!(!refused.stderr.contains(".partial"), "{refused:?}");
    }
    assert_eq!(
        fs::read_to_string(project.project().join("file")).unwrap(),
        "mine"
    );
}
