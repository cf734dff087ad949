//! One batch that several threads work on: its pieces, its pack, and how a `.pyc` gets into its place.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::pack::{Pack, Writer};
use super::template::{self, Slot};
use super::{Batch, Bytecode, Error, Settings, pyc_path};

/// What came of one source.
pub(super) type Outcome = Result<Bytecode, String>;

/// How many sources are sent at once. Two such pieces are under way for each interpreter, so it never waits for us.
const MAX_PIECE: usize = 32;
/// How many bytes of paths are sent at once: two pieces fit a pipe (64 KiB), so that nobody waits for each other.
const MAX_PIECE_BYTES: usize = 16 << 10;
/// How often something else may be where a file is created.
const MOST_ATTEMPTS: usize = 8;

/// One batch that several threads work on. The last one to let go of it finishes its pack.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) batch: Batch,
    pack_path: Option<PathBuf>,
    pack: Option<Mutex<Option<Writer>>>,
    /// How many sources the pack still lacks.
    n_missing: AtomicUsize,
}

/// A piece of a job.
#[derive(Debug)]
pub(super) enum Task {
    /// Sources to compile.
    Compile { job: Arc<Job>, sources: Vec<String> },
    /// Sources whose bytecode is in a pack.
    Unpack {
        job: Arc<Job>,
        pack: Arc<Pack>,
        sources: Vec<String>,
    },
}

/// A template wherever it is.
pub(super) struct Content<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) slots: &'a [Slot],
}

impl Task {
    /// Splits a batch into pieces: what the pack `found` has is taken from there. A pack is written to `path` when there was
    /// none, or when it lacks some of the sources; it then holds also what `found` held.
    pub(super) fn split(mut batch: Batch, path: Option<PathBuf>, found: Option<Pack>) -> Vec<Self> {
        let sources = std::mem::take(&mut batch.sources);
        let is_packed = |source: &String| {
            found
                .as_ref()
                .is_some_and(|pack| pack.entry(source).is_some())
        };
        let (packed, missing): (Vec<_>, Vec<_>) = sources.into_iter().partition(is_packed);
        let writer = path
            .as_deref()
            .filter(|_| !missing.is_empty())
            // A cache that cannot be written to is no reason not to compile.
            .and_then(|path| Writer::create(path, found.as_ref()).ok());
        let job = Arc::new(Job {
            batch,
            pack_path: path,
            pack: writer.map(|writer| Mutex::new(Some(writer))),
            n_missing: AtomicUsize::new(missing.len()),
        });
        let compiled = pieces(missing).map(|sources| Self::Compile {
            job: job.clone(),
            sources,
        });
        let mut tasks: Vec<_> = compiled.collect();
        if let Some(pack) = found.map(Arc::new) {
            tasks.extend(pieces(packed).map(|sources| Self::Unpack {
                job: job.clone(),
                pack: pack.clone(),
                sources,
            }));
        }
        tasks
    }
}

impl Job {
    /// Puts a result into the pack; a cache that cannot be written to any more is given up.
    ///
    /// Only what follows from the source alone may be kept. A source that is never kept keeps the pack from being published.
    pub(super) fn keep(&self, write: impl FnOnce(&mut Writer) -> io::Result<()>) {
        self.n_missing.fetch_sub(1, Ordering::Relaxed);
        if let Some(pack) = &self.pack {
            let mut pack = pack.lock().unwrap_or_else(PoisonError::into_inner);
            if pack.as_mut().is_some_and(|writer| write(writer).is_err()) {
                *pack = None;
            }
        }
    }

    /// Removes the pack, which turned out to be damaged at one source: the next run makes it again, whole.
    pub(super) fn discard_pack(&self) {
        self.n_missing.fetch_add(1, Ordering::Relaxed);
        if let Some(path) = &self.pack_path {
            let _ = fs::remove_file(path);
        }
    }

    /// Writes the `.pyc` of `source` in place.
    pub(super) fn write(
        &self,
        source: &str,
        content: &Content<'_>,
        settings: &Settings,
        buffer: &mut Vec<u8>,
    ) -> Result<Outcome, Error> {
        let recorded = self.batch.root.join(source);
        let Some(recorded) = recorded.to_str() else {
            return Ok(Err("the environment's path is not UTF-8".to_owned()));
        };
        template::fill(content.bytes, content.slots, recorded, buffer);
        let pyc = pyc_path(source, &settings.cache_tag);
        let path = self.batch.folder.join(&pyc);
        create(&path, buffer).map_err(Error::io(path))?;
        Ok(Ok(Bytecode {
            path: pyc,
            digest: Sha256::digest(&*buffer).into(),
            n_bytes: buffer.len() as u64,
        }))
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // The last piece is done, or work was broken off. A pack that cannot be written is not missed.
        if *self.n_missing.get_mut() != 0 {
            return;
        }
        let pack = self
            .pack
            .take()
            .and_then(|pack| pack.into_inner().ok().flatten());
        let _ = pack.map(Writer::finish);
    }
}

fn pieces(sources: Vec<String>) -> impl Iterator<Item = Vec<String>> {
    let mut rest = sources.into_iter().peekable();
    std::iter::from_fn(move || {
        let mut piece = Vec::new();
        let mut n_bytes = 0;
        while piece.len() < MAX_PIECE && n_bytes < MAX_PIECE_BYTES {
            let Some(source) = rest.next() else { break };
            n_bytes += source.len() + 256;
            piece.push(source);
        }
        (!piece.is_empty()).then_some(piece)
    })
}

/// Creates a file, and its folder when that is missing. One that is there is replaced, never written to: it may be a link
/// to a file of the cache.
///
/// Nobody else compiles to this path, but a wheel that brings a file of this name may be unpacked at this moment.
fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let open = || OpenOptions::new().write(true).create_new(true).open(path);
    let mut opened = open();
    for _ in 0..MOST_ATTEMPTS {
        let made_room = match opened.as_ref().map_err(io::Error::kind) {
            Err(io::ErrorKind::AlreadyExists) => {
                allow(fs::remove_file(path), io::ErrorKind::NotFound)
            }
            Err(io::ErrorKind::NotFound) => {
                let folder = path.parent().unwrap_or(path);
                allow(fs::create_dir(folder), io::ErrorKind::AlreadyExists)
            }
            Ok(_) | Err(_) => break,
        };
        made_room?;
        opened = open();
    }
    opened?.write_all(content)
}

fn allow(done: io::Result<()>, expected: io::ErrorKind) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == expected => Ok(()),
        other => other,
    }
}
