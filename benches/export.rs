//! How long it takes to print a selection: requirements.txt with hashes.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a bench that cannot go on fails"
)]

mod project;

use divan::{Bencher, black_box};
use lock2venv::export::{ExportOptions, Extent, export};
use lock2venv::select::select;

fn main() {
    divan::main();
}

#[divan::bench(args = project::NAMES)]
fn requirements_with_hashes(bencher: Bencher<'_, '_>, name: &str) {
    let (project, lock) = project::read(name);
    let selection = select(&project, &lock, &project::choice(&project)).unwrap();
    let options = ExportOptions::default();
    bencher.bench_local(|| {
        export(
            &project,
            black_box(&selection),
            Extent::Requirements,
            &options,
        )
        .unwrap()
    });
}
