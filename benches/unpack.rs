//! How long it takes to unpack a wheel into a new environment: many small modules, and a few large files.

#![allow(
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    reason = "a bench that cannot go on fails; it uses what tests share in part"
)]

#[path = "support/environment.rs"]
mod environment;
#[path = "../tests/it/support/wheel_builder.rs"]
mod wheel_builder;

use divan::Bencher;

use environment::{Bench, large_files, small_modules};

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 2])]
fn small(bencher: Bencher<'_, '_>, jobs: usize) {
    let bench = Bench::new(small_modules());
    bencher
        .with_inputs(|| bench.prepare())
        .bench_local_values(|prepared| bench.install(prepared, jobs, None));
}

#[divan::bench(args = [1, 2])]
fn large(bencher: Bencher<'_, '_>, jobs: usize) {
    let bench = Bench::new(large_files());
    bencher
        .with_inputs(|| bench.prepare())
        .bench_local_values(|prepared| bench.install(prepared, jobs, None));
}
