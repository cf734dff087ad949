//! Relative paths in an export, the project at its end, and what `--check` leaves alone.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use crate::support::workspace::{Output, Workspace};

const CHILD: &str = "python_version >= \"3.9\"";

fn written(project: &Workspace, path: &str, arguments: &[&str]) -> String {
    let arguments = [&["export", "-o", path], arguments].concat();
    project.run(&arguments).succeeded();
    fs::read_to_string(project.project().join(path)).unwrap()
}

#[test]
fn paths_are_seen_from_the_folder_of_the_output_file() {
    let project = Workspace::of_field("directory-dependency");
    let root = project.project();
    fs::create_dir_all(root.join("sub/deep")).unwrap();
    fs::create_dir_all(root.join("../out")).unwrap();
    symlink(root.join("sub/deep"), root.join("linked")).unwrap();
    for (output, expected) in [
        ("r.txt", "./libs/child"),
        ("./r.txt", "./libs/child"),
        ("sub/r.txt", "../libs/child"),
        ("sub/../r.txt", "./libs/child"),
        ("../out/r.txt", "../project/libs/child"),
        ("linked/r.txt", "../../libs/child"),
        ("libs/child/r.txt", "./"),
    ] {
        let text = written(&project, output, &["--without-hashes", "--relative-paths"]);
        assert_eq!(text, format!("-e {expected} ; {CHILD}\n"), "{output}");
    }
}

#[test]
fn the_project_is_seen_from_where_its_dependencies_are() {
    let project = Workspace::of_field("directory-dependency");
    fs::create_dir(project.project().join("sub")).unwrap();
    let plain = ["--without-hashes", "--relative-paths", "--append-project"];
    let text = written(&project, "sub/r.txt", &plain);
    assert_eq!(text, format!("-e ../libs/child ; {CHILD}\n../\n"));
    let wheel = ["--relative-paths", "--append-project=wheel"];
    let text = written(&project, "sub/r.txt", &wheel);
    let file = "dist/app-0.1.0-py3-none-any.whl";
    assert_eq!(text, format!("-e ../libs/child ; {CHILD}\n../{file}\n"));
    assert!(project.project().join(file).exists());
}

#[test]
fn without_an_output_file_paths_are_seen_from_the_working_directory() {
    let project = Workspace::of_field("directory-dependency");
    let above = project.project().join("..");
    let run = |more: &[&str]| {
        let arguments = [&["-P", "project", "export", "--relative-paths"], more].concat();
        let ran = Output::of(project.command(&arguments).current_dir(&above));
        ran.succeeded().stdout
    };
    let child = format!("-e ./project/libs/child ; {CHILD}\n");
    assert_eq!(run(&["--append-project"]), format!("{child}./project/\n"));
    let wheel = "./project/dist/app-0.1.0-py3-none-any.whl";
    assert_eq!(
        run(&["--append-project=wheel"]),
        format!("{child}{wheel}\n")
    );
}

#[test]
fn paths_with_spaces_are_quoted_where_a_line_is_split_as_a_shell_does() {
    let project = Workspace::of_field("path-with-space");
    let arguments = ["--without-hashes", "--relative-paths"];
    let text = written(&project, "r.txt", &arguments);
    let expected =
        format!("-e \"./my libs/child\" ; {CHILD}\n./vendor/tool-1.0-py3-none-any.whl ; {CHILD}\n");
    assert_eq!(text, expected);
}

#[test]
fn a_path_that_no_line_can_hold_is_an_address() {
    let project = Workspace::of_field("directory-dependency");
    let above = project.home().parent().unwrap().to_owned();
    fs::rename(project.project(), above.join("a #b")).unwrap();
    let arguments = [
        "-P",
        "a #b",
        "export",
        "--relative-paths",
        "--append-project",
    ];
    let ran = Output::of(project.command(&arguments).current_dir(&above));
    let text = ran.succeeded().stdout;
    assert!(text.starts_with("-e file:///"), "{text}");
    assert!(text.contains("/a%20%23b/libs/child ; "), "{text}");
    assert!(text.ends_with("/a%20%23b/\n"), "{text}");
}

#[test]
fn a_folder_that_is_not_utf_8_is_found_again() {
    let project = Workspace::of_field("directory-dependency");
    let moved = project.home().join(OsStr::from_bytes(b"n\xff"));
    fs::rename(project.project(), &moved).unwrap();
    let run = |arguments: &[&str]| Output::of(project.command(arguments).current_dir(&moved));
    let plain = run(&["export"]).succeeded();
    let line = format!("/n%FF/libs/child ; {CHILD}\n");
    assert!(plain.stdout.ends_with(&line), "{plain:?}");
    assert_eq!(plain.stderr, "");
    let relative = run(&["export", "--relative-paths"]).succeeded();
    assert_eq!(relative.stdout, format!("-e ./libs/child ; {CHILD}\n"));
    let pylock = run(&["export", "-f", "pylock.toml"]).succeeded();
    let line = "path = \"libs/child\"";
    assert!(pylock.stdout.contains(line), "{pylock:?}");
    let elsewhere = ["export", "-f", "pylock.toml", "-o", "../pylock.toml"];
    run(&elsewhere).failed(1, &["path of `child` is not UTF-8"]);
}

#[test]
fn a_check_writes_nothing() {
    let project = Workspace::of_field("directory-dependency");
    let arguments = ["export", "--append-project=wheel", "-o", "r.txt"];
    let check = [&arguments[..], &["--check"]].concat();
    let refused = project.run(&check).failed(1, &["out of date"]);
    let line = "+./dist/app-0.1.0-py3-none-any.whl";
    assert!(refused.stdout.contains(line), "{}", refused.stdout);
    let n_files = fs::read_dir(project.project()).unwrap().count();
    assert_eq!(n_files, 4, "pyproject.toml, poetry.lock, app, libs");
    project.run(&arguments).succeeded();
    fs::remove_dir_all(project.project().join("dist")).unwrap();
    assert_eq!(project.run(&check).succeeded().stdout, "");
    assert!(!project.project().join("dist").exists());
}

#[test]
fn a_check_tells_line_ends_from_changes() {
    let project = Workspace::of_field("plain");
    let check = ["export", "-o", "r.txt", "--check"];
    let text = written(&project, "r.txt", &[]);
    project.write("r.txt", text.replace('\n', "\r\n"));
    let refused = project.run(&check);
    let refused = refused.failed(1, &["out of date", "CRLF", ".gitattributes"]);
    assert_eq!(refused.stdout, "");
    project.write("r.txt", b"\xff\n");
    project.run(&check).failed(1, &["out of date"]);
    fs::create_dir(project.project().join("folder")).unwrap();
    let folder = ["export", "-o", "folder", "--check"];
    let parts = ["cannot read", "/folder`", "Is a directory"];
    project.run(&folder).failed(1, &parts);
}

#[test]
fn a_check_marks_the_file_under_github_actions() {
    let project = Workspace::of_field("plain");
    let mut command = project.command(&["export", "-o", "deploy/r,1.txt", "--check"]);
    command.env("GITHUB_ACTIONS", "true");
    command.env("GITHUB_WORKSPACE", project.project().parent().unwrap());
    let output = Output::of(&mut command);
    output.failed(1, &["::error file=project/deploy/r%2C1.txt::"]);
}

#[test]
fn without_hashes_there_is_none_not_even_of_the_project() {
    let project = Workspace::of_field("plain");
    project.write("app/__init__.py", "");
    let hashed = written(&project, "r.txt", &["--append-project=wheel"]);
    assert_eq!(hashed.matches("--hash=").count(), 2, "{hashed}");
    let arguments = ["--append-project=wheel", "--without-hashes"];
    let plain = written(&project, "r.txt", &arguments);
    let line = "\n./dist/app-0.1.0-py3-none-any.whl\n";
    assert!(plain.ends_with(line), "{plain}");
}

/// pip refuses a file in which only the project has a hash.
#[test]
fn the_project_has_no_hash_where_nothing_else_has() {
    let project = Workspace::of_field("directory-dependency");
    let text = written(&project, "r.txt", &["--append-project=wheel"]);
    assert!(!text.contains("--hash="), "{text}");
}

#[test]
fn a_project_that_is_no_package_is_not_appended() {
    let project = Workspace::of_field("plain");
    let path = project.project().join("pyproject.toml");
    let text = fs::read_to_string(&path).unwrap();
    let text = format!("{text}[tool.poetry]\npackage-mode = false\n");
    fs::write(&path, text).unwrap();
    for form in ["--append-project", "--append-project=wheel"] {
        let refused = project.run(&["export", "--without-hashes", form, "-o", "r.txt"]);
        refused.failed(2, &["not a package", "package-mode", "--append-project"]);
        assert!(!project.project().join("r.txt").exists());
    }
}

#[test]
fn an_export_is_not_written_over_what_it_is_made_of() {
    let project = Workspace::of_field("plain");
    let root = project.project();
    fs::create_dir(root.join("sub")).unwrap();
    symlink("poetry.lock", root.join("linked")).unwrap();
    fs::hard_link(root.join("poetry.lock"), root.join("second")).unwrap();
    project.write("poetry.toml", "");
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    let before = ["poetry.lock", "pyproject.toml", "poetry.toml"].map(read);
    for (output, named) in [
        ("poetry.lock", "poetry.lock"),
        ("sub/../poetry.lock", "poetry.lock"),
        ("linked", "poetry.lock"),
        ("second", "poetry.lock"),
        ("./pyproject.toml", "pyproject.toml"),
        ("poetry.toml", "poetry.toml"),
    ] {
        let refused = project.run(&["export", "-o", output]);
        refused.failed(
            2,
            &[&format!("is the project's {named}"), "-o requirements.txt"],
        );
        assert_eq!(
            ["poetry.lock", "pyproject.toml", "poetry.toml"].map(read),
            before
        );
    }
    // A comparison writes nothing, and a lock is not what an export is.
    let compared = project.run(&["export", "--check", "-o", "poetry.lock"]);
    compared.failed(1, &["is out of date"]);
    let missing = project.run(&["export", "-o", "no/such/r.txt"]);
    missing.failed(1, &["mkdir -p", "no/such`"]);
}
