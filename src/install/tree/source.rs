//! Taking files out of a tree.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat, statat};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::manifest::TreeFile;
use super::{Method, PERMISSIONS, WRITABLE_BY_OTHERS, clone_range, nanoseconds, open_folder};
use crate::install::Error;
use crate::install::contents::Item;
use crate::install::folder::{Created, Place};

const BUFFER_BYTES: usize = 256 << 10;
const SECOND: i128 = 1_000_000_000;

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::install) enum Linked {
    New,
    /// Something is there already.
    Exists,
}

/// One unpacked wheel.
#[derive(Debug)]
pub(in crate::install) struct Tree {
    /// No handle: there may be more trees than a process may hold files open.
    path: PathBuf,
    method: Method,
    files: Vec<TreeFile>,
    /// For each file, whether it has the permissions of a new one.
    is_like_new: Vec<bool>,
}

impl Tree {
    /// Compares each file with what the manifest says of it; `None` when one is not as it was.
    pub(super) fn find(
        path: &Path,
        method: Method,
        (files, items): (Vec<TreeFile>, &[Item]),
    ) -> Option<Self> {
        let mut tree = Self {
            path: path.to_owned(),
            method,
            files,
            is_like_new: Vec::new(),
        };
        let mut reader = tree.reader();
        let items = items.iter().enumerate();
        let found = items.map(|(index, item)| reader.look(index, item));
        tree.is_like_new = found.collect::<Option<_>>()?;
        Some(tree)
    }

    /// Prepares for taking files, quickest in order.
    pub(in crate::install) fn reader(&self) -> TreeReader<'_> {
        TreeReader {
            tree: self,
            current: None,
            buffer: Vec::new(),
        }
    }
}

/// Takes files out of one tree, with the folder that it works in held open.
pub(in crate::install) struct TreeReader<'a> {
    tree: &'a Tree,
    current: Option<(usize, OwnedFd)>,
    buffer: Vec<u8>,
}

impl TreeReader<'_> {
    /// Tells whether the file has the permissions of a new one; `None` when it is not as it was.
    fn look(&mut self, index: usize, item: &Item) -> Option<bool> {
        let file = *self.tree.files.get(index)?;
        let folder = self.folder(file.chunk)?;
        let stat = statat(folder, index.to_string(), AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let modified = nanoseconds(stat.st_mtime, to_i64(stat.st_mtime_nsec));
        // An archive that a cache was saved in may keep whole seconds only.
        let is_whole_second =
            modified % SECOND == 0 && modified == file.modified - file.modified % SECOND;
        let is_as_it_was = (modified == file.modified || is_whole_second)
            && u64::try_from(stat.st_size) == Ok(item.n_bytes)
            && stat.st_mode & 0o170_000 == 0o100_000
            && stat.st_mode & WRITABLE_BY_OTHERS == 0
            && (stat.st_uid == 0 || stat.st_uid == geteuid().as_raw());
        let permissions = stat.st_mode & PERMISSIONS;
        is_as_it_was.then_some(match self.tree.method {
            Method::HardLink(modes) => modes.of(item.is_executable) == permissions,
            Method::Clone | Method::Copy => false,
        })
    }

    /// Brings the file of `item`, number `index`, to its place.
    pub(in crate::install) fn link(
        &mut self,
        index: usize,
        place: &mut Place<'_>,
        item: &Item,
    ) -> Result<Linked, Error> {
        if self.tree.is_like_new.get(index) == Some(&true)
            && let Some(linked) = self.hard_link(index, place, item)?
        {
            return Ok(linked);
        }
        let source = self.open(index, item)?;
        match place.create(&item.path, item.is_executable)? {
            Created::Exists => Ok(Linked::Exists),
            Created::New(target) => {
                let is_cloned =
                    self.tree.method == Method::Clone && clone_range(&target, &source).is_some();
                if !is_cloned {
                    self.copy(index, source, target, item)?;
                }
                Ok(Linked::New)
            }
        }
    }

    /// Reads the whole file of `item`, number `index`, a small document.
    pub(in crate::install) fn read(&mut self, index: usize, item: &Item) -> Result<Vec<u8>, Error> {
        let mut content = Vec::new();
        let file = self.open(index, item)?;
        let n_bytes = file.take(item.n_bytes + 1).read_to_end(&mut content);
        let n_bytes = n_bytes.map_err(|cause| Error::io("read", item.path.as_ref(), cause))?;
        if n_bytes as u64 != item.n_bytes {
            return Err(changed(item));
        }
        self.prove(index, item, crc32fast::hash(&content))?;
        Ok(content)
    }

    /// `None` when there may be no more links to the file, or none to a file of its owner.
    fn hard_link(
        &mut self,
        index: usize,
        place: &mut Place<'_>,
        item: &Item,
    ) -> Result<Option<Linked>, Error> {
        let Some(chunk) = self.tree.files.get(index).map(|file| file.chunk) else {
            return Ok(None);
        };
        let Some(folder) = self.folder(chunk) else {
            return Ok(None);
        };
        let (target, name) = place.enter(&item.path)?;
        match linkat(folder, index.to_string(), target, name, AtFlags::empty()) {
            Ok(()) => Ok(Some(Linked::New)),
            Err(Errno::EXIST) => Ok(Some(Linked::Exists)),
            Err(_) => Ok(None),
        }
    }

    fn copy(
        &mut self,
        index: usize,
        mut source: File,
        mut target: File,
        item: &Item,
    ) -> Result<(), Error> {
        self.buffer.resize(BUFFER_BYTES, 0);
        let mut crc = crc32fast::Hasher::new();
        let mut n_left = item.n_bytes;
        loop {
            let n_read = source
                .read(&mut self.buffer)
                .map_err(|cause| Error::io("read", item.path.as_ref(), cause))?;
            if n_read == 0 {
                break;
            }
            n_left = n_left
                .checked_sub(n_read as u64)
                .ok_or_else(|| changed(item))?;
            target
                .write_all(&self.buffer[..n_read])
                .map_err(|cause| Error::io("write", item.path.as_ref(), cause))?;
            crc.update(&self.buffer[..n_read]);
            if n_left == 0 {
                break;
            }
        }
        if n_left != 0 {
            return Err(changed(item));
        }
        self.prove(index, item, crc.finalize())
    }

    /// Compares the CRC-32 of what was read with that of what was unpacked; a tree that is damaged is removed.
    fn prove(&self, index: usize, item: &Item, crc: u32) -> Result<(), Error> {
        let file = self.tree.files.get(index);
        if file.is_some_and(|file| file.crc == crc) {
            return Ok(());
        }
        super::remove(&self.tree.path);
        Err(Error::Damaged {
            path: item.path.clone(),
        })
    }

    fn open(&mut self, index: usize, item: &Item) -> Result<File, Error> {
        let chunk = self.tree.files.get(index).map(|file| file.chunk);
        let folder = chunk.and_then(|chunk| self.folder(chunk));
        let folder = folder.ok_or_else(|| changed(item))?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(folder, index.to_string(), flags, Mode::empty());
        file.map(File::from).map_err(|errno| match errno {
            Errno::NOENT => changed(item),
            errno => Error::io("read", item.path.as_ref(), errno),
        })
    }

    fn folder(&mut self, chunk: usize) -> Option<&OwnedFd> {
        if self
            .current
            .as_ref()
            .is_none_or(|(current, _)| *current != chunk)
        {
            let handle = open_folder(CWD, self.tree.path.join(chunk.to_string()))?;
            self.current = Some((chunk, handle));
        }
        self.current.as_ref().map(|(_, handle)| handle)
    }
}

/// The file changed between the look at it and its use.
fn changed(item: &Item) -> Error {
    Error::Changed {
        path: item.path.clone(),
    }
}

/// Systems differ in the type of this field.
fn to_i64(nanoseconds: impl TryInto<i64>) -> i64 {
    nanoseconds.try_into().unwrap_or_default()
}
