//! Compiles Python modules to bytecode, with the environment's own interpreter, in a few processes that stay.
//!
//! The `.pyc` are of the unchecked-hash kind (PEP 552): they depend on no file time, so two builds are equal to the byte.
//! The path that they record is the one where the environment will live, wherever it is written now. An interpreter runs
//! one script of ours, isolated, without `site` and with garbage collection off; it imports nothing from the
//! environment. It gets whole batches of paths and answers each with size, digest or the reason of failure.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};

use super::Error;
use super::conflict::label;
use super::pool::lock;
use super::session::Done;
use super::unit::Placed;
use crate::digest::Digest;
use crate::event::Warning;

const SCRIPT: &str = include_str!("compile.py");

/// How many modules go to a process at once. Requests and answers of a batch have to fit into a pipe each.
const BATCH_FILES: usize = 48;
const BATCH_BYTES: usize = 32 << 10;

/// A module to be compiled.
#[derive(Clone, Debug)]
pub(super) struct Module {
    /// Which distribution of the plan it belongs to.
    pub(super) position: usize,
    /// The source, relative to the environment.
    pub(super) path: String,
    /// The folder that the environment is written to now, absolute.
    pub(super) folder: String,
}

/// A module that was compiled, or not.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) module: Module,
    pub(super) result: Result<Bytecode, String>,
}

/// A `.pyc` that is in place.
#[derive(Debug)]
pub(super) struct Bytecode {
    /// The path, relative to the environment.
    pub(super) path: String,
    pub(super) digest: [u8; 32],
    pub(super) n_bytes: u64,
}

/// Does `act` while modules that it gives to the compiler are compiled by `n_processes`; returns also what was compiled.
///
/// Without an interpreter `act` gets no compiler.
pub(super) fn alongside<T, E: From<Error>>(
    interpreter: Option<&Path>,
    root: &str,
    n_processes: usize,
    act: impl FnOnce(Option<&Compiler<'_>>) -> Result<T, E>,
) -> Result<(T, Vec<Compiled>), E> {
    let Some(interpreter) = interpreter else {
        return Ok((act(None)?, Vec::new()));
    };
    let compiler = Compiler::new(interpreter, root);
    let result = std::thread::scope(|scope| {
        for _ in 0..n_processes.max(1) {
            scope.spawn(|| compiler.work());
        }
        let close = Close(&compiler);
        let result = act(Some(&compiler));
        if result.is_err() {
            lock(&compiler.state).waiting.clear();
        }
        drop(close);
        result
    })?;
    Ok((result, compiler.finish()?))
}

/// Closes a compiler even when the thread that feeds it unwinds, so that its processes end.
struct Close<'c, 'a>(&'c Compiler<'a>);

impl Drop for Close<'_, '_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Notes what was compiled as files of the distributions; returns what was not as warnings.
pub(super) fn note(compiled: Vec<Compiled>, done: &mut [Done<'_>]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for compiled in compiled {
        let position = compiled.module.position;
        let Some(done) = done.iter_mut().find(|done| done.position == position) else {
            continue;
        };
        match compiled.result {
            Ok(bytecode) => {
                done.placed.retain(|placed| *placed.path != *bytecode.path);
                done.placed.push(Placed {
                    path: bytecode.path.into(),
                    digest: bytecode.digest,
                    n_bytes: bytecode.n_bytes,
                });
            }
            Err(reason) => warnings.push(Warning::NotCompiled {
                distribution: label(done.distribution),
                path: compiled.module.path,
                reason,
            }),
        }
    }
    warnings
}

/// Finds the modules among the files of a wheel: pip compiles what lies in the library folder.
pub(super) fn modules(
    position: usize,
    folder: &Path,
    library: &str,
    placed: &[Placed],
) -> Vec<Module> {
    let folder = folder.to_string_lossy();
    let modules = placed.iter().filter(|placed| {
        let below = placed.path.strip_prefix(library);
        placed.path.ends_with(".py") && below.is_some_and(|below| below.starts_with('/'))
    });
    modules
        .map(|placed| Module {
            position,
            path: placed.path.to_string(),
            folder: folder.clone().into_owned(),
        })
        .collect()
}

/// Modules on their way to the processes.
#[derive(Debug)]
pub(super) struct Compiler<'a> {
    interpreter: &'a Path,
    /// Where the environment will live.
    root: &'a str,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Vec<Module>>,
    is_closed: bool,
    compiled: Vec<Compiled>,
    failure: Option<Error>,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(interpreter: &'a Path, root: &'a str) -> Self {
        Self {
            interpreter,
            root,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Adds modules to what is to be compiled.
    pub(super) fn push(&self, modules: Vec<Module>) {
        let mut state = lock(&self.state);
        let (mut batch, mut n_bytes) = (Vec::new(), 0);
        for module in modules {
            let n_module = 2 * (self.root.len() + module.folder.len() + module.path.len());
            if batch.len() >= BATCH_FILES || n_bytes + n_module > BATCH_BYTES {
                state.waiting.push_back(std::mem::take(&mut batch));
                n_bytes = 0;
            }
            n_bytes += n_module;
            batch.push(module);
        }
        if !batch.is_empty() {
            state.waiting.push_back(batch);
        }
        self.changed.notify_all();
    }

    /// Says that no more modules come, so that [`Compiler::work`] ends when it has done all.
    pub(super) fn close(&self) {
        lock(&self.state).is_closed = true;
        self.changed.notify_all();
    }

    /// Compiles with one process until there is nothing left. Any number of threads may be in here.
    pub(super) fn work(&self) {
        let mut worker = None;
        while let Some(batch) = self.next() {
            let result = self.compile(&mut worker, batch);
            let mut state = lock(&self.state);
            match result {
                Ok(mut compiled) => state.compiled.append(&mut compiled),
                Err(source) => {
                    state.failure.get_or_insert(Error::Compiler {
                        interpreter: self.interpreter.to_owned(),
                        source,
                    });
                    state.waiting.clear();
                }
            }
        }
    }

    /// Returns what was compiled, in no order.
    pub(super) fn finish(self) -> Result<Vec<Compiled>, Error> {
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        match state.failure {
            Some(failure) => Err(failure),
            None => Ok(state.compiled),
        }
    }

    fn next(&self) -> Option<Vec<Module>> {
        let mut state = lock(&self.state);
        loop {
            if state.failure.is_some() {
                return None;
            }
            if let Some(batch) = state.waiting.pop_front() {
                return Some(batch);
            }
            if state.is_closed {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn compile(
        &self,
        worker: &mut Option<Worker>,
        batch: Vec<Module>,
    ) -> io::Result<Vec<Compiled>> {
        let worker = match worker {
            Some(worker) => worker,
            None => worker.insert(Worker::start(self.interpreter)?),
        };
        let mut request = Vec::new();
        for module in &batch {
            for part in [&module.folder, self.root, &module.path] {
                request.extend_from_slice(part.as_bytes());
                request.push(0);
            }
        }
        worker.send(&request)?;
        let answers = batch.into_iter().map(|module| {
            let result = worker.receive()?;
            Ok(Compiled { module, result })
        });
        answers.collect()
    }
}

/// One process.
#[derive(Debug)]
struct Worker {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Worker {
    fn start(interpreter: &Path) -> io::Result<Self> {
        let mut process = Command::new(interpreter)
            .args(["-I", "-S", "-W", "ignore", "-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let input = process.stdin.take();
        let output = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self {
            process,
            input,
            output: BufReader::new(output),
        })
    }

    fn send(&mut self, request: &[u8]) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(input, "{}", request.len())?;
        input.write_all(request)?;
        input.flush()
    }

    /// Reads one answer: `+<path>\0<hex digest>\0<size>\n`, or `-<reason>\n`.
    fn receive(&mut self) -> io::Result<Result<Bytecode, String>> {
        let mut line = Vec::new();
        (&mut self.output)
            .take(1 << 16)
            .read_until(b'\n', &mut line)?;
        let line = String::from_utf8_lossy(&line);
        let line = line
            .strip_suffix('\n')
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        if let Some(reason) = line.strip_prefix('-') {
            return Ok(Err(reason.to_owned()));
        }
        let bytecode = line.strip_prefix('+').and_then(parse_bytecode);
        let bytecode = bytecode.ok_or(io::ErrorKind::InvalidData)?;
        Ok(Ok(bytecode))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The end of its input ends the script.
        drop(self.input.take());
        let _ = self.process.wait();
    }
}

fn parse_bytecode(answer: &str) -> Option<Bytecode> {
    let mut parts = answer.split('\0');
    let (path, digest, n_bytes) = (parts.next()?, parts.next()?, parts.next()?);
    let digest = Digest::parse(&format!("sha256:{digest}"))?;
    Some(Bytecode {
        path: path.to_owned(),
        digest: digest.bytes().try_into().ok()?,
        n_bytes: n_bytes.parse().ok()?,
    })
}
