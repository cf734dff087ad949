//! `cache size` and `cache clear` on folders that are no cache, and disks without room.

use std::fs;
use std::path::Path;

use crate::support::workspace::Workspace;

/// Every path below a folder, sorted.
fn paths(folder: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        paths.push(path.display().to_string());
        if path.is_dir() {
            paths.extend(self::paths(&path));
        }
    }
    paths.sort();
    paths
}

#[test]
fn a_missing_or_empty_cache_stays_so() {
    let workspace = Workspace::new();
    let root = workspace.project();
    fs::create_dir(root.join("empty")).unwrap();
    for name in ["missing", "empty"] {
        let run = |command| workspace.run(&["cache", command, "--cache-dir", name]);
        assert_eq!(run("size").succeeded().stdout, "0\n");
        run("clear").succeeded();
    }
    assert_eq!(paths(&root), [root.join("empty").display().to_string()]);
}

#[test]
fn a_folder_that_is_no_cache_is_left_alone() {
    let workspace = Workspace::new();
    workspace.write("work/v1/archives/thesis.txt", "years");
    workspace.write("work/v1/tmp/notes.txt", "days");
    workspace.write("work/.removed-0123456789abcdef/mine", "");
    workspace.write("work/CACHEDIR.TAG", "of another program");
    let before = paths(&workspace.project());
    for command in ["size", "clear", "verify"] {
        let refused = workspace.run(&["cache", command, "--cache-dir", "work"]);
        refused.failed(1, &["/work` is not a cache", "--cache-dir"]);
        let file = "work/CACHEDIR.TAG";
        let refused = workspace.run(&["cache", command, "--cache-dir", file]);
        refused.failed(1, &["is not a cache"]);
    }
    assert_eq!(paths(&workspace.project()), before);
}

#[test]
fn what_others_put_into_a_cache_stays_there() {
    let workspace = Workspace::new();
    let folder = workspace.project().join("cache");
    let cache = lock2venv::store::Cache::open(&folder, &workspace.project()).unwrap();
    drop(cache);
    workspace.write("cache/v1/addresses/ab/address", "12345");
    workspace.write("cache/v1/mine/file", "");
    workspace.write("cache/.removed-by-me/file", "");
    let run = |command| workspace.run(&["cache", command, "--cache-dir", "cache"]);
    assert_eq!(run("size").succeeded().stdout, "5\n");
    run("clear").succeeded();
    let left = [
        ".removed-by-me",
        ".removed-by-me/file",
        "v1",
        "v1/mine",
        "v1/mine/file",
    ];
    let left = left.map(|path| folder.join(path).display().to_string());
    assert_eq!(paths(&folder), left);
}

#[test]
fn a_full_disk_is_called_one() {
    let project = Workspace::of_field("plain");
    let full = project.run(&["export", "-o", "/dev/full"]);
    full.failed(
        1,
        &["/dev/full", "No space left", "it is full: make room there"],
    );
}
