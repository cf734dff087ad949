//! Markers: what is printed can be read, and any two can be combined.
//!
//! It does not always print the same again: poetry-core's normal form of more than two alternatives may put them in another order when
//! it is read once more, and ours is the same text each time. A word of a list may end with a backslash (`in "a,\,b"`): joined with another
//! list it is printed by itself as poetry-core prints it, which neither reads again, as the backslash hides the quote.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lock2venv::marker::Marker;

fuzz_target!(|text: &str| {
    let (ours, theirs) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(ours) = Marker::parse(ours) else {
        return;
    };
    let mut printed = ours.to_string();
    for _ in 0..2 {
        if printed.is_empty() || printed == "<empty>" || printed.contains("\\\"") {
            break;
        }
        let again = Marker::parse(&printed);
        printed = again.unwrap_or_else(|error| panic!("{printed}: {error}")).to_string();
    }
    if let Ok(theirs) = Marker::parse(theirs) {
        let _ = ours.intersect(&theirs).to_string();
        let _ = ours.union(&theirs).to_string();
    }
});
