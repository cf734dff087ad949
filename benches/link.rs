//! How long it takes to put a wheel of 1,000 small files into a new environment: unpacked, unpacked and kept, and linked.
//!
//! The figures depend on the file system of the folder for temporary files, and are good for comparing two versions of the
//! code on one machine; `benches/compare` is where installs are measured on fresh disks.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench that cannot go on fails"
)]

#[path = "../tests/it/support/wheel_builder.rs"]
#[allow(dead_code, reason = "tests need more of it")]
mod wheel_builder;

use std::path::{Path, PathBuf};

use divan::Bencher;
use divan::counter::ItemsCount;
use lock2venv::environment::Layout;
use lock2venv::event::Silent;
use lock2venv::install::{
    Arrival, Destination, DestinationKind, Error, LinkMode, Options, Report, install,
};
use lock2venv::plan::{Action, Plan};
use tempfile::TempDir;
use wheel_builder::WheelBuilder;

const N_FILES: usize = 1_000;

fn main() {
    divan::main();
}

fn wheel() -> WheelBuilder {
    let paths = (0..N_FILES).map(|number| format!("demo/part{}/file{number}.py", number / 50));
    let content = "VALUE = 1\n".repeat(100);
    paths.fold(WheelBuilder::new("demo", "1.0"), |wheel, path| {
        wheel.file(&path, &content)
    })
}

fn layout() -> Layout {
    let library = PathBuf::from("lib/python3.11/site-packages");
    Layout {
        purelib: library.clone(),
        platlib: library,
        scripts: "bin".into(),
        data: PathBuf::new(),
        headers: "include/site/python3.11".into(),
        python_name: "python".to_owned(),
        python_version: (3, 11),
    }
}

fn options(trees: Option<PathBuf>) -> Options {
    Options {
        strict: true,
        compile: None,
        link_mode: LinkMode::Auto,
        trees,
        jobs: 2,
        installer_name: "lock2venv".to_owned(),
    }
}

fn fill(folder: &Path, wheel: &WheelBuilder, arrival: Arrival, options: &Options) -> Report {
    let plan = Plan {
        actions: vec![Action::Install(wheel.distribution())],
    };
    let destination = Destination {
        folder: folder.to_owned(),
        root: folder.to_owned(),
        layout: layout(),
        kind: DestinationKind::Fresh,
    };
    install::<Error>(&plan, [Ok(arrival)], &destination, options, &Silent).unwrap()
}

/// Measures filling an empty folder; making it and removing it is not counted.
fn bench(bencher: Bencher<'_, '_>, options: impl Fn(&TempDir) -> Options) {
    let wheel = wheel();
    bencher
        .counter(ItemsCount::new(N_FILES))
        .with_inputs(|| {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().join("env");
            fs_err::create_dir(&root).unwrap();
            let options = options(&folder);
            (folder, root, wheel.arrival(), options)
        })
        .bench_local_values(|(folder, root, arrival, options)| {
            (fill(&root, &wheel, arrival, &options), folder)
        });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn unpack(bencher: Bencher<'_, '_>) {
    bench(bencher, |_| options(None));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn unpack_and_keep(bencher: Bencher<'_, '_>) {
    bench(bencher, |folder| options(Some(folder.path().join("trees"))));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn link(bencher: Bencher<'_, '_>) {
    let wheel = wheel();
    let cache = tempfile::tempdir().unwrap();
    let options_of_cache = || options(Some(cache.path().join("trees")));
    let first = cache.path().join("first");
    fs_err::create_dir(&first).unwrap();
    fill(&first, &wheel, wheel.arrival(), &options_of_cache());
    bench(bencher, |_| options_of_cache());
}
