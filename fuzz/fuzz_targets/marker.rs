//! Markers: what is printed can be read, and any two can be combined.
//!
//! It does not always print the same again: poetry-core's normal form of more than two alternatives may put them in another order when
//! it is read once more, and ours is the same text each time.

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
        let printed = again.to_string();
        Marker::parse(&printed).unwrap_or_else(|error| panic!("{printed}: {error}"));
    }
    if let Ok(theirs) = Marker::parse(theirs) {
        let _ = ours.intersect(&theirs).to_string();
        let _ = ours.union(&theirs).to_string();
    }
});
