//! What a power loss does to a cache in which nothing is forced to the disk: files of the last seconds that are empty, cut, or full of
//! zeros. The next install, with the network, is right.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};

use crate::from_source;
use crate::git_install;
use crate::support::build_scene::Source;
use crate::support::git_server::{Daemon, GitPlace};
use crate::support::locked_wheels::{LockedWheels, python, snapshot};
use crate::support::wheel_builder::WheelBuilder;
use crate::support::workspace::Output;

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    /// It is there, and empty: what file systems that allocate late do.
    Empty,
    /// Its second half is gone.
    Half,
    /// It has its size, and its time, and zeros in the place of its bytes.
    Zeros,
}

const LOSSES: [Loss; 3] = [Loss::Empty, Loss::Half, Loss::Zeros];

/// Rewrites a file, which may have several names, with the time that it has.
fn lose(path: &Path, loss: Loss) {
    let metadata = fs::symlink_metadata(path).unwrap();
    if !metadata.is_file() {
        return;
    }
    let bytes = fs::read(path).unwrap();
    let left = match loss {
        Loss::Empty => Vec::new(),
        Loss::Half => bytes[..bytes.len() / 2].to_vec(),
        Loss::Zeros => vec![0; bytes.len()],
    };
    // In another file: the environment's own has been lost as well, and is made again.
    fs::remove_file(path).unwrap();
    fs::write(path, left).unwrap();
    fs::set_permissions(path, metadata.permissions()).unwrap();
    let times = FileTimes::new().set_modified(metadata.modified().unwrap());
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_times(times)
        .unwrap();
}

/// The files of a cache by kind: the folder below that of its version.
fn kinds(cache: &Path) -> BTreeMap<String, Vec<PathBuf>> {
    let root = cache.join("v1");
    let mut kinds: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for name in snapshot(&root).into_keys() {
        let kind = name.split('/').next().unwrap().to_owned();
        kinds.entry(kind).or_default().push(root.join(&name));
    }
    kinds.remove("tmp");
    kinds
}

fn copy_all(from: &Path, to: &Path) {
    drop(fs::remove_dir_all(to));
    let done = std::process::Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status();
    assert!(done.unwrap().success());
}

/// Installs, loses all files of each kind, and installs again: what is made is what was made at first. `is_linked` is where
/// nothing but size and time is looked at before files are linked, so zeros in them are not found.
#[track_caller]
fn survives(
    cache: &Path,
    venv: &Path,
    is_linked: bool,
    expected: &[&str],
    install: &dyn Fn() -> Output,
) {
    install().succeeded();
    let whole = snapshot(venv);
    let kept = cache.with_extension("kept");
    copy_all(cache, &kept);
    let found: Vec<String> = kinds(cache).into_keys().collect();
    for kind in expected {
        assert!(
            found.iter().any(|found| found == kind),
            "{kind} in {found:?}"
        );
    }
    for kind in found {
        for loss in LOSSES {
            copy_all(&kept, cache);
            for path in &kinds(cache)[&kind] {
                let is_manifest = path.extension().is_some_and(|ending| ending == "manifest");
                if !(is_linked && loss == Loss::Zeros && kind == "trees" && !is_manifest) {
                    lose(path, loss);
                }
            }
            drop(fs::remove_dir_all(venv));
            let output = install();
            assert_eq!(output.code, 0, "{kind} {loss:?}: {output:?}");
            let made = snapshot(venv);
            let all = made.keys().chain(whole.keys());
            let differing: Vec<&String> = all
                .filter(|path| made.get(*path) != whole.get(*path))
                .collect();
            assert!(differing.is_empty(), "{kind} {loss:?}: {differing:?}");
        }
    }
    fs::remove_dir_all(&kept).unwrap();
}

fn wheels_survive(arguments: &[&str], is_linked: bool, expected: &[&str]) {
    let wheel = WheelBuilder::new("acme", "1.0")
        .file("acme/__init__.py", "NAME = 'acme'\n")
        .file("acme/data.bin", [7; 500])
        .program("acme/tool.sh", "#!/bin/sh\n")
        .console_script("acme", "acme:main");
    let project = LockedWheels::new(&[wheel]);
    let install = || project.install_again(arguments);
    survives(
        &project.workspace.cache(),
        &project.venv(),
        is_linked,
        expected,
        &install,
    );
}

#[test]
fn archives_that_a_power_loss_cut_are_fetched_again() {
    wheels_survive(&["--link-mode", "copy"], false, &["archives", "addresses"]);
}

#[test]
fn packs_that_a_power_loss_cut_are_fetched_again() {
    wheels_survive(
        &["--link-mode", "copy", "--cache-archives=false"],
        false,
        &["trees"],
    );
}

#[test]
fn unpacked_wheels_that_a_power_loss_cut_are_fetched_again() {
    wheels_survive(
        &["--link-mode", "hardlink"],
        true,
        &["trees", "interpreters"],
    );
}

#[test]
fn bytecode_that_a_power_loss_cut_is_compiled_again() {
    wheels_survive(&["--compile"], true, &["bytecode"]);
}

#[test]
fn wheels_built_before_a_power_loss_are_built_again() {
    // What is built does not tell where it was built.
    let hook = "import os\nos.environ['VIRTUAL_ENV'] = ''";
    let scene = from_source::Scene::new(&Source::new("demo").file("hook.py", hook));
    let venv = scene.workspace.project().join(".venv");
    let install = || scene.run(&["install"]);
    survives(&scene.workspace.cache(), &venv, true, &["built"], &install);
}

#[test]
fn check_outs_that_a_power_loss_cut_are_fetched_again() {
    let place = GitPlace::new();
    let commit = git_install::acme(&place);
    let daemon = Daemon::start(&place.path(""));
    let workspace = git_install::one(&daemon.url("acme"), &commit);
    let venv = workspace.project().join(".venv");
    let install = || workspace.run(&["install", "--no-root", "--python", python()]);
    survives(&workspace.cache(), &venv, true, &["checkouts"], &install);
}
