//! The plain bytes of a tar archive, counted.

use std::io::Read as _;

use super::Error;
use super::decoder::Decoder;
use crate::archive::{SizeLimits, Source};

/// How tar archives are divided.
pub(super) const BLOCK_BYTES: usize = 512;

/// The bytes of an archive, of which no more than allowed are ever produced.
pub(super) struct Stream {
    decoder: Decoder,
    n_left: u64,
    limit: u64,
}

impl Stream {
    pub(super) fn open(source: Source, limits: SizeLimits) -> Result<Self, Error> {
        let limit = limits.allowed(source.n_bytes().map_err(Error::Read)?);
        Ok(Self {
            decoder: Decoder::open(source).map_err(Error::reading)?,
            n_left: limit,
            limit,
        })
    }

    /// Reads a block; `None` where the data ends.
    pub(super) fn block(&mut self) -> Result<Option<[u8; BLOCK_BYTES]>, Error> {
        let mut block = [0; BLOCK_BYTES];
        let n_read = self.fill(&mut block)?;
        match n_read {
            0 => Ok(None),
            BLOCK_BYTES => Ok(Some(block)),
            _ => Err(Error::Truncated),
        }
    }

    /// Hands `n_bytes` bytes to `sink`, in pieces of up to the size of `buffer`, and passes by what fills the last block.
    pub(super) fn content(
        &mut self,
        n_bytes: u64,
        buffer: &mut [u8],
        mut sink: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut n_left = n_bytes;
        while n_left > 0 {
            let n_wanted = usize::try_from(n_left).map_or(buffer.len(), |n| n.min(buffer.len()));
            let piece = &mut buffer[..n_wanted];
            if self.fill(piece)? < n_wanted {
                return Err(Error::Truncated);
            }
            sink(piece)?;
            n_left -= n_wanted as u64;
        }
        self.skip_padding(n_bytes)
    }

    fn skip_padding(&mut self, n_bytes: u64) -> Result<(), Error> {
        let mut block = [0; BLOCK_BYTES];
        // Below the size of a block.
        let n_padding = usize::try_from(n_bytes.wrapping_neg() % BLOCK_BYTES as u64).unwrap_or(0);
        let padding = &mut block[..n_padding];
        if self.fill(padding)? < n_padding {
            return Err(Error::Truncated);
        }
        Ok(())
    }

    /// Reads to the end of what is compressed, where its checksum is.
    ///
    /// An archive without an end mark is whole if a checksum says so.
    pub(super) fn finish(mut self, has_end_mark: bool) -> Result<(), Error> {
        if !self.decoder.is_compressed() {
            return if has_end_mark {
                Ok(())
            } else {
                Err(Error::Truncated)
            };
        }
        let mut block = [0; 1 << 13];
        while self.fill(&mut block)? > 0 {}
        Ok(())
    }

    /// Reads until `buffer` is full or the data ends.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let mut n_filled = 0;
        while n_filled < buffer.len() {
            let n_read = self.decoder.read(&mut buffer[n_filled..]);
            match n_read.map_err(Error::reading)? {
                0 => break,
                n_read => n_filled += n_read,
            }
        }
        let limit = self.limit;
        let n_left = self.n_left.checked_sub(n_filled as u64);
        self.n_left = n_left.ok_or(Error::TooLarge { limit })?;
        Ok(n_filled)
    }
}
