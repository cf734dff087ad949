//! How long it takes to select the packages of a project from its lock.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a bench that cannot go on fails"
)]

mod project;

use divan::{Bencher, black_box};
use lock2venv::select::select;

fn main() {
    divan::main();
}

#[divan::bench(args = project::NAMES)]
fn every_group(bencher: Bencher<'_, '_>, name: &str) {
    let (project, lock) = project::read(name);
    let choice = project::choice(&project);
    bencher.bench(|| select(black_box(&project), &lock, &choice).unwrap());
}
