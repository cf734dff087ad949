//! File names: what is read is kept as written, and its parts are parts of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lock2venv::filename::{DistributionFilename, WheelFilename};

fuzz_target!(|text: &str| {
    let _ = DistributionFilename::parse(text);
    if let Ok(wheel) = WheelFilename::parse(text) {
        assert_eq!(wheel.as_str(), text);
        assert!(!wheel.name().as_str().is_empty());
        assert!(!wheel.tags().platforms().is_empty());
    }
});
