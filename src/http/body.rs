//! Bodies in memory, decoded, within bounds: many are read at once, and few are large.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::encoding::{self, Coding};
use crate::url::Url;

/// A body up to this size needs nobody's leave; a larger buffer is not kept for the next body.
const SMALL_BYTES: usize = 4 << 20;

/// What most bodies fit into.
const FIRST_BYTES: usize = 64 << 10;

/// The right of one body at a time to be larger than [`SMALL_BYTES`], so that the memory of all bodies is bounded.
#[derive(Debug, Default)]
pub(super) struct LargeBody(Mutex<()>);

/// What a server sent, decoded. Gives a large buffer back when dropped.
#[derive(Debug)]
pub struct Body<'a> {
    received: Received<'a>,
    buffer: &'a mut Vec<u8>,
    /// What others read as well, in the buffer's place.
    shared: Option<Arc<Vec<u8>>>,
}

/// What is known of a body that was read.
#[derive(Debug)]
pub(super) struct Received<'r> {
    /// Where it came from, after redirects.
    pub(super) url: Url,
    /// What the server says that it is, as it may be shown.
    pub(super) content_type: Option<String>,
    /// Held until the body is dropped.
    pub(super) right: Option<MutexGuard<'r, ()>>,
}

impl<'a> Body<'a> {
    pub(super) fn new(received: Received<'a>, buffer: &'a mut Vec<u8>) -> Self {
        Self {
            received,
            buffer,
            shared: None,
        }
    }

    /// Makes one of bytes that others read as well.
    pub(super) fn with_shared(mut self, bytes: Arc<Vec<u8>>) -> Self {
        self.shared = Some(bytes);
        self
    }

    /// Returns where it came from, after redirects.
    pub fn url(&self) -> &Url {
        &self.received.url
    }

    /// Returns what the server says that it is, as it may be shown.
    pub fn content_type(&self) -> Option<&str> {
        self.received.content_type.as_deref()
    }

    /// Returns its bytes.
    pub fn bytes(&self) -> &[u8] {
        self.shared.as_deref().unwrap_or(self.buffer)
    }
}

impl Drop for Body<'_> {
    fn drop(&mut self) {
        if self.buffer.capacity() > SMALL_BYTES {
            *self.buffer = Vec::new();
        }
        // Only now another body may be large.
        self.received.right = None;
    }
}

/// How much of a body was read.
pub(super) enum Extent<'r> {
    /// All of it. The right is free again when dropped, after the body.
    Whole(Option<MutexGuard<'r, ()>>),
    /// It does not end within the limit.
    TooLarge,
}

/// Reads `body` into `buffer`, which is empty: at most `limit` bytes, packed or not.
pub(super) fn read<'r>(
    body: impl Read,
    codings: &[Coding],
    buffer: &mut Vec<u8>,
    limit: u64,
    large_body: &'r LargeBody,
) -> io::Result<Extent<'r>> {
    let mut wire = body.take(limit + 1);
    let unpacked = encoding::unpack(&mut wire, codings, limit);
    let extent = read_within(unpacked, buffer, limit, large_body);
    // Before the error: what was cut off does not unpack.
    if wire.limit() == 0 {
        return Ok(Extent::TooLarge);
    }
    extent
}

fn read_within<'r>(
    mut from: impl Read,
    buffer: &mut Vec<u8>,
    limit: u64,
    large_body: &'r LargeBody,
) -> io::Result<Extent<'r>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if fill(&mut from, buffer, limit.min(SMALL_BYTES))? {
        return Ok(Extent::Whole(None));
    }
    let guard = large_body.0.lock().unwrap_or_else(PoisonError::into_inner);
    if fill(&mut from, buffer, limit)? {
        return Ok(Extent::Whole(Some(guard)));
    }
    Ok(Extent::TooLarge)
}

/// Reads until the end, or until there are more than `limit` bytes; tells whether it was the end.
fn fill(from: &mut impl Read, buffer: &mut Vec<u8>, limit: usize) -> io::Result<bool> {
    while buffer.len() <= limit {
        // The buffer grows by itself, but not beyond what may be needed.
        let target = (buffer.len() * 2).max(FIRST_BYTES);
        let target = target.min(limit.saturating_add(1));
        let n_wanted = target - buffer.len();
        buffer.reserve_exact(n_wanted);
        let n_read = from.take(n_wanted as u64).read_to_end(buffer)?;
        if n_read < n_wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn pack(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn gzip(n_bytes: usize) -> Vec<u8> {
        pack(&vec![b' '; n_bytes])
    }

    /// Returns the size of the page, `None` when it is too large, and the capacity that was taken for it.
    fn size(body: impl Read, codings: &[Coding], limit: u64) -> (Option<usize>, usize) {
        let (large_body, mut buffer) = (LargeBody::default(), Vec::new());
        let size = match read(body, codings, &mut buffer, limit, &large_body).unwrap() {
            Extent::Whole(_) => Some(buffer.len()),
            Extent::TooLarge => None,
        };
        (size, buffer.capacity())
    }

    #[test]
    fn pages_end_at_the_limit_packed_or_not() {
        const MIB: usize = 1 << 20;
        let page = |n_bytes| io::repeat(b' ').take(n_bytes);
        assert_eq!(size(page(10), &[], 10).0, Some(10));
        assert_eq!(size(page(11), &[], 10).0, None);
        assert_eq!(
            size(&gzip(8 * MIB)[..], &[Coding::Gzip], 8 << 20).0,
            Some(8 * MIB)
        );
        let (none, capacity) = size(&gzip(64 * MIB)[..], &[Coding::Gzip], 8 << 20);
        assert_eq!(none, None);
        assert!(capacity < 9 * MIB, "{capacity}");
        assert_eq!(size(io::repeat(b' '), &[], 8 << 20).0, None);
        // Packed bytes without end that unpack to nothing.
        let empty = gzip(0).repeat(1000);
        assert_eq!(size(&empty[..], &[Coding::Gzip], 1000).0, None);
        assert_eq!(size(&empty[..], &[Coding::Gzip], 1 << 20).0, Some(0));
        // And such within others: no layer is unpacked to more than the limit.
        let large_body = LargeBody::default();
        let twice = [Coding::Gzip; 2];
        let bomb = pack(&empty.repeat(100));
        assert!(read(&bomb[..], &twice, &mut Vec::new(), 1 << 20, &large_body).is_err());
    }

    #[test]
    fn one_page_at_a_time_may_be_large() {
        let large_body = LargeBody::default();
        let page = |n_bytes| io::repeat(b' ').take(n_bytes);
        let mut buffer = Vec::new();
        let large = SMALL_BYTES as u64 + 1;
        let first = read(page(large), &[], &mut buffer, large, &large_body).unwrap();
        assert!(large_body.0.try_lock().is_err());
        let small = read(page(5), &[], &mut Vec::new(), large, &large_body).unwrap();
        assert!(matches!(small, Extent::Whole(None)));
        drop(first);
        assert!(large_body.0.try_lock().is_ok());
    }
}
