//! The work of one thread: it talks to one interpreter, so a process that compiles needs one that waits for its answers.
//! All that needs no interpreter is done on the threads of the caller.
//!
//! An interpreter that ends without an answer takes nothing with it: another one gets what was not answered. Which source
//! was to blame shows when each is sent alone; it is given up when it has ended a fresh interpreter twice.

use std::collections::VecDeque;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::job::{CompileJob, CompilePiece, Outcome};
use super::template::Template;
use super::worker::{Worker, WorkerAnswer};
use super::{Bytecode, CompileSettings, Compiled, Error};
use crate::platform::machine::is_from_outside;

/// How many sources in a row may end the interpreter until it is to blame itself.
const MOST_CRASHES: usize = 5;

/// What is to be compiled, shared by all threads.
#[derive(Clone, Debug)]
pub(super) struct CompileQueue(Arc<Mutex<Receiver<CompilePiece>>>);

impl CompileQueue {
    pub(super) fn new(pieces: Receiver<CompilePiece>) -> Self {
        Self(Arc::new(Mutex::new(pieces)))
    }

    /// Waits for a piece; `None` when there will be no more.
    fn wait(&self) -> Option<CompilePiece> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv()
            .ok()
    }

    /// Takes a piece if there is one right now and no other thread is waiting for it.
    fn poll(&self) -> Option<CompilePiece> {
        self.0.try_lock().ok()?.try_recv().ok()
    }
}

/// Works until there is nothing more to compile.
pub(super) fn work(
    settings: &CompileSettings,
    token: &str,
    pieces: &CompileQueue,
    is_abandoned: &AtomicBool,
) -> Result<Vec<Compiled>, Error> {
    let mut thread = Thread {
        settings,
        token,
        worker: None,
        sent: VecDeque::new(),
        n_crashes: 0,
        done: Vec::new(),
        buffer: Vec::new(),
    };
    while !is_abandoned.load(Ordering::Relaxed) {
        let next = if thread.sent.is_empty() {
            pieces.wait()
        } else {
            pieces.poll()
        };
        match next {
            Some(CompilePiece { job, sources }) => thread.send(&job, sources)?,
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
    settings: &'a CompileSettings,
    token: &'a str,
    worker: Option<Worker>,
    /// What was sent to the worker and not answered, in order.
    sent: VecDeque<SentPiece>,
    /// How many sources were given up since the last answer.
    n_crashes: usize,
    done: Vec<Compiled>,
    buffer: Vec<u8>,
}

/// Sources that were sent together.
struct SentPiece {
    job: Arc<CompileJob>,
    sources: VecDeque<String>,
    /// Whether it is one source, sent alone, that ended an interpreter.
    has_failed_alone: bool,
}

impl Thread<'_> {
    fn send(&mut self, job: &Arc<CompileJob>, sources: Vec<String>) -> Result<(), Error> {
        self.sent.push_back(SentPiece::new(job, sources));
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
        let started = Worker::start(&self.settings.interpreter, self.token);
        let mut worker = started.map_err(|source| self.interpreter_error(source))?;
        for piece in &self.sent {
            if piece.send_to(&mut worker).is_err() {
                // It waits for the rest of a message that will not come: without this, we would wait for each other.
                worker.stop();
                break;
            }
        }
        self.worker = Some(worker);
        Ok(())
    }

    fn interpreter_error(&self, source: io::Error) -> Error {
        Error::Interpreter {
            path: self.settings.interpreter.clone(),
            source,
        }
    }

    /// Takes the answers to the piece that was sent first.
    fn receive(&mut self) -> Result<(), Error> {
        while let Some((job, source)) = self.first_unanswered() {
            let Some(worker) = self.worker.as_mut() else {
                return Ok(());
            };
            match worker.receive() {
                Ok(WorkerAnswer::Stale) => self.restart()?,
                Ok(answer) => {
                    self.n_crashes = 0;
                    self.forget_first();
                    self.take(&job, source, answer)?;
                }
                Err(_) if self.is_worth_another_try() => self.restart()?,
                Err(error) => {
                    self.forget_first();
                    self.give_up(&job, source, &error)?;
                }
            }
        }
        self.sent.pop_front();
        Ok(())
    }

    fn first_unanswered(&self) -> Option<(Arc<CompileJob>, String)> {
        let piece = self.sent.front()?;
        Some((piece.job.clone(), piece.sources.front()?.clone()))
    }

    fn forget_first(&mut self) {
        if let Some(piece) = self.sent.front_mut() {
            piece.sources.pop_front();
        }
    }

    /// Tells whether the interpreter may have ended for another reason than the first source, and sees to it that the next
    /// one shows.
    fn is_worth_another_try(&mut self) -> bool {
        if self.separate() {
            return true;
        }
        let first = self.sent.front_mut();
        first.is_some_and(|piece| !std::mem::replace(&mut piece.has_failed_alone, true))
    }

    /// Makes a piece of each source of the first piece, to find the one that ends the interpreter: answers to the others may
    /// have been lost with it. `false` when there is one source only.
    fn separate(&mut self) -> bool {
        let Some(piece) = self.sent.pop_front_if(|piece| piece.sources.len() > 1) else {
            return false;
        };
        for source in piece.sources.into_iter().rev() {
            self.sent
                .push_front(SentPiece::new(&piece.job, vec![source]));
        }
        true
    }

    fn take(
        &mut self,
        job: &CompileJob,
        source: String,
        answer: WorkerAnswer,
    ) -> Result<(), Error> {
        let outcome = match answer {
            WorkerAnswer::Compiled(pyc) => self.compiled(job, &source, &pyc)?,
            WorkerAnswer::Refused(cause) => {
                job.keep(|pack| pack.add_failure(&source, &cause));
                Err(cause)
            }
            WorkerAnswer::Failed(cause) => Err(cause),
            WorkerAnswer::Unreadable(cause) => {
                return Err(Error::Unreadable {
                    path: job.batch.folder.join(source),
                    source: cause,
                });
            }
            WorkerAnswer::Stale => return Ok(()),
        };
        self.note(job, source, outcome);
        Ok(())
    }

    fn compiled(&mut self, job: &CompileJob, source: &str, pyc: &[u8]) -> Result<Outcome, Error> {
        let Some(template) = Template::new(pyc, self.token) else {
            return Ok(Err("its bytecode is larger than 4 GiB".to_owned()));
        };
        job.keep(|pack| pack.add(source, &template.bytes, &template.slots));
        self.buffer.clear();
        let written = job.write(source, template.view(), self.settings, &mut self.buffer)?;
        let digest = || Sha256::digest(&self.buffer).into();
        Ok(written.map(|path| Bytecode::new(path, digest(), &self.buffer)))
    }

    fn note(&mut self, job: &CompileJob, source: String, outcome: Outcome) {
        self.done.push(Compiled {
            owner: job.batch.owner,
            source,
            outcome,
        });
        job.conclude();
    }

    /// The interpreter ended again while it compiled `source`: another one does the rest.
    ///
    /// That is kept nowhere: another machine may have more memory, and another run more luck.
    fn give_up(
        &mut self,
        job: &CompileJob,
        source: String,
        error: &io::Error,
    ) -> Result<(), Error> {
        let status = self.worker.take().and_then(|worker| worker.end().ok());
        let status = status.filter(|_| error.kind() == io::ErrorKind::UnexpectedEof);
        if let Some(status) = status
            && status.signal().is_some_and(is_from_outside)
        {
            return Err(Error::Killed {
                path: self.settings.interpreter.clone(),
                source_path: job.batch.root.join(source),
                status,
            });
        }
        let ended = status.map_or_else(|| error.to_string(), |status| status.to_string());
        self.n_crashes += 1;
        if self.n_crashes == MOST_CRASHES {
            let cause =
                format!("it exited {MOST_CRASHES} times in a row without an answer ({ended})");
            return Err(self.interpreter_error(io::Error::other(cause)));
        }
        let cause = format!("the interpreter exited while it compiled this ({ended})");
        self.note(job, source, Err(cause));
        self.restart()
    }
}

impl SentPiece {
    fn new(job: &Arc<CompileJob>, sources: Vec<String>) -> Self {
        Self {
            job: job.clone(),
            sources: sources.into(),
            has_failed_alone: false,
        }
    }

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
