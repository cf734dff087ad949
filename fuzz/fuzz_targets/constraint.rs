//! Constraints: what can be read can be combined, and what is printed can be read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lock2venv::version::{Version, VersionConstraint};

fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let mut next = || lines.next().unwrap_or_default();
    let (Ok(ours), Ok(theirs)) = (
        VersionConstraint::parse(next()),
        VersionConstraint::parse(next()),
    ) else {
        return;
    };
    for combined in [
        ours.intersect(&theirs),
        ours.union(&theirs),
        ours.difference(&theirs),
    ] {
        let printed = combined.to_string();
        assert!(
            combined.is_empty() || VersionConstraint::parse(&printed).is_ok(),
            "{printed}"
        );
    }
    if let Ok(version) = Version::parse(next()) {
        let _ = ours.allows(&version);
    }
});
