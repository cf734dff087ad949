//! `lock2venv download`, and `install --find-links`: what a folder of files stands in for, and what proves it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process};

use crate::from_source;
use crate::support::build_scene::Source;
use crate::support::fixture_sources::{SourceCase, cases};
use crate::support::local_index::Fault;
use crate::support::scene::{Locked, Scene, contents};
use crate::support::workspace::Output;

const AWAY: &[&str] = &[
    "install",
    "--no-root",
    "--offline",
    "--no-cache",
    "--find-links",
    "house",
];

const ACME: &str = "acme-1.0-py3-none-any.whl";
const DEV: &str = "acme_dev-1.0-py3-none-any.whl";
const DEMO: &str = "demo-1.0-py3-none-any.whl";
const NOTE: &str = "demo-1.0-py3-none-any.whl.built.json";

fn house(scene: &Scene) -> PathBuf {
    scene.workspace.project().join("house")
}

/// Lists what a folder has, hidden files too.
fn names(folder: &PathBuf) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names: BTreeSet<_> = names.collect();
    names.into_iter().collect()
}

#[test]
fn a_wheelhouse_stands_in_for_the_network() {
    let scene = Scene::new();
    let output = scene.run(&["download", "house"]).succeeded();
    assert_eq!(output.stdout, "");
    output.said(&[
        "  - Downloading acme (1.0)\n",
        "2 files downloaded into house, 0 there already\n",
    ]);
    assert_eq!(names(&house(&scene)), [ACME, DEV]);
    scene.index.take_requests();
    scene.run(AWAY).succeeded();
    assert_eq!(scene.index.take_paths(), [""; 0]);
    let away = contents(&scene.venv());
    fs::remove_dir_all(scene.venv()).unwrap();
    scene.run(&["install", "--no-root"]).succeeded();
    assert!(away == contents(&scene.venv()));
}

#[test]
fn groups_and_extras_are_those_of_install() {
    let scene = Scene::new();
    let arguments = ["download", "house", "--only", "main", "-E", "docs"];
    scene.run(&arguments).succeeded();
    let docs = "acme_docs-1.0-py3-none-any.whl";
    assert_eq!(names(&house(&scene)), [ACME, docs]);
    let refused = scene.run(AWAY);
    refused.failed(1, &[DEV, "lock2venv download --build DIR"]);
    assert!(!scene.venv().exists());
    let main = [AWAY, &["--only", "main", "-E", "docs"]].concat();
    scene.run(&main).succeeded();
    scene.has(&["acme-1.0", "acme_docs-1.0"]);
}

#[test]
fn right_files_stay_and_wrong_ones_are_replaced() {
    let scene = Scene::new();
    scene.run(&["download", "house"]).succeeded();
    let before = contents(&house(&scene));
    scene.index.take_requests();
    let output = scene.run(&["download", "house"]).succeeded();
    output.said(&["0 files downloaded into house, 2 there already"]);
    assert_eq!(scene.index.take_paths(), [""; 0]);
    fs::write(house(&scene).join(DEV), "half").unwrap();
    fs::write(house(&scene).join("mine.txt"), "").unwrap();
    let output = scene.run(&["download", "house"]).succeeded();
    output.said(&["1 file downloaded into house, 1 there already"]);
    fs::remove_file(house(&scene).join("mine.txt")).unwrap();
    assert!(contents(&house(&scene)) == before);
}

#[test]
fn files_of_a_wheelhouse_are_taken_before_the_network_is_asked() {
    let scene = Scene::new();
    scene
        .run(&["download", "house", "--only", "main"])
        .succeeded();
    scene.index.take_requests();
    let arguments = ["install", "--no-root", "--no-cache", "-v", "-f", "house"];
    let output = scene.run(&arguments).succeeded();
    output.said(&[&format!("{ACME}: found at "), &format!("{DEV}: downloaded")]);
    let asked = scene.index.take_paths().join(" ");
    assert!(asked.contains(DEV) && !asked.contains(ACME), "{asked}");
}

#[test]
fn a_file_without_the_locked_digest_is_refused() {
    let scene = Scene::new();
    scene.run(&["download", "house"]).succeeded();
    let other = fs::read(house(&scene).join(DEV)).unwrap();
    fs::write(house(&scene).join(ACME), other).unwrap();
    for arguments in [AWAY, &["install", "--no-root", "-f", "house"]] {
        let refused = scene.run(arguments).failed(
            1,
            &[
                "`acme-1.0-py3-none-any.whl` is not the file that was locked",
                "house/acme-1.0-py3-none-any.whl",
                "download it again",
            ],
        );
        assert!(!refused.stderr.contains("poetry lock"), "{refused:?}");
        assert!(!scene.venv().exists());
    }
}

#[test]
fn the_first_of_several_folders_counts() {
    let scene = Scene::new();
    scene.run(&["download", "house"]).succeeded();
    scene.workspace.write(&format!("bad/{ACME}"), "");
    let house_first = [AWAY, &["-f", "bad"]].concat();
    scene.run(&house_first).succeeded();
    fs::remove_dir_all(scene.venv()).unwrap();
    let mut bad_first = AWAY.to_vec();
    bad_first.splice(4..4, ["--find-links", "bad"]);
    scene.run(&bad_first).failed(1, &["bad/acme-1.0"]);
}

#[test]
fn only_folders_are_taken() {
    let scene = Scene::new();
    for named in ["nowhere", "poetry.lock", "https://example.org/simple"] {
        let arguments = ["install", "--find-links", named];
        scene.run(&arguments).failed(2, &[named]);
    }
    scene
        .run(&["download", "poetry.lock"])
        .failed(1, &["is not a folder"]);
}

#[test]
fn an_interrupted_download_leaves_no_half_file() {
    let path = &format!("/files/{DEV}");
    for (signal, more) in [
        (Signal::INT, &[][..]),
        (Signal::TERM, &["--no-cache"]),
        (Signal::KILL, &[]),
    ] {
        let scene = Scene::new();
        scene.index.misbehave(path, Fault::Stall(100), 1);
        let arguments = [&["download", "house"], more].concat();
        let mut child = scene.start(&arguments);
        scene.index.wait_for(path);
        kill_process(Pid::from_child(&child), signal).unwrap();
        let status = child.wait().unwrap();
        let is_killed = signal == Signal::KILL;
        assert_eq!(status.code(), (!is_killed).then_some(130));
        let left = names(&house(&scene));
        let is_whole = |name: &String| name == ACME || (is_killed && name.starts_with('.'));
        assert!(left.iter().all(is_whole), "{left:?}");
        scene.run(&arguments).succeeded();
        assert_eq!(names(&house(&scene)), [ACME, DEV]);
    }
}

#[test]
fn two_downloads_at_once_do_not_disturb_each_other() {
    let scene = Scene::new();
    let path = &format!("/files/{DEV}");
    scene.index.misbehave(path, Fault::Hold, 1);
    let slow = scene.start(&["download", "house", "--no-cache"]);
    scene.index.wait_for(path);
    scene.run(&["download", "house", "--no-cache"]).succeeded();
    scene.index.let_go();
    assert!(slow.wait_with_output().unwrap().status.success());
    assert_eq!(names(&house(&scene)), [ACME, DEV]);
}

#[test]
fn what_the_target_does_not_want_is_not_downloaded() {
    let scene = Scene::new();
    let elsewhere = Locked::new("acme-dev", "1.0").in_group("dev");
    scene.lock(&[
        Locked::new("acme", "1.0"),
        elsewhere.with("markers = \"sys_platform == \\\"win32\\\"\""),
    ]);
    scene.run(&["download", "house"]).succeeded();
    assert_eq!(names(&house(&scene)), [ACME]);
}

/// A project that locks a source distribution, and where its files are put.
struct FromSource {
    scene: from_source::Scene,
    house: PathBuf,
}

impl FromSource {
    fn new() -> Self {
        let scene = from_source::Scene::new(&Source::new("demo"));
        let house = scene.workspace.project().join("house");
        Self { scene, house }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let _ = fs::remove_dir_all(self.scene.workspace.project().join(".venv"));
        self.scene.run(arguments)
    }
}

#[test]
fn a_source_distribution_is_downloaded_as_it_is() {
    let one = FromSource::new();
    one.run(&["download", "house"]).succeeded();
    assert_eq!(names(&one.house), ["demo-1.0.tar.gz"]);
    one.scene.index.take_requests();
    one.run(&["install", "--no-cache", "-f", "house"])
        .succeeded();
    let asked = one.scene.index.take_paths().join(" ");
    assert!(!asked.contains("demo"), "{asked}");
    one.run(AWAY).failed(
        1,
        &[
            "the network may not be used",
            "lock2venv download --build DIR",
        ],
    );
    one.run(&["download", "other", "--no-build"])
        .failed(1, &["`demo` 1.0 has to be built"]);
}

#[test]
fn a_wheel_that_was_built_stands_in_for_its_source() {
    let one = FromSource::new();
    one.run(&["download", "house", "--build"]).succeeded();
    assert_eq!(names(&one.house), [DEMO, NOTE]);
    let files = contents(&one.house);
    one.scene.index.take_requests();
    let again = one.run(&["download", "house", "--build"]).succeeded();
    again.said(&["0 files downloaded into house, 1 there already"]);
    for more in [&[][..], &["--no-build"]] {
        one.run(&[AWAY, more].concat()).succeeded();
        assert!(one.scene.read("demo.py").contains("maker 1.0"));
    }
    assert_eq!(one.scene.index.take_paths(), [""; 0]);
    assert!(contents(&one.house) == files);
}

#[test]
fn a_wheel_that_was_built_counts_only_with_its_note() {
    let one = FromSource::new();
    one.run(&["download", "house", "--build"]).succeeded();
    let note = fs::read_to_string(one.house.join(NOTE)).unwrap();
    let missing = &["demo-1.0.tar.gz", "lock2venv download --build DIR"];
    for other in [
        String::new(),
        note.replace("\"format\": 1", "\"format\": 2"),
        // What was built of another archive.
        note.replacen("\"sha256:", "\"sha256:0", 2)
            .replacen("\"sha256:0", "\"sha256:", 1),
        note.replace("\"archive\"", "\"directory\""),
    ] {
        fs::write(one.house.join(NOTE), &other).unwrap();
        one.run(AWAY).failed(1, missing);
    }
    fs::remove_file(one.house.join(NOTE)).unwrap();
    one.run(AWAY).failed(1, missing);
    fs::write(one.house.join(NOTE), &note).unwrap();
    let mut wheel = fs::read(one.house.join(DEMO)).unwrap();
    wheel.push(0);
    fs::write(one.house.join(DEMO), wheel).unwrap();
    one.run(AWAY)
        .failed(1, &["is not the file that was locked", "house/demo-1.0"]);
    let output = one.run(&["download", "house", "--build"]).succeeded();
    output.said(&["1 file downloaded"]);
    one.run(AWAY).succeeded();
}

/// A wheel is as good as its source only where the backend would make the same of it; `no-binary` is about wheels of an index, and
/// this one was built.
#[test]
fn a_wheel_that_was_built_counts_with_the_settings_that_it_was_built_with() {
    let one = FromSource::new();
    let settings = "POETRY_INSTALLER_BUILD_CONFIG_SETTINGS_DEMO";
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let _ = fs::remove_dir_all(one.scene.workspace.project().join(".venv"));
        let mut command = one.scene.command(arguments);
        Output::of(command.envs(variables.iter().copied()))
    };
    let debug = [(settings, "{\"mode\": \"debug\"}")];
    let other = [(settings, "{\"mode\": \"hush\"}")];
    run(&["download", "house", "--build"], &debug).succeeded();
    run(AWAY, &debug).succeeded();
    assert!(one.scene.read("demo.py").contains("debug"));
    let no_binary = ("POETRY_INSTALLER_NO_BINARY", ":all:");
    run(AWAY, &[debug[0], no_binary]).succeeded();
    for variables in [&other[..], &[]] {
        run(AWAY, variables).failed(1, &["demo-1.0.tar.gz"]);
    }
    run(&["download", "house", "--build"], &other).succeeded();
    run(AWAY, &other).succeeded();
    assert!(one.scene.read("demo.py").contains("hush"));
    let note = fs::read_to_string(one.house.join(NOTE)).unwrap();
    assert!(!note.contains("hush"), "{note}");
}

#[test]
fn wheels_stand_in_for_every_kind_of_source() {
    std::thread::scope(|scope| {
        for name in cases() {
            // Nothing proves a file that the lock does not list, so no wheelhouse has it.
            if !name.ends_with("-develop") && name != "index-unlisted" {
                scope.spawn(move || is_installed_without_the_network(&name));
            }
        }
    });
}

/// Installs a case of `fixtures/sources` as recorded, with neither servers nor local archives.
fn is_installed_without_the_network(name: &str) {
    let mut case = SourceCase::new(name);
    case.run(&["download", "house", "--build"]).succeeded();
    let expected = case.expected();
    case.disconnect();
    if name.starts_with("file-") {
        fs::remove_dir_all(case.workspace.project().join("libs")).unwrap();
    }
    let output = case.install(&["--offline", "--no-cache", "-f", "house"]);
    let output = output.succeeded();
    assert_eq!(case.installed(), expected, "{name}");
    let is_warned = output.stderr.contains("which was built earlier");
    assert_eq!(
        is_warned,
        name == "directory-setuptools",
        "{name}: {output:?}"
    );
}

#[test]
fn repositories_are_downloaded_only_as_wheels_and_folders_left_out() {
    let case = SourceCase::new("git-tag");
    let refused = case.run(&["download", "house"]);
    refused.failed(
        1,
        &[
            "git dependencies can be downloaded only as wheels",
            "`--build`",
        ],
    );
    let case = SourceCase::new("directory");
    let output = case.run(&["download", "house"]).succeeded();
    output.said(&["directory dependencies are downloaded only with `--build`"]);
    let output = case
        .run(&["download", "house", "--no-directory"])
        .succeeded();
    assert!(!output.stderr.contains("--build"), "{output:?}");
    assert_eq!(names(&case.workspace.project().join("house")), [""; 0]);
}

#[test]
fn a_wheel_stands_in_for_a_folder_that_is_gone() {
    let case = SourceCase::new("directory");
    case.run(&["download", "house", "--build"]).succeeded();
    let lock = fs::read_to_string(case.workspace.project().join("poetry.lock")).unwrap();
    let folder = lock.lines().find_map(|line| line.strip_prefix("url = "));
    let folder = folder.unwrap().trim_matches('"');
    fs::remove_dir_all(case.workspace.project().join(folder)).unwrap();
    case.install(&["-f", "house"]).succeeded();
    assert_eq!(case.installed(), case.expected());
}
