//! How long it takes to make an environment of links out of a wheel that the cache holds unpacked.

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

use environment::{Bench, small_modules};

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 2])]
fn small(bencher: Bencher<'_, '_>, jobs: usize) {
    let bench = Bench::new(small_modules());
    let cache = bench.folder().join("cache");
    bench.install(bench.prepare(), jobs, Some(&cache));
    bencher
        .with_inputs(|| bench.prepare())
        .bench_local_values(|prepared| bench.install(prepared, jobs, Some(&cache)));
}
