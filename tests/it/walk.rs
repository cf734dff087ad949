//! Walks between random locks: wherever an environment comes from, `sync` makes of it what a new one is, byte by byte.
//!
//! Packages share files, folders, scripts and data, and come from every kind of source. `LOCK2VENV_WALKS` sets how many walks
//! are made, `LOCK2VENV_WALK_SEED` which is the first: a failure names its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use fs_err as fs;

use crate::support::locked_wheels::python;
use crate::support::scene::contents;
use crate::support::walk_world::World;
use crate::support::wheel_builder::WheelBuilder;

const N_STEPS: usize = 5;

type Files = BTreeMap<String, Vec<u8>>;

fn seeds(usual: u64) -> std::ops::Range<u64> {
    let number = |name: &str, usual: u64| {
        let set = std::env::var(name).ok();
        set.map_or(usual, |text| text.parse().unwrap())
    };
    let first = number("LOCK2VENV_WALK_SEED", 1);
    first..first + number("LOCK2VENV_WALKS", usual)
}

#[test]
fn any_way_from_lock_to_lock_ends_in_a_new_environment() {
    for seed in seeds(4) {
        let mut world = World::new(seed, true);
        let mut way = format!("LOCK2VENV_WALK_SEED={seed}");
        for _ in 0..N_STEPS {
            step(&mut world, &mut way, |_| true);
        }
    }
}

#[test]
fn an_environment_of_venv_and_pip_ends_like_a_new_one() {
    for seed in seeds(1) {
        let mut world = World::new(seed, false);
        let mut way = format!("venv and pip, LOCK2VENV_WALK_SEED={seed}");
        make_with_pip(&world);
        for _ in 0..2 {
            step(&mut world, &mut way, is_ours);
        }
    }
}

/// Locks something, and compares what `sync` makes of what is there with what is made of nothing, as far as files are `counted`.
#[track_caller]
fn step(world: &mut World, way: &mut String, counted: impl Fn(&str) -> bool) {
    let chosen = world.lock();
    way.push('\n');
    way.push_str(&chosen);
    if world.rng.u8(..4) == 0 {
        way.push_str(&interrupt(world));
    }
    let before = files(&world.venv());
    let changed = world.run("sync");
    let after = files(&world.venv());
    let aside = world.workspace.home().join("aside");
    if world.venv().exists() {
        fs::rename(world.venv(), &aside).unwrap();
    }
    let made = world.run("install");
    let fresh = files(&world.venv());
    let _ = fs::remove_dir_all(world.venv());
    if aside.exists() {
        fs::rename(&aside, world.venv()).unwrap();
    }
    assert_eq!(changed.code, made.code, "{way}\n{changed:?}\n{made:?}");
    if changed.code == 0 {
        assert_same(&after, &fresh, counted, way);
    } else {
        made.said(&["is both a file and a folder"]);
        // What was interrupted is completed all the same.
        if !way.contains("interrupted") {
            assert_same(&after, &before, |_| true, way);
        }
    }
}

#[track_caller]
fn assert_same(got: &Files, want: &Files, counted: impl Fn(&str) -> bool, way: &str) {
    let all = got.keys().chain(want.keys());
    let differing: Vec<_> = all
        .filter(|path| counted(path) && got.get(*path) != want.get(*path))
        .map(|path| {
            (
                path,
                got.get(path).map(Vec::len),
                want.get(path).map(Vec::len),
            )
        })
        .collect();
    assert!(differing.is_empty(), "{way}\n{differing:#?}");
}

/// Files by their path, and empty folders.
fn files(venv: &Path) -> Files {
    let mut found = contents(venv);
    let mut folders = vec![venv.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        let entries: Vec<_> = entries.map(|entry| entry.unwrap()).collect();
        if entries.is_empty() {
            let name = folder.strip_prefix(venv).unwrap().to_str().unwrap();
            found.insert(format!("{name}/"), Vec::new());
        }
        let is_folder = |entry: &fs::DirEntry| entry.file_type().unwrap().is_dir();
        folders.extend(
            entries
                .iter()
                .filter(|entry| is_folder(entry))
                .map(fs::DirEntry::path),
        );
    }
    found
}

/// Has a distribution in the state of one that is going or coming.
fn interrupt(world: &mut World) -> String {
    let all = files(&world.venv());
    let records = all
        .keys()
        .filter(|path| path.ends_with(".dist-info/RECORD"));
    let records: Vec<_> = records.filter(|path| is_ours(path)).collect();
    if records.is_empty() {
        return String::new();
    }
    let record = world.venv().join(records[world.rng.usize(..records.len())]);
    fs::rename(&record, record.with_file_name("RECORD.lock2venv")).unwrap();
    format!(" (interrupted: {})", record.parent().unwrap().display())
}

/// Makes the environment as people do, with versions of packages that no lock has.
fn make_with_pip(world: &World) {
    let made = Command::new(python())
        .args(["-m", "venv"])
        .arg(world.venv())
        .status();
    assert!(made.unwrap().success());
    let folder = world.workspace.home().join("wheels");
    fs::create_dir_all(&folder).unwrap();
    for name in ["a", "b-b", "zeta"] {
        let wheel = WheelBuilder::new(name, "0.5")
            .file("ns/__init__.py", name)
            .file(&format!("top_{name}.py"), name)
            .data("scripts/raw", "#!python\n")
            .data("data/share/common/x", name)
            .console_script("tool", "ns:main");
        let path = folder.join(wheel.file_name());
        fs::write(&path, wheel.build()).unwrap();
        let mut pip = Command::new(world.venv().join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]);
        pip.args(["--disable-pip-version-check"]).arg(path);
        assert!(pip.status().unwrap().success());
    }
}

/// Tells whether a path is none of those that `python -m venv` makes, or of pip, which stays.
fn is_ours(path: &str) -> bool {
    let name = path.split('/').next_back().unwrap_or_default();
    let is_script = path.starts_with("bin/")
        && ["activate", "Activate", "python", "pip", "deactivate"]
            .iter()
            .any(|start| name.starts_with(start));
    let of_pip = path.contains("/site-packages/pip");
    let own = [
        "pyvenv.cfg",
        "lib64",
        ".gitignore",
        "CACHEDIR.TAG",
        "include/",
    ];
    !is_script && !of_pip && !own.iter().any(|own| path.starts_with(own))
}
