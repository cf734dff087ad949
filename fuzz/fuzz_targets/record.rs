//! RECORD: any bytes are a RECORD or an error, every path that is listed has its proof, and what is written of it reads alike.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lock2venv::wheel::{Record, RecordLine, write_record};

fuzz_target!(|bytes: &[u8]| {
    let Ok(record) = Record::parse(bytes) else {
        return;
    };
    assert!(record.paths().all(|path| record.entry(path).is_some()));
    let lines = record.paths().map(|path| RecordLine {
        path: path.to_owned(),
        proof: Some(([7; 32], 1)),
    });
    let written = write_record(&lines.collect::<Vec<_>>());
    let again = Record::parse(&written).unwrap();
    assert!(again.oddities().is_empty());
    assert!(again.paths().eq(record.paths()));
});
