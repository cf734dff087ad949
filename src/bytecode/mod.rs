//! Bytecode for the sources of an environment: unchecked-hash `.pyc` files ([PEP 552]), compiled by the environment's own
//! interpreter and kept in the cache.
//!
//! This module knows folders and sources, not wheels. Which sources there are, and which RECORD lists the results, is the
//! business of `install`.
//!
//! Interpreters compile whole batches read from a pipe, so that no file costs a round trip; a crash of one costs the file
//! that caused it. What a source compiles to depends on nothing else: not on what the same interpreter compiled before, nor
//! on how many there are (`worker.py` says how; from Python 3.11 on it is what `python -m compileall --invalidation-mode
//! unchecked-hash` writes in a process of its own). They record a token instead of a path: a template with the places of the token serves every
//! environment, and the path that is recorded in the end (`co_filename`) is the one where the environment will live. The
//! templates of one wheel lie in one file of the cache, a pack: an environment from a filled cache costs one sequential
//! read a wheel, and `open`, `write` and `close` a file. Unchecked-hash files do not depend on the times of the sources,
//! so two builds are equal to the byte.
//!
//! [PEP 552]: https://peps.python.org/pep-0552/

mod error;
mod job;
mod packed;
mod pyc;
mod template;
mod thread;
mod worker;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

pub use error::Error;
pub use job::PackedPiece;

use crate::digest::Digest;
use crate::plan::DistributionId;
use crate::store::{Pack, PrivateCache, StorePlace};

use job::{CompilePiece, SplitBatch};
use thread::CompileQueue;

/// How to compile, and where results are kept.
#[derive(Clone, Debug)]
pub struct CompileSettings {
    /// The interpreter that compiles, absolute.
    pub interpreter: PathBuf,
    /// `importlib.util.MAGIC_NUMBER` of that interpreter.
    pub magic_number: [u8; 4],
    /// `sys.implementation.cache_tag` of that interpreter, such as `cpython-311`.
    pub cache_tag: String,
    /// How many interpreters work at once, each with a thread that waits for its answers.
    pub n_workers: usize,
    /// The cache that keeps packs; `None` keeps nothing.
    pub cache: Option<PrivateCache>,
    /// The date of the files, in seconds since 1970.
    pub date: i64,
}

/// Sources to compile, all of one folder.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Given back with each result, for whoever asked.
    pub owner: DistributionId,
    /// What identifies these sources in the cache: the digest of their wheel. `None` keeps nothing.
    pub key: Option<Digest>,
    /// The environment as it can be written to now, absolute.
    pub folder: PathBuf,
    /// The environment where it will live, absolute; code objects record paths below it.
    pub root: PathBuf,
    /// The sources, relative to the environment.
    pub sources: Vec<String>,
}

/// What became of one source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Compiled {
    /// That of the batch.
    pub owner: DistributionId,
    /// The source, relative to the environment.
    pub source: String,
    /// The file that was written, or the reason that the interpreter gave.
    pub outcome: Result<Bytecode, String>,
}

/// A `.pyc` that is in place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytecode {
    /// Its path, relative to the environment.
    pub path: String,
    /// Its SHA-256.
    pub digest: [u8; 32],
    /// Its size in bytes.
    pub n_bytes: u64,
}

impl Bytecode {
    fn new(path: String, digest: [u8; 32], content: &[u8]) -> Self {
        Self {
            path,
            digest,
            n_bytes: content.len() as u64,
        }
    }
}

/// Compiles batches while other work goes on.
#[derive(Debug)]
pub struct Compiler {
    settings: Arc<CompileSettings>,
    queue: Option<Sender<CompilePiece>>,
    threads: Vec<JoinHandle<Result<Vec<Compiled>, Error>>>,
    /// What came out of packs.
    packed: Mutex<Vec<Compiled>>,
    is_abandoned: Arc<AtomicBool>,
    /// Why there is no thread at all.
    failure: Option<Error>,
}

impl Compiler {
    /// Starts the threads; interpreters are started when there is something that the cache does not have.
    pub fn start(settings: CompileSettings) -> Self {
        let settings = Arc::new(settings);
        let (queue, pieces) = mpsc::channel();
        let pieces = CompileQueue::new(pieces);
        let token = template::random_token();
        let mut compiler = Self {
            settings,
            queue: Some(queue),
            threads: Vec::new(),
            packed: Mutex::default(),
            is_abandoned: Arc::new(AtomicBool::new(false)),
            failure: None,
        };
        for _ in 0..compiler.settings.n_workers.max(1) {
            match compiler.start_thread(&pieces, &token) {
                Ok(thread) => compiler.threads.push(thread),
                // Those that run do the work of those that do not.
                Err(_) if !compiler.threads.is_empty() => break,
                Err(cause) => {
                    compiler.failure = Some(Error::Thread(cause));
                    break;
                }
            }
        }
        compiler
    }

    fn start_thread(
        &self,
        pieces: &CompileQueue,
        token: &Arc<str>,
    ) -> io::Result<JoinHandle<Result<Vec<Compiled>, Error>>> {
        let (settings, pieces, token) = (self.settings.clone(), pieces.clone(), token.clone());
        let is_abandoned = self.is_abandoned.clone();
        std::thread::Builder::new()
            .name("compile".to_owned())
            .spawn(move || thread::work(&settings, &token, &pieces, &is_abandoned))
    }

    /// Takes a batch whose sources are in place. Never waits for anything to be compiled.
    ///
    /// Returns what the cache has of it, in pieces that are to be given to [`Compiler::write_packed`] on any threads.
    #[must_use]
    pub fn submit(&self, batch: Batch) -> Vec<PackedPiece> {
        let path = self.pack_place(&batch);
        let found = path.as_ref().and_then(Pack::open);
        let split = SplitBatch::new(batch, path, found);
        split
            .to_compile
            .into_iter()
            .for_each(|piece| self.send(piece));
        split.packed
    }

    /// Writes bytecode that the cache has; what is damaged there is compiled.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when a file cannot be written.
    pub fn write_packed(&self, piece: &PackedPiece) -> Result<(), Error> {
        let mut written = packed::write(piece, &self.settings)?;
        let damaged = piece.job.to_compile(written.damaged);
        damaged.for_each(|piece| self.send(piece));
        let mut packed = self.packed.lock().unwrap_or_else(PoisonError::into_inner);
        packed.append(&mut written.compiled);
        Ok(())
    }

    fn send(&self, piece: CompilePiece) {
        // Once a thread has failed, the others run dry and `finish` tells why.
        let _ = self.queue.as_ref().map(|queue| queue.send(piece));
    }

    /// Waits until every batch is compiled and tells what became of each source, in order of their paths.
    ///
    /// # Errors
    ///
    /// [`Error::Interpreter`] when the interpreter could not be started, [`Error::Killed`] when it was ended from outside,
    /// [`Error::Unreadable`] and [`Error::Io`] when a source could not be read or a file not be written, [`Error::Thread`].
    /// A source that does not compile is no error, nor is one that ends the interpreter: the outcome says so.
    pub fn finish(mut self) -> Result<Vec<Compiled>, Error> {
        self.queue = None;
        let mut all =
            std::mem::take(&mut *self.packed.lock().unwrap_or_else(PoisonError::into_inner));
        let mut failure = self.failure.take();
        for thread in self.threads.drain(..) {
            match thread.join() {
                Ok(Ok(compiled)) => all.extend(compiled),
                Ok(Err(error)) => failure = failure.or(Some(error)),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all.sort_unstable();
        failure.map_or(Ok(all), Err)
    }

    fn pack_place(&self, batch: &Batch) -> Option<StorePlace> {
        let (cache, digest) = (self.settings.cache.as_ref()?, batch.key.as_ref()?);
        let magic = u32::from_le_bytes(self.settings.magic_number);
        let interpreter = format!("{}-{magic:08x}", self.settings.cache_tag);
        Some(cache.packs().place(digest, interpreter))
    }
}

impl Drop for Compiler {
    /// Work that nobody waits for any more is broken off; no thread and no interpreter is left.
    fn drop(&mut self) {
        self.is_abandoned.store(true, Ordering::Relaxed);
        self.queue = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
