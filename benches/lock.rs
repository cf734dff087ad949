//! How long it takes to read a project and its lock: 13, 107 and 311 packages for one platform, more in the lock.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a bench that cannot go on fails"
)]

mod project;

use divan::{Bencher, black_box};
use lock2venv::lock::{Lock, LockDocument};

fn main() {
    divan::main();
}

#[divan::bench(args = project::NAMES)]
fn pyproject(bencher: Bencher<'_, '_>, name: &str) {
    let files = project::files(name);
    bencher.bench(|| black_box(&files).project());
}

/// The TOML alone, which is most of it.
#[divan::bench(args = project::NAMES)]
fn document(bencher: Bencher<'_, '_>, name: &str) {
    let text = project::files(name).lock.unwrap();
    bencher.bench(|| LockDocument::parse(black_box(&text)).is_ok());
}

#[divan::bench(args = project::NAMES)]
fn parse(bencher: Bencher<'_, '_>, name: &str) {
    let files = project::files(name);
    let project = files.project().unwrap();
    let text = files.lock.unwrap();
    bencher.bench(|| Lock::parse(black_box(&text), &project, &project::DISK).unwrap());
}
