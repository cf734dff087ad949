//! A blob on its way: a file of the store, or, where nothing is kept, a file without a name or a piece of memory.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::blob::Blob;
use super::memory::Share;
use crate::archive::Source;
use crate::platform::publish::DraftFile;

/// What has been written of a blob; dropped, it leaves nothing.
#[derive(Debug)]
pub(super) struct Draft {
    medium: Medium,
    n_bytes: u64,
}

#[derive(Debug)]
enum Medium {
    Named(DraftFile),
    Unlinked(File),
    Memory(Vec<u8>, Option<Share>),
}

impl Draft {
    pub(super) fn named(file: DraftFile) -> Self {
        Self::new(Medium::Named(file))
    }

    /// A file without a name in `folder`.
    pub(super) fn unlinked(folder: &Path) -> io::Result<Self> {
        Ok(Self::new(Medium::Unlinked(tempfile::tempfile_in(folder)?)))
    }

    /// Memory, of which `share` is taken.
    pub(super) fn memory(share: Option<Share>) -> Self {
        let n_bytes = share.as_ref().map_or(0, Share::n_bytes);
        Self::new(Medium::Memory(Vec::with_capacity(n_bytes), share))
    }

    fn new(medium: Medium) -> Self {
        Self { medium, n_bytes: 0 }
    }

    pub(super) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Where it is, when it has a name.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.medium {
            Medium::Named(file) => Some(file.path()),
            Medium::Unlinked(_) | Medium::Memory(..) => None,
        }
    }

    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<()> {
        match &mut self.medium {
            Medium::Named(file) => file.write_all(data)?,
            Medium::Unlinked(file) => file.write_all(data)?,
            Medium::Memory(bytes, _) => bytes.extend_from_slice(data),
        }
        self.n_bytes += data.len() as u64;
        Ok(())
    }

    /// Takes back everything that was written.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        self.n_bytes = 0;
        let mut file = match &mut self.medium {
            Medium::Named(draft) => draft.file(),
            Medium::Unlinked(file) => &*file,
            Medium::Memory(bytes, _) => {
                bytes.clear();
                return Ok(());
            }
        };
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0)).map(drop)
    }

    /// A draft of which `n_bytes` were written before.
    pub(super) fn of_written(file: DraftFile, n_bytes: u64) -> Self {
        Self {
            medium: Medium::Named(file),
            n_bytes,
        }
    }

    /// Takes out the named file; what has no name comes back.
    pub(super) fn into_named(self) -> Result<DraftFile, Self> {
        match self.medium {
            Medium::Named(file) => Ok(file),
            medium @ (Medium::Unlinked(_) | Medium::Memory(..)) => Err(Self { medium, ..self }),
        }
    }

    /// Gives up the name, and keeps the bytes; with them, what gives their memory back.
    pub(super) fn into_blob(self) -> (Blob, Option<Share>) {
        let (source, share) = match self.medium {
            Medium::Named(file) => (file.into_file().into(), None),
            Medium::Unlinked(file) => (file.into(), None),
            Medium::Memory(bytes, share) => (Source::Memory(Arc::new(bytes)), share),
        };
        let blob = Blob {
            source,
            n_bytes: self.n_bytes,
            path: None,
        };
        (blob, share)
    }
}
