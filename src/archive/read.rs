//! Reading the content of entries.

use flate2::{Decompress, FlushDecompress, Status};

use super::whole::WholeInflater;
use super::{Archive, ArchiveEntry, EntryFault, EntryKind, Error, Method, Source};

/// How many bytes are read from the archive at once, at least.
pub const READ_AHEAD: usize = 128 << 10;

/// Entries up to this size, packed and unpacked, are inflated at once.
const WHOLE_BYTES: u64 = 2 << 20;

/// Others are inflated in pieces of this size.
const OUTPUT_BYTES: usize = 128 << 10;

/// The buffers of one thread; they are kept from entry to entry and archive to archive.
#[derive(Debug)]
pub struct Buffers {
    input: Vec<u8>,
    output: Vec<u8>,
    inflater: Decompress,
    whole_inflater: Option<WholeInflater>,
}

impl Default for Buffers {
    fn default() -> Self {
        Self {
            whole_inflater: WholeInflater::new(),
            ..Self::for_pieces()
        }
    }
}

impl Buffers {
    /// Makes buffers with which no entry is inflated at once, however small it is.
    pub fn for_pieces() -> Self {
        Self {
            input: Vec::new(),
            output: vec![0; OUTPUT_BYTES + 1],
            inflater: Decompress::new(false),
            whole_inflater: None,
        }
    }
}

/// Reads entries of one archive; quickest in the order in which they lie in it.
#[derive(Debug)]
pub struct EntryReader<'a> {
    archive: &'a Archive,
    buffers: &'a mut Buffers,
    /// Where in the archive `buffers.input` begins.
    input_offset: u64,
}

impl<'a> EntryReader<'a> {
    pub(super) fn new(archive: &'a Archive, buffers: &'a mut Buffers) -> Self {
        buffers.input.clear();
        Self {
            archive,
            buffers,
            input_offset: 0,
        }
    }

    /// Hands the content of `entry` to `sink`, in one piece or several. A folder has none.
    ///
    /// When this returns without an error the pieces had the declared size and CRC.
    ///
    /// # Errors
    ///
    /// The first error of `sink`; [`Error::Io`]; [`Error::Entry`] with [`EntryFault::Size`], [`EntryFault::Crc`] or
    /// [`EntryFault::Deflate`].
    pub fn read<E: From<Error>>(
        &mut self,
        entry: &ArchiveEntry,
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if entry.kind == EntryKind::Folder {
            return Ok(());
        }
        let mut crc = crc32fast::Hasher::new();
        let mut checked = |piece: &[u8]| {
            crc.update(piece);
            sink(piece)
        };
        match entry.method {
            Method::Stored => self.read_stored(entry, &mut checked)?,
            Method::Deflated => self.read_deflated(entry, &mut checked)?,
        }
        if crc.finalize() != entry.crc {
            return Err(entry.fault(EntryFault::Crc).into());
        }
        Ok(())
    }

    /// Fills `output` with the content of `entry`, which has as many bytes.
    ///
    /// # Errors
    ///
    /// As [`EntryReader::read`].
    pub fn read_into(&mut self, entry: &ArchiveEntry, output: &mut [u8]) -> Result<(), Error> {
        let is_right = output.len() as u64 == entry.n_bytes;
        if is_right && entry.method == Method::Deflated && self.inflate_whole(entry, output)? {
            let is_as_declared = crc32fast::hash(output) == entry.crc;
            return is_as_declared
                .then_some(())
                .ok_or_else(|| entry.fault(EntryFault::Crc));
        }
        let mut rest = output;
        self.read(entry, |piece| {
            let (place, after) = std::mem::take(&mut rest)
                .split_at_mut_checked(piece.len())
                .ok_or_else(|| entry.fault(EntryFault::Size))?;
            place.copy_from_slice(piece);
            rest = after;
            Ok::<(), Error>(())
        })
    }

    fn read_stored<E: From<Error>>(
        &mut self,
        entry: &ArchiveEntry,
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut offset = entry.data_offset;
        let end = offset + entry.n_packed_bytes;
        while offset < end {
            let input = self.input(offset, end)?;
            offset += input.len() as u64;
            sink(input)?;
        }
        Ok(())
    }

    fn read_deflated<E: From<Error>>(
        &mut self,
        entry: &ArchiveEntry,
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if entry.is_small() {
            let mut output = std::mem::take(&mut self.buffers.output);
            let n_bytes = usize::try_from(entry.n_bytes).unwrap_or(usize::MAX);
            if output.len() < n_bytes {
                output.resize(n_bytes, 0);
            }
            let is_whole = self.inflate_whole(entry, &mut output[..n_bytes]);
            self.buffers.output = output;
            if is_whole? {
                return sink(&self.buffers.output[..n_bytes]);
            }
        }
        self.buffers.inflater.reset(false);
        let end = entry.data_offset + entry.n_packed_bytes;
        let mut n_remaining = entry.n_bytes;
        let mut n_held = 0;
        loop {
            let offset = entry.data_offset + self.buffers.inflater.total_in();
            let (status, n_written) = self.inflate_step(entry, offset..end, n_held, n_remaining)?;
            n_held += n_written;
            let is_done = status == Status::StreamEnd;
            if is_done || n_held >= OUTPUT_BYTES {
                if n_held as u64 > n_remaining {
                    return Err(entry.fault(EntryFault::Size).into());
                }
                sink(&self.buffers.output[..n_held])?;
                n_remaining -= n_held as u64;
                n_held = 0;
            }
            if is_done {
                break;
            }
        }
        if n_remaining != 0 {
            return Err(entry.fault(EntryFault::Size).into());
        }
        if self.buffers.inflater.total_in() != entry.n_packed_bytes {
            return Err(entry.fault(EntryFault::Deflate).into());
        }
        Ok(())
    }

    /// Inflates `entry` at once into `output`. Tells whether it did: what is large, or seems not to be as declared, is left to
    /// be inflated in pieces, and so to one judge.
    fn inflate_whole(&mut self, entry: &ArchiveEntry, output: &mut [u8]) -> Result<bool, Error> {
        if !entry.is_small() || self.buffers.whole_inflater.is_none() {
            return Ok(false);
        }
        let (start, end) = (entry.data_offset, entry.data_offset + entry.n_packed_bytes);
        self.fill_to(start, end, end)?;
        let Buffers {
            input,
            whole_inflater,
            ..
        } = &mut *self.buffers;
        let in_memory = self.archive.source().held(start, end);
        let input = in_memory.unwrap_or_else(|| held(input, self.input_offset, start, end));
        let inflater = whole_inflater.as_mut();
        Ok(inflater.is_some_and(|inflater| inflater.inflate(input, output)))
    }

    /// Inflates from `input` into the output buffer behind the `n_held` bytes that are in it.
    ///
    /// One byte more than the entry has left is offered, so that a stream that goes on is seen as such.
    fn inflate_step(
        &mut self,
        entry: &ArchiveEntry,
        input: std::ops::Range<u64>,
        n_held: usize,
        n_remaining: u64,
    ) -> Result<(Status, usize), Error> {
        self.fill(input.start, input.end)?;
        let Buffers {
            input: bytes,
            output,
            inflater,
            ..
        } = &mut *self.buffers;
        let in_memory = self.archive.source().held(input.start, input.end);
        let bytes =
            in_memory.unwrap_or_else(|| held(bytes, self.input_offset, input.start, input.end));
        let limit = usize::try_from(n_remaining).map_or(OUTPUT_BYTES, |left| {
            if left < OUTPUT_BYTES {
                left + 1
            } else {
                OUTPUT_BYTES
            }
        });
        if n_held >= limit {
            return Err(entry.fault(EntryFault::Size));
        }
        let (before_in, before_out) = (inflater.total_in(), inflater.total_out());
        let status = inflater
            .decompress(bytes, &mut output[n_held..limit], FlushDecompress::None)
            .map_err(|_| entry.fault(EntryFault::Deflate))?;
        let n_written = inflater.total_out() - before_out;
        let is_stuck = n_written == 0 && inflater.total_in() == before_in;
        if is_stuck && status != Status::StreamEnd {
            return Err(entry.fault(EntryFault::Deflate));
        }
        let n_written = usize::try_from(n_written).map_err(|_| entry.fault(EntryFault::Deflate))?;
        Ok((status, n_written))
    }

    /// Returns the bytes of the archive from `offset` on that are at hand, at least one, up to `end`.
    fn input(&mut self, offset: u64, end: u64) -> Result<&[u8], Error> {
        self.fill(offset, end)?;
        let in_memory = self.archive.source().held(offset, end);
        Ok(in_memory.unwrap_or_else(|| held(&self.buffers.input, self.input_offset, offset, end)))
    }

    /// Reads ahead unless the bytes from `offset` to `end`, or a fair part of [`READ_AHEAD`], are at hand.
    fn fill(&mut self, offset: u64, end: u64) -> Result<(), Error> {
        self.fill_to(offset, end.min(offset + READ_AHEAD as u64 / 4), end)
    }

    /// Reads ahead unless the bytes from `offset` to `wanted` are at hand.
    fn fill_to(&mut self, offset: u64, wanted: u64, end: u64) -> Result<(), Error> {
        let held_end = self.input_offset + self.buffers.input.len() as u64;
        let is_held = self.input_offset <= offset && wanted <= held_end;
        let is_in_memory = matches!(self.archive.source(), Source::Memory(_));
        if is_held || is_in_memory || offset >= end {
            return Ok(());
        }
        let after = self.archive.content_end().saturating_sub(offset);
        let n_bytes = after.min((wanted - offset).max(READ_AHEAD as u64));
        let n_bytes = usize::try_from(n_bytes).unwrap_or(READ_AHEAD);
        self.buffers.input.resize(n_bytes, 0);
        self.input_offset = offset;
        let source = self.archive.source();
        source
            .read_exact_at(&mut self.buffers.input, offset)
            .map_err(Error::Io)
    }
}

impl ArchiveEntry {
    fn is_small(&self) -> bool {
        self.n_bytes.max(self.n_packed_bytes) <= WHOLE_BYTES
    }
}

/// The part of `buffer`, which begins at `buffer_offset`, that lies from `offset` to `end`.
fn held(buffer: &[u8], buffer_offset: u64, offset: u64, end: u64) -> &[u8] {
    let place = |at: u64| {
        let at = at.saturating_sub(buffer_offset);
        usize::try_from(at).map_or(buffer.len(), |at| at.min(buffer.len()))
    };
    &buffer[place(offset)..place(end)]
}
