//! Taking files out of a cached wheel.

use std::fs::File;
use std::io::{self, Read as _, Write as _};

use super::error::Error;
use super::manifest::{Keeping, Pack, StoredFile, StoredFiles};
use super::method::Method;
use super::pack::{CopyFault, PackReader};
use super::place;
use crate::platform::file::set_date;
use crate::platform::folder::{Created, Place};
use crate::platform::handle::{Handle, Status};
use crate::platform::link::clone;
use crate::store::layout::StorePlace;

const BUFFER_BYTES: usize = 256 << 10;
const SECOND: i128 = 1_000_000_000;

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linked {
    New,
    /// Something is there already.
    Exists,
}

/// A file that was to be brought to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkedFile {
    pub(crate) linked: Linked,
    /// The SHA-256 that it had when it was unpacked.
    pub(crate) sha256: [u8; 32],
}

/// The files of one cached wheel.
#[derive(Debug)]
pub(crate) struct KeptFiles {
    /// No handle: there may be more wheels than a process may hold files open.
    place: StorePlace,
    method: Method,
    files: Vec<StoredFile>,
    /// For each file, whether it has the permissions of a new one.
    is_like_new: Vec<bool>,
}

impl KeptFiles {
    /// Compares each file and pack with what the manifest says of it; `None` when one is not as it was.
    pub(super) fn find(place: &StorePlace, method: Method, stored: StoredFiles) -> Option<Self> {
        let are_right = |folder: Handle| stored.packs.iter().all(|pack| is_right(&folder, pack));
        if !stored.packs.is_empty() && !Handle::open(&place.path).is_ok_and(are_right) {
            return None;
        }
        let mut kept = Self {
            place: place.clone(),
            method,
            files: stored.files,
            is_like_new: Vec::new(),
        };
        let mut reader = kept.reader();
        let found = kept.files.iter().enumerate();
        let found = found.map(|(index, file)| reader.look(index, *file));
        kept.is_like_new = found.collect::<Option<_>>()?;
        Some(kept)
    }

    /// Prepares for taking files, quickest in order.
    pub(crate) fn reader(&self) -> KeptReader<'_> {
        KeptReader {
            kept: self,
            current: None,
            pack: None,
            buffer: Vec::new(),
        }
    }
}

fn is_right(folder: &Handle, pack: &Pack) -> bool {
    let found = folder.look(pack.chunk.to_string());
    found.is_ok_and(|found| is_as_it_was(&found, pack.modified, pack.n_bytes))
}

fn is_as_it_was(found: &Status, modified: i128, n_bytes: u64) -> bool {
    // An archive that a cache was saved in may keep whole seconds only.
    let is_whole_second =
        found.modified % SECOND == 0 && found.modified == modified - modified % SECOND;
    (found.modified == modified || is_whole_second)
        && found.n_bytes == n_bytes
        && found.is_file
        && found.owner.is_private()
}

/// Takes files out of one cached wheel, with the folder or the pack that it works in held open.
pub(crate) struct KeptReader<'a> {
    kept: &'a KeptFiles,
    current: Option<(usize, Handle)>,
    pack: Option<(usize, PackReader)>,
    buffer: Vec<u8>,
}

impl KeptReader<'_> {
    /// Tells whether the file has the permissions of a new one; `None` when it is not as it was.
    fn look(&mut self, index: usize, file: StoredFile) -> Option<bool> {
        let Keeping::Alone { modified } = file.keeping else {
            return Some(false);
        };
        let folder = self.folder(file.chunk)?;
        let found = folder.look(index.to_string()).ok()?;
        is_as_it_was(&found, modified, file.n_bytes).then_some(match self.kept.method {
            Method::HardLink(new) => {
                new.permissions(file.is_executable) == found.owner.permissions()
            }
            Method::Clone | Method::Copy => false,
        })
    }

    /// Brings file number `index` to `path`.
    pub(crate) fn link(
        &mut self,
        index: usize,
        place: &mut Place<'_>,
        path: &str,
    ) -> Result<LinkedFile, Error> {
        let file = self.file(index, path)?;
        let linked = self.link_stored(index, file, place, path)?;
        let sha256 = file.sha256;
        Ok(LinkedFile { linked, sha256 })
    }

    fn link_stored(
        &mut self,
        index: usize,
        file: StoredFile,
        place: &mut Place<'_>,
        path: &str,
    ) -> Result<Linked, Error> {
        if self.kept.is_like_new.get(index) == Some(&true)
            && let Some(linked) = self.hard_link(index, place, path)?
        {
            return Ok(linked);
        }
        if let Keeping::Packed { offset } = file.keeping {
            return match place.create(path, file.is_executable)? {
                Created::Exists => Ok(Linked::Exists),
                Created::New(mut target) => {
                    let write = |part: &[u8]| target.write_all(part);
                    self.unpack(file, offset, path, write)?;
                    date(file, &target, path)
                }
            };
        }
        let source = self.open(index, path)?;
        match place.create(path, file.is_executable)? {
            Created::Exists => Ok(Linked::Exists),
            Created::New(target) => {
                let is_cloned =
                    self.kept.method == Method::Clone && clone(&source, &target).is_ok();
                if !is_cloned {
                    self.copy(file, source, &target, path)?;
                }
                date(file, &target, path)
            }
        }
    }

    /// Takes a file out of its pack, where it begins at `offset`, and proves it.
    fn unpack(
        &mut self,
        file: StoredFile,
        offset: u64,
        path: &str,
        mut write: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), Error> {
        let pack = self.pack(file.chunk, path)?;
        let mut crc = crc32fast::Hasher::new();
        let copied = pack.copy(offset, file.n_bytes, |part| {
            crc.update(part);
            write(part)
        });
        copied.map_err(|fault| match fault {
            CopyFault::Ended => Error::changed(path),
            CopyFault::Read(source) => Error::read(path, source),
            CopyFault::Take(source) => Error::write(path, source),
        })?;
        self.prove(file, path, crc.finalize())
    }

    /// Reads the whole file number `index`, a small document, which belongs at `path`.
    pub(crate) fn read(&mut self, index: usize, path: &str) -> Result<Vec<u8>, Error> {
        let stored = self.file(index, path)?;
        let mut content = Vec::new();
        if let Keeping::Packed { offset } = stored.keeping {
            self.unpack(stored, offset, path, |part| {
                content.extend_from_slice(part);
                Ok(())
            })?;
            return Ok(content);
        }
        let file = self.open(index, path)?;
        let n_bytes = file.take(stored.n_bytes + 1).read_to_end(&mut content);
        let n_bytes = n_bytes.map_err(|source| Error::read(path, source))?;
        if n_bytes as u64 != stored.n_bytes {
            return Err(Error::changed(path));
        }
        self.prove(stored, path, crc32fast::hash(&content))?;
        Ok(content)
    }

    fn file(&self, index: usize, path: &str) -> Result<StoredFile, Error> {
        let file = self.kept.files.get(index).copied();
        file.ok_or_else(|| Error::changed(path))
    }

    /// `None` when there may be no more links to the file, or none to a file of its owner.
    fn hard_link(
        &mut self,
        index: usize,
        place: &mut Place<'_>,
        path: &str,
    ) -> Result<Option<Linked>, Error> {
        let chunk = self.file(index, path)?.chunk;
        let Some(folder) = self.folder(chunk) else {
            return Ok(None);
        };
        let (target, name) = place.enter(path)?;
        match folder.link(index.to_string(), target, name) {
            Ok(()) => Ok(Some(Linked::New)),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(Some(Linked::Exists)),
            Err(_) => Ok(None),
        }
    }

    fn copy(
        &mut self,
        file: StoredFile,
        mut source: File,
        mut target: &File,
        path: &str,
    ) -> Result<(), Error> {
        self.buffer.resize(BUFFER_BYTES, 0);
        let mut crc = crc32fast::Hasher::new();
        let mut n_left = file.n_bytes;
        loop {
            let n_read = source
                .read(&mut self.buffer)
                .map_err(|source| Error::read(path, source))?;
            if n_read == 0 {
                break;
            }
            n_left = n_left
                .checked_sub(n_read as u64)
                .ok_or_else(|| Error::changed(path))?;
            target
                .write_all(&self.buffer[..n_read])
                .map_err(|source| Error::write(path, source))?;
            crc.update(&self.buffer[..n_read]);
            if n_left == 0 {
                break;
            }
        }
        if n_left != 0 {
            return Err(Error::changed(path));
        }
        self.prove(file, path, crc.finalize())
    }

    /// Compares the CRC-32 of what was read with that of what was unpacked; a wheel that is damaged is removed.
    fn prove(&self, file: StoredFile, path: &str, crc: u32) -> Result<(), Error> {
        if file.crc == crc {
            return Ok(());
        }
        place::remove(&self.kept.place);
        Err(Error::Damaged {
            path: path.to_owned(),
        })
    }

    fn open(&mut self, index: usize, path: &str) -> Result<File, Error> {
        let chunk = self.file(index, path)?.chunk;
        let folder = self.folder(chunk).ok_or_else(|| Error::changed(path))?;
        let file = folder.open_file(index.to_string());
        file.map_err(|cause| not_opened(path, cause))
    }

    /// The pack of `chunk`, from which `path` is wanted.
    fn pack(&mut self, chunk: usize, path: &str) -> Result<&mut PackReader, Error> {
        let is_open = matches!(self.pack, Some((current, _)) if current == chunk);
        if !is_open {
            let folder = Handle::open(&self.kept.place.path);
            let opened = folder.and_then(|folder| PackReader::open(&folder, chunk));
            let opened = opened.map_err(|cause| not_opened(path, cause))?;
            self.pack = Some((chunk, opened));
        }
        let pack = self.pack.as_mut().map(|(_, pack)| pack);
        pack.ok_or_else(|| Error::changed(path))
    }

    fn folder(&mut self, chunk: usize) -> Option<&Handle> {
        if self
            .current
            .as_ref()
            .is_none_or(|(current, _)| *current != chunk)
        {
            let handle = Handle::open(&self.kept.place.path.join(chunk.to_string())).ok()?;
            self.current = Some((chunk, handle));
        }
        self.current.as_ref().map(|(_, handle)| handle)
    }
}

/// Gives a file that was written the date that it has in its wheel.
fn date(file: StoredFile, target: &File, path: &str) -> Result<Linked, Error> {
    let dated = set_date(target, file.date);
    dated.map_err(|source| Error::write(path, source))?;
    Ok(Linked::New)
}

/// What is gone was taken away since the wheel was found.
fn not_opened(path: &str, cause: io::Error) -> Error {
    if cause.kind() == io::ErrorKind::NotFound {
        Error::changed(path)
    } else {
        Error::read(path, cause)
    }
}
