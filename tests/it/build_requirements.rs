//! Build requirements from other places than an index: repositories, folders of this machine, wheelhouses.

use std::fs;

use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;
use serde_json::json;

use crate::from_source::Scene;
use crate::support::build_scene::{BuildScene, MAKER, Source, made};
use crate::support::git_server::{GitPlace, serve_files};
use crate::support::locked_wheels::python;
use crate::support::shop::library;
use crate::support::wheel_builder::WheelBuilder;
use crate::support::workspace::Output;

/// A project that brings its backend.
const TOOL: &str =
    "[build-system]\nrequires = []\nbuild-backend = \"maker\"\nbackend-path = [\".\"]\n";

/// A repository of `tool` with two versions; returns the commit of the first.
fn repository(place: &GitPlace) -> String {
    place.create("tool");
    place.commit("tool", "pyproject.toml", TOOL);
    place.commit("tool", "maker.py", MAKER);
    let first = place.commit("tool", "spec", "tool 1.0");
    place.git("tool", &["tag", "v1"]);
    place.commit("tool", "spec", "tool 2.0");
    first
}

#[test]
fn every_kind_of_revision_is_resolved() {
    let scene = BuildScene::new();
    let place = GitPlace::new();
    let first = repository(&place);
    let url = format!("git+{}", place.url("tool"));
    let revisions = [&first[..40], &first[..8], "v1", "refs/tags/v1"];
    for revision in revisions {
        let requirement = format!("tool @ {url}@{revision}");
        let built = scene.build(&Source::new("demo").requiring(&requirement));
        fs::remove_dir_all(scene.path("cache/v1/built")).unwrap();
        let installed = &made(&built.unwrap())["installed"];
        assert_eq!(*installed, json!(["maker 1.0", "tool 1.0"]), "{revision}");
    }
    for revision in ["0000000", "abc", "refs/absent"] {
        let requirement = format!("tool @ {url}@{revision}");
        let built = scene.build(&Source::new("demo").requiring(&requirement));
        let error = built.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("has no branch or tag"), "{cause}");
    }
    assert!(scene.leftovers().is_empty(), "{:?}", scene.leftovers());
}

#[test]
fn a_repository_gets_the_credentials_of_poetrys_settings() {
    let place = GitPlace::new();
    let first = repository(&place);
    place.git("tool", &["update-server-info"]);
    // robot:canary-4711
    let host = serve_files(place.path(""), "Basic cm9ib3Q6Y2FuYXJ5LTQ3MTE=");
    let url = format!("http://{host}/tool/.git");
    for revision in ["v1", &first[..9]] {
        let requirement = format!("tool @ git+{url}@{revision}");
        let scene = Scene::new(&Source::new("demo").requiring(&requirement));
        scene
            .run(&["install"])
            .failed(1, &["the repository of the build requirement `tool`"]);
        let mut command = scene.command(&["install"]);
        command
            .env("POETRY_REPOSITORIES_FORGE_URL", &url)
            .env("POETRY_HTTP_BASIC_FORGE_USERNAME", "robot")
            .env("POETRY_HTTP_BASIC_FORGE_PASSWORD", "canary-4711");
        Output::of(&mut command).succeeded();
        assert!(scene.read("demo.py").contains("tool 1.0"));
    }
}

#[test]
fn a_folder_of_this_machine_is_built() {
    let scene = BuildScene::new();
    let folder = scene.path("tools/one");
    Source::new("tool").write_to(&folder);
    let at = scene.path("tools");
    for place in [
        format!("file://{}/one", at.display()),
        format!("file://{}#subdirectory=one", at.display()),
    ] {
        let requirement = format!("tool @ {place}");
        let built = scene.build(&Source::new("demo").requiring(&requirement));
        fs::remove_dir_all(scene.path("cache/v1/built")).unwrap();
        let installed = &made(&built.unwrap())["installed"];
        assert_eq!(*installed, json!(["maker 1.0", "tool 1.0"]), "{place}");
    }
    // It has to be built to be built.
    let own = format!("tool @ file://{}", folder.display());
    Source::new("tool").requiring(&own).write_to(&folder);
    let error = scene.build(&Source::new("other").requiring(&own));
    assert!(error.is_err());
}

#[test]
fn a_wheelhouse_has_build_requirements_too() {
    let scene = Scene::new(&Source::new("demo"));
    scene.run(&["download", "house"]).succeeded();
    let flags = ["install", "--offline", "--no-cache", "-f", "house"];
    scene.run(&flags).failed(1, &["the build requirements"]);
    let maker = WheelBuilder::new("maker", "1.5").file("maker.py", MAKER);
    let house = scene.workspace.project().join("house");
    fs::write(house.join(maker.file_name()), maker.build()).unwrap();
    scene.index.take_paths();
    scene.run(&flags).succeeded();
    assert!(scene.read("demo.py").contains("maker 1.5"));
    // With the network it is one of several.
    fs::remove_dir_all(scene.workspace.project().join(".venv")).unwrap();
    let newer = WheelBuilder::new("maker", "2.0").file("maker.py", MAKER);
    scene.index.add("maker", &newer.file_name(), &newer.build());
    scene
        .run(&["install", "--no-cache", "-f", "house"])
        .succeeded();
    assert!(scene.read("demo.py").contains("maker 2.0"));
}

/// Setuptools for those who ask for it: it says who was built.
fn setuptools() -> WheelBuilder {
    let module = format!(
        "{MAKER}\n\nclass __legacy__:\n    get_requires_for_build_wheel = staticmethod(get_requires_for_build_wheel)\n    build_wheel = staticmethod(build_wheel)\n"
    );
    WheelBuilder::new("setuptools", "80.0")
        .file("setuptools/__init__.py", "")
        .file("setuptools/build_meta.py", module)
}

#[test]
fn a_folder_that_names_no_backend_is_built_by_setuptools() {
    let scene = Scene::new(&Source::new("demo"));
    let wheel = setuptools();
    scene
        .index
        .add("setuptools", &wheel.file_name(), &wheel.build());
    let source = "[package.source]\ntype = \"directory\"\nurl = \"libs/demo\"\n";
    scene.lock("", source);
    let project = "[project]\nname = \"demo\"\nversion = \"1.0\"\n";
    scene.workspace.write("libs/demo/pyproject.toml", project);
    scene.workspace.write("libs/demo/demo.py", "NATIVE = 1\n");
    scene.workspace.write("libs/demo/spec", "demo 1.0");
    scene.run(&["install"]).succeeded();
    assert!(scene.read("demo.py").contains("setuptools 80.0"));
    // With Poetry's table it is Poetry's.
    let poetry =
        "[tool.poetry]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"\"\nauthors = []\n";
    scene.workspace.write("libs/demo/pyproject.toml", poetry);
    fs::remove_dir_all(scene.workspace.project().join(".venv")).unwrap();
    scene.run(&["install"]).succeeded();
    assert_eq!(scene.read("demo.py"), "NATIVE = 1\n");
}

#[test]
fn scripts_that_are_files_have_poetrys_names_where_the_project_is_linked_to() {
    let scene = Scene::new(&Source::new("demo"));
    let scripts = "[tool.poetry.scripts]\ntool = {reference = \"bin/tool.sh\", type = \"file\"}\n";
    let project = |name: &str| {
        format!(
            "[project]\nname = \"{name}\"\nversion = \"1.0\"\nrequires-python = \">=3.8\"\n{scripts}"
        )
    };
    for (folder, name) in [("", "app"), ("libs/demo/", "demo")] {
        scene
            .workspace
            .write(&format!("{folder}pyproject.toml"), project(name));
        scene.workspace.write(&format!("{folder}{name}.py"), "");
        scene
            .workspace
            .write(&format!("{folder}bin/tool.sh"), "#!/bin/sh\n");
    }
    let installed = |more: &[&str]| {
        let arguments = [&["install", "--only-root"], more].concat();
        let mut command = scene.command(&arguments);
        command.env("LOCK2VENV_PYTHON", python());
        Output::of(&mut command).succeeded();
        let venv = scene.workspace.project().join(".venv");
        assert!(library(&venv).exists());
        ["tool", "tool.sh"].map(|name| venv.join("bin").join(name).exists())
    };
    let root = scene.workspace.project();
    let parsed = Project::parse(&project("app"), &root, &Disk).unwrap();
    let hash = parsed.content_hash().unwrap();
    let lock = format!(
        "[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"{hash}\"\n"
    );
    scene.workspace.write("poetry.lock", lock);
    assert_eq!(installed(&["--editable"]), [true, false]);
    assert_eq!(installed(&[]), [false, true]);
}
