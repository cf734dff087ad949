//! What an export says beyond Poetry: what pip will make of it, and what to do.

use std::fs;

use crate::support::workspace::{Output, Workspace};

#[test]
fn packages_that_make_pip_refuse_the_file_are_named() {
    let project = Workspace::of_field("no-hashes-for-some");
    let output = project.run(&["export"]).succeeded();
    assert!(output.stdout.contains("priv==1.0 ; "), "{}", output.stdout);
    let output = output.said(&["`priv`, `tool`", "--without-hashes", "lock2venv install"]);
    assert_eq!(output.stderr.lines().count(), 1);
    for quiet in [
        &["export", "--without-hashes"][..],
        &["export", "-f", "constraints.txt"],
        &["-q", "export"],
    ] {
        assert_eq!(project.run(quiet).succeeded().stderr, "", "{quiet:?}");
    }
}

/// Without any hash pip does not look for hashes.
#[test]
fn a_file_without_any_hash_is_not_refused() {
    let project = Workspace::of_field("directory-dependency");
    assert_eq!(project.run(&["export"]).succeeded().stderr, "");
}

#[test]
fn an_index_that_is_left_out_is_named_without_credentials() {
    let project = Workspace::of_field("unknown-index");
    let output = project.run(&["export", "--without-hashes"]).succeeded();
    assert!(output.stdout.starts_with("\ndemo==1.0 ; "), "{output:?}");
    let output = output.said(&["`demo`", "https://private.example.org/simple", "PyPI"]);
    assert!(!output.stderr.contains("secret"));
    let without = ["export", "--without-hashes", "--without-urls"];
    assert_eq!(project.run(&without).succeeded().stderr, "");
}

#[test]
fn missing_credentials_are_said() {
    let project = Workspace::of_field("unknown-index");
    let arguments = ["export", "--with-credentials"];
    let names_no_index = project.run(&arguments).succeeded();
    names_no_index.said(&["names no index"]);
    project.change_project(|text| text.replace("user:secret@", ""));
    let none = project.run(&arguments).succeeded();
    none.said(&["`corp`", "POETRY_HTTP_BASIC_<NAME>_USERNAME"]);
    let mut command = project.command(&arguments);
    command.env("POETRY_HTTP_BASIC_CORP_USERNAME", "ada");
    command.env("POETRY_HTTP_BASIC_CORP_PASSWORD", "word");
    let known = Output::of(&mut command).succeeded();
    let address = "https://ada:word@private.example.org";
    assert!(known.stdout.contains(address), "{known:?}");
    assert_eq!(known.stderr, "");
}

#[test]
fn a_package_that_no_python_needs_is_named() {
    let project = Workspace::of_field("plain");
    let path = project.project().join("poetry.lock");
    let lock = fs::read_to_string(&path).unwrap();
    let never = "groups = [\"main\"]\nmarkers = \"python_version < \\\"3.6\\\"\"";
    fs::write(&path, lock.replace("groups = [\"main\"]", never)).unwrap();
    let output = project.run(&["export", "--without-hashes"]).succeeded();
    assert_eq!(output.stdout, "demo==1.0\n", "as Poetry prints it");
    output.said(&["warning: ", "`demo`", "no supported Python"]);
}

#[test]
fn quiet_leaves_the_data_alone() {
    for name in [
        "missing-directory",
        "newer-lock",
        "no-hashes-for-some",
        "unknown-index",
    ] {
        let project = Workspace::of_field(name);
        let arguments = ["export", "--with-credentials", "--dev"];
        let loud = project.run(&arguments).succeeded();
        let quiet = [&["-q"], &arguments[..]].concat();
        let quiet = project.run(&quiet).succeeded();
        assert_eq!(quiet.stdout, loud.stdout, "{name}");
        assert_eq!(quiet.stderr, "", "{name}");
        assert_ne!(loud.stderr, "", "{name}");
    }
}

#[test]
fn the_dev_flag_says_that_it_does_nothing() {
    let project = Workspace::of_field("plain");
    let output = project.run(&["export", "--dev"]).succeeded();
    assert_eq!(output.stdout, project.run(&["export"]).stdout);
    output.said(&["--with dev"]);
}

#[test]
fn an_export_gives_the_hints_that_an_install_gives() {
    let project = Workspace::of_field("two-extras");
    let unknown = project.run(&["export", "-E", "xyz"]);
    let text = "\nExtra [xyz] is not specified.\nhint: defined extras: a, b";
    unknown.failed(2, &[text]);
    let unknown = project.run(&["export", "--with", "tset"]);
    unknown.failed(2, &["Group(s) not found: tset (via --with)", "hint: "]);
    let stale = Workspace::of_field("plain");
    let path = stale.project().join("pyproject.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("demo>=1", "demo>=2")).unwrap();
    let stale = stale.run(&["export"]).failed(1, &["changed significantly"]);
    assert!(
        !stale.stderr.contains("hint: "),
        "Poetry's sentence says it"
    );
    let elsewhere = Workspace::new();
    let parts = [
        "could not find a pyproject.toml",
        "hint: name the project's folder",
    ];
    elsewhere.run(&["export"]).failed(1, &parts);
}

#[test]
fn a_merge_conflict_is_called_one() {
    let project = Workspace::of_field("merge-conflict");
    for command in ["export", "install"] {
        let refused = project.run(&[command, "--all-extras"]);
        let refused = refused.failed(1, &["pyproject.toml", "merge conflict"]);
        let has_line = refused.stderr.contains("line 5") || refused.stderr.contains(":5:");
        assert!(has_line, "{}", refused.stderr);
    }
}

#[test]
fn what_cannot_be_read_is_named_with_its_cause() {
    for file in ["pyproject.toml", "poetry.lock"] {
        let project = Workspace::of_field("plain");
        let path = project.project().join(file);
        for command in ["export", "install"] {
            project.write(file, b"[project]\nname = \"app\"\n# \xff\n");
            let not_text = project.run(&[command]);
            not_text.failed(1, &[file, "UTF-8", "line 3"]);
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
            let folder = project.run(&[command]);
            let parts = ["cannot read", path.to_str().unwrap(), "Is a directory"];
            folder.failed(1, &parts);
            fs::remove_dir(&path).unwrap();
        }
    }
}

#[test]
fn an_index_that_differs_in_its_credentials_alone_is_not_called_unknown() {
    let project = Workspace::of_field("unknown-index");
    let output = project.run(&["export", "--without-hashes"]).succeeded();
    let output = output.said(&[
        "`demo` was locked from https://private.example.org/simple, whose URL has other credentials in pyproject.toml",
        "run `poetry lock`",
    ]);
    assert!(!output.stderr.contains("is not a source"), "{output:?}");
    project.change_project(|text| text.replace("private.example.org", "other.example.org"));
    let elsewhere = project.run(&["export", "--without-hashes"]).succeeded();
    elsewhere.said(&[
        "`demo` was locked from",
        "is not a source in pyproject.toml",
    ]);
}

/// As Poetry 2.5.1 with poetry-plugin-export 1.10.1 prints it.
#[test]
fn credentials_in_the_url_of_a_source_are_written_twice_and_warned_of() {
    let project = Workspace::of_field("unknown-index");
    let path = project.project().join("poetry.lock");
    let lock = fs::read_to_string(&path).unwrap();
    fs::write(&path, lock.replace("https://", "https://user:secret@")).unwrap();
    let plain = project.run(&["export"]).succeeded();
    assert_eq!(plain.stderr, "");
    let output = project.run(&["export", "--with-credentials"]).succeeded();
    let twice = "https://user:secret@user:secret@private.example.org/simple\n";
    assert!(output.stdout.contains(twice), "{output:?}");
    let output = output.said(&[
        "the index line of `corp` contains credentials twice",
        "pyproject.toml",
    ]);
    assert!(!output.stderr.contains("secret"), "{output:?}");
}
