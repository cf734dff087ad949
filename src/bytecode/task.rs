//! The work of one thread: pieces of batches, compiled or taken from a pack.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::pack::{Entry, Pack, Writer};
use super::template::{self, Slot, Template};
use super::worker::{Answer, Worker};
use super::{Batch, Bytecode, Compiled, Error, Settings, pyc_path};

/// What came of one source.
type Outcome = Result<Bytecode, String>;

/// How many sources are sent at once. Two such pieces are under way for each interpreter, so it never waits for us.
const MAX_PIECE: usize = 32;
/// How many bytes of paths are sent at once: two pieces fit a pipe (64 KiB), so that nobody waits for each other.
const MAX_PIECE_BYTES: usize = 16 << 10;

/// One batch that several threads work on. The last one to let go of it finishes its pack.
#[derive(Debug)]
pub(super) struct Job {
    batch: Batch,
    pack: Option<Mutex<Option<Writer>>>,
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

/// The tasks, shared by all threads.
#[derive(Clone, Debug)]
pub(super) struct Queue(Arc<Mutex<Receiver<Task>>>);

impl Job {
    /// Puts a result into the pack; a cache that cannot be written to any more is given up.
    fn keep(&self, write: impl FnOnce(&mut Writer) -> io::Result<()>) {
        self.n_missing.fetch_sub(1, Ordering::Relaxed);
        if let Some(pack) = &self.pack {
            let mut pack = pack.lock().unwrap_or_else(PoisonError::into_inner);
            if pack.as_mut().is_some_and(|writer| write(writer).is_err()) {
                *pack = None;
            }
        }
    }

    /// Writes the `.pyc` of `source` in place.
    fn write(
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

/// A template wherever it lies.
struct Content<'a> {
    bytes: &'a [u8],
    slots: &'a [Slot],
}

impl Task {
    /// Splits a batch into pieces: what the pack `found` has is taken from there. A pack is written to `path` when there was
    /// none; one that lacks a source is left as it is, for its other sources are worth keeping.
    pub(super) fn split(mut batch: Batch, path: Option<PathBuf>, found: Option<Pack>) -> Vec<Self> {
        let sources = std::mem::take(&mut batch.sources);
        let is_packed = |source: &String| {
            found
                .as_ref()
                .is_some_and(|pack| pack.entry(source).is_some())
        };
        let (packed, missing): (Vec<_>, Vec<_>) = sources.into_iter().partition(is_packed);
        // A cache that cannot be written to is no reason not to compile.
        let writer = path
            .filter(|_| found.is_none())
            .and_then(|path| Writer::create(&path).ok());
        let job = Arc::new(Job {
            batch,
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

impl Queue {
    pub(super) fn new(tasks: Receiver<Task>) -> Self {
        Self(Arc::new(Mutex::new(tasks)))
    }

    /// Waits for a task; `None` when there will be no more.
    fn wait(&self) -> Option<Task> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv()
            .ok()
    }

    /// Takes a task if there is one right now and no other thread is waiting for it.
    fn poll(&self) -> Option<Task> {
        self.0.try_lock().ok()?.try_recv().ok()
    }
}

/// Works until there are no more tasks.
pub(super) fn work(
    settings: &Settings,
    token: &str,
    tasks: &Queue,
    is_abandoned: &AtomicBool,
) -> Result<Vec<Compiled>, Error> {
    let mut thread = Thread {
        settings,
        token,
        worker: None,
        sent: VecDeque::new(),
        done: Vec::new(),
        buffer: Vec::new(),
    };
    while !is_abandoned.load(Ordering::Relaxed) {
        let next = if thread.sent.is_empty() {
            tasks.wait()
        } else {
            tasks.poll()
        };
        match next {
            Some(Task::Compile { job, sources }) => thread.send(&job, sources)?,
            Some(Task::Unpack { job, pack, sources }) => thread.unpack(&job, &pack, &sources)?,
            None if thread.sent.is_empty() => return Ok(thread.done),
            None => thread.receive()?,
        }
        while thread.sent.len() > 1 {
            thread.receive()?;
        }
    }
    Ok(thread.done)
}

/// What one thread holds.
struct Thread<'a> {
    settings: &'a Settings,
    token: &'a str,
    worker: Option<Worker>,
    /// What was sent to the worker and not answered, in order.
    sent: VecDeque<Piece>,
    done: Vec<Compiled>,
    buffer: Vec<u8>,
}

/// Sources that were sent together.
struct Piece {
    job: Arc<Job>,
    sources: VecDeque<String>,
}

impl Thread<'_> {
    fn send(&mut self, job: &Arc<Job>, sources: Vec<String>) -> Result<(), Error> {
        let piece = Piece {
            job: job.clone(),
            sources: sources.into(),
        };
        self.sent.push_back(piece);
        let is_sent = match self.worker.as_mut() {
            None => false,
            // An interpreter that is gone is noticed when it does not answer.
            Some(worker) => self
                .sent
                .back()
                .is_none_or(|piece| piece.send_to(worker).is_ok()),
        };
        if is_sent { Ok(()) } else { self.restart() }
    }

    /// Starts an interpreter, and sends it all that is not answered.
    fn restart(&mut self) -> Result<(), Error> {
        let path = &self.settings.interpreter;
        let failed = |source| Error::Interpreter {
            path: path.clone(),
            source,
        };
        let mut worker = Worker::start(path, self.token).map_err(failed)?;
        for piece in &self.sent {
            piece.send_to(&mut worker).map_err(failed)?;
        }
        self.worker = Some(worker);
        Ok(())
    }

    /// Takes the answers to the piece that was sent first.
    fn receive(&mut self) -> Result<(), Error> {
        while let Some((job, source)) = self.first_unanswered() {
            let Some(worker) = self.worker.as_mut() else {
                return Ok(());
            };
            match worker.receive() {
                Ok(answer) => {
                    self.forget_first();
                    self.take(&job, source, answer)?;
                }
                Err(_) if self.separate() => self.restart()?,
                Err(_) => {
                    self.forget_first();
                    self.give_up(&job, source)?;
                }
            }
        }
        self.sent.pop_front();
        Ok(())
    }

    fn first_unanswered(&self) -> Option<(Arc<Job>, String)> {
        let piece = self.sent.front()?;
        Some((piece.job.clone(), piece.sources.front()?.clone()))
    }

    fn forget_first(&mut self) {
        if let Some(piece) = self.sent.front_mut() {
            piece.sources.pop_front();
        }
    }

    /// Makes a piece of each source of the first piece, to find the one that ends the interpreter: answers to the others may
    /// have been lost with it. `false` when there is one source only.
    fn separate(&mut self) -> bool {
        let Some(piece) = self.sent.pop_front_if(|piece| piece.sources.len() > 1) else {
            return false;
        };
        for source in piece.sources.into_iter().rev() {
            self.sent.push_front(Piece {
                job: piece.job.clone(),
                sources: VecDeque::from([source]),
            });
        }
        true
    }

    fn take(&mut self, job: &Job, source: String, answer: Answer) -> Result<(), Error> {
        let outcome = match answer {
            Ok(pyc) => {
                let template = Template::new(&pyc, self.token);
                job.keep(|pack| pack.add(&source, &template));
                let content = Content {
                    bytes: &template.bytes,
                    slots: &template.slots,
                };
                job.write(&source, &content, self.settings, &mut self.buffer)?
            }
            Err(cause) => {
                job.keep(|pack| pack.add_failure(&source, &cause));
                Err(cause)
            }
        };
        self.done.push(Compiled {
            owner: job.batch.owner,
            source,
            outcome,
        });
        Ok(())
    }

    /// The interpreter ended while it compiled `source`: another one does the rest.
    fn give_up(&mut self, job: &Job, source: String) -> Result<(), Error> {
        let ended = self
            .worker
            .take()
            .map_or_else(String::new, Worker::how_it_ended);
        let cause = format!("the interpreter ended while it compiled this ({ended})");
        job.keep(|pack| pack.add_failure(&source, &cause));
        self.done.push(Compiled {
            owner: job.batch.owner,
            source,
            outcome: Err(cause),
        });
        self.restart()
    }

    fn unpack(&mut self, job: &Arc<Job>, pack: &Pack, sources: &[String]) -> Result<(), Error> {
        let mut bytes = Vec::new();
        for source in sources {
            let Some(entry) = pack
                .entry(source)
                .filter(|entry| pack.read(entry, &mut bytes).is_some())
            else {
                self.send(job, vec![source.clone()])?;
                continue;
            };
            let outcome = self.unpacked(job, source, entry, &bytes)?;
            self.done.push(Compiled {
                owner: job.batch.owner,
                source: source.clone(),
                outcome,
            });
        }
        Ok(())
    }

    fn unpacked(
        &mut self,
        job: &Job,
        source: &str,
        entry: &Entry,
        bytes: &[u8],
    ) -> Result<Outcome, Error> {
        match &entry.slots {
            None => Ok(Err(String::from_utf8_lossy(bytes).into_owned())),
            Some(slots) => job.write(
                source,
                &Content { bytes, slots },
                self.settings,
                &mut self.buffer,
            ),
        }
    }
}

impl Piece {
    fn send_to(&self, worker: &mut Worker) -> io::Result<()> {
        if self.sources.is_empty() {
            return Ok(());
        }
        let paths: Vec<PathBuf> = self
            .sources
            .iter()
            .map(|source| self.job.batch.folder.join(source))
            .collect();
        worker.send(paths.iter())
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
fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let open = || OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match open() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            open()?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(path);
            match fs::create_dir(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => open()?,
            }
        }
        other => other?,
    };
    file.write_all(content)
}
