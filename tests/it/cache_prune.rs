//! `cache size` by parts, and `cache prune` beside other processes.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err as fs;
use lock2venv::store::{self, CachePart, PruneRules, Pruned};

use crate::support::local_index::Fault;
use crate::support::project::{LockedProject, names_in};
use crate::support::schema;
use crate::support::wheel_builder::WheelBuilder;

const BOLT: &str = "/files/bolt-1.0-py3-none-any.whl";

/// A prune that has not begun after so many looks fails.
const MOST_LOOKS: usize = 100_000_000;

fn wheel(name: &str) -> WheelBuilder {
    WheelBuilder::new(name, "1.0").file(&format!("{name}/__init__.py"), format!("# {name}\n"))
}

fn project(names: &[&str]) -> LockedProject {
    let wheels: Vec<WheelBuilder> = names.iter().map(|name| wheel(name)).collect();
    LockedProject::new(&wheels)
}

fn trees(project: &LockedProject) -> PathBuf {
    project.workspace.cache().join("v1/trees")
}

/// The cached wheel of a package.
fn tree(project: &LockedProject, name: &str) -> PathBuf {
    let is_its = |tree: &PathBuf| {
        let manifest = fs::read_to_string(tree.join("manifest")).unwrap();
        manifest.contains(&format!("{name}/__init__.py"))
    };
    let names = names_in(&trees(project)).into_iter();
    let mut found = names.map(|entry| trees(project).join(entry)).filter(is_its);
    found.next().unwrap()
}

/// Says of all that is in the cache that it was used so many days ago.
fn age(path: &Path, days: u64) {
    let then = SystemTime::now() - Duration::from_hours(24 * days);
    let file = fs::File::open(path).unwrap();
    file.set_modified(then).unwrap();
}

fn age_all(project: &LockedProject, days: u64) {
    let cache = project.workspace.cache().join("v1");
    for kind in ["trees", "checkouts"] {
        for name in names_in(&cache.join(kind)) {
            age(&cache.join(kind).join(name), days);
        }
    }
    for kind in [
        "archives",
        "addresses",
        "bytecode",
        "interpreters",
        "built",
        "directories",
    ] {
        for path in files(&cache.join(kind)) {
            age(&path, days);
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in names_in(folder) {
        let path = folder.join(name);
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Prunes as the program does, without one.
fn prune(project: &LockedProject, unused_for: Option<Duration>, max_bytes: Option<u64>) -> Pruned {
    let rules = PruneRules {
        unused_for,
        max_bytes,
        now: SystemTime::now(),
        is_rehearsal: false,
    };
    store::prune(&project.workspace.cache(), &rules).unwrap()
}

#[track_caller]
fn is_whole(project: &LockedProject, venv: &str) {
    project.run(&["check", "--venv", venv]).succeeded();
}

#[test]
fn the_size_says_what_there_is() {
    let project = project(&["acme", "bolt"]);
    project.run(&["install", "--compile"]).succeeded();
    let copied = project.run(&["install", "--venv", "copied", "--link-mode", "copy"]);
    copied.succeeded();
    let output = project.run(&["cache", "size", "--format", "json"]);
    let document = schema::document(&output.succeeded().stdout, "cache-size-1");
    for (part, number) in [("unpacked", 2), ("bytecode", 2), ("checkouts", 0)] {
        assert_eq!(document["parts"][part]["count"], number, "{part}");
    }
    assert_eq!(document["parts"]["packs"]["count"], 0);
    assert!(document["parts"]["answers"]["count"].as_u64() > Some(0));
    let unpacked = &document["parts"]["unpacked"];
    assert!(unpacked["shared_bytes"].as_u64() > Some(0), "{document:#}");
    assert!(unpacked["shared_bytes"].as_u64() < unpacked["bytes"].as_u64());
    let text = project.run(&["cache", "size"]).succeeded();
    assert_eq!(text.stdout, format!("{}\n", document["total"]["bytes"]));
    text.said(&[
        "unpacked wheels         2",
        "shared with environments",
        "bytecode",
    ]);
}

#[test]
fn what_was_not_used_for_long_goes_and_environments_stay_whole() {
    let project = project(&["acme", "bolt"]);
    project.run(&["install"]).succeeded();
    let (acme, bolt) = (tree(&project, "acme"), tree(&project, "bolt"));
    age(&acme, 31);
    age(&bolt, 29);
    let rehearsed = project.run(&["cache", "prune", "--unused-for", "30", "--dry-run"]);
    rehearsed
        .succeeded()
        .said(&["Would remove", "still used by environments"]);
    assert!(acme.exists());
    let pruned = project.run(&["cache", "prune", "--unused-for", "30"]);
    pruned
        .succeeded()
        .said(&["Removed", "unpacked wheels         1"]);
    assert!(!acme.exists() && bolt.exists());
    is_whole(&project, ".venv");
    project.index.take_paths();
    project.run(&["install", "--venv", "other"]).succeeded();
    let paths = project.index.take_paths();
    assert!(
        paths.iter().any(|path| path.contains("acme"))
            && !paths.iter().any(|path| path.contains("bolt"))
    );
    is_whole(&project, "other");
}

#[test]
fn an_install_marks_what_it_uses_with_everything_that_the_wheel_has() {
    for more in [&["--compile"][..], &["--cache-archives"]] {
        let project = project(&["acme"]);
        project.run(&[&["install"], more].concat()).succeeded();
        age_all(&project, 100);
        project
            .run(&[&["install", "--venv", "other"], more].concat())
            .succeeded();
        let pruned = prune(&project, Some(Duration::from_hours(24)), None);
        let parts = [
            CachePart::Archives,
            CachePart::Unpacked,
            CachePart::Bytecode,
        ];
        for part in parts {
            assert_eq!(pruned.removed.of(part).n_things, 0, "{part:?} {more:?}");
        }
        project
            .run(&[&["install", "--offline", "--venv", "third"], more].concat())
            .succeeded();
    }
}

#[test]
fn what_was_used_least_recently_goes_first() {
    let project = project(&["acme", "bolt", "coil"]);
    project.run(&["install"]).succeeded();
    age_all(&project, 9);
    for (name, days) in [("acme", 2), ("bolt", 3), ("coil", 1)] {
        age(&tree(&project, name), days);
    }
    let (acme, coil) = (tree(&project, "acme"), tree(&project, "coil"));
    let bytes = |path: &Path| -> u64 {
        let files = files(path).into_iter();
        files.map(|file| fs::metadata(file).unwrap().len()).sum()
    };
    prune(&project, None, Some(bytes(&acme) + bytes(&coil)));
    assert!(acme.exists() && coil.exists());
    assert_eq!(names_in(&trees(&project)).len(), 2);
    let pruned = prune(&project, None, Some(bytes(&coil)));
    assert!(!acme.exists() && coil.exists());
    assert_eq!(pruned.left.total().size.n_bytes, bytes(&coil));
    project
        .run(&["cache", "prune", "--max-size", "1"])
        .succeeded();
    assert_eq!(project.run(&["cache", "size"]).succeeded().stdout, "0\n");
    is_whole(&project, ".venv");
}

#[test]
fn a_running_install_keeps_what_it_found() {
    for more in [&[][..], &["--link-mode", "copy"], &["--cache-archives"]] {
        let project = project(&["acme", "bolt", "coil"]);
        project.run(&[&["install"], more].concat()).succeeded();
        // What is not there any more has to be fetched, and what the lock does not name is used by nobody.
        age_all(&project, 100);
        forget(&project, "bolt");
        // What it waits for below.
        project.index.take_paths();
        project.index.misbehave(BOLT, Fault::Hold, 1);
        let child = project.start(&[&["install", "--venv", "other"], more].concat());
        project.index.wait_for(BOLT);
        let pruned = project.run(&["cache", "prune", "--unused-for", "0"]);
        pruned
            .succeeded()
            .said(&["as running processes may use them"]);
        project.index.let_go();
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        is_whole(&project, "other");
        let offline = [&["install", "--offline", "--venv", "third"], more].concat();
        project.run(&offline).succeeded();
        // Nobody uses anything any more.
        project
            .run(&["cache", "prune", "--unused-for", "0"])
            .succeeded();
        assert_eq!(project.run(&["cache", "size"]).succeeded().stdout, "0\n");
    }
}

/// Removes what the cache has of a package, as if it had not been fetched yet.
fn forget(project: &LockedProject, name: &str) {
    let cache = project.workspace.cache().join("v1");
    if !names_in(&cache.join("trees")).is_empty() {
        fs::remove_dir_all(tree(project, name)).unwrap();
    }
    let bytes = wheel(name).build();
    for path in files(&cache.join("archives")) {
        if fs::read(&path).unwrap() == bytes {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn what_a_running_install_has_not_looked_for_goes() {
    let project = project(&["acme", "bolt"]);
    project.run(&["install"]).succeeded();
    let acme = tree(&project, "acme");
    let stranger = trees(&project).join(format!("sha256-{}", "0".repeat(64)));
    fs::create_dir(&stranger).unwrap();
    fs::write(stranger.join("manifest"), "").unwrap();
    age_all(&project, 100);
    forget(&project, "bolt");
    project.index.take_paths();
    project.index.misbehave(BOLT, Fault::Hold, 1);
    let child = project.start(&["install", "--venv", "other"]);
    project.index.wait_for(BOLT);
    project
        .run(&["cache", "prune", "--unused-for", "0"])
        .succeeded();
    assert!(acme.exists() && !stranger.exists());
    project.index.let_go();
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn a_prune_that_is_killed_leaves_whole_things_and_nothing_else() {
    let names: Vec<String> = (0..40).map(|number| format!("acme{number}")).collect();
    let wheels = names.iter().map(|name| {
        (0..30).fold(wheel(name), |wheel, file| {
            wheel.file(&format!("{name}/m{file}.py"), format!("# {file}\n"))
        })
    });
    let project = LockedProject::new(&wheels.collect::<Vec<_>>());
    for n_left in [40, 39, 30, 20, 5] {
        project.run(&["sync"]).succeeded();
        project.run(&["install", "--venv", "again"]).succeeded();
        fs::remove_dir_all(project.workspace.project().join("again")).unwrap();
        assert_eq!(names_in(&trees(&project)).len(), 40);
        let mut child = project.start(&["cache", "prune", "--unused-for", "0"]);
        let is_there = |_: &usize| {
            child.try_wait().unwrap().is_none() && names_in(&trees(&project)).len() > n_left
        };
        (0..MOST_LOOKS).take_while(is_there).last();
        // It may have ended.
        let _ = child.kill();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_end(&mut Vec::new())
            .unwrap();
        child.wait().unwrap();
        project.run(&["cache", "verify"]).succeeded();
        assert_eq!(names_in(&project.workspace.cache().join("v1/tmp")), [""; 0]);
        assert_eq!(
            names_in(&project.workspace.cache().join("v1/users")),
            [""; 0]
        );
        is_whole(&project, ".venv");
    }
}

#[test]
fn a_prune_says_what_it_needs_to_know() {
    let project = project(&["acme"]);
    project
        .run(&["cache", "prune"])
        .failed(2, &["--unused-for", "--max-size"]);
    project
        .run(&["cache", "prune", "--max-size", "5X"])
        .failed(2, &["such as 500M"]);
    // Nothing is made where there is no cache.
    project
        .run(&["cache", "prune", "--max-size", "5G"])
        .succeeded();
    assert!(!project.workspace.cache().exists());
}

#[test]
fn files_of_environments_lose_a_name_and_nothing_else() {
    let project = project(&["acme"]);
    project.run(&["install"]).succeeded();
    let lib = project.workspace.project().join(".venv/lib");
    let file = files(&lib)
        .into_iter()
        .find(|path| path.ends_with("acme/__init__.py"));
    let file = file.unwrap();
    let state = || {
        let metadata = fs::metadata(&file).unwrap();
        (
            metadata.ino(),
            metadata.mode(),
            metadata.modified().unwrap(),
            fs::read(&file).unwrap(),
        )
    };
    let before = state();
    assert_eq!(fs::metadata(&file).unwrap().nlink(), 2);
    prune(&project, Some(Duration::ZERO), None);
    assert_eq!((state(), fs::metadata(&file).unwrap().nlink()), (before, 1));
}

#[test]
fn a_cache_that_is_not_there_is_named() {
    let project = project(&["acme"]);
    let flags = [
        "cache",
        "prune",
        "--unused-for",
        "1",
        "--cache-dir",
        "nowhere",
    ];
    let output = project.run(&flags).succeeded();
    assert!(
        output.stderr.starts_with("There is no cache in "),
        "{}",
        output.stderr
    );
    assert!(!project.workspace.project().join("nowhere").exists());
}
