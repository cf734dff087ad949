//! Unpacks wheels on a pool of threads while more arrive.
//!
//! Two kinds of tasks: opening a wheel, and a piece of an opened wheel. Pieces go first, so that few wheels are open at
//! once, and among each kind the largest. The thread that called waits for arrivals, and stops taking them while
//! [`MAX_WAITING`] wheels are under way, so that neither handles nor memory grow with the plan.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rayon::{Scope, ThreadPool};

use super::done::Done;
use super::pool::{Queue, lock};
use super::unit::{Setting, Unit};
use crate::archive::Buffers;
use crate::bytecode::{Batch, Compiler, PackedPiece};
use crate::event::{Event, Reporter};
use crate::install::place::pycache;
use crate::install::place::script::Launcher;
use crate::install::{Destination, Error, Options, PreparedWheel};
use crate::plan::{DistributionId, Plan};
use crate::platform::folder::Root;
use crate::store::wheels::Wheels;

const MAX_WAITING: usize = 256;

pub(in crate::install) struct Session<'a, 's> {
    pool: &'s ThreadPool,
    helpers: Helpers<'s>,
    plan: &'a Plan,
    setting: Setting<'a>,
    /// Where the environment will live.
    root: &'a Path,
    roots: Roots,
    queue: Queue<Task<'a>>,
    buffers: Vec<Mutex<Buffers>>,
    done: Mutex<Vec<Done<'a>>>,
    failure: Mutex<Option<Error>>,
    /// Wheels that are refused; the others are looked at all the same, so that all are named.
    refused: Mutex<Vec<(DistributionId, Error)>>,
    has_failed: AtomicBool,
    n_waiting: Mutex<usize>,
    changed: Condvar,
}

/// Where wheels are unpacked to.
pub(in crate::install) enum Roots {
    /// All to one folder.
    Shared(Arc<Root>),
    /// Each to a folder of its own in this one.
    Each(std::path::PathBuf, AtomicUsize),
}

impl Roots {
    fn next(&self) -> Result<Arc<Root>, Error> {
        match self {
            Self::Shared(root) => Ok(Arc::clone(root)),
            Self::Each(folder, n_made) => {
                let number = n_made.fetch_add(1, Ordering::Relaxed);
                let path = folder.join(number.to_string());
                fs_err::create_dir(&path).map_err(|cause| Error::io("create", &path, cause))?;
                Ok(Arc::new(Root::open(&path)?))
            }
        }
    }
}

enum Task<'a> {
    Open(Box<PreparedWheel>),
    Chunk(Arc<Unit<'a>>, Range<usize>),
    /// Bytecode that the cache has, of an unpacked wheel.
    Bytecode(PackedPiece),
}

/// Who helps, as far as they are wanted.
#[derive(Clone, Copy)]
pub(in crate::install) struct Helpers<'s> {
    pub(in crate::install) wheels: Option<&'s Wheels>,
    pub(in crate::install) compiler: Option<&'s Compiler>,
    pub(in crate::install) reporter: &'s dyn Reporter,
}

impl<'a, 's> Session<'a, 's> {
    pub(in crate::install) fn new(
        plan: &'a Plan,
        (destination, roots): (&'a Destination, Roots),
        options: &'a Options,
        pool: &'s ThreadPool,
        helpers: Helpers<'s>,
    ) -> Self {
        Self {
            pool,
            helpers,
            plan,
            setting: Setting {
                layout: &destination.layout,
                launcher: Launcher {
                    interpreter: &destination.interpreter,
                    python_name: &destination.layout.python_name,
                },
                installer_name: &options.installer_name,
                leniency: &options.leniency,
                limits: options.limits,
            },
            root: &destination.root,
            roots,
            queue: Queue::new(),
            buffers: (0..pool.current_num_threads())
                .map(|_| Mutex::default())
                .collect(),
            done: Mutex::default(),
            failure: Mutex::default(),
            refused: Mutex::default(),
            has_failed: AtomicBool::new(false),
            n_waiting: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Unpacks everything that arrives; returns it in the order of the plan.
    ///
    /// A wheel that is refused stops none of the others: the error names all that are.
    pub(in crate::install) fn unpack<E: From<Error>>(
        &self,
        arrivals: impl IntoIterator<Item = Result<PreparedWheel, E>>,
    ) -> Result<Vec<Done<'a>>, E> {
        let taken = self.pool.in_place_scope(|scope| {
            for arrival in arrivals {
                if let Err(error) = arrival.map(|arrival| self.take(scope, arrival)) {
                    self.has_failed.store(true, Ordering::Relaxed);
                    return Err(error);
                }
                if self.has_failed.load(Ordering::Relaxed) {
                    break;
                }
            }
            Ok(())
        });
        if let Some(error) = self.take_refusals() {
            return Err(error.into());
        }
        taken?;
        if let Some(error) = lock(&self.failure).take() {
            return Err(error.into());
        }
        let mut done = std::mem::take(&mut *lock(&self.done));
        done.sort_by_key(Done::id);
        self.check_complete(&done)?;
        Ok(done)
    }

    fn take_refusals(&self) -> Option<Error> {
        let mut refused = std::mem::take(&mut *lock(&self.refused));
        refused.sort_by_key(|(id, _)| *id);
        Error::join(refused.into_iter().map(|(_, error)| error).collect())
    }

    /// Notes that a wheel is refused, once.
    fn refuse(&self, id: DistributionId, error: Error) {
        let mut refused = lock(&self.refused);
        if refused.iter().all(|(other, _)| *other != id) {
            refused.push((id, error));
            *lock(&self.n_waiting) -= 1;
            self.changed.notify_all();
        }
    }

    fn is_refused(&self, id: DistributionId) -> bool {
        let refused = lock(&self.refused);
        refused.iter().any(|(other, _)| *other == id)
    }

    fn check_complete(&self, done: &[Done<'a>]) -> Result<(), Error> {
        let arrived: HashSet<DistributionId> = done.iter().map(Done::id).collect();
        let mut planned = self.plan.distributions();
        match planned.find(|planned| !arrived.contains(&planned.id)) {
            None => Ok(()),
            Some(distribution) => Err(Error::NotArrived {
                name: distribution.name.clone(),
            }),
        }
    }

    fn take<'t>(&'t self, scope: &Scope<'t>, arrival: PreparedWheel) {
        let mut n_waiting = lock(&self.n_waiting);
        while *n_waiting >= MAX_WAITING && !self.has_failed.load(Ordering::Relaxed) {
            n_waiting = self
                .changed
                .wait(n_waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *n_waiting += 1;
        drop(n_waiting);
        let urgency = arrival.content.n_bytes().min(PIECE - 1);
        self.push(scope, urgency, Task::Open(Box::new(arrival)));
    }

    fn push<'t>(&'t self, scope: &Scope<'t>, urgency: u64, task: Task<'a>) {
        self.queue.push(urgency, task);
        scope.spawn(move |scope| self.turn(scope));
    }

    /// Does the most urgent task.
    fn turn<'t>(&'t self, scope: &Scope<'t>) {
        let Some(task) = self.queue.pop() else {
            return;
        };
        if self.has_failed.load(Ordering::Relaxed) {
            return;
        }
        let (id, result) = match task {
            Task::Open(arrival) => (Some(arrival.id), self.open(scope, *arrival)),
            Task::Chunk(unit, chunk) => (Some(unit.id()), self.run_chunk(scope, &unit, chunk)),
            Task::Bytecode(piece) => (None, self.write_bytecode(&piece)),
        };
        match (result, id) {
            (Ok(()), _) => {}
            (Err(error), Some(id)) if error.is_refusal() => self.refuse(id, error),
            (Err(error), _) => self.fail(error),
        }
    }

    /// Ends everything.
    fn fail(&self, error: Error) {
        lock(&self.failure).get_or_insert(error);
        self.has_failed.store(true, Ordering::Relaxed);
        // Taking the lock makes sure that the receiver either sees the flag or is woken.
        drop(lock(&self.n_waiting));
        self.changed.notify_all();
    }

    fn open<'t>(&'t self, scope: &Scope<'t>, arrival: PreparedWheel) -> Result<(), Error> {
        let planned = self.plan.distribution(arrival.id);
        let planned = planned.ok_or_else(|| Error::NotPlanned {
            name: arrival.file.name().clone(),
        })?;
        let root = self.roots.next()?;
        let mut buffers = lock(self.buffers());
        let unit = Unit::open(
            planned,
            (arrival, root),
            self.setting,
            self.helpers.wheels,
            &mut buffers,
        )?;
        drop(buffers);
        let unit = Arc::new(unit);
        for chunk in unit.chunks() {
            let items = &unit.contents.items[chunk.clone()];
            let n_bytes: u64 = items.iter().map(|item| item.n_bytes).sum();
            let task = Task::Chunk(Arc::clone(&unit), chunk);
            self.push(scope, PIECE.saturating_add(n_bytes), task);
        }
        Ok(())
    }

    fn run_chunk<'t>(
        &'t self,
        scope: &Scope<'t>,
        unit: &Arc<Unit<'a>>,
        chunk: Range<usize>,
    ) -> Result<(), Error> {
        if self.is_refused(unit.id()) {
            return Ok(());
        }
        let is_last = unit.run_chunk(chunk, &mut lock(self.buffers()))?;
        if !is_last {
            return Ok(());
        }
        let progress = unit.finish()?;
        let distribution = unit.distribution;
        if let Some(compiler) = self.helpers.compiler {
            let packed = compiler.submit(Batch {
                owner: unit.id(),
                key: Some(unit.digest.hex()),
                folder: unit.root.path().to_owned(),
                root: self.root.to_owned(),
                sources: pycache::modules(&unit.contents.library, &progress.placed),
            });
            for piece in packed {
                self.push(scope, PIECE, Task::Bytecode(piece));
            }
        }
        lock(&self.done).push(Done {
            distribution,
            root: Arc::clone(&unit.root),
            dist_info: unit.contents.dist_info.clone(),
            library: unit.contents.library.clone(),
            warnings: progress.warnings,
            unit: (!progress.contested.is_empty()).then(|| Arc::clone(unit)),
            placed: progress.placed,
            contested: progress.contested,
            dropped: Vec::new(),
        });
        *lock(&self.n_waiting) -= 1;
        self.changed.notify_all();
        self.helpers.reporter.report(Event::Installed {
            name: &distribution.name,
            version: &distribution.version,
        });
        Ok(())
    }

    fn write_bytecode(&self, piece: &PackedPiece) -> Result<(), Error> {
        let compiler = self.helpers.compiler;
        let written = compiler.map_or(Ok(()), |compiler| compiler.write_packed(piece));
        written.map_err(Error::Bytecode)
    }

    /// The buffers of this thread of the pool.
    fn buffers(&self) -> &Mutex<Buffers> {
        let index = rayon::current_thread_index().unwrap_or_default();
        &self.buffers[index % self.buffers.len()]
    }
}

/// Added to the urgency of pieces.
const PIECE: u64 = 1 << 62;
