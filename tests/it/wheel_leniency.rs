//! Wheels that real locks hold although they are not as they should be: what is installed of them, what is said, what `--strict`
//! and `--lenient` make of them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use insta::assert_snapshot;
use lock2venv::digest::{Algorithm, Digest};
use lock2venv::filename::WheelFilename;
use lock2venv::wheel::{Expected, Wheel};

use crate::support::scene::{Locked, PYPROJECT, Scene};
use crate::support::wheel_builder::{WheelBuilder, ZipEntry, verified};
use crate::support::workspace::Output;

const CODE: &str = "x = 1\n";

fn acme() -> WheelBuilder {
    WheelBuilder::new("acme", "1.0").file("acme/__init__.py", CODE)
}

/// Makes a project whose lock has the one wheel.
fn scene(wheel: &WheelBuilder) -> Scene {
    let scene = Scene::of(PYPROJECT, &[]);
    scene.lock(&[locked(wheel.clone())]);
    scene
}

fn locked(wheel: WheelBuilder) -> Locked {
    let distribution = wheel.distribution();
    let name = distribution.name.as_str();
    let mut locked = Locked::new(name, distribution.version.text());
    locked.wheel = wheel;
    locked
}

fn install(scene: &Scene, arguments: &[&str]) -> Output {
    scene.run(&[&["install", "--no-root"], arguments].concat())
}

/// Returns what is installed, below the library folder of the environment.
fn read(scene: &Scene, path: &str) -> String {
    let libraries = fs::read_dir(scene.venv().join("lib")).unwrap();
    let python = libraries.map(|entry| entry.unwrap().path());
    let python = python.into_iter().next().unwrap();
    fs::read_to_string(python.join("site-packages").join(path)).unwrap()
}

fn hex(algorithm: Algorithm, content: &str) -> String {
    Digest::of(algorithm, content.as_bytes()).hex()
}

fn standard_line(path: &str, content: &str) -> String {
    let digest = Digest::of(Algorithm::Sha256, content.as_bytes());
    let digest = lock2venv::wheel::encode_digest(digest.bytes());
    format!("{path},sha256={digest},{}\n", content.len())
}

/// Installs from a cold cache, from a warm one, and from one that holds the archive: each time with the one warning, or none, with a
/// RECORD that is true, and with `strict` an error exactly when there is a warning.
#[track_caller]
fn installs(wheel: &WheelBuilder, warning: Option<&str>) {
    for link_mode in ["auto", "copy"] {
        let scene = scene(wheel);
        for _ in 0..2 {
            let output = install(&scene, &["--link-mode", link_mode]).succeeded();
            let warnings: Vec<&str> = output
                .stderr
                .lines()
                .filter_map(|line| line.strip_prefix("warning: "))
                .collect();
            assert_eq!(warnings, Vec::from_iter(warning), "{link_mode}");
            let record = read(&scene, "acme-1.0.dist-info/RECORD");
            let line = standard_line("acme/__init__.py", CODE);
            assert!(record.contains(&line), "{record}");
            assert_eq!(read(&scene, "acme/__init__.py"), CODE);
            fs::remove_dir_all(scene.venv()).unwrap();
        }
        let strict = install(&scene, &["--link-mode", link_mode, "--strict"]);
        match warning {
            Some(warning) => drop(strict.failed(1, &[&format!("error: {warning}")])),
            None => drop(strict.succeeded()),
        }
    }
}

/// Is refused, also by `--strict`, with a hint that names the rule; `--lenient=RULE` installs it, from any cache; what a lenient
/// install left in the cache makes no other install lenient.
#[track_caller]
fn refuses_unless_lenient(wheel: &WheelBuilder, rule: &str) -> Scene {
    for link_mode in ["auto", "copy"] {
        let scene = scene(wheel);
        let refused = |scene: &Scene| {
            let hint = format!("hint: `--lenient={rule}` installs such a wheel as pip does");
            for strict in [&["--link-mode", link_mode][..], &["--strict"]] {
                install(scene, strict).failed(1, &["`acme-1.0-py3-none-any.whl`", &hint]);
                assert!(!scene.venv().exists());
            }
        };
        refused(&scene);
        let lenient = format!("--lenient={rule}");
        for arguments in [
            &["--link-mode", link_mode, &lenient][..],
            &["--link-mode", link_mode, &lenient, "--strict", "--offline"],
        ] {
            let output = install(&scene, arguments).succeeded();
            assert!(!output.stderr.contains("warning"), "{output:?}");
            fs::remove_dir_all(scene.venv()).unwrap();
            refused(&scene);
        }
    }
    let scene = scene(wheel);
    let lenient = [("LOCK2VENV_LENIENT", rule)];
    scene
        .run_with(&lenient, &["install", "--no-root"])
        .succeeded();
    scene
}

fn recorded(line: &str) -> WheelBuilder {
    acme()
        .without_record_of("acme/__init__.py")
        .record_line(line)
}

#[test]
fn hexadecimal_digests_are_digests() {
    for algorithm in [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
        let line = format!(
            "acme/__init__.py,{}={},6",
            algorithm.name(),
            hex(algorithm, CODE)
        );
        installs(&recorded(&line), None);
    }
    let upper = hex(Algorithm::Sha256, CODE).to_uppercase();
    installs(
        &recorded(&format!("acme/__init__.py,sha256={upper},6")),
        None,
    );
    let wrong = hex(Algorithm::Sha256, "other");
    installs(
        &recorded(&format!("acme/__init__.py,sha256={wrong},6")),
        Some(
            "`acme-1.0-py3-none-any.whl` contains `acme/__init__.py`, which does not match its RECORD entry",
        ),
    );
}

#[test]
fn a_record_that_errs_is_a_warning_and_the_new_one_is_true() {
    let right =
        lock2venv::wheel::encode_digest(Digest::of(Algorithm::Sha256, CODE.as_bytes()).bytes());
    let wrong = lock2venv::wheel::encode_digest(&[7; 32]);
    let differs = "`acme-1.0-py3-none-any.whl` contains `acme/__init__.py`, which does not match its RECORD entry";
    for line in [
        format!("acme/__init__.py,sha256={wrong},6"),
        format!("acme/__init__.py,sha256={right},7"),
        format!("acme/__init__.py,sha256={wrong},700"),
    ] {
        installs(&recorded(&line), Some(differs));
    }
    let weak = "`acme-1.0-py3-none-any.whl` lists `acme/__init__.py` in its RECORD with a digest that proves nothing";
    for digest in [
        "md5=1B2M2Y8AsgTpgAmY7PhCfg",
        "sha1=2jmj7l5rSw0yVb_vlWAYkK_YBwk",
    ] {
        installs(
            &recorded(&format!("acme/__init__.py,{digest},6")),
            Some(weak),
        );
    }
    installs(
        &acme().record_line("acme/__init__.py,,9"),
        Some(
            "`acme-1.0-py3-none-any.whl` lists `acme/__init__.py` in its RECORD again, with another digest or size",
        ),
    );
}

#[test]
fn standard_base64_is_compared_and_told() {
    // Content whose digest has a character that the two alphabets write differently.
    let standard = |content: &str| {
        use base64::Engine as _;
        let digest = Digest::of(Algorithm::Sha256, content.as_bytes());
        base64::engine::general_purpose::STANDARD.encode(digest.bytes())
    };
    let contents = (0..).map(|number| format!("x = {number}\n"));
    let content = contents
        .into_iter()
        .find(|text| standard(text).contains('/'))
        .unwrap();
    let spelled = |digest: String| {
        acme()
            .file("acme/more.py", &content)
            .without_record_of("acme/more.py")
            .record_line(&format!("acme/more.py,sha256={digest},"))
    };
    installs(
        &spelled(standard(&content)),
        Some(
            "`acme-1.0-py3-none-any.whl` lists `acme/more.py` in its RECORD with a digest in standard base64",
        ),
    );
}

#[test]
fn a_record_that_is_none_is_refused() {
    for (record, part) in [
        ("a,b,c,d\n", "line 1 of RECORD is not a path"),
        (
            "../../../outside.py,,\n",
            "outside the environment: `../../../outside.py`",
        ),
        ("/etc/passwd,,\n", "outside the environment: `/etc/passwd`"),
        ("acme-1.0.data/evil/x,,\n", "is not in a known scheme"),
        ("acme/__init__.py,sha256=????,\n", "malformed digest"),
        ("acme/__init__.py,,many\n", "a size that is not a number"),
    ] {
        let lines = format!("acme-1.0.dist-info/RECORD,,\n{record}");
        let record = if part.contains("line 1") {
            record
        } else {
            &lines
        };
        let output = install(
            &scene(&acme().record(record)),
            &["--lenient=nested-scripts"],
        );
        output.failed(1, &[part]);
    }
}

#[test]
fn paths_of_record_may_begin_with_a_slash() {
    let wheel = acme()
        .without_record_of("acme/__init__.py")
        .record_line("/acme/__init__.py,,6");
    let output = install(&scene(&wheel), &[]).succeeded();
    for part in [
        "contains `acme/__init__.py`, which its RECORD does not list",
        "lists `/acme/__init__.py` in its RECORD but does not contain it",
    ] {
        assert!(output.stderr.contains(part), "{output:?}");
    }
}

/// The archive is believed by its name in the cache; a RECORD that errs is a reason to look at it again.
#[test]
fn an_archive_that_was_exchanged_in_the_cache_is_found_by_its_record() {
    let wheel = acme();
    let scene = scene(&wheel);
    install(&scene, &["--link-mode", "copy"]).succeeded();
    fs::remove_dir_all(scene.venv()).unwrap();
    let wrong = lock2venv::wheel::encode_digest(&[7; 32]);
    let other = recorded(&format!("acme/__init__.py,sha256={wrong},6")).build();
    let path = archive_in(&scene.workspace.cache());
    let size = fs::metadata(&path).unwrap().len();
    // As long as the name says.
    let exchanged = padded(&other, usize::try_from(size).unwrap());
    fs::write(&path, exchanged).unwrap();
    let output = install(&scene, &["--link-mode", "copy"]);
    if output.code != 0 {
        assert!(
            output.stderr.contains("in the cache was damaged"),
            "{output:?}"
        );
        install(&scene, &["--link-mode", "copy"]).succeeded();
    }
    assert!(!output.stderr.contains("warning"), "{output:?}");
    assert_eq!(read(&scene, "acme/__init__.py"), CODE);
}

fn archive_in(folder: &Path) -> std::path::PathBuf {
    let mut folders = vec![folder.join("v1/archives")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                return path;
            }
            folders.push(path);
        }
    }
    panic!("no archive");
}

/// Makes an archive `n_bytes` long by its comment, or as long as it is.
fn padded(archive: &[u8], n_bytes: usize) -> Vec<u8> {
    let mut bytes = archive.to_vec();
    let n_comment = n_bytes.saturating_sub(bytes.len());
    let at = bytes.len() - 2;
    bytes[at..].copy_from_slice(&u16::try_from(n_comment).unwrap().to_le_bytes());
    bytes.resize(bytes.len() + n_comment, b' ');
    bytes
}

#[test]
fn the_same_entry_twice_is_a_warning() {
    let again = acme().file("acme/__init__.py", CODE);
    let warning = "`acme-1.0-py3-none-any.whl` contains `acme/__init__.py` more than once";
    installs(&again, Some(warning));
    let thrice = again.entry(ZipEntry::stored("acme/__init__.py", CODE.as_bytes()));
    installs(&thrice, Some(warning));
    let folder = acme().entry(ZipEntry::stored("acme/data/", b""));
    let folder = folder.entry(ZipEntry::stored("acme/data/", b""));
    installs(
        &folder,
        Some("`acme-1.0-py3-none-any.whl` contains `acme/data` more than once"),
    );
}

#[test]
fn entries_that_share_a_path_and_differ_are_refused_whatever_is_lifted() {
    let rules =
        "--lenient=symbolic-links,nested-scripts,repeated-scripts,entry-comments,trailing-zeros";
    let program = ZipEntry::deflated("acme/__init__.py", CODE.as_bytes()).mode(0o100_755);
    let link = ZipEntry::stored("acme/__init__.py", CODE.as_bytes()).mode(0o120_777);
    // Other bytes of the same length and, as far as the headers say, the same CRC.
    let forged = ZipEntry::stored("acme/__init__.py", b"y = 1\n")
        .both(|header| header.crc = crc32fast::hash(CODE.as_bytes()));
    for (entry, part) in [
        (
            ZipEntry::stored("acme/__init__.py", b"y = 1\n"),
            "occurs twice",
        ),
        (ZipEntry::stored("acme/__init__.py", b""), "occurs twice"),
        (ZipEntry::stored("acme/__init__.py/", b""), "occurs twice"),
        (program, "occurs twice"),
        (link, "occurs twice"),
        (forged, "does not have the declared CRC"),
    ] {
        let wheel = acme().entry(entry);
        for arguments in [&[][..], &["--strict"], &[rules]] {
            install(&scene(&wheel), arguments).failed(1, &[part]);
        }
    }
}

#[test]
fn symbolic_links_become_files_that_hold_their_text() {
    let link = ZipEntry::stored("acme/link", b"../../../etc/passwd").mode(0o120_777);
    let scene = refuses_unless_lenient(&acme().entry(link), "symbolic-links");
    assert_eq!(read(&scene, "acme/link"), "../../../etc/passwd");
    let record = read(&scene, "acme-1.0.dist-info/RECORD");
    assert!(
        record.contains(&standard_line("acme/link", "../../../etc/passwd")),
        "{record}"
    );
    let devices = acme().entry(ZipEntry::stored("acme/device", b"").mode(0o020_666));
    install(&self::scene(&devices), &["--lenient=symbolic-links"]).failed(1, &["is a device"]);
}

#[test]
fn folders_of_scripts_stay_folders() {
    let wheel = acme().data("scripts/include/acme.proto", "syntax\n").data(
        "scripts/tools/run",
        "#!python\nimport acme\nprint('ran', acme.x)\n",
    );
    let scene = refuses_unless_lenient(&wheel, "nested-scripts");
    let bin = scene.venv().join("bin");
    assert_eq!(
        fs::read_to_string(bin.join("include/acme.proto")).unwrap(),
        "syntax\n"
    );
    let program = bin.join("tools/run");
    assert_eq!(
        fs::metadata(&program).unwrap().permissions().mode() & 0o111,
        0o111
    );
    let output = Output::of(&mut std::process::Command::new(&program)).succeeded();
    assert_eq!(output.stdout, "ran 1\n");
    for path in ["scripts/../x", "scripts/python", "scripts/a/../../x"] {
        let wheel = acme().data(path, "");
        install(&self::scene(&wheel), &["--lenient=nested-scripts"]).failed(1, &[]);
    }
}

#[test]
fn a_script_may_be_in_both_sections() {
    let scripts = |gui: &str| {
        let text = format!("[console_scripts]\ntool = acme:main\n[gui_scripts]\ntool = {gui}\n");
        acme().dist_info("entry_points.txt", &text)
    };
    installs(
        &scripts("acme:main"),
        Some(
            "`acme-1.0-py3-none-any.whl` has the script `tool` more than once in its entry_points.txt",
        ),
    );
    let scene = refuses_unless_lenient(&scripts("acme.gui:show"), "repeated-scripts");
    let script = fs::read_to_string(scene.venv().join("bin/tool")).unwrap();
    assert!(script.contains("from acme.gui import show"), "{script}");
}

#[test]
fn comments_and_zeros_are_left_out_on_request() {
    let comment = ZipEntry::stored("acme/a.txt", b"a").with(|entry| entry.comment = b"x".to_vec());
    refuses_unless_lenient(&acme().entry(comment), "entry-comments");
    let zeros = acme().trailing(&[0; 512]);
    refuses_unless_lenient(&zeros, "trailing-zeros");
    for trailing in [b"\0\0x".to_vec(), b"x".to_vec(), vec![0; 70_000]] {
        let wheel = acme().trailing(&trailing);
        let output = install(&scene(&wheel), &["--lenient=trailing-zeros"]).failed(1, &[]);
        assert!(!output.stderr.contains("--lenient"), "{output:?}");
    }
}

#[test]
fn the_local_version_belongs_to_the_name_of_dist_info() {
    let wheel = WheelBuilder::new("acme", "1.0").file("acme.py", "");
    let bytes = wheel.build();
    let mut distribution = wheel.distribution();
    distribution.version = lock2venv::version::Version::parse("1.0+cpu").unwrap();
    let opened = Wheel::open(
        verified(&bytes).source().clone(),
        Expected {
            file: &WheelFilename::parse("acme-1.0+cpu-py3-none-any.whl").unwrap(),
            name: &distribution.name,
            version: &distribution.version,
        },
        &mut lock2venv::archive::Buffers::default(),
    );
    let error = opened.unwrap_err().to_string();
    assert!(
        error.contains("`acme-1.0.dist-info` does not belong to acme 1.0+cpu"),
        "{error}"
    );
}

#[test]
fn unknown_rules_are_a_misuse_that_names_the_known_ones() {
    let scene = scene(&acme());
    let output = install(&scene, &["--lenient=symbolic-links,everything"]).failed(2, &[]);
    assert_snapshot!(scene.said(&output), @r"
    error: `--lenient` knows no rule `everything`
      rules: entry-comments, nested-scripts, repeated-scripts, symbolic-links, trailing-zeros
    ");
    let variables = [("LOCK2VENV_LENIENT", "x")];
    scene
        .run_with(&variables, &["install", "--no-root"])
        .failed(2, &["knows no rule `x`"]);
    install(&scene, &["--lenient", "symbolic-links, ,nested-scripts"]).succeeded();
}

#[test]
fn all_refused_wheels_are_named() {
    let link = ZipEntry::stored("b/link", b"x").mode(0o120_777);
    let wheels = [
        WheelBuilder::new("a", "1.0").file("../evil.py", ""),
        WheelBuilder::new("b", "1.0").entry(link),
        WheelBuilder::new("c", "1.0").file("c.py", ""),
        WheelBuilder::new("d", "1.0")
            .entry(ZipEntry::stored("d.py", b"d").both(|header| header.crc = 1)),
        WheelBuilder::new("e", "1.0").data("scripts/python", ""),
        WheelBuilder::new("f", "1.0").metadata("Name: f\nVersion: 2.0\n"),
    ];
    let scene = Scene::of(PYPROJECT, &[]);
    scene.lock(&wheels.map(locked));
    let output = scene.run(&["-q", "install", "--no-root"]).failed(1, &[]);
    assert_snapshot!(scene.said(&output), @r"
    error: 5 wheels cannot be installed
      `a-1.0-py3-none-any.whl` is not a wheel that can be installed
        entry `../evil.py` leads outside the archive
      `b-1.0-py3-none-any.whl` is not a wheel that can be installed
        entry `b/link` is a symbolic link
      `d-1.0-py3-none-any.whl` is not a wheel that can be installed
        entry `d.py` does not have the declared CRC
      `e-1.0-py3-none-any.whl` would replace `bin/python`, which belongs to the environment
      `f-1.0-py3-none-any.whl` is not a wheel that can be installed
        `METADATA` does not belong to f 1.0, which was locked
    hint: its digest matches the lock, so it was locked like this: nothing of it was installed; report it to its authors, or lock another version
    hint: `--lenient=symbolic-links` installs such a wheel as pip does: links become plain files that contain the path of their target
    hint: no wheel may replace the environment's own files; lock another version
    hint: nothing of it was installed; report it to its authors, or lock another version
    ");
    assert!(!scene.venv().exists());
    let output = scene.run(&["-q", "install", "--no-root", "--strict"]);
    assert_eq!(output.code, 1);
    assert!(
        output.stderr.contains("5 wheels cannot be installed"),
        "{output:?}"
    );
}

#[test]
fn all_wheels_that_are_not_strict_are_named() {
    let sloppy = |name: &str| {
        let files = [format!("{name}.py"), format!("{name}2.py")];
        let wheel = WheelBuilder::new(name, "1.0")
            .file(&files[0], name)
            .file(&files[1], "");
        wheel
            .without_record_of(&files[0])
            .without_record_of(&files[1])
    };
    let scene = Scene::of(PYPROJECT, &[]);
    scene.lock(&[locked(sloppy("a")), locked(sloppy("b"))]);
    let output = scene
        .run(&["-q", "install", "--no-root", "--strict"])
        .failed(1, &[]);
    assert_snapshot!(scene.said(&output), @r"
    error: 2 wheels cannot be installed
      `a-1.0-py3-none-any.whl` contains `a.py`, which its RECORD does not list
      `b-1.0-py3-none-any.whl` contains `b.py`, which its RECORD does not list
    hint: without `--strict` this is a warning
    ");
}

#[test]
fn warnings_of_one_kind_about_one_wheel_are_one_line() {
    let many = |name: &str, content: &str| {
        let mut wheel = WheelBuilder::new(name, "1.0");
        for number in 0..200 {
            let path = format!("{name}/{number:03}.py");
            wheel = wheel.file(&path, "").without_record_of(&path);
            wheel = wheel.record_line(&format!("{name}/{number:03}.txt,,"));
            wheel = wheel.file(&format!("shared/{number:03}.py"), content);
        }
        wheel.file("LICENSE", content).file("README.md", content)
    };
    let scene = Scene::of(PYPROJECT, &[]);
    scene.lock(&[locked(many("a", "a")), locked(many("b", "b"))]);
    let output = scene.run(&["install", "--no-root"]).succeeded();
    let warnings = |output: &Output| {
        let lines = output.stderr.lines();
        let lines = lines.filter(|line| line.starts_with("warning: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let python = fs::read_dir(scene.venv().join("lib"))
        .unwrap()
        .next()
        .unwrap();
    let python = python.unwrap().file_name().into_string().unwrap();
    let said = warnings(&output).join("\n").replace(&python, "[python]");
    assert_snapshot!(said, @r"
    warning: `a-1.0-py3-none-any.whl` contains 200 files that its RECORD does not list: `a/000.py`, `a/001.py`, `a/002.py` and 197 more (`-v` names all)
    warning: `b-1.0-py3-none-any.whl` contains 200 files that its RECORD does not list: `b/000.py`, `b/001.py`, `b/002.py` and 197 more (`-v` names all)
    warning: `a-1.0-py3-none-any.whl` lists 200 files in its RECORD that it does not contain: `a/000.txt`, `a/001.txt`, `a/002.txt` and 197 more (`-v` names all)
    warning: `b-1.0-py3-none-any.whl` lists 200 files in its RECORD that it does not contain: `b/000.txt`, `b/001.txt`, `b/002.txt` and 197 more (`-v` names all)
    warning: 200 files differ between `a 1.0` and `b 1.0`; kept those from `b 1.0`: `lib/[python]/site-packages/shared/000.py`, `lib/[python]/site-packages/shared/001.py`, `lib/[python]/site-packages/shared/002.py` and 197 more (`-v` names all)
    ");
    fs::remove_dir_all(scene.venv()).unwrap();
    let output = scene.run(&["-v", "install", "--no-root"]).succeeded();
    assert_eq!(warnings(&output).len(), 5 * 200, "{output:?}");
    assert!(!output.stderr.contains("LICENSE"));
    fs::remove_dir_all(scene.venv()).unwrap();
    let output = scene.run(&["-q", "install", "--no-root"]).succeeded();
    assert_eq!(warnings(&output), [""; 0]);
}

/// In a new environment and in one that is there, also with `--strict`.
#[test]
fn notices_at_the_top_of_the_library_are_not_worth_a_word() {
    let notices = [
        "LICENSE",
        "README.md",
        "CHANGELOG.rst",
        "LICENSE-MIT",
        "licence.txt",
    ];
    let with_notices = |name: &str| {
        let wheel = WheelBuilder::new(name, "1.0").file(&format!("{name}.py"), "");
        notices
            .iter()
            .fold(wheel, |wheel, path| wheel.file(path, name))
    };
    let scene = Scene::of(PYPROJECT, &[]);
    let (a, b) = (with_notices("a"), with_notices("b"));
    scene.lock(&[locked(a.clone()), locked(b.clone())]);
    let run = || install(&scene, &["--strict"]).succeeded();
    assert!(!run().stderr.contains("warning"));
    assert_eq!(read(&scene, "LICENSE"), "b");
    fs::remove_dir_all(scene.venv()).unwrap();
    scene.lock(&[locked(a.clone())]);
    run();
    scene.lock(&[locked(a), locked(b)]);
    assert!(!run().stderr.contains("warning"));
    assert_eq!(read(&scene, "LICENSE"), "b");
    // A module of such a name is a module.
    let module = |name: &str| WheelBuilder::new(name, "1.0").file("history.py", name);
    scene.lock(&[locked(module("c")), locked(module("d"))]);
    let output = install(&scene, &[]).succeeded();
    assert!(
        output
            .stderr
            .contains("site-packages/history.py` differs between"),
        "{output:?}"
    );
}
