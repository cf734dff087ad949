//! Environments that are made for an image: below its root, for its interpreter, with the rights of its group.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::support::project::{LockedProject, names_in};
use crate::support::wheel_builder::WheelBuilder;

fn project() -> LockedProject {
    let acme = WheelBuilder::new("acme", "1.0")
        .file("acme/__init__.py", "def main(): print(__file__)\n")
        .program("acme/run", "#!/bin/sh\n")
        .console_script("acme", "acme:main");
    LockedProject::new(&[acme])
}

fn python_of(venv: &Path) -> String {
    names_in(&venv.join("lib")).remove(0)
}

/// Every path below a folder, and the folder.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for name in names_in(&folder) {
            let path = folder.join(name);
            if path.is_dir() && !path.is_symlink() {
                open.push(path.clone());
            }
            all.push(path);
        }
    }
    all.sort();
    all
}

#[test]
fn an_environment_below_a_root_is_the_same_wherever_that_is() {
    let project = project();
    let root = project.workspace.project();
    let mut digests = Vec::new();
    for image in ["image", "deep/er/image"] {
        let flags = [
            "install",
            "--compile",
            "--root",
            image,
            "--venv",
            "/app/env",
        ];
        project.run(&flags).succeeded();
        let image = root.join(image);
        let venv = image.join("app/env");
        assert_eq!(names_in(&image), ["app"]);
        assert_eq!(names_in(&image.join("app")), ["env"]);
        for parent in [&image, &image.join("app")] {
            let metadata = fs::metadata(parent).unwrap();
            assert_eq!(
                (metadata.mode() & 0o7777, metadata.mtime()),
                (0o755, 1_580_601_600)
            );
        }
        let lib = venv
            .join("lib")
            .join(python_of(&venv))
            .join("site-packages/acme/__pycache__");
        let pyc = fs::read(lib.join(&names_in(&lib)[0])).unwrap();
        let text = String::from_utf8_lossy(&pyc).into_owned();
        assert!(
            text.contains("/app/env/lib/") && !text.contains("image"),
            "{text}"
        );
        let digest = project
            .run(&["digest", venv.to_str().unwrap()])
            .succeeded()
            .stdout;
        assert!(
            digest.starts_with("sha256:") && digest.len() == 72,
            "{digest}"
        );
        digests.push(digest);
        // It is found again, and nothing is done.
        project.run(&flags).succeeded();
        assert_eq!(
            project.run(&["digest", venv.to_str().unwrap()]).stdout,
            digests[0]
        );
    }
    assert_eq!(digests[0], digests[1]);
    assert!(!Path::new("/app/env").exists());
    project
        .run(&["digest", "nowhere"])
        .failed(1, &["there is no environment at"]);
}

#[test]
fn nothing_is_made_outside_the_root_of_the_image() {
    let project = project();
    let root = project.workspace.project();
    let flags = ["install", "--root", "image", "--venv", "/../../env"];
    project.run(&flags).succeeded();
    assert_eq!(names_in(&root.join("image")), ["env"]);
    assert!(!root.join("../env").exists());
    let refused = project.run(&["install", "--root", "/", "--venv", "/nowhere/env"]);
    refused.failed(2, &["`--root` names the root of this machine"]);
    let refused = project.run(&["install", "--runtime-python", "/opt/a\nb/python3"]);
    refused.failed(2, &["`--runtime-python` has a line break"]);
    for venv in ["/", "/../app/.."] {
        let refused = project.run(&["install", "--root", "new", "--venv", venv]);
        refused.failed(
            2,
            &["all of `", "the root of the image", "--venv /app/.venv"],
        );
    }
    assert!(!root.join("new").exists());
}

#[test]
fn an_environment_for_an_interpreter_that_is_not_here() {
    let project = project();
    let venv = project.workspace.project().join(".venv");
    project.run(&["install"]).succeeded();
    let python = format!("/opt/elsewhere/bin/{}", python_of(&venv));
    let flags = ["install", "--compile", "--runtime-python", &python];
    project
        .run(&flags)
        .succeeded()
        .said(&["is run by", "/opt/elsewhere"]);
    assert_eq!(
        fs::read_link(venv.join("bin/python")).unwrap(),
        Path::new(&python)
    );
    let cfg = fs::read_to_string(venv.join("pyvenv.cfg")).unwrap();
    assert!(cfg.contains("home = /opt/elsewhere/bin\n"), "{cfg}");
    let inode = fs::metadata(&venv).unwrap().ino();
    project.run(&flags).succeeded();
    assert_eq!(
        fs::metadata(&venv).unwrap().ino(),
        inode,
        "it was made again"
    );
    for (python, said) in [
        (
            "/opt/elsewhere/bin/python3.1",
            "is Python 3.1, but the environment is made for CPython 3.",
        ),
        ("/opt/elsewhere/bin/python3.1.9", "is Python 3.1, but"),
        (
            "/opt/elsewhere/bin/pypy3",
            "is PyPy 3, but the environment is made for CPython 3.",
        ),
        ("bin/python3", "is not an absolute path"),
    ] {
        let refused = project.run(&["install", "--runtime-python", python]);
        assert_ne!(refused.code, 0);
        refused.said(&[said]);
    }
}

#[test]
fn what_is_no_interpreter_is_named_without_the_question() {
    let project = project();
    let refused = project.run(&["install", "--runtime-python", "/bin/ls"]);
    let said = refused.failed(
        1,
        &[
            "`/bin/ls` failed as a Python interpreter",
            "name the Python of the image: `--runtime-python PATH`",
        ],
    );
    assert!(!said.stderr.contains("import "), "{}", said.stderr);
    let refused = project.run(&["install", "--python", "/bin/ls"]);
    let said = refused.failed(1, &["`/bin/ls` failed as a Python interpreter"]);
    assert!(!said.stderr.contains("import "), "{}", said.stderr);
}

#[test]
fn the_group_has_the_rights_of_the_owner() {
    for cached in [false, true] {
        let project = project();
        if cached {
            project.run(&["install", "--venv", "other"]).succeeded();
        }
        project
            .run(&["install", "--compile", "--group-as-owner"])
            .succeeded();
        let venv = project.workspace.project().join(".venv");
        let all = paths(&venv);
        assert!(all.len() > 15);
        for path in all {
            let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
            if !path.is_symlink() {
                assert_eq!(mode >> 3 & 7, mode >> 6 & 7, "{path:?} {mode:o}");
            }
        }
        project.run(&["check"]).succeeded();
    }
}

/// The folder of the standard library of a Python.
fn library_of(program: &Path, name: &str) -> PathBuf {
    let prefix = program.parent().unwrap().parent().unwrap();
    prefix.join("lib").join(name)
}

/// Says of a Python what PEP 739 has it say.
fn write_details(library: &Path, version: &str, flags: &str) {
    let text = format!(
        "{{\"language\": {{\"version\": \"{version}\"}}, \"implementation\": {{\"name\": \"cpython\"}}, \"abi\": {{\"flags\": [{flags}]}}}}"
    );
    fs::write(library.join("build-details.json"), text).unwrap();
}

#[test]
fn the_image_has_to_have_the_python() {
    let project = project();
    project.run(&["install"]).succeeded();
    let venv = project.workspace.project().join(".venv");
    let python = python_of(&venv);
    let image = project.workspace.project().join("image");
    let link = fs::read_link(venv.join("bin/python")).unwrap();
    let inside = image.join(link.strip_prefix("/").unwrap());
    fs::create_dir_all(&image).unwrap();
    let check =
        |more: &[&str]| project.run(&[&["check", "--runtime-root", "image"], more].concat());
    check(&[]).failed(1, &["1 problem"]);
    let missing = check(&[]);
    assert!(
        missing.stdout.contains("runtime        "),
        "{}",
        missing.stdout
    );
    assert!(
        missing
            .stdout
            .contains("has no Python where one usually is"),
        "{}",
        missing.stdout
    );
    // A link as Debian has it, into the image.
    fs::create_dir_all(inside.parent().unwrap()).unwrap();
    let program = inside.with_file_name(&python);
    let _ = fs::remove_file(&program);
    fs::copy(fs::canonicalize(&link).unwrap(), &program).unwrap();
    if program != inside {
        let target = Path::new("/").join(program.strip_prefix(&image).unwrap());
        fs_err::os::unix::fs::symlink(target, &inside).unwrap();
    }
    assert!(check(&[]).stdout.contains("without its standard library"));
    let library = library_of(&program, &python);
    fs::create_dir_all(&library).unwrap();
    fs::write(library.join("os.py"), "").unwrap();
    check(&[]).succeeded();
    let details = |version: &str, flags: &str| write_details(&library, version, flags);
    details(python.strip_prefix("python").unwrap(), "");
    check(&[]).succeeded();
    details(python.strip_prefix("python").unwrap(), "\"t\"");
    assert!(
        check(&[])
            .stdout
            .contains("free-threaded Python in the image")
    );
    details("3.99", "");
    let other = check(&["--format", "json"]);
    let document = crate::support::schema::document(&other.stdout, "check-1");
    assert_eq!(document["problems"][0]["kind"], "runtime");
    assert!(
        other.stdout.contains("Python 3.99 in the image"),
        "{}",
        other.stdout
    );
    fs::set_permissions(&program, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(check(&[]).stdout.contains("may not be run"));
    project
        .run(&["check", "--runtime-root", "nowhere"])
        .failed(2, &["names no folder"]);
}
