//! Archives with a URL or path of their own of which the lock has no digest: Poetry installs them, and so does this, with a warning.

use std::fs;

use crate::from_source::Scene;
use crate::support::build_scene::Source;
use crate::support::wheel_builder::WheelBuilder;

const WARNING: &str = "warning: poetry.lock has no digest of the archive of `demo` 1.0";

fn scene() -> Scene {
    let scene = Scene::new(&Source::new("demo"));
    let wheel = WheelBuilder::new("demo", "1.0").file("demo.py", "");
    let name = wheel.file_name();
    scene.index.add("demo", &name, &wheel.build());
    scene.workspace.write(&name, wheel.build());
    scene
}

fn of_url(scene: &Scene, file: &str) {
    let url = scene.index.at(&format!("/files/{file}"));
    let source = format!("[package.source]\ntype = \"url\"\nurl = \"{url}\"\n");
    scene.lock("", &source);
    scene.index.take_paths();
}

#[test]
fn an_archive_at_a_url_is_installed_with_a_warning() {
    for file in ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"] {
        let scene = scene();
        of_url(&scene, file);
        let dry = scene.run(&["install", "--dry-run"]).succeeded();
        dry.said(&[WARNING, "Installing demo (1.0"]);
        assert!(scene.index.take_paths().is_empty());
        let output = scene.run(&["install"]).succeeded();
        output.said(&[WARNING, "hint: ", "poetry lock"]);
        // As Poetry writes it.
        let direct = scene.read("demo-1.0.dist-info/direct_url.json");
        assert!(direct.contains("\"archive_info\": {}"), "{direct}");
        let again = scene.run(&["install"]).succeeded();
        again.said(&["No dependencies to install or update"]);
        let venv = scene.workspace.project().join(".venv");
        fs::remove_dir_all(venv).unwrap();
        let offline = scene.run(&["install", "--offline"]);
        offline.failed(1, &["1 locked file is not in the cache"]);
    }
}

#[test]
fn an_archive_of_this_machine_is_installed_with_a_warning() {
    let scene = scene();
    let source = "[package.source]\ntype = \"file\"\nurl = \"demo-1.0-py3-none-any.whl\"\n";
    scene.lock("", source);
    let output = scene.run(&["install", "--offline"]).succeeded();
    output.said(&[WARNING]);
    assert_eq!(scene.read("demo.py"), "");
}
