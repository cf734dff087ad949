//! The documents of a wheel: any text is WHEEL, METADATA, RECORD and entry points, or an error; no script has a name that leads anywhere.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lock2venv::requirement::Requirement;
use lock2venv::wheel::{Metadata, Record, WheelMetadata, parse_entry_points};

fuzz_target!(|text: &str| {
    let _ = WheelMetadata::parse(text);
    let _ = Metadata::parse(text);
    let _ = Record::parse(text.as_bytes());
    let _ = Requirement::parse(text);
    if let Ok(points) = parse_entry_points(text) {
        let are_names = points.iter().all(|point| {
            !point.name.contains(['/', '\0', '\n']) && !matches!(&*point.name, "" | "." | "..")
        });
        assert!(are_names);
    }
});
