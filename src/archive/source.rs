//! Where the bytes of an archive are.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// The bytes of an archive: in a file, or in memory when they are few.
#[derive(Clone, Debug)]
pub enum Source {
    /// An open file, read at positions.
    File(Arc<File>),
    /// The bytes themselves.
    Memory(Arc<Vec<u8>>),
}

impl Source {
    /// Returns the number of bytes.
    ///
    /// # Errors
    ///
    /// What the system says when it does not tell the size of the file.
    pub fn n_bytes(&self) -> io::Result<u64> {
        match self {
            Self::File(file) => file.metadata().map(|metadata| metadata.len()),
            Self::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Fills `buffer` with the bytes from `offset` on.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::UnexpectedEof`] when there are too few, else what the system says.
    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        match self {
            Self::File(file) => file.read_exact_at(buffer, offset),
            Self::Memory(bytes) => {
                let held = usize::try_from(offset)
                    .ok()
                    .and_then(|offset| bytes.get(offset..)?.get(..buffer.len()));
                buffer.copy_from_slice(held.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }

    /// Returns the bytes from `offset` to `end`, as far as they are in memory.
    pub(super) fn held(&self, offset: u64, end: u64) -> Option<&[u8]> {
        match self {
            Self::File(_) => None,
            Self::Memory(bytes) => {
                let place =
                    |at: u64| usize::try_from(at).map_or(bytes.len(), |at| at.min(bytes.len()));
                bytes.get(place(offset)..place(end))
            }
        }
    }
}

impl From<File> for Source {
    fn from(file: File) -> Self {
        Self::File(Arc::new(file))
    }
}
