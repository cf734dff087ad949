//! Compressed data as plain bytes, whatever compressed it.
//!
//! Several compressed streams one after another are one text, as gzip, bzip2 and xz themselves have it. Zeros and anything else
//! that follows the last of them are ignored, as Python ignores them.

use std::io::{self, BufRead as _, BufReader, Read};
use std::mem;

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use lzma_rust2::XzReader;

use crate::archive::Source;

/// How much memory an `.xz` may ask for, in KiB: four times what `xz -9` does.
const MAX_XZ_KIB: u32 = 256 << 10;

/// What tells every compression.
const MAGIC_BYTES: usize = 6;

/// A compressed file from its beginning to its end.
pub(super) struct Decoder {
    compression: Compression,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Bzip2,
    Xz,
}

enum State {
    Plain(Input),
    Gzip(Box<GzDecoder<Input>>),
    Bzip2(BzDecoder<Input>),
    Xz(Box<XzReader<Input>>),
    Ended,
}

type Input = BufReader<Compressed>;

/// The bytes of the file in order.
pub(super) struct Compressed {
    source: Source,
    offset: u64,
    n_bytes: u64,
}

impl Decoder {
    pub(super) fn open(source: Source) -> io::Result<Self> {
        let n_bytes = source.n_bytes()?;
        let mut input = BufReader::with_capacity(
            1 << 16,
            Compressed {
                source,
                offset: 0,
                n_bytes,
            },
        );
        let compression = Compression::of(input.fill_buf()?);
        Ok(Self {
            compression,
            state: compression.decode(input),
        })
    }

    /// Tells whether a checksum proves that nothing is missing at the end.
    pub(super) fn is_compressed(&self) -> bool {
        self.compression != Compression::None
    }

    /// Goes on with the next of several compressed streams.
    fn has_next(&mut self) -> io::Result<bool> {
        let mut input = match mem::replace(&mut self.state, State::Ended) {
            State::Plain(_) | State::Ended => return Ok(false),
            State::Gzip(decoder) => decoder.into_inner(),
            State::Bzip2(decoder) => decoder.into_inner(),
            State::Xz(decoder) => decoder.into_inner(),
        };
        skip_zeros(&mut input)?;
        let mut start = [0; MAGIC_BYTES];
        let n_read = peek(&input, &mut start)?;
        let has_next = Compression::of(&start[..n_read]) == self.compression;
        if has_next {
            self.state = self.compression.decode(input);
        }
        Ok(has_next)
    }
}

impl Read for Decoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let n_read = match &mut self.state {
                State::Plain(input) => input.read(buffer)?,
                State::Gzip(decoder) => decoder.read(buffer)?,
                State::Bzip2(decoder) => decoder.read(buffer)?,
                State::Xz(decoder) => decoder.read(buffer)?,
                State::Ended => 0,
            };
            if n_read > 0 || buffer.is_empty() || !self.has_next()? {
                return Ok(n_read);
            }
        }
    }
}

impl Compression {
    fn of(start: &[u8]) -> Self {
        if start.starts_with(b"\x1f\x8b") {
            Self::Gzip
        } else if start.starts_with(b"BZh") {
            Self::Bzip2
        } else if start.starts_with(b"\xfd7zXZ\0") {
            Self::Xz
        } else {
            Self::None
        }
    }

    fn decode(self, input: Input) -> State {
        match self {
            Self::None => State::Plain(input),
            Self::Gzip => State::Gzip(Box::new(GzDecoder::new(input))),
            Self::Bzip2 => State::Bzip2(BzDecoder::new(input)),
            Self::Xz => State::Xz(Box::new(XzReader::new_mem_limit(input, false, MAX_XZ_KIB))),
        }
    }
}

impl Read for Compressed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_left = self.n_bytes - self.offset;
        let n_read = usize::try_from(n_left).map_or(buffer.len(), |left| left.min(buffer.len()));
        self.source
            .read_exact_at(&mut buffer[..n_read], self.offset)?;
        self.offset += n_read as u64;
        Ok(n_read)
    }
}

/// Looks at what comes next without taking it. The buffer may hold only the first of these bytes, so the file is read.
fn peek(input: &Input, buffer: &mut [u8]) -> io::Result<usize> {
    let file = input.get_ref();
    let offset = file.offset - input.buffer().len() as u64;
    let n_left = usize::try_from(file.n_bytes - offset).unwrap_or(buffer.len());
    let n_read = n_left.min(buffer.len());
    file.source.read_exact_at(&mut buffer[..n_read], offset)?;
    Ok(n_read)
}

fn skip_zeros(input: &mut Input) -> io::Result<()> {
    loop {
        let bytes = input.fill_buf()?;
        let n_zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let is_done = n_zeros < bytes.len() || bytes.is_empty();
        input.consume(n_zeros);
        if is_done {
            return Ok(());
        }
    }
}
