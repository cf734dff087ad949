//! Small files of a wheel, whose digests are computed together when there are enough of them.

use std::ops::Range;

use super::placing::Placement;
use crate::archive::Buffers;
use crate::digest::{Algorithm, Digest, sha256_of_each};
use crate::install::place::contents::{Item, NumberedItem};

/// How many bytes are held: no more than the second cache of a processor has.
const MOST_BYTES: usize = 512 << 10;
/// At least two files are held.
const MOST_FILE_BYTES: u64 = MOST_BYTES as u64 / 2;

/// What one thread reads into.
#[derive(Debug, Default)]
pub(crate) struct ThreadBuffers {
    pub(super) archive: Buffers,
    pub(super) batch: Vec<u8>,
}

/// Files that are written, and not hashed yet.
pub(super) struct DigestBatch<'f> {
    bytes: &'f mut Vec<u8>,
    n_bytes: usize,
    files: Vec<BatchFile<'f>>,
}

/// One of them.
pub(super) struct BatchFile<'f> {
    pub(super) item: NumberedItem<'f>,
    pub(super) placement: Placement,
    /// Which of the files it is that the cache keeps of this piece of work.
    pub(super) saved: Option<usize>,
}

impl<'f> DigestBatch<'f> {
    pub(super) fn new(bytes: &'f mut Vec<u8>) -> Self {
        Self {
            bytes,
            n_bytes: 0,
            files: Vec::new(),
        }
    }

    /// Tells whether a file is small, and nothing but its SHA-256 is asked for.
    pub(super) fn is_for(item: &Item) -> bool {
        let algorithm = item.digest.as_ref().map(Digest::algorithm);
        item.n_bytes <= MOST_FILE_BYTES && algorithm.is_none_or(|one| one == Algorithm::Sha256)
    }

    pub(super) fn has_room(&self, n_bytes: usize) -> bool {
        self.n_bytes + n_bytes <= MOST_BYTES
    }

    /// Returns the room for the next file.
    pub(super) fn room(&mut self, n_bytes: usize) -> &mut [u8] {
        let end = self.n_bytes + n_bytes;
        if self.bytes.len() < end {
            self.bytes.resize(end.max(MOST_BYTES), 0);
        }
        &mut self.bytes[self.n_bytes..end]
    }

    /// Takes the file whose bytes are in the room.
    pub(super) fn push(&mut self, file: BatchFile<'f>, n_bytes: usize) {
        self.n_bytes += n_bytes;
        self.files.push(file);
    }

    /// Takes all files out, each with its SHA-256, in their order.
    pub(super) fn hash(&mut self) -> impl Iterator<Item = (BatchFile<'f>, [u8; 32])> + use<'f> {
        let files = std::mem::take(&mut self.files);
        let mut start = 0;
        let ranges = files.iter().map(|file| {
            let end = start + usize::try_from(file.item.item.n_bytes).unwrap_or(usize::MAX);
            std::mem::replace(&mut start, end)..end
        });
        let ranges: Vec<Range<usize>> = ranges.collect();
        let messages: Vec<&[u8]> = ranges.into_iter().map(|range| &self.bytes[range]).collect();
        let digests = sha256_of_each(&messages);
        self.n_bytes = 0;
        files.into_iter().zip(digests)
    }
}
