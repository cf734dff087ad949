//! The fuzz targets, without a fuzzer: each takes its seeds, and a few hundred texts that are made of them, always the same ones.
//!
//! `LOCK2VENV_FUZZ=100000` makes so many of each seed. A fuzzer goes further. This says that the targets hold, and that what a fuzzer once found (kept as a seed) stays mended.

#![allow(
    unused_attributes,
    unused_imports,
    clippy::pedantic,
    reason = "the targets are a workspace of their own"
)]

use std::path::Path;

use fastrand::Rng;

const N_MADE: usize = 300;

/// What the targets are made with, here as functions that a test calls.
#[macro_export]
macro_rules! fuzz_target {
    (|$input:ident: &[u8]| $body:block) => {
        pub(crate) fn run($input: &[u8]) $body
    };
    (|$input:ident: &str| $body:block) => {
        pub(crate) fn run(bytes: &[u8]) {
            fn of_text($input: &str) $body
            if let Ok(text) = str::from_utf8(bytes) {
                of_text(text);
            }
        }
    };
}

#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/bytecode_pack.rs"]
mod bytecode_pack;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/constraint.rs"]
mod constraint;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/git.rs"]
mod git;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/lock.rs"]
mod lock;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/lock_values.rs"]
mod lock_values;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/manifest.rs"]
mod manifest;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/marker.rs"]
mod marker;
#[cfg(feature = "attestations")]
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/provenance.rs"]
mod provenance;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/pyproject.rs"]
mod pyproject;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/record.rs"]
mod record;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/sdist.rs"]
mod sdist;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/simple_page.rs"]
mod simple_page;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/stored.rs"]
mod stored;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/unpack.rs"]
mod unpack;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/version.rs"]
mod version;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/wheel_documents.rs"]
mod wheel_documents;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/wheel_filename.rs"]
mod wheel_filename;
#[rustfmt::skip]
#[path = "../../fuzz/fuzz_targets/wheel_pack.rs"]
mod wheel_pack;

/// Gives a target its seeds, and what is made of them.
fn holds(target: &str, run: fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let seeds = std::fs::read_dir(seeds.join(target)).unwrap();
    let mut seeds: Vec<_> = seeds.map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    let n_made = std::env::var("LOCK2VENV_FUZZ").map_or(N_MADE, |number| number.parse().unwrap());
    let mut random = Rng::with_seed(14);
    for seed in seeds {
        let content = std::fs::read(&seed).unwrap();
        run(&content);
        for _ in 0..n_made {
            let made = made_of(&content, &mut random);
            let is_survived = std::panic::catch_unwind(|| run(&made)).is_ok();
            assert!(
                is_survived,
                "{target}: {:?}",
                made.escape_ascii().to_string()
            );
        }
    }
}

/// Changes, repeats and removes a few parts.
fn made_of(seed: &[u8], random: &mut Rng) -> Vec<u8> {
    let mut made = seed.to_vec();
    for _ in 0..random.usize(1..=4) {
        let start = random.usize(..=made.len());
        let end = (start + random.usize(..=16)).min(made.len());
        let part = made[start..end].to_vec();
        match random.u8(..4) {
            0 => drop(made.drain(start..end)),
            1 => drop(made.splice(start..start, part)),
            2 => made.insert(start, *random.choice(b"\0\n\t/.-:\"'[{\xff09").unwrap()),
            _ => made[start..end]
                .iter_mut()
                .for_each(|byte| *byte ^= 1 << random.u8(..8)),
        }
    }
    made
}

#[test]
fn bytecode_pack_holds() {
    holds("bytecode_pack", bytecode_pack::run);
}

#[test]
fn constraint_holds() {
    holds("constraint", constraint::run);
}

#[test]
fn git_holds() {
    holds("git", git::run);
}

#[test]
fn lock_holds() {
    holds("lock", lock::run);
}

#[test]
fn lock_values_holds() {
    holds("lock_values", lock_values::run);
}

#[test]
fn manifest_holds() {
    holds("manifest", manifest::run);
}

#[test]
fn marker_holds() {
    holds("marker", marker::run);
}

#[cfg(feature = "attestations")]
#[test]
fn provenance_holds() {
    holds("provenance", provenance::run);
}

#[test]
fn pyproject_holds() {
    holds("pyproject", pyproject::run);
}

#[test]
fn record_holds() {
    holds("record", record::run);
}

#[test]
fn sdist_holds() {
    holds("sdist", sdist::run);
}

#[test]
fn simple_page_holds() {
    holds("simple_page", simple_page::run);
}

#[test]
fn stored_holds() {
    holds("stored", stored::run);
}

#[test]
fn unpack_holds() {
    holds("unpack", unpack::run);
}

#[test]
fn version_holds() {
    holds("version", version::run);
}

#[test]
fn wheel_documents_holds() {
    holds("wheel_documents", wheel_documents::run);
}

#[test]
fn wheel_filename_holds() {
    holds("wheel_filename", wheel_filename::run);
}

#[test]
fn wheel_pack_holds() {
    holds("wheel_pack", wheel_pack::run);
}

#[test]
fn every_target_is_here() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let names = std::fs::read_dir(targets).unwrap();
    let names = names.map(|entry| entry.unwrap().path());
    for name in names {
        let name = name.file_stem().unwrap().to_str().unwrap();
        assert!(
            include_str!("fuzzed.rs").contains(&format!("fn {name}_holds()")),
            "{name}"
        );
    }
}
