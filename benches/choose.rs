//! How long it takes to choose a file for each package of a lock, on a machine where nothing is installed.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a bench that cannot go on fails"
)]

mod project;

use std::path::Path;

use divan::{Bencher, black_box};
use lock2venv::installed::Installed;
use lock2venv::plan::{PlanOptions, WantedPackage, plan};
use lock2venv::select::select;
use lock2venv::target::Target;

fn main() {
    divan::main();
}

fn target() -> Target {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/targets");
    let text = fs_err::read_to_string(folder.join("cp311-manylinux_2_36_x86_64.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Markers evaluated, one version of each package kept.
#[divan::bench(args = project::NAMES)]
fn packages_of_a_target(bencher: Bencher<'_, '_>, name: &str) {
    let (project, lock) = project::read(name);
    let selection = select(&project, &lock, &project::choice(&project)).unwrap();
    let target = target();
    bencher.bench(|| {
        black_box(&selection)
            .on(&target.marker_environment, &[])
            .len()
    });
}

/// Every file name parsed and ranked.
#[divan::bench(args = project::NAMES)]
fn file_of_each_package(bencher: Bencher<'_, '_>, name: &str) {
    let (project, lock) = project::read(name);
    let selection = select(&project, &lock, &project::choice(&project)).unwrap();
    let target = target();
    let selected = selection.on(&target.marker_environment, &[]);
    let wanted: Vec<WantedPackage<'_>> = selected
        .iter()
        .map(|selected| WantedPackage {
            package: selected.package,
            is_requested: false,
        })
        .collect();
    let (installed, options) = (Installed::default(), PlanOptions::default());
    bencher.bench(|| plan(black_box(&wanted), &target, &installed, &options).unwrap());
}
