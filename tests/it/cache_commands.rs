//! `cache size` and `cache clear` on folders that are no cache, and disks without room.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use crate::support::requirement::missing;
use crate::support::workspace::{Output, Workspace};

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
        &["/dev/full", "No space left", "it is full: free some space"],
    );
}

#[test]
fn folders_are_removed_however_deep_they_are() {
    let workspace = Workspace::new();
    let folder = workspace.project().join("cache");
    drop(lock2venv::store::Cache::open(&folder, &workspace.project()).unwrap());
    let deep = "a/".repeat(500);
    workspace.write(&format!("cache/v1/trees/{deep}file"), "");
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n 128 && exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_lock2venv"))
        .args(["cache", "clear", "--cache-dir", "cache"])
        .current_dir(workspace.project());
    Output::of(&mut command).succeeded();
    assert_eq!(paths(&folder), [""; 0]);
}

#[test]
fn what_is_damaged_in_the_cache_of_another_user_is_named_and_stays() {
    let workspace = Workspace::new();
    let folder = workspace.project().join("cache");
    drop(lock2venv::store::Cache::open(&folder, &workspace.project()).unwrap());
    if chown(&folder, Some(4711), Some(4711)).is_err() {
        missing("root user, who alone can give files away");
        return;
    }
    let damaged = [
        "trees/sha256-00/0",
        "bytecode/a/b.pack",
        "interpreters/a.json",
        "built/a",
    ];
    for path in damaged {
        workspace.write(&format!("cache/v1/{path}"), "");
    }
    let before = paths(&folder);
    let verified = workspace.run(&["cache", "verify", "--cache-dir", "cache"]);
    verified.failed(
        1,
        &["4 parts of the cache were damaged", "remove it by hand"],
    );
    assert_eq!(paths(&folder), before);
}
