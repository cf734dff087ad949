//! Markers: what is printed reads as the same marker, and any two can be combined.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lock2venv::marker::Marker;

fuzz_target!(|text: &str| {
    let (ours, theirs) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(ours) = Marker::parse(ours) else {
        return;
    };
    let printed = ours.to_string();
    if !printed.is_empty() && printed != "<empty>" {
        let again = Marker::parse(&printed).unwrap_or_else(|error| panic!("{printed}: {error}"));
        assert_eq!(again.to_string(), printed);
    }
    if let Ok(theirs) = Marker::parse(theirs) {
        let _ = ours.intersect(&theirs).to_string();
        let _ = ours.union(&theirs).to_string();
    }
});
