//! Versions: what is printed is the same version, and the order is one.

#![no_main]

use std::cmp::Ordering;

use libfuzzer_sys::fuzz_target;
use lock2venv::version::Version;

fuzz_target!(|text: &str| {
    let (ours, theirs) = text.split_once('\n').unwrap_or((text, "1.0"));
    let Ok(ours) = Version::parse(ours) else {
        return;
    };
    assert_eq!(Version::parse(ours.normal()).as_ref(), Ok(&ours));
    // There is no number above the largest.
    let is_last = ours.normal().contains(&u64::MAX.to_string());
    for other in [ours.next_major(), ours.next_minor(), ours.next_patch()] {
        assert!(
            other > ours || ours.is_unstable() || is_last,
            "{ours} {other}"
        );
    }
    if let Ok(theirs) = Version::parse(theirs) {
        assert_eq!(ours.cmp(&theirs), theirs.cmp(&ours).reverse());
        assert_eq!(ours.cmp(&theirs) == Ordering::Equal, ours == theirs);
    }
});
