//! What is kept behind a digest, for [`crate::fuzz`].

use std::io::{self, Write as _};

use super::address;
use super::built::BuiltRecord;
use super::packs::{Pack, tail};
use crate::digest::{Algorithm, Digest};

/// Reads a pack of bytecode with this index; tells whether all of it is whole.
pub fn bytecode_pack(templates: &[u8], index: &[u8]) -> io::Result<bool> {
    let mut file = tempfile::tempfile()?;
    let tail = tail(index, templates.len() as u64);
    file.write_all(&[templates, index, &tail].concat())?;
    Ok(Pack::of(file).is_some_and(|pack| pack.is_whole()))
}

/// Reads records of wheels that were built, and addresses, sealed and as they are. What is read of an address can be written.
pub fn stored_records(text: &str) -> Option<String> {
    let _ = serde_json::from_str::<BuiltRecord>(text);
    let digest = Digest::of(Algorithm::Sha256, b"");
    let _ = address::parse(text.as_bytes(), "index", "file", &digest);
    let written = address::written("index", "file", &digest, text.into())?;
    let address = address::parse(written.as_bytes(), "index", "file", &digest)?;
    address::render("index", "file", &digest, &address)
}
