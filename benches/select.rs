//! How long it takes to select the packages of a project from its lock, and how that grows where a lock has to be walked.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a bench that cannot go on fails"
)]

mod project;

use std::fmt::Write as _;
use std::path::Path;

use divan::{Bencher, black_box};
use lock2venv::lock::{LockDocument, Text};
use lock2venv::pyproject::Project;
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

/// The walk through a lock of version 2.0, whose packages each depend on three others. The time for one package should not
/// grow with their number.
#[divan::bench(args = [100, 300, 1000])]
fn walk(bencher: Bencher<'_, '_>, n_packages: usize) {
    let pyproject = "[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\npython = \"^3.9\"\npackage-0 = \"*\"\n";
    let project = Project::parse(pyproject, Path::new("/app"), &project::DISK).unwrap();
    let text = Text::from(older_lock(n_packages));
    let document = LockDocument::parse(&text).unwrap();
    let lock = document.read(&project.root, &project::DISK).unwrap();
    let choice = project::choice(&project);
    bencher.bench(|| select(black_box(&project), &lock, &choice).unwrap());
}

fn older_lock(n_packages: usize) -> String {
    const PYTHONS: [&str; 4] = [">=3.6", ">=3.7", ">=3.8,<4.0", "!=3.0.*,>=2.7"];
    const MARKERS: [&str; 3] = [
        "sys_platform == \\\"win32\\\"",
        "python_version < \\\"3.11\\\"",
        "extra == \\\"all\\\" or platform_system != \\\"Darwin\\\"",
    ];
    let mut text = String::new();
    for number in 0..n_packages {
        let (python, marker) = (PYTHONS[number % 4], MARKERS[number % 3]);
        let _ = write!(
            text,
            "[[package]]\nname = \"package-{number}\"\nversion = \"1.{number}\"\noptional = false\npython-versions = \"{python}\"\nfiles = []\n\n[package.dependencies]\n"
        );
        for (step, marker) in [(1, None), (7, Some(marker)), (31, None)] {
            let other = number + step;
            if other >= n_packages {
                continue;
            }
            let _ = match marker {
                Some(marker) => writeln!(
                    text,
                    "package-{other} = {{version = \">=1.0\", markers = \"{marker}\"}}"
                ),
                None => writeln!(text, "package-{other} = \">=1.0,<2.0\""),
            };
        }
        text.push('\n');
    }
    text.push_str("[metadata]\nlock-version = \"2.0\"\npython-versions = \"^3.9\"\n");
    text
}
