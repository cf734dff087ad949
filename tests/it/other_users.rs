//! Runs by a user who owns only a part of what is there, as after `USER` in an image build.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::support::requirement::missing;
use crate::support::shop::{Scene, break_python, library};
use crate::support::workspace::Output;

const NOBODY: u32 = 65534;
const PYTHON: &str = "/usr/bin/python3";

/// A project that nobody can read; `None` where the test cannot become another user.
fn scene() -> Option<Scene> {
    let scene = Scene::new();
    let home = scene.workspace.home();
    if fs::metadata(&home).unwrap().uid() != 0 || !Path::new(PYTHON).exists() {
        missing("root user, who alone can be another, or a Python of the system");
        return None;
    }
    for folder in [home.parent().unwrap(), &home, &scene.project()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    // Where this test was compiled may be private.
    fs::copy(env!("CARGO_BIN_EXE_lock2venv"), home.join("lock2venv")).unwrap();
    Some(scene)
}

/// Installs as a user who owns nothing but what was given to them.
fn install_as_nobody(scene: &Scene, arguments: &[&str]) -> Output {
    let mut command = Command::new(scene.workspace.home().join("lock2venv"));
    command
        .args(["install", "--no-root", "--python", PYTHON])
        .args(arguments)
        .current_dir(scene.project())
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("PATH", "/usr/bin:/bin")
        .env("LOCK2VENV_INDEX_URL", scene.index.url())
        .uid(NOBODY)
        .gid(NOBODY);
    Output::of(&mut command)
}

fn install_as_root(scene: &Scene, arguments: &[&str]) {
    let arguments = [&["--python", PYTHON], arguments].concat();
    Output::of(&mut scene.command_in(&scene.project(), &arguments)).succeeded();
}

#[test]
fn an_environment_that_may_not_be_removed_is_not_removed_half() {
    let Some(scene) = scene() else { return };
    install_as_root(&scene, &[]);
    let venv = scene.venv();
    break_python(&venv);
    // Only the folder itself is given away, as `chown` without `-R` does.
    chown(&venv, Some(NOBODY), Some(NOBODY)).unwrap();
    let output = install_as_nobody(&scene, &["--no-cache"]);
    output.failed(1, &["cannot remove what is in", "Permission denied"]);
    assert!(venv.join("pyvenv.cfg").is_file());
    assert!(library(&venv).join("acme-1.0.dist-info/RECORD").is_file());
    install_as_root(&scene, &[]);
    let python = Command::new(venv.join("bin/python"))
        .args(["-c", "import acme"])
        .status();
    assert!(python.unwrap().success());
}

#[test]
fn a_cache_that_may_not_be_read_is_passed_by() {
    let Some(scene) = scene() else { return };
    for mode in ["hardlink", "copy"] {
        let cache = scene.workspace.home().join(mode);
        let cache = ["--cache-dir", cache.to_str().unwrap(), "--link-mode", mode];
        install_as_root(&scene, &cache);
        fs::remove_dir_all(scene.venv()).unwrap();
        fs::create_dir(scene.venv()).unwrap();
        chown(scene.venv(), Some(NOBODY), Some(NOBODY)).unwrap();
        install_as_nobody(&scene, &cache).succeeded();
        assert!(library(&scene.venv()).join("acme/__init__.py").is_file());
        fs::remove_dir_all(scene.venv()).unwrap();
    }
}

#[test]
fn a_cache_inside_of_the_environment_is_refused() {
    let scene = Scene::new();
    for cache in [".venv", ".venv/cache"] {
        let arguments = ["--cache-dir", cache];
        let output = Output::of(&mut scene.command_in(&scene.project(), &arguments));
        output.failed(2, &["would be inside the environment"]);
        assert!(!scene.venv().exists());
    }
}
