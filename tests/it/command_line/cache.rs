//! The cache: installing without the network, without a cache, and with one that may not be written.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use insta::assert_snapshot;

use crate::support::scene::{Scene, files};

#[test]
fn offline_takes_all_from_the_cache() {
    let scene = Scene::new();
    scene.run(&["install", "--no-root"]).succeeded();
    fs::remove_dir_all(scene.venv()).unwrap();
    scene.index.take_requests();
    scene
        .run(&["install", "--no-root", "--offline"])
        .succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0"]);
    assert_eq!(scene.index.take_paths(), [""; 0]);
}

#[test]
fn offline_lists_what_the_cache_lacks() {
    let scene = Scene::new();
    let output = scene
        .run(&["-q", "install", "--no-root", "--offline"])
        .failed(1, &[]);
    assert!(!scene.venv().exists());
    assert_eq!(scene.index.take_paths(), [""; 0]);
    assert_snapshot!(scene.said(&output), @r"
    error: 2 locked files are not in the cache
      acme 1.0: acme-1.0-py3-none-any.whl
      acme-dev 1.0: acme_dev-1.0-py3-none-any.whl
    hint: install once without `--offline`, with the same cache
    hint: or bring a folder: `lock2venv download --build DIR` where the network is, then `--find-links DIR`
    ");
}

#[test]
fn without_a_cache_nothing_is_kept() {
    let scene = Scene::new();
    let outside = scene.workspace.home().join("named");
    let named = outside.to_str().unwrap();
    let variables = [("LOCK2VENV_CACHE_DIR", named)];
    scene
        .run_with(&variables, &["install", "--no-cache"])
        .succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0", "annapurna-0.1.0"]);
    assert_eq!(files(&scene.workspace.home()), [""; 0]);
    assert!(!outside.exists());
}

#[test]
fn the_cache_can_be_found_measured_and_emptied() {
    let scene = Scene::new();
    let folder = scene.workspace.cache();
    let output = scene.run(&["cache", "dir"]).succeeded();
    assert_eq!(output.stdout, format!("{}\n", folder.display()));
    let poetry = [("POETRY_CACHE_DIR", "/srv/poetry")];
    let output = scene.run_with(&poetry, &["cache", "dir"]).succeeded();
    assert_eq!(output.stdout, "/srv/poetry/lock2venv\n");
    let absolute = [("XDG_CACHE_HOME", "/srv/cache")];
    let output = scene.run_with(&absolute, &["cache", "dir"]).succeeded();
    assert_eq!(output.stdout, "/srv/cache/lock2venv\n");
    let relative = [("XDG_CACHE_HOME", "srv")];
    let output = scene.run_with(&relative, &["cache", "dir"]).succeeded();
    assert_eq!(output.stdout, format!("{}\n", folder.display()));
    scene.run(&["install", "--no-root"]).succeeded();
    let size: u64 = scene
        .run(&["cache", "size"])
        .succeeded()
        .stdout
        .trim()
        .parse()
        .unwrap();
    assert!(size > 0);
    for command in [&["prune", "--unused-for", "0"][..], &["clear"]] {
        let refused = scene.run(&[&["cache"], command, &["--no-cache"]].concat());
        refused.failed(2, &["has no cache to work on with `--no-cache`"]);
    }
    assert_eq!(
        scene.run(&["cache", "size"]).succeeded().stdout,
        format!("{size}\n")
    );
    scene.run(&["cache", "clear"]).succeeded();
    assert_eq!(scene.run(&["cache", "size"]).succeeded().stdout, "0\n");
    scene
        .run(&["install", "--no-root", "--offline", "--sync"])
        .succeeded();
    fs::remove_dir_all(scene.venv()).unwrap();
    scene
        .run(&["install", "--no-root", "--offline"])
        .failed(1, &["not in the cache"]);
    let other = scene.run_with(&[("LOCK2VENV_CACHE_DIR", "elsewhere")], &["cache", "dir"]);
    let expected = scene.workspace.project().join("elsewhere");
    assert_eq!(other.stdout, format!("{}\n", expected.display()));
}

#[test]
fn a_cache_that_may_not_be_written_is_read() {
    let scene = Scene::new();
    // Archives can be proven again, where unpacked wheels of others cannot.
    scene
        .run(&["install", "--no-root", "--only", "main", "--link-mode=copy"])
        .succeeded();
    fs::remove_dir_all(scene.venv()).unwrap();
    let cache = scene.workspace.cache();
    let is_root = fs::metadata(&cache).unwrap().uid() == 0;
    // Nothing is read-only for root; but what belongs to another is left alone.
    set_owner_or_mode(
        &cache,
        if is_root {
            Lid::Owner(12345)
        } else {
            Lid::Mode(0o555)
        },
    );
    let before = files(&cache);
    let output = scene.run(&["install", "--no-root"]).succeeded();
    set_owner_or_mode(
        &cache,
        if is_root {
            Lid::Owner(0)
        } else {
            Lid::Mode(0o755)
        },
    );
    scene.has(&["acme-1.0", "acme_dev-1.0"]);
    assert_eq!(files(&cache), before);
    assert!(output.stderr.contains("warning: "), "{output:?}");
    let asked = scene.index.take_paths();
    let n_acme = asked
        .iter()
        .filter(|path| path.contains("/acme-1.0"))
        .count();
    assert_eq!(n_acme, 1, "the cache was not read: {asked:?}");
}

#[derive(Clone, Copy)]
enum Lid {
    Owner(u32),
    Mode(u32),
}

fn set_owner_or_mode(folder: &Path, lid: Lid) {
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        if let Lid::Mode(0o755) | Lid::Owner(_) = lid {
            close(&next, lid);
        }
        for entry in fs::read_dir(&next).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            }
        }
        close(&next, lid);
    }
}

fn close(folder: &Path, lid: Lid) {
    match lid {
        Lid::Owner(owner) => std::os::unix::fs::chown(folder, Some(owner), None).unwrap(),
        Lid::Mode(mode) => {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
        }
    }
}
