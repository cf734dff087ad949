//! Files that have Python run code whenever it starts: `install -v` and `check` list them, `--strict=startup` refuses them.

use std::fs;

use serde_json::Value;

use crate::support::scene::{Locked, PYPROJECT, Scene, contents};
use crate::support::schema;
use crate::support::wheel_builder::WheelBuilder;
use crate::support::workspace::Output;

fn acme() -> WheelBuilder {
    WheelBuilder::new("acme", "1.0").file("acme/__init__.py", "")
}

fn scene(wheels: &[WheelBuilder]) -> Scene {
    let scene = Scene::of(PYPROJECT, &[]);
    lock(&scene, wheels);
    scene
}

fn lock(scene: &Scene, wheels: &[WheelBuilder]) {
    let locked = wheels.iter().map(|wheel| {
        let distribution = wheel.distribution();
        let mut locked = Locked::new(distribution.name.as_str(), distribution.version.text());
        locked.wheel = wheel.clone();
        locked
    });
    scene.lock(&locked.collect::<Vec<_>>());
}

fn install(scene: &Scene, arguments: &[&str]) -> Output {
    scene.run(&[&["install", "--no-root"], arguments].concat())
}

/// What `install -v` says runs at the start, without the folder of the library.
fn told(output: &Output) -> Vec<String> {
    let lines = output
        .stderr
        .lines()
        .filter(|line| line.contains("whenever it starts"));
    let without_folder = |line: &str| {
        let (_, rest) = line.split_once("site-packages/").unwrap();
        rest.replace("` has Python run code whenever it starts: ", "` ")
    };
    lines.map(without_folder).collect()
}

/// What `check --format json` lists: name, distribution and lines.
fn checked(scene: &Scene, arguments: &[&str], code: i32) -> Vec<String> {
    let output = scene.run(&[&["check", "--no-root", "--format", "json"], arguments].concat());
    assert_eq!(output.code, code, "{output:?}");
    let document = schema::document(&output.stdout, "check-1");
    let startup = document["startup"].as_array().unwrap();
    let texts = |value: &Value| {
        let lines = value.as_array().unwrap().iter();
        lines
            .map(|line| line.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let file = |file: &Value| {
        let path = file["path"].as_str().unwrap();
        let name = path.split_once("site-packages/").unwrap().1;
        let distribution = file["distribution"].as_str().unwrap_or("nobody");
        format!("{name} of {distribution} {:?}", texts(&file["lines"]))
    };
    startup.iter().map(file).collect()
}

/// Is listed with these words, is refused where that is asked for, and nothing of it is installed then; from an archive, from a cached
/// wheel, and where it is installed already.
#[track_caller]
fn lists_and_refuses(wheel: WheelBuilder, told_line: &str, checked_line: &str) {
    let scene = scene(&[wheel]);
    for _ in 0..2 {
        let refused = install(&scene, &["--strict=startup"]);
        refused.failed(1, &["whenever it starts", "without `--strict=startup`"]);
        assert!(!scene.venv().exists());
        let output = install(&scene, &["-v"]).succeeded();
        assert_eq!(told(&output), [told_line]);
        assert!(!output.stderr.contains("warning"), "{output:?}");
        assert_eq!(checked(&scene, &[], 0), [checked_line]);
        assert_eq!(checked(&scene, &["--strict=startup"], 1), [checked_line]);
        let text = scene.run(&["check", "--no-root"]).succeeded();
        assert!(text.stdout.contains("startup        lib/"), "{text:?}");
        install(&scene, &["--strict=startup"]).failed(1, &["whenever it starts"]);
        assert_eq!(told(&install(&scene, &["-v"]).succeeded()), [told_line]);
        let quiet = install(&scene, &[]).succeeded();
        assert!(told(&quiet).is_empty());
        fs::remove_dir_all(scene.venv()).unwrap();
    }
}

#[test]
fn startup_pth_import_lines() {
    lists_and_refuses(
        acme().file("acme-hook.pth", "../other\nimport os; os.getpid()\n"),
        "acme-hook.pth` of `acme 1.0` import os; os.getpid()",
        r#"acme-hook.pth of acme 1.0 ["import os; os.getpid()"]"#,
    );
}

/// RECORD writes the name in another way than it is.
#[test]
fn startup_pth_whose_name_is_quoted() {
    lists_and_refuses(
        acme().file("an \"odd\", name.pth", "import acme"),
        "an \"odd\", name.pth` of `acme 1.0` import acme",
        r#"an "odd", name.pth of acme 1.0 ["import acme"]"#,
    );
}

#[test]
fn startup_pth_in_the_data_folder() {
    lists_and_refuses(
        acme().file("acme-1.0.data/purelib/.hidden.pth", "import acme"),
        ".hidden.pth` of `acme 1.0` import acme",
        r#".hidden.pth of acme 1.0 ["import acme"]"#,
    );
}

#[test]
fn startup_start_files() {
    lists_and_refuses(
        acme().file("acme.start", "# PEP 829\nacme.hook:run\nacme:more\n"),
        "acme.start` of `acme 1.0` acme.hook:run (and 1 more)",
        r#"acme.start of acme 1.0 ["acme.hook:run", "acme:more"]"#,
    );
}

#[test]
fn startup_sitecustomize() {
    lists_and_refuses(
        acme().file("sitecustomize.py", ""),
        "sitecustomize.py` of `acme 1.0` the module is imported",
        "sitecustomize.py of acme 1.0 []",
    );
}

#[test]
fn startup_usercustomize() {
    lists_and_refuses(
        acme().file("usercustomize/__init__.py", ""),
        "usercustomize/__init__.py` of `acme 1.0` the module is imported",
        "usercustomize/__init__.py of acme 1.0 []",
    );
}

#[test]
fn startup_modules_in_folders_that_a_pth_adds() {
    lists_and_refuses(
        acme()
            .file("acme.pth", "acme/boot\n")
            .file("acme/boot/sitecustomize.py", ""),
        "acme/boot/sitecustomize.py` of `acme 1.0` the module is imported",
        "acme/boot/sitecustomize.py of acme 1.0 []",
    );
}

#[test]
fn what_only_adds_to_the_path_or_is_deeper_is_not_startup_code() {
    let wheel = acme()
        .file("acme.pth", "acme\n# import no\n")
        .file("acme/sub/sitecustomize.py", "")
        .file("acme/evil.pth", "import os\n");
    let scene = scene(&[wheel]);
    let output = install(&scene, &["-v", "--strict=startup"]).succeeded();
    assert!(told(&output).is_empty(), "{output:?}");
    assert!(checked(&scene, &["--strict=startup"], 0).is_empty());
}

#[test]
fn a_change_counts_what_stays_and_not_what_goes() {
    let other = WheelBuilder::new("other", "1.0").file("other.pth", "import other\n");
    let hook = acme().file("acme.pth", "import acme\n");
    let scene = scene(&[hook, other]);
    install(&scene, &["-q"]).succeeded();
    let plain = WheelBuilder::new("acme", "2.0").file("acme/__init__.py", "");
    lock(&scene, std::slice::from_ref(&plain));
    // `other` stays without `--sync`.
    let before = contents(&scene.venv());
    let refused = install(&scene, &["--strict=startup"]);
    refused.failed(1, &["other.pth` of `other 1.0`"]);
    assert_eq!(contents(&scene.venv()), before);
    install(&scene, &["--sync", "--strict=startup"]).succeeded();
    assert!(checked(&scene, &["--strict=startup"], 0).is_empty());
}

#[test]
fn a_startup_file_of_nobody_is_found() {
    let scene = scene(&[acme()]);
    install(&scene, &["-q"]).succeeded();
    let lib = fs::read_dir(scene.venv().join("lib")).unwrap().next();
    let library = lib.unwrap().unwrap().path().join("site-packages");
    fs::write(library.join("evil.pth"), "import evil\n").unwrap();
    assert_eq!(
        checked(&scene, &[], 1),
        [r#"evil.pth of nobody ["import evil"]"#]
    );
    install(&scene, &["--strict=startup"]).failed(1, &["evil.pth` has Python run code"]);
}

#[test]
fn strict_knows_its_names() {
    let scene = scene(&[acme()]);
    install(&scene, &["--strict=all"]).failed(
        2,
        &["`--strict` does not know `all`", "known: startup, warnings"],
    );
    install(&scene, &["--strict=startup,warnings"]).succeeded();
    install(&scene, &["--strict"]).succeeded();
}
