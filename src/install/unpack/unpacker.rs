//! Unpacks wheels on the pool of threads while more arrive.
//!
//! The thread that called waits for arrivals, and stops taking them while [`MAX_UNDER_WAY`] wheels are under way, so that
//! neither handles nor memory grow with the plan.

use std::ffi::OsStr;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fs_err as fs;
use rayon::Scope;

use super::batch::ThreadBuffers;
use super::gate::{Admission, Gate};
use super::opened::{UnpackContext, WheelOpener};
use super::placed_wheel::PlacedWheel;
use super::queue::{Urgency, UrgencyQueue};
use super::results::Results;
use super::roots::Roots;
use super::wheel_install::WheelInstall;
use crate::bytecode::{Batch, Compiler, PackedPiece};
use crate::event::Event;
use crate::install::place::pycache;
use crate::install::place::script::Launcher;
use crate::install::{Destination, Error, Installation, PreparedWheel};
use crate::plan::DistributionId;
use crate::store::wheels::Wheels;

const MAX_UNDER_WAY: usize = 256;

/// Unpacks the wheels of one run.
pub(crate) struct Unpacker<'a, 's> {
    installation: Installation<'a>,
    context: UnpackContext<'a>,
    wheels: Option<&'s Wheels>,
    compiler: Option<&'s Compiler>,
    roots: Roots,
    queue: UrgencyQueue<Task<'a, 's>>,
    /// Those that no task uses at the moment.
    buffers: Mutex<Vec<ThreadBuffers>>,
    results: Mutex<Results<'a>>,
    /// Closed when nothing more is to be done.
    gate: Gate,
}

enum Task<'a, 's> {
    Open(Box<PreparedWheel>),
    Piece(Arc<WheelInstall<'a>>, Range<usize>),
    /// Bytecode that the cache has, of a wheel that is in place, and who writes it.
    Bytecode(&'s Compiler, PackedPiece),
}

impl<'a, 's> Unpacker<'a, 's> {
    /// Prepares to unpack to `roots`, with the wheels of the cache and a compiler as far as they are wanted.
    pub(crate) fn new(
        installation: Installation<'a>,
        roots: Roots,
        wheels: Option<&'s Wheels>,
        compiler: Option<&'s Compiler>,
    ) -> Self {
        Self {
            installation,
            context: context(installation),
            wheels,
            compiler,
            roots,
            queue: UrgencyQueue::new(),
            buffers: Mutex::default(),
            results: Mutex::default(),
            gate: Gate::new(MAX_UNDER_WAY),
        }
    }

    /// Unpacks everything that arrives; returns it in the order of the plan.
    ///
    /// A wheel that is refused stops none of the others: the error names all that are.
    pub(crate) fn unpack<E: From<Error>>(
        self,
        arrivals: impl IntoIterator<Item = Result<PreparedWheel, E>>,
    ) -> Result<Vec<PlacedWheel<'a>>, E> {
        let threads = &self.installation.pool.threads;
        let taken = threads.in_place_scope(|scope| self.take_all(scope, arrivals));
        let results = self.results.into_inner();
        let results = results.unwrap_or_else(PoisonError::into_inner);
        results.finish(self.installation.plan, taken)
    }

    fn take_all<'t, E>(
        &'t self,
        scope: &Scope<'t>,
        arrivals: impl IntoIterator<Item = Result<PreparedWheel, E>>,
    ) -> Result<(), E> {
        for arrival in arrivals {
            let arrival = arrival.inspect_err(|_| self.gate.close())?;
            if self.gate.enter() == Admission::Closed {
                break;
            }
            let urgency = Urgency::Open(arrival.content.n_bytes());
            self.push(scope, urgency, Task::Open(Box::new(arrival)));
            if self.gate.is_closed() {
                break;
            }
        }
        Ok(())
    }

    fn push<'t>(&'t self, scope: &Scope<'t>, urgency: Urgency, task: Task<'a, 's>) {
        self.queue.push(urgency, task);
        scope.spawn(move |scope| self.turn(scope));
    }

    /// Does the most urgent task.
    fn turn<'t>(&'t self, scope: &Scope<'t>) {
        let Some(task) = self.queue.pop() else {
            return;
        };
        if self.gate.is_closed() {
            return;
        }
        let id = task.id();
        let done = match task {
            Task::Open(arrival) => self.open(scope, *arrival),
            Task::Piece(install, piece) => self.run_piece(scope, &install, piece),
            Task::Bytecode(compiler, piece) => {
                compiler.write_packed(&piece).map_err(Error::Bytecode)
            }
        };
        match (done, id) {
            (Ok(()), _) => {}
            (Err(error), Some(id)) if error.is_refusal() => self.refuse(id, error),
            (Err(error), _) => self.fail(error),
        }
    }

    /// Notes that a wheel is refused.
    fn refuse(&self, id: DistributionId, error: Error) {
        if self.results().refuse(id, error) {
            self.gate.leave();
        }
    }

    /// Ends everything.
    fn fail(&self, error: Error) {
        self.results().fail(error);
        self.gate.close();
        (self.installation.on_failure)();
    }

    fn open<'t>(&'t self, scope: &Scope<'t>, arrival: PreparedWheel) -> Result<(), Error> {
        let planned = self.installation.plan.distribution(arrival.id);
        let distribution = planned.ok_or_else(|| Error::NotPlanned {
            name: arrival.file.name().clone(),
        })?;
        let root = self.roots.next()?;
        let opener = WheelOpener {
            distribution,
            file: &arrival.file,
            context: self.context,
            wheels: self.wheels,
        };
        let opened =
            self.with_buffers(|buffers| opener.open(arrival.content, &mut buffers.archive))?;
        let install = WheelInstall::new(distribution, opened, root, self.context);
        let install = Arc::new(install);
        for piece in install.pieces() {
            let urgency = Urgency::Piece(install.contents.n_bytes_of(piece.clone()));
            let task = Task::Piece(Arc::clone(&install), piece.clone());
            self.push(scope, urgency, task);
        }
        Ok(())
    }

    fn run_piece<'t>(
        &'t self,
        scope: &Scope<'t>,
        install: &Arc<WheelInstall<'a>>,
        piece: Range<usize>,
    ) -> Result<(), Error> {
        if self.results().is_refused(install.distribution.id) {
            return Ok(());
        }
        let is_last = self.with_buffers(|buffers| install.run_piece(piece, buffers))?;
        if !is_last {
            return Ok(());
        }
        let placed = PlacedWheel::new(install, install.finish()?);
        self.compile(scope, &placed);
        self.results().placed.push(placed);
        self.gate.leave();
        self.installation.reporter.report(Event::Installed {
            name: &install.distribution.name,
            version: &install.distribution.version,
        });
        Ok(())
    }

    /// Has the modules of a wheel compiled, as far as the cache does not have their bytecode.
    fn compile<'t>(&'t self, scope: &Scope<'t>, wheel: &PlacedWheel<'a>) {
        let name = &wheel.distribution.name;
        let compiler = self
            .compiler
            .filter(|_| self.installation.options.compiled.includes(name));
        let Some(compiler) = compiler else {
            return;
        };
        let packed = compiler.submit(Batch {
            owner: wheel.id(),
            key: Some(wheel.digest.clone()),
            folder: wheel.root.path().to_owned(),
            root: self.installation.destination.root.clone(),
            sources: pycache::modules(&wheel.library, &wheel.placed),
        });
        for piece in packed {
            self.push(scope, Urgency::Piece(0), Task::Bytecode(compiler, piece));
        }
    }

    fn with_buffers<T>(&self, act: impl FnOnce(&mut ThreadBuffers) -> T) -> T {
        let free = || self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffers = free().pop().unwrap_or_default();
        let result = act(&mut buffers);
        free().push(buffers);
        result
    }

    fn results(&self) -> MutexGuard<'_, Results<'a>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Task<'_, '_> {
    /// The wheel that is refused when it fails; `None` when that is nothing about a wheel.
    fn id(&self) -> Option<DistributionId> {
        match self {
            Self::Open(arrival) => Some(arrival.id),
            Self::Piece(install, _) => Some(install.distribution.id),
            Self::Bytecode(..) => None,
        }
    }
}

/// Scripts start the interpreter that is beside them, where a Python itself is filled, or else look for the environment's.
fn launcher(destination: &Destination) -> Launcher<'_> {
    let interpreter = &destination.interpreter;
    let scripts = destination.root.join(&destination.layout.scripts);
    let folder = interpreter.parent().map(fs::canonicalize);
    let is_own = folder.is_some_and(|folder| folder.is_ok_and(|folder| folder == scripts));
    let name = interpreter.file_name().and_then(OsStr::to_str);
    let usual = destination.layout.python_name.as_str();
    Launcher {
        interpreter,
        python_name: name.filter(|_| is_own).unwrap_or(usual),
        is_own,
    }
}

fn context(installation: Installation<'_>) -> UnpackContext<'_> {
    let (destination, options) = (installation.destination, installation.options);
    UnpackContext {
        layout: &destination.layout,
        launcher: launcher(destination),
        installer_name: &options.installer_name,
        leniency: &options.leniency,
        limits: options.limits,
    }
}
