//! What is kept and changed by itself (a failing disk, a power cut) is found out, or makes no difference.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use lock2venv::interpreter::Interpreter;
use lock2venv::store::PrivateCache;

use crate::support::locked_wheels::{LockedWheels, python, snapshot};
use crate::support::mount::Mount;
use crate::support::wheel_builder::WheelBuilder;

/// Keeps wheels in packs, as where nothing can be linked.
const PACKED: [&str; 3] = ["--link-mode", "copy", "--cache-archives=false"];

fn wheels() -> [WheelBuilder; 2] {
    [
        WheelBuilder::new("acme", "1.0")
            .file("acme/__init__.py", "NAME = 'acme'\n")
            .file("acme/data.bin", [7; 500])
            .program("acme/tool.sh", "#!/bin/sh\n")
            .data("scripts/acme-tool", "#!python\nprint('tool')\n")
            .console_script("acme", "acme:main"),
        WheelBuilder::new("bolt", "2.0").file("bolt.py", "SIZE = 8\n"),
    ]
}

/// A project that was installed once, with everything kept.
struct Kept {
    project: LockedWheels,
    expected: BTreeMap<String, (Vec<u8>, bool)>,
}

impl Kept {
    /// `first` is how it was installed.
    fn new(first: &[&str]) -> Self {
        let project = LockedWheels::new(&wheels());
        project.install_again(first).succeeded();
        let expected = snapshot(&project.venv());
        Self { project, expected }
    }

    /// The kept files below a folder of the cache.
    fn files(&self, folder: &str) -> Vec<PathBuf> {
        let folder = self.project.workspace.cache().join("v1").join(folder);
        let files = snapshot(&folder);
        assert!(!files.is_empty(), "nothing in {}", folder.display());
        files.keys().map(|name| folder.join(name)).collect()
    }

    #[track_caller]
    fn assert_right(&self) {
        assert_eq!(snapshot(&self.project.venv()), self.expected);
    }

    fn verify(&self) -> crate::support::workspace::Output {
        self.project.run(&["cache", "verify"])
    }
}

/// Flips one bit of a file, and leaves its times as they are; returns what it held.
fn flip(path: &Path, bit: usize) -> Vec<u8> {
    let before = fs::read(path).unwrap();
    let mut bytes = before.clone();
    let n_bits = bytes.len() * 8;
    bytes[bit % n_bits / 8] ^= 1 << (bit % 8);
    put(path, &bytes);
    before
}

/// Writes to a file, under all its names, and leaves its times as they are.
fn put(path: &Path, bytes: &[u8]) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    fs::write(path, bytes).unwrap();
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(modified).unwrap();
}

#[test]
fn an_answer_of_an_interpreter_is_believed_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let cache = PrivateCache::at(folder.path()).unwrap();
    let ask = || Interpreter::query_once(Path::new(python()), &cache).unwrap();
    let answer = ask();
    let kept = folder.path().join("v1/interpreters");
    let file = fs::read_dir(kept).unwrap().next().unwrap().unwrap();
    let kept = fs::read(file.path()).unwrap();
    for step in 0..30 {
        flip(&file.path(), step * 7919);
        assert_eq!(ask(), answer, "step {step}");
        assert_eq!(fs::read(file.path()).unwrap(), kept, "step {step}");
    }
}

/// Flips bits of every kept file of `folder`, one at a time, and installs each time: what comes is right, or an error.
fn survives_flips(kept: &Kept, folder: &str, arguments: &[&str], n_flips: usize) {
    let files = kept.files(folder);
    let cache = kept.project.workspace.cache();
    let backup = cache.with_file_name("backup");
    copy_all(&cache, &backup);
    for step in 0..n_flips {
        let file = &files[step % files.len()];
        flip(file, step * 7919 + step / files.len());
        let output = kept.project.install_again(arguments);
        if output.code == 0 {
            let found = snapshot(&kept.project.venv());
            assert!(found == kept.expected, "{} at {step}", file.display());
        }
        fs::remove_dir_all(&cache).unwrap();
        copy_all(&backup, &cache);
    }
}

/// Copies a folder with the times of its files.
fn copy_all(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(status.unwrap().success());
}

#[test]
fn flipped_bits_of_archives_do_no_harm() {
    let arguments = ["--link-mode", "copy"];
    survives_flips(&Kept::new(&arguments), "archives", &arguments, 40);
}

#[test]
fn a_mode_in_the_directory_of_an_archive_is_believed_to_the_bit() {
    let arguments = ["--link-mode", "copy"];
    let kept = Kept::new(&arguments);
    for path in kept.files("archives") {
        let bytes = fs::read(&path).unwrap();
        let records = bytes.windows(4).enumerate();
        let records = records.filter(|(_, window)| *window == b"PK\x01\x02");
        for (record, _) in records.collect::<Vec<_>>() {
            // The executable bit of the owner, in the external attributes.
            let mut damaged = bytes.clone();
            damaged[record + 40] ^= 0o100;
            put(&path, &damaged);
            kept.project.install_again(&arguments).succeeded();
            kept.assert_right();
        }
    }
}

#[test]
fn flipped_bits_of_unpacked_wheels_do_no_harm_where_they_are_copied() {
    for first in [&["--link-mode", "hardlink"][..], &PACKED] {
        let kept = Kept::new(first);
        survives_flips(&kept, "trees", &["--link-mode", "copy"], 40);
    }
}

#[test]
fn flipped_bits_of_manifests_do_no_harm_where_files_are_linked() {
    let arguments = ["--link-mode", "hardlink"];
    let kept = Kept::new(&arguments);
    let files = kept.files("trees");
    let manifests = files.iter().filter(|path| path.ends_with("manifest"));
    for (step, manifest) in manifests.cycle().take(10).enumerate() {
        flip(manifest, step * 7919);
        kept.project.install_again(&arguments).succeeded();
        kept.assert_right();
    }
}

#[test]
fn flipped_bits_of_bytecode_and_addresses_do_no_harm() {
    let arguments = ["--compile", "--link-mode", "copy"];
    let kept = Kept::new(&arguments);
    survives_flips(&kept, "bytecode", &arguments, 20);
    for path in kept.files("archives") {
        fs::remove_file(path).unwrap();
    }
    survives_flips(&kept, "addresses", &arguments, 10);
    survives_flips(&kept, "interpreters", &arguments, 10);
}

#[test]
fn damaged_archives_are_fetched_again_in_the_same_run() {
    let arguments = ["--link-mode", "copy"];
    let kept = Kept::new(&arguments);
    for forgets_addresses in [false, true] {
        for path in kept.files("archives") {
            put(&path, &vec![0; fs::read(&path).unwrap().len()]);
        }
        if forgets_addresses {
            let folder = kept.project.workspace.cache().join("v1/addresses");
            fs::remove_dir_all(folder).unwrap();
        }
        let output = kept.project.install_again(&arguments).succeeded();
        let said =
            "The copy of acme-1.0-py3-none-any.whl in the cache was damaged: fetching it again";
        assert!(output.stderr.contains(said), "{}", output.stderr);
        kept.assert_right();
        kept.verify().succeeded();
    }
}

#[test]
fn a_damaged_unpacked_wheel_is_fetched_again_in_the_same_run() {
    for first in [&["--link-mode", "hardlink"][..], &PACKED] {
        let kept = Kept::new(first);
        for path in kept.files("trees") {
            let content = fs::read(&path).unwrap();
            if let Some(place) = content.windows(500).position(|part| part == [7; 500]) {
                flip(&path, (place + 10) * 8);
            }
        }
        let output = kept.project.install_again(&["--link-mode", "copy"]);
        let said = "acme/data.bin in the cache was damaged: fetching it again";
        assert!(output.succeeded().stderr.contains(said));
        kept.assert_right();
    }
}

#[test]
fn a_damaged_copy_in_a_cache_that_may_only_be_read_is_passed_by() {
    for (first, folder) in [
        (&["--link-mode", "copy"][..], "archives"),
        (&["--link-mode", "hardlink"], "trees"),
        (&PACKED, "trees"),
    ] {
        let kept = Kept::new(first);
        for path in kept.files(folder) {
            if !path.ends_with("manifest") {
                put(&path, &vec![0; fs::read(&path).unwrap().len()]);
            }
        }
        let cache = kept.project.workspace.cache();
        let before = snapshot(&cache);
        let Some(_mount) = Mount::read_only(&cache) else {
            return;
        };
        let output = kept.project.install_again(&["--link-mode", "copy"]);
        let output = output.succeeded();
        assert!(
            output.stderr.contains("was damaged: fetching it again"),
            "{output:?}"
        );
        kept.assert_right();
        assert!(snapshot(&cache) == before);
    }
}

#[test]
fn in_a_cache_that_may_only_be_read_damage_is_not_blamed_for_another_error() {
    let kept = Kept::new(&["--link-mode", "copy"]);
    for path in kept.files("archives") {
        put(&path, &vec![0; fs::read(&path).unwrap().len()]);
    }
    let cache = kept.project.workspace.cache();
    let Some(_mount) = Mount::read_only(&cache) else {
        return;
    };
    let arguments = ["--link-mode", "copy", "--max-unpacked", "10"];
    let output = kept.project.install_again(&arguments);
    let expected = ["2 wheels cannot be installed", "the copy of `acme-1.0"];
    let said = output.failed(1, &expected).stderr;
    assert_eq!(said.matches("fetching it again").count(), 2, "{said}");
    assert!(!said.contains("other processes"), "{said}");
}

#[test]
fn a_change_of_an_environment_survives_a_damaged_archive() {
    let arguments = ["--link-mode", "copy"];
    let kept = Kept::new(&arguments);
    let (all, one) = (wheels(), &wheels()[1..]);
    kept.project.lock(one);
    kept.project
        .run(&["install", "--sync", "--link-mode", "copy"])
        .succeeded();
    for path in kept.files("archives") {
        put(&path, &vec![0; fs::read(&path).unwrap().len()]);
    }
    kept.project.lock(&all);
    kept.project
        .run(&["install", "--link-mode", "copy"])
        .succeeded();
    kept.assert_right();
}

#[test]
fn a_damaged_archive_is_a_clear_error_without_the_network() {
    let kept = Kept::new(&["--link-mode", "copy"]);
    for path in kept.files("archives") {
        put(&path, &vec![0; fs::read(&path).unwrap().len()]);
    }
    let arguments = ["-q", "--offline", "--link-mode", "copy"];
    kept.project.install_again(&arguments).failed(
        1,
        &[
            "2 locked files are not in the cache",
            "the copy of `acme-1.0-py3-none-any.whl` in the cache was damaged",
        ],
    );
    assert!(!kept.project.venv().exists());
}

#[test]
fn verifying_names_and_removes_what_is_damaged_of_every_kind() {
    let kept = Kept::new(&["--compile", "--link-mode", "copy"]);
    kept.verify().succeeded();
    for kind in ["archives", "addresses", "interpreters", "bytecode"] {
        for (step, path) in kept.files(kind).into_iter().enumerate() {
            flip(&path, step * 7919 + 70);
            let named = path.to_str().unwrap();
            kept.verify()
                .failed(1, &["was damaged", named, "were removed"]);
            assert!(!path.exists(), "{named}");
            kept.verify().succeeded();
        }
    }
}

#[test]
fn verifying_finds_what_links_do_not_show() {
    for arguments in [&["--link-mode", "hardlink"][..], &PACKED] {
        let kept = Kept::new(arguments);
        kept.verify().succeeded();
        for path in kept.files("trees") {
            if !path.exists() {
                continue;
            }
            flip(&path, 99);
            let tree = path.ancestors().find(|path| path.join("manifest").exists());
            let tree = tree.unwrap().to_owned();
            kept.verify().failed(1, &[tree.to_str().unwrap()]);
            assert!(!tree.exists());
            kept.project.install_again(arguments).succeeded();
            kept.assert_right();
        }
    }
}
