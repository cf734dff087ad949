//! Manifests of unpacked wheels, behind their digest: whatever is read of one names nothing outside of an environment.

#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;
use lock2venv::fuzz::manifest;

fuzz_target!(|body: &[u8]| {
    for name in manifest(body) {
        let mut parts = Path::new(&name).components();
        assert!(!name.is_empty() && parts.all(|part| matches!(part, Component::Normal(_))), "{name:?}");
    }
});
