//! Wheels are built of sources in isolated environments, whose packages come from the index.

use std::fs;
use std::process::Command;
use std::thread;

use lock2venv::build::MissingTool;
use lock2venv::builder::{BuiltFile, Error, NestedBuilds, SourceArchive, TreeProduct};
use lock2venv::configuration::BuildSetting;
use lock2venv::http::Network;
use lock2venv::name::PackageName;
use lock2venv::plan::IndexSource;
use lock2venv::project_files::Disk;
use lock2venv::pyproject::{Priority, Project, ProjectSource};
use lock2venv::url::WrittenUrl;
use serde_json::json;

use crate::support::build_scene::{BuildScene, MAKER, Source, build, made, module, of};
use crate::support::local_index::LocalIndex;
use crate::support::wheel_builder::{WheelBuilder, verified};

fn installed(built: &BuiltFile) -> Vec<String> {
    serde_json::from_value(made(built)["installed"].clone()).unwrap()
}

fn names(error: &Error) -> Vec<&str> {
    let Error::Cycle { names } = error else {
        panic!("{error:?}");
    };
    names.iter().map(PackageName::as_str).collect()
}

#[test]
fn a_build_sees_what_it_requires_and_nothing_else() {
    let scene = BuildScene::new();
    scene.add_wheel(&WheelBuilder::new("helper", "1.0").file("helper.py", ""));
    scene.add_wheel(&WheelBuilder::new("helper", "2.0").file("helper.py", ""));
    scene.add_wheel(&WheelBuilder::new("unwanted", "1.0").file("unwanted.py", ""));
    let source = Source::new("demo").requiring("helper<2");
    let built = scene.build(&source).unwrap();
    assert_eq!(built.file_name.as_str(), "demo-1.0-py3-none-any.whl");
    assert!(!built.from_cache);
    assert_eq!(installed(&built), ["helper 1.0", "maker 1.0"]);
    assert!(scene.leftovers().is_empty(), "{:?}", scene.leftovers());
}

#[test]
fn what_the_backend_asks_for_comes_in_the_versions_chosen_before() {
    let scene = BuildScene::new();
    for version in ["1.0", "2.0"] {
        scene.add_wheel(&WheelBuilder::new("helper", version).file("helper.py", ""));
    }
    let more = WheelBuilder::new("more", "1.0").metadata(
        "Metadata-Version: 2.1\nName: more\nVersion: 1.0\nRequires-Dist: helper\nRequires-Dist: absent; python_version < \"3\"\n",
    );
    scene.add_wheel(&more);
    let source = Source::new("demo")
        .requiring("helper!=2.0")
        .file("requires", "more>=1");
    let built = scene.build(&source).unwrap();
    assert_eq!(installed(&built), ["helper 1.0", "maker 1.0", "more 1.0"]);
}

#[test]
fn a_wheel_that_was_built_is_used_again_without_index_or_archive() {
    let scene = BuildScene::new();
    let source = Source::new("demo");
    let first = scene.build(&source).unwrap();
    scene.index.take_paths();
    // A newer build requirement changes nothing.
    scene.add_wheel(&WheelBuilder::new("maker", "2.0").file("maker.py", "broken"));
    let again = scene.build(&source).unwrap();
    assert!(again.from_cache);
    assert_eq!(again.file.digest(), first.file.digest());
    let digests = [verified(&source.archive()).digest().clone()];
    let found = scene.with(|builder| builder.kept_of_archive(&digests, None, &of(&source)));
    assert_eq!(found.unwrap().file.digest(), first.file.digest());
    assert!(scene.index.take_paths().is_empty());
}

#[test]
fn other_settings_and_constraints_build_another_wheel() {
    let mut scene = BuildScene::new();
    let source = Source::new("demo");
    assert_eq!(
        made(&scene.build(&source).unwrap())["settings"],
        json!(null)
    );
    let name = PackageName::new("demo");
    let settings = [("--option".to_owned(), BuildSetting::Text("x".to_owned()))];
    let all = &mut scene.settings.config_settings;
    all.insert(name.clone(), settings.into());
    let built = scene.build(&source).unwrap();
    assert_eq!(made(&built)["settings"], json!({"--option": "x"}));
    scene
        .settings
        .constraints_of
        .insert(name, vec!["maker<1".to_owned()]);
    let error = scene.build(&source).unwrap_err();
    assert!(matches!(error, Error::Requirements { .. }), "{error:?}");
    scene.settings.constraints_of.clear();
    assert!(scene.build(&source).unwrap().from_cache);
    scene.settings.constraints.push("maker<3".to_owned());
    assert!(!scene.build(&source).unwrap().from_cache);
}

#[test]
fn a_build_requirement_without_a_wheel_is_built_itself() {
    let mut scene = BuildScene::new();
    scene.add_sdist(&Source::new("deep").file("spec", "deep 1.0 maker"));
    scene.add_sdist(&Source::new("helper").requiring("deep"));
    let source = Source::new("demo").requiring("helper");
    let built = scene.build(&source).unwrap();
    assert_eq!(installed(&built), ["helper 1.0", "maker 1.0"]);
    scene.settings.nested = NestedBuilds::Forbidden;
    let error = scene.build(&source).unwrap_err();
    assert!(matches!(error, Error::Requirements { .. }), "{error:?}");
}

#[test]
fn a_build_requirement_that_fails_is_named() {
    let scene = BuildScene::new();
    scene.add_sdist(&Source::new("helper").file("hook.py", "raise OSError('no')"));
    let error = scene
        .build(&Source::new("demo").requiring("helper"))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the build requirement `helper` 1.0 cannot be built"
    );
    assert_eq!(error.nested().unwrap().0.as_str(), "helper");
    assert!(error.output().unwrap().log.is_file());
}

#[test]
fn a_circle_of_source_distributions_is_named() {
    let scene = BuildScene::new();
    scene.add_sdist(&Source::new("one").requiring("other"));
    scene.add_sdist(&Source::new("other").requiring("one"));
    let error = scene
        .build(&Source::new("demo").requiring("one"))
        .unwrap_err();
    assert_eq!(names(&error), ["one", "other", "one"]);
    assert_eq!(
        error.to_string(),
        "building one needs itself: one needs other needs one"
    );
    let error = scene
        .build(&Source::new("own").requiring("own"))
        .unwrap_err();
    assert!(matches!(error, Error::Requirements { .. }), "{error:?}");
    scene.add_sdist(&Source::new("own"));
    let error = scene
        .build(&Source::new("own").requiring("own"))
        .unwrap_err();
    assert_eq!(names(&error), ["own", "own"]);
}

#[test]
fn builds_with_equal_requirements_share_an_environment() {
    let scene = BuildScene::new();
    let environments = scene.with(|builder| {
        let build =
            |name: &str| made(&build(builder, &Source::new(name)).unwrap())["environment"].clone();
        thread::scope(|scope| {
            let one = scope.spawn(|| build("one"));
            let other = scope.spawn(|| build("other"));
            [one.join().unwrap(), other.join().unwrap()]
        })
    });
    assert_eq!(environments[0], environments[1]);
    let downloads = scene.index.take_paths();
    assert_eq!(
        downloads,
        ["/files/maker-1.0-py3-none-any.whl", "/simple/maker/"]
    );
}

#[test]
fn an_environment_that_a_backend_changed_is_not_used_again() {
    let hooks = [
        "import shutil, sys\nshutil.rmtree(sys.prefix)\n",
        "import os, maker\nos.mkdir(os.path.join(os.path.dirname(maker.__file__), 'more-1.0.dist-info'))\n",
        // Inside a file, whose size stays.
        "import maker\ntext = open(maker.__file__).read()\nopen(maker.__file__, 'w').write(text.replace('\"\"\"A build', 'raise 1#  '))\n",
    ];
    for hook in hooks {
        let scene = BuildScene::new();
        let built = scene.with(|builder| {
            build(builder, &Source::new("one").file("hook.py", hook)).unwrap();
            build(builder, &Source::new("other")).unwrap()
        });
        assert_eq!(installed(&built), ["maker 1.0"]);
    }
}

#[test]
fn a_build_cannot_change_what_the_cache_has() {
    let scene = BuildScene::new();
    let hook = "import maker\nopen(maker.__file__, 'a').write('raise OSError()')\n";
    for name in ["one", "other"] {
        scene
            .build(&Source::new(name).file("hook.py", hook))
            .unwrap();
    }
    assert!(scene.build(&Source::new("third")).is_ok());
}

#[test]
fn nothing_is_kept_without_a_cache() {
    let mut scene = BuildScene::new();
    scene.settings.cache_folder = None;
    let source = Source::new("demo");
    for _ in 0..2 {
        let built = scene.build(&source).unwrap();
        assert!(!built.from_cache);
        assert_eq!(installed(&built), ["maker 1.0"]);
    }
    assert!(scene.leftovers().is_empty(), "{:?}", scene.leftovers());
}

#[test]
fn a_file_that_is_not_as_the_index_says_is_refused() {
    let scene = BuildScene::new();
    scene
        .index
        .claim("maker-1.0-py3-none-any.whl", &"0".repeat(64));
    let error = scene.build(&Source::new("demo")).unwrap_err();
    assert!(matches!(error, Error::Mismatch { .. }), "{error:?}");
}

#[test]
fn an_index_without_digests_is_taken_at_its_word() {
    let scene = BuildScene::new();
    scene.index.claim("maker-1.0-py3-none-any.whl", "");
    assert_eq!(
        installed(&scene.build(&Source::new("demo")).unwrap()),
        ["maker 1.0"]
    );
}

#[test]
fn metadata_is_asked_by_itself_where_the_index_has_it() {
    let scene = BuildScene::new();
    let file = "maker-1.0-py3-none-any.whl";
    scene
        .index
        .add_metadata(file, "Metadata-Version: 2.1\nName: maker\nVersion: 1.0\n");
    scene.build(&Source::new("demo")).unwrap();
    let expected = [
        format!("/files/{file}"),
        format!("/files/{file}.metadata"),
        "/simple/maker/".to_owned(),
    ];
    assert_eq!(scene.index.take_paths(), expected);
}

#[test]
fn a_requirement_may_have_an_address() {
    let scene = BuildScene::new();
    let wheel = WheelBuilder::new("direct", "1.0").file("direct.py", "");
    let digest = scene
        .index
        .add("elsewhere", &wheel.file_name(), &wheel.build());
    let url = scene.index.at(&format!("/files/{}", wheel.file_name()));
    let built = scene
        .build(&Source::new("demo").requiring(&format!("direct @ {url}")))
        .unwrap();
    assert_eq!(installed(&built), ["direct 1.0", "maker 1.0"]);
    let proven = format!("direct @ {url}#sha256={}", digest.hex());
    assert!(
        scene
            .build(&Source::new("proven").requiring(&proven))
            .is_ok()
    );
    let wrong = format!("direct @ {url}#sha256={}", "0".repeat(64));
    let error = scene
        .build(&Source::new("wrong").requiring(&wrong))
        .unwrap_err();
    assert!(matches!(error, Error::Mismatch { .. }), "{error:?}");
    let error = scene.build(&Source::new("other").requiring("a @ hg+https://a.example/a"));
    assert!(
        matches!(error, Err(Error::UnsupportedUrl { .. })),
        "{error:?}"
    );
    let sdist = Source::new("packed");
    scene
        .index
        .add("elsewhere", "packed-main.tar.gz", &sdist.archive());
    let url = scene.index.at("/files/packed-main.tar.gz");
    let built = scene
        .build(&Source::new("demo").requiring(&format!("packed @ {url}")))
        .unwrap();
    assert_eq!(installed(&built), ["maker 1.0", "packed 1.0"]);
}

#[test]
fn sources_of_the_project_are_asked_as_poetry_asks_them() {
    let mut scene = BuildScene::new();
    let (own, spare, named) = (
        LocalIndex::start(),
        LocalIndex::start(),
        LocalIndex::start(),
    );
    let maker = WheelBuilder::new("maker", "0.9").file("maker.py", MAKER);
    own.add("maker", &maker.file_name(), &maker.build());
    for (index, version) in [(&spare, "2.0"), (&named, "3.0")] {
        for name in ["maker", "helper"] {
            let wheel = WheelBuilder::new(name, version);
            index.add(name, &wheel.file_name(), &wheel.build());
        }
    }
    let source = |name: &str, index: &LocalIndex, priority| ProjectSource {
        name: name.to_owned(),
        url: Some(WrittenUrl::new(index.url())),
        priority,
    };
    scene.settings.sources = vec![
        source("own", &own, Priority::Primary),
        source("spare", &spare, Priority::Supplemental),
        source("named", &named, Priority::Explicit),
    ];
    let known = [&own, &spare].map(|index| IndexSource {
        name: "own".to_owned(),
        url: WrittenUrl::new(index.url()),
    });
    let source = Source::new("demo").requiring("helper");
    let built = scene
        .with_sources(&known, |builder| build(builder, &source))
        .unwrap();
    assert_eq!(installed(&built), ["helper 2.0", "maker 0.9"]);
    assert!(scene.index.take_paths().is_empty());
    assert!(named.take_paths().is_empty());
}

#[test]
fn without_the_network_only_what_requires_nothing_is_built() {
    let mut scene = BuildScene::new();
    scene.settings.network = Network::Offline;
    let error = scene.build(&Source::new("demo")).unwrap_err();
    assert!(matches!(error, Error::Offline { .. }), "{error:?}");
    let pyproject =
        "[build-system]\nrequires = []\nbuild-backend = \"maker\"\nbackend-path = [\".\"]\n";
    let source = Source::new("demo")
        .file("maker.py", MAKER)
        .pyproject(pyproject);
    let built = scene.build_tree(&source, TreeProduct::Wheel);
    assert!(installed(&built).is_empty());
}

#[test]
fn the_output_of_a_failed_build_stays() {
    let scene = BuildScene::new();
    let hook =
        "print('a.c:1:10: fatal error: ffi.h: No such file or directory')\nraise SystemExit(1)";
    let error = scene
        .build(&Source::new("demo").file("hook.py", hook))
        .unwrap_err();
    let output = error.output().unwrap();
    assert!(
        output
            .missing
            .iter()
            .any(|tool| MissingTool::name(tool) == "ffi.h")
    );
    assert!(output.log.starts_with(scene.path("logs")));
    let text = fs::read_to_string(&output.log).unwrap();
    assert!(text.contains("fatal error: ffi.h"), "{text}");
    assert!(scene.leftovers().is_empty(), "{:?}", scene.leftovers());
}

#[test]
fn a_stop_ends_a_backend_and_leaves_nothing() {
    let scene = BuildScene::new();
    let address = scene.index.at("/simple/started/");
    let hook = format!(
        "import signal, urllib.request\ntry:\n    urllib.request.urlopen('{address}')\nexcept OSError:\n    pass\nsignal.pause()\n"
    );
    let source = Source::new("demo").file("hook.py", &hook);
    let error = thread::scope(|scope| {
        let build = scope.spawn(|| scene.build(&source));
        scene.index.wait_for("/simple/started/");
        scene.stop.stop();
        build.join().unwrap().unwrap_err()
    });
    assert!(error.is_interruption(), "{error:?}");
    assert!(scene.leftovers().is_empty(), "{:?}", scene.leftovers());
    assert_eq!(fs::read_dir(scene.path("logs")).unwrap().count(), 0);
    assert!(matches!(scene.build(&source), Err(Error::Interrupted)));
}

#[test]
fn a_project_may_be_below_the_top_of_its_archive() {
    let scene = BuildScene::new();
    let source = Source::new("demo");
    let file = verified(&source.archive_below("/python/demo"));
    let build = |subdirectory: &str| {
        let archive = SourceArchive {
            file: &file,
            file_name: "main.tar.gz",
            subdirectory: Some(subdirectory),
            expected: &of(&source),
        };
        scene.with(|builder| builder.wheel_of_archive(&archive))
    };
    assert!(build("python/demo").is_ok());
    for subdirectory in ["python/other", "../..", "/tmp"] {
        let error = build(subdirectory).unwrap_err();
        assert!(matches!(error, Error::Subdirectory { .. }), "{error:?}");
    }
}

#[test]
fn trees_are_built_where_they_are() {
    let scene = BuildScene::new();
    let source = Source::new("demo").file("hook.py", "open('trace', 'w').close()");
    let built = scene.build_tree(&source, TreeProduct::Wheel);
    assert_eq!(installed(&built), ["maker 1.0"]);
    assert!(scene.path("tree/trace").is_file());
    let editable = scene.build_tree(&source, TreeProduct::Editable);
    assert_eq!(module(&editable), "editable");
}

#[test]
fn a_build_is_in_no_repository_that_is_around_it() {
    let mut scene = BuildScene::new();
    scene.settings.cache_folder = None;
    let git = Command::new("git")
        .arg("init")
        .current_dir(scene.path(""))
        .output();
    assert!(git.unwrap().status.success());
    // As in a hook of that repository.
    let git_folder = scene.path(".git");
    let variables = &mut scene.settings.variables;
    variables.push(("GIT_DIR".into(), git_folder.into()));
    let hook = "import pathlib, subprocess\n\
        assert subprocess.call(['git', 'rev-parse', '--show-toplevel']) != 0\n\
        above = pathlib.Path.cwd().parents\n\
        assert next(one for one in above if (one / '.git').exists()).name.startswith('b')\n";
    scene
        .build(&Source::new("demo").file("hook.py", hook))
        .unwrap();
}

#[test]
fn constraints_of_a_project_narrow_the_builds_of_its_packages() {
    let text = "[tool.poetry]\npackage-mode = false\n[tool.poetry.build-constraints]\n\
        Demo = { maker = '^1.0', other = [{ version = '<2', python = '>=3.8' }, '!=1.5'] }\n";
    let folder = tempfile::tempdir().unwrap();
    let project = Project::parse(text, folder.path(), &Disk).unwrap();
    let constraints = project.build_constraints(&Disk).unwrap();
    let demo = PackageName::new("demo");
    let expected = [
        "maker (>=1.0,<2.0)",
        "other (<2) ; python_version >= \"3.8\"",
        "other (!=1.5)",
    ];
    assert_eq!(constraints[&demo], expected);
    let mut scene = BuildScene::new();
    scene.settings.constraints_of = constraints;
    scene.add_wheel(&WheelBuilder::new("maker", "2.0").file("maker.py", "broken"));
    let built = scene.build(&Source::new("demo")).unwrap();
    assert_eq!(installed(&built), ["maker 1.0"]);
}
