//! Whether an archive is of one kind only: what is a tar archive for one reader and a ZIP archive for another could hold two
//! projects (CVE-2026-3219).
//!
//! Python's `zipfile` finds a ZIP archive by its end, so one may follow a tar archive, compressed or not; `tarfile` finds a tar archive by its
//! beginning, which may be in the first entry of a ZIP archive. Costs one read of the end of a tar archive, or of the first block of a
//! ZIP archive.

use std::io;

use memchr::memmem;
use tar::Header;

use super::stream::BLOCK_BYTES;
use crate::archive::Source;

/// How the end of a ZIP archive begins, and an entry of its directory.
const END: &[u8] = b"PK\x05\x06";
const DIRECTORY: &[u8] = b"PK\x01\x02";

/// The end of a ZIP archive, and the longest comment behind it.
const END_BYTES: usize = 22;
const MOST_COMMENT_BYTES: usize = 0xffff;

/// Tells whether a ZIP archive ends where `source` ends.
///
/// # Errors
///
/// What the system says when the source cannot be read.
pub(super) fn ends_as_zip(source: &Source) -> io::Result<bool> {
    let n_bytes = source.n_bytes()?;
    let n_tail = n_bytes.min((END_BYTES + MOST_COMMENT_BYTES) as u64);
    let start = n_bytes - n_tail;
    let mut tail = vec![0; usize::try_from(n_tail).unwrap_or_default()];
    source.read_exact_at(&mut tail, start)?;
    for at in memmem::find_iter(&tail, END) {
        if let Some(end) = tail.get(at..at + END_BYTES)
            && has_directory(source, start + at as u64, end)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Tells a real end, before which its directory is, from the same bytes in compressed data.
fn has_directory(source: &Source, at: u64, end: &[u8]) -> io::Result<bool> {
    let n_bytes = u32::from_le_bytes([end[12], end[13], end[14], end[15]]);
    if n_bytes == 0 {
        return Ok(end[4..].iter().all(|byte| *byte == 0));
    }
    let Some(first) = at.checked_sub(n_bytes.into()) else {
        return Ok(false);
    };
    let mut signature = [0; 4];
    source.read_exact_at(&mut signature, first)?;
    Ok(signature == DIRECTORY)
}

/// Tells whether a tar archive begins where `source` begins: with a header whose checksum is right.
///
/// # Errors
///
/// What the system says when the source cannot be read.
pub(super) fn begins_as_tar(source: &Source) -> io::Result<bool> {
    let mut header = Header::new_old();
    let block: &mut [u8; BLOCK_BYTES] = header.as_mut_bytes();
    match source.read_exact_at(block, 0) {
        Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
        read => read?,
    }
    let sum = block.iter().enumerate().map(|(at, byte)| match at {
        148..156 => u32::from(b' '),
        _ => u32::from(*byte),
    });
    let sum: u32 = sum.sum();
    Ok(header.cksum().is_ok_and(|stated| stated == sum))
}
