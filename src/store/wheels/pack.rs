//! Packs: the files of a chunk, one after the other and not compressed, in one file.
//!
//! For an environment on another file system, as in an image build with a cache mount: nothing can be linked there, and one
//! file is written and read with fewer system calls than the hundreds that it holds.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;

use super::manifest::Pack;
use crate::platform::handle::{Handle, modified};

const BUFFER_BYTES: usize = 256 << 10;

/// Whatever the `umask` says, others shall not write to it: who could would change what is trusted.
const MODE: u16 = 0o600;

/// Writes a pack.
#[derive(Debug)]
pub(super) struct PackWriter {
    chunk: usize,
    file: File,
    buffer: Vec<u8>,
    n_bytes: u64,
}

impl PackWriter {
    /// Creates the pack of `chunk` in `folder`.
    pub(super) fn create(folder: &Handle, chunk: usize) -> io::Result<Self> {
        Ok(Self {
            chunk,
            file: folder.create(chunk.to_string(), MODE)?,
            buffer: Vec::new(),
            n_bytes: 0,
        })
    }

    /// Where the next byte goes.
    pub(super) fn offset(&self) -> u64 {
        self.n_bytes
    }

    /// Appends `bytes`.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.n_bytes += bytes.len() as u64;
        if self.buffer.len() + bytes.len() <= BUFFER_BYTES {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        self.flush()?;
        if bytes.len() >= BUFFER_BYTES {
            return self.file.write_all(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes what is left, and returns what the manifest has to say of the pack.
    pub(super) fn finish(mut self) -> io::Result<Pack> {
        self.flush()?;
        Ok(Pack {
            chunk: self.chunk,
            n_bytes: self.n_bytes,
            modified: modified(&self.file)?,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// What stops the copying of a part of a pack.
#[derive(Debug)]
pub(super) enum CopyFault {
    /// The pack is shorter.
    Ended,
    Read(io::Error),
    /// The bytes could not be taken.
    Take(io::Error),
}

/// Reads parts of a pack, quickest in order.
#[derive(Debug)]
pub(super) struct PackReader {
    file: File,
    /// What was read last, and where it begins.
    window: Vec<u8>,
    start: u64,
}

impl PackReader {
    /// Opens the pack of `chunk` in `folder`.
    pub(super) fn open(folder: &Handle, chunk: usize) -> io::Result<Self> {
        Ok(Self {
            file: folder.open_file(chunk.to_string())?,
            window: Vec::new(),
            start: 0,
        })
    }

    /// Gives `take` all `n_bytes` from `offset` on, in pieces.
    pub(super) fn copy(
        &mut self,
        mut offset: u64,
        n_bytes: u64,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), CopyFault> {
        let end = offset.saturating_add(n_bytes);
        while offset < end {
            let part = self.read(offset, end - offset).map_err(CopyFault::Read)?;
            if part.is_empty() {
                return Err(CopyFault::Ended);
            }
            take(part).map_err(CopyFault::Take)?;
            offset += part.len() as u64;
        }
        Ok(())
    }

    /// Returns bytes from `offset` on: some of `n_bytes`, or none where the pack ends.
    fn read(&mut self, offset: u64, n_bytes: u64) -> io::Result<&[u8]> {
        if self.held(offset).is_empty() {
            self.fill(offset)?;
        }
        let held = self.held(offset);
        let n_bytes = usize::try_from(n_bytes).unwrap_or(usize::MAX);
        Ok(&held[..held.len().min(n_bytes)])
    }

    fn held(&self, offset: u64) -> &[u8] {
        let place = offset.checked_sub(self.start);
        let place = place.and_then(|place| usize::try_from(place).ok());
        place
            .and_then(|place| self.window.get(place..))
            .unwrap_or_default()
    }

    fn fill(&mut self, offset: u64) -> io::Result<()> {
        self.window.resize(BUFFER_BYTES, 0);
        let n_read = self.file.read_at(&mut self.window, offset);
        // What a failed read left in the window is nothing that was asked for.
        self.window.truncate(*n_read.as_ref().unwrap_or(&0));
        self.start = offset;
        n_read.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let handle = Handle::open(folder.path()).unwrap();
        let mut writer = PackWriter::create(&handle, 7).unwrap();
        let sizes = [
            0,
            3,
            BUFFER_BYTES - 1,
            BUFFER_BYTES,
            BUFFER_BYTES + 1,
            5,
            0,
            2,
        ];
        let content = |number: usize, n_bytes: usize| vec![u8::try_from(number).unwrap(); n_bytes];
        let mut offsets = Vec::new();
        for (number, n_bytes) in sizes.into_iter().enumerate() {
            offsets.push(writer.offset());
            for piece in content(number, n_bytes).chunks(100_000) {
                writer.append(piece).unwrap();
            }
        }
        let pack = writer.finish().unwrap();
        assert_eq!(pack.n_bytes, sizes.iter().sum::<usize>() as u64);
        let mut reader = PackReader::open(&handle, 7).unwrap();
        for order in [[0, 1, 2, 3, 4, 5, 6, 7], [7, 2, 5, 1, 4, 0, 3, 6]] {
            for number in order {
                let expected = content(number, sizes[number]);
                assert_eq!(whole(&mut reader, offsets[number], sizes[number]), expected);
            }
        }
        for offset in [pack.n_bytes, pack.n_bytes - 1, 1 << 40] {
            let copied = reader.copy(offset, 2, |_| Ok(()));
            assert!(matches!(copied, Err(CopyFault::Ended)), "{copied:?}");
        }
    }

    fn whole(reader: &mut PackReader, offset: u64, n_bytes: usize) -> Vec<u8> {
        let mut content = Vec::new();
        let copied = reader.copy(offset, n_bytes as u64, |part| {
            content.extend_from_slice(part);
            Ok(())
        });
        copied.unwrap();
        content
    }
}
