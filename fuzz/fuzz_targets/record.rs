//! RECORD: any bytes are a RECORD or an error, and every path that is listed has its proof.

#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use lock2venv::wheel::Record;

fuzz_target!(|bytes: &[u8]| {
    let Ok(record) = Record::parse(bytes) else {
        return;
    };
    assert!(record.paths().all(|path| record.proof(path).is_some()));
    let dropped: HashSet<&str> = record.paths().take(1).collect();
    let rest = Record::without(bytes, &dropped).unwrap();
    let rest = Record::parse(&rest).unwrap();
    assert!(rest.paths().all(|path| !dropped.contains(path)));
});
