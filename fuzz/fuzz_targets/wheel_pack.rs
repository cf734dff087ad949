//! Packs of unpacked wheels: what the rows of a manifest find in one is as long as they say, or an error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lock2venv::fuzz::wheel_pack;

fuzz_target!(|bytes: &[u8]| {
    // What follows the first empty line is the pack.
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").map_or(bytes.len(), |at| at + 1);
    let (rows, content) = bytes.split_at(end);
    for (n_listed, n_read) in wheel_pack(rows, content).unwrap() {
        assert_eq!(n_listed, n_read as u64);
        assert!(n_read <= content.len());
    }
});
