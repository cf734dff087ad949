//! Packs of bytecode, behind the CRC of their index: any index is that of a pack, or none.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lock2venv::fuzz::bytecode_pack;

fuzz_target!(|bytes: &[u8]| {
    let (n_templates, bytes) = bytes.split_first().map_or((0, bytes), |(first, rest)| (usize::from(*first), rest));
    let (templates, index) = bytes.split_at(n_templates.min(bytes.len()));
    let _ = bytecode_pack(templates, index).unwrap();
});
