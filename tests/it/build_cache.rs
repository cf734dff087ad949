//! What builds take from the cache: without the network, after damage, and beside other builders.

use std::fs;
use std::path::{Path, PathBuf};

use lock2venv::builder::{BuiltFile, Error};
use lock2venv::http::Network;
use lock2venv::name::PackageName;
use lock2venv::plan::PackagePolicy;

use crate::from_source::Scene;
use crate::support::build_scene::{BuildScene, MAKER, Source, made};
use crate::support::wheel_builder::WheelBuilder;

fn installed(built: &BuiltFile) -> Vec<String> {
    serde_json::from_value(made(built)["installed"].clone()).unwrap()
}

/// Lists the archives of a cache.
fn archives(cache: &Path) -> Vec<PathBuf> {
    let below = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten();
        entries
            .map(|entry| entry.unwrap().path())
            .collect::<Vec<_>>()
    };
    let shards = below(&cache.join("v1/archives/sha256"));
    shards.iter().flat_map(|shard| below(shard)).collect()
}

/// Changes a byte of each archive of a cache that has `name` in it, at a place that follows from its size.
fn damage(cache: &Path, name: &str, place: impl Fn(usize) -> usize) {
    let mut n_damaged = 0;
    for path in archives(cache) {
        let mut bytes = fs::read(&path).unwrap();
        let mut texts = bytes.windows(name.len().max(1));
        if name.is_empty() || texts.any(|text| text == name.as_bytes()) {
            let place = place(bytes.len());
            bytes[place] ^= 1;
            fs::write(&path, bytes).unwrap();
            n_damaged += 1;
        }
    }
    assert!(n_damaged > 0);
}

#[test]
fn without_the_network_builds_use_what_the_cache_has() {
    let mut scene = BuildScene::new();
    let more = WheelBuilder::new("more", "1.0").metadata(
        "Metadata-Version: 2.1\nName: more\nVersion: 1.0\nRequires-Dist: helper\nProvides-Extra: x\n",
    );
    scene.add_wheel(&more);
    scene.add_wheel(&WheelBuilder::new("helper", "1.0").file("helper.py", ""));
    scene.add_sdist(&Source::new("packed"));
    let source = Source::new("demo").requiring("more").requiring("packed");
    scene.build(&source).unwrap();
    scene.add_wheel(&WheelBuilder::new("helper", "2.0").file("helper.py", ""));
    scene.index.take_paths();
    scene.settings.network = Network::Offline;
    let built = scene
        .build(&Source::new("other").requiring("more[x]"))
        .unwrap();
    assert_eq!(installed(&built), ["helper 1.0", "maker 1.0", "more 1.0"]);
    let built = scene.build(&Source::new("third").requiring("packed"));
    assert_eq!(installed(&built.unwrap()), ["maker 1.0", "packed 1.0"]);
    let newer = Source::new("fourth").requiring("helper>=2");
    let error = scene.build(&newer).unwrap_err();
    assert!(matches!(error, Error::Offline { .. }), "{error:?}");
    let url = scene.index.at("/files/helper-1.0-py3-none-any.whl");
    let direct = Source::new("fifth").requiring(&format!("helper @ {url}"));
    let error = scene.build(&direct).unwrap_err();
    assert!(matches!(error, Error::NotCached { .. }), "{error:?}");
    for archive in archives(&scene.path("cache")) {
        fs::remove_file(archive).unwrap();
    }
    let error = scene.build(&Source::new("sixth")).unwrap_err();
    assert!(matches!(error, Error::Offline { .. }), "{error:?}");
    assert_eq!(scene.index.take_paths(), [""; 0]);
}

#[test]
fn what_a_build_lacks_without_the_network_is_named_with_the_way_out() {
    let scene = Scene::new(&Source::new("demo").requiring("helper>=2"));
    let wheel = WheelBuilder::new("helper", "1.0");
    scene
        .index
        .add("helper", &wheel.file_name(), &wheel.build());
    let copy = ["install", "--link-mode", "copy"];
    scene
        .run(&copy)
        .failed(1, &["no version satisfies `helper>=2`; the newest is 1.0"]);
    let offline = [&copy[..], &["--offline"]].concat();
    let expected = [
        "the cache does not have what the build requirements",
        "`helper` is not in the cache",
        "install once without `--offline`, with the same cache",
    ];
    scene.run(&offline).failed(1, &expected);
}

#[test]
fn a_damaged_build_requirement_is_fetched_again() {
    // In the first file, and in the directory at the end.
    for from_end in [false, true] {
        let scene = BuildScene::new();
        scene.build(&Source::new("demo")).unwrap();
        scene.index.take_paths();
        damage(&scene.path("cache"), "maker.py", |n_bytes| {
            if from_end { n_bytes - 30 } else { 60 }
        });
        let built = scene.build(&Source::new("other")).unwrap();
        assert_eq!(installed(&built), ["maker 1.0"]);
        let asked = scene.index.take_paths();
        assert!(asked.contains(&"/files/maker-1.0-py3-none-any.whl".to_owned()));
    }
}

#[test]
fn a_damaged_source_distribution_of_a_build_requirement_is_fetched_again() {
    let scene = BuildScene::new();
    scene.add_sdist(&Source::new("helper"));
    let source = Source::new("demo").requiring("helper");
    scene.build(&source).unwrap();
    scene.index.take_paths();
    damage(&scene.path("cache"), "", |n_bytes| n_bytes / 2);
    fs::remove_dir_all(scene.path("cache/v1/built")).unwrap();
    let built = scene.build(&source).unwrap();
    assert_eq!(installed(&built), ["helper 1.0", "maker 1.0"]);
}

#[test]
fn a_damaged_wheel_that_was_built_is_built_again() {
    let scene = Scene::new(&Source::new("demo"));
    let install = ["install", "--link-mode", "copy"];
    scene.run(&install).succeeded();
    let built = scene.read("demo.py");
    fs::remove_dir_all(scene.workspace.project().join(".venv")).unwrap();
    damage(&scene.workspace.cache(), "demo.py", |n_bytes| n_bytes / 2);
    let output = scene.run(&install).succeeded();
    assert!(output.stderr.contains("was damaged"), "{}", output.stderr);
    assert_eq!(scene.read("demo.py").len(), built.len());
}

fn named(name: &str) -> PackagePolicy {
    PackagePolicy::Named([PackageName::new(name)].into())
}

#[test]
fn build_requirements_have_the_form_that_the_user_wants() {
    let mut scene = BuildScene::new();
    scene.add_wheel(&WheelBuilder::new("helper", "2.0").file("helper.py", ""));
    scene.add_sdist(&Source::new("helper"));
    let source = Source::new("demo").requiring("helper");
    let versions = |scene: &BuildScene| installed(&scene.build(&source).unwrap());
    assert_eq!(versions(&scene), ["helper 2.0", "maker 1.0"]);
    scene.settings.no_binary = named("helper");
    assert_eq!(versions(&scene), ["helper 1.0", "maker 1.0"]);
    scene.settings.no_binary = PackagePolicy::None;
    scene.settings.only_binary = named("helper");
    assert_eq!(versions(&scene), ["helper 2.0", "maker 1.0"]);
    // What builds itself has to have a wheel, and may not.
    scene.add_sdist(&Source::new("maker").file("maker.py", MAKER));
    scene.settings.no_binary = PackagePolicy::All;
    let error = scene.build(&source).unwrap_err();
    assert!(matches!(error, Error::Cycle { .. }), "{error:?}");
}
