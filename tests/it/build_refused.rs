//! Sources and backends that do something else than they should.

use std::fs;

use lock2venv::builder::Error;

use crate::from_source::{Scene, file_entry};
use crate::support::build_scene::{BuildScene, MAKER, Source, made};
use crate::support::git_server::GitPlace;
use crate::support::tar_builder::{TarEntry, gzip, tar};
use crate::support::wheel_builder::WheelBuilder;

/// A project that brings its own backend.
const BACKEND: &str =
    "[build-system]\nrequires = []\nbuild-backend = \"maker\"\nbackend-path = [\".\"]\n";

/// A hook that has the backend add this to the wheel that it writes.
fn adding(path: &str, text: &str) -> String {
    format!(
        "import maker, os, zipfile\n\
         write = maker.write\n\
         def more(folder, *arguments):\n    \
             name = write(folder, *arguments)\n    \
             with zipfile.ZipFile(os.path.join(folder, name), 'a') as archive:\n        \
                 archive.writestr('{path}', '{text}')\n    \
             return name\n\
         maker.write = more\n"
    )
}

#[test]
fn a_wheel_that_cannot_be_installed_is_refused_and_not_kept() {
    let scene = BuildScene::new();
    for path in ["../../evil.py", "demo-1.0.dist-info/METADATA"] {
        let source = Source::new("demo").file("hook.py", &adding(path, "Name: evil"));
        let error = scene.build(&source).unwrap_err();
        assert!(matches!(error, Error::BadWheel { .. }), "{error:?}");
        assert!(!scene.path("cache/v1/built").exists());
        assert!(scene.leftovers().is_empty(), "{:?}", scene.leftovers());
    }
    let scene = Scene::new(&Source::new("demo").file("hook.py", &adding("../x", "")));
    scene.run(&["install"]).failed(
        1,
        &[
            "`demo-1.0-py3-none-any.whl` was built, which cannot be installed",
            "report it to the authors of the package",
        ],
    );
}

#[test]
fn a_backend_may_remove_its_own_output() {
    let scene = BuildScene::new();
    let hook = "import os, shutil\nshutil.rmtree(os.path.dirname(folder))\nos._exit(3)\n";
    let error = scene
        .build(&Source::new("demo").file("hook.py", hook))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`build_wheel` exited early (exit status: 3)"
    );
    assert!(error.output().unwrap().log.as_os_str().is_empty());
}

#[test]
fn what_is_wrong_with_an_archive_is_named_by_its_place_in_it() {
    let scene = BuildScene::new();
    let message = |source: &Source| scene.build(source).unwrap_err().to_string();
    let broken = Source::new("demo").pyproject("[build-system\n");
    assert_eq!(
        message(&broken),
        "`demo-1.0.tar.gz/pyproject.toml` cannot be read"
    );
    let other = Source::new("demo").pyproject("[build-system]\nrequires = 1\n");
    assert_eq!(
        message(&other),
        "`demo-1.0.tar.gz/pyproject.toml` does not say how the project is built"
    );
}

#[test]
fn an_archive_with_two_folders_at_its_top_is_shown() {
    let entries = ["one/pyproject.toml", "other/setup.py"].map(|path| TarEntry::file(path, b""));
    let archive = gzip(&tar(&entries));
    let scene = Scene::new(&Source::new("demo"));
    let digest = scene.index.add("demo", "demo-1.0.tar.gz", &archive);
    scene.lock(&file_entry("demo-1.0.tar.gz", &digest), "");
    scene
        .run(&["install"])
        .failed(1, &["at its top: one, other", "nothing of it was run"]);
    let archive = gzip(&tar(&[TarEntry::file("demo-1.0/README", b"")]));
    let digest = scene.index.add("demo", "demo-1.0.tar.gz", &archive);
    scene.lock(&file_entry("demo-1.0.tar.gz", &digest), "");
    scene.run(&["install"]).failed(
        1,
        &["`demo-1.0.tar.gz` contains neither pyproject.toml nor setup.py"],
    );
}

#[test]
fn what_ended_a_backend_or_differs_from_the_lock_has_a_hint() {
    let run = |source: &Source| Scene::new(source).run(&["install"]);
    let killed = "import os\nos.kill(os.getpid(), 9)\n";
    run(&Source::new("demo").file("hook.py", killed)).failed(1, &["memory", "LOCK2VENV_JOBS=1"]);
    let other = [
        "its version is 2.0 instead of 1.0",
        "run `poetry lock` and review the change",
    ];
    run(&Source::new("demo").file("spec", "demo 2.0")).failed(1, &other);
    let full = "raise OSError(28, 'No space left on device')";
    run(&Source::new("demo").file("hook.py", full)).failed(1, &["the disk is full"]);
    let long = "print('x' * 100000)\nraise OSError('y' * 100000)\n";
    let output = run(&Source::new("demo").file("hook.py", long)).failed(1, &["OSError: yyy"]);
    assert!(output.stderr.len() < 5000, "{}", output.stderr.len());
}

#[test]
fn a_requirement_may_be_a_file_of_this_machine() {
    let scene = BuildScene::new();
    let wheel = WheelBuilder::new("local", "1.0").file("local.py", "");
    let source = Source::new("packed");
    let folder = scene.path("files here");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(wheel.file_name()), wheel.build()).unwrap();
    fs::write(folder.join("packed.tar.gz"), source.archive()).unwrap();
    let url = |name: &str| format!("file://{}/{name}", scene.path("files%20here").display());
    let build = |requirement: &str| scene.build(&Source::new("demo").requiring(requirement));
    let wheel = url(&wheel.file_name());
    let built = build(&format!("local @ {wheel}")).unwrap();
    assert_eq!(
        made(&built)["installed"],
        serde_json::json!(["local 1.0", "maker 1.0"])
    );
    let wrong = format!("local @ {wheel}#sha256={}", "0".repeat(64));
    let error = scene
        .build(&Source::new("wrong").requiring(&wrong))
        .unwrap_err();
    assert!(matches!(error, Error::Mismatch { .. }), "{error:?}");
    let packed = format!("packed @ {}", url("packed.tar.gz"));
    let built = scene
        .build(&Source::new("other").requiring(&packed))
        .unwrap();
    assert_eq!(
        made(&built)["installed"],
        serde_json::json!(["maker 1.0", "packed 1.0"])
    );
    let empty = Source::new("folder").requiring(&format!("a @ {}", url("")));
    let error = scene.build(&empty).unwrap_err();
    assert!(matches!(error, Error::Backend(_)), "{error:?}");
    let remote = "file://a.example/a-1.0-py3-none-any.whl";
    let remote = Source::new("remote").requiring(&format!("a @ {remote}"));
    let error = scene.build(&remote).unwrap_err();
    assert!(matches!(error, Error::UnsupportedUrl { .. }), "{error:?}");
    let absent =
        Source::new("absent").requiring(&format!("absent @ {}", url("absent-1-py3-none-any.whl")));
    let error = scene.build(&absent).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
}

#[test]
fn a_requirement_may_be_a_repository() {
    let scene = BuildScene::new();
    let place = GitPlace::new();
    for (name, text) in [("pyproject.toml", BACKEND), ("maker.py", MAKER)] {
        if name == "pyproject.toml" {
            place.create("tool");
        }
        place.commit("tool", name, text);
    }
    place.commit("tool", "spec", "tool 1.0");
    place.git("tool", &["tag", "--annotate", "--message", "one", "v1"]);
    place.commit("tool", "spec", "tool 2.0");
    let url = format!("git+{}", place.url("tool"));
    let versions = |requirement: &str| {
        let built = scene.build(&Source::new("demo").requiring(requirement));
        fs::remove_dir_all(scene.path("cache/v1/built")).unwrap();
        made(&built.unwrap())["installed"].clone()
    };
    for (revision, version) in [("", "2.0"), ("@v1", "1.0"), ("@main", "2.0")] {
        let expected = serde_json::json!(["maker 1.0", format!("tool {version}")]);
        assert_eq!(versions(&format!("tool @ {url}{revision}")), expected);
    }
    for revision in ["@absent", "@--upload-pack=x", "#subdirectory=.."] {
        let source = Source::new("demo").requiring(&format!("tool @ {url}{revision}"));
        let error = scene.build(&source).unwrap_err();
        assert!(matches!(error, Error::Git { .. }), "{error:?}");
    }
    assert!(scene.leftovers().is_empty(), "{:?}", scene.leftovers());
}
