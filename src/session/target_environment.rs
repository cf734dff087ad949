//! The environment that a session fills: the one that is there, or the one to be made, and its interpreter.

use std::path::{Path, PathBuf};

use super::Error;
use super::guard::DestinationGuard;
use super::recreation::Recreation;
use crate::environment::{Environment, EnvironmentLock};
use crate::event::{Reporter, SessionEvent};
use crate::installed::Installed;
use crate::interpreter::{Interpreter, Search};
use crate::name::PackageName;
use crate::version::Version;

/// An environment that is there and that nobody else changes meanwhile, or the place where one will be.
#[derive(Debug)]
pub struct TargetEnvironment {
    pub(super) root: PathBuf,
    pub(super) interpreter: Interpreter,
    /// The name of the project that it is for.
    pub(super) name: PackageName,
    pub(super) state: State,
}

/// What is at the place.
#[derive(Debug)]
pub(super) enum State {
    /// Nothing.
    Absent,
    /// An environment that can be used.
    Usable(Held),
    /// An environment that has to be made again, and why.
    Unusable(Held, Recreation),
}

/// An environment that nobody else changes.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) environment: Environment,
    pub(super) lock: EnvironmentLock,
}

impl TargetEnvironment {
    /// Looks at `root`, once nobody else changes what is there, and finds the interpreter by `search`.
    pub(super) fn find(
        root: &Path,
        name: &PackageName,
        search: &Search<'_>,
        reporter: &dyn Reporter,
    ) -> Result<Self, Error> {
        let (interpreter, state) = match Held::take(root, reporter)? {
            None => (search.find()?, State::Absent),
            Some(held) => judge(held, search)?,
        };
        let state = match state {
            State::Unusable(held, reason) => held.unusable(reason, reporter)?,
            state @ (State::Absent | State::Usable(_)) => state,
        };
        Ok(Self {
            root: root.to_owned(),
            interpreter,
            name: name.clone(),
            state,
        })
    }

    /// Returns the folder of the environment, whether or not there is one.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the interpreter that the environment is made of, or will be.
    pub fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    /// Tells whether there is an environment that stays.
    pub fn is_usable(&self) -> bool {
        matches!(self.state, State::Usable(_))
    }

    /// Lists what is installed and will stay there unless a plan says otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::Environment`] when a folder of it cannot be read.
    pub fn installed(&self) -> Result<Installed, Error> {
        match &self.state {
            State::Absent | State::Unusable(..) => Ok(Installed::default()),
            State::Usable(held) => Ok(held.environment.installed(&self.interpreter.layout)?),
        }
    }

    /// Returns the environment that stays, absolute.
    pub(super) fn folder(&self) -> Option<&Path> {
        match &self.state {
            State::Absent | State::Unusable(..) => None,
            State::Usable(held) => Some(held.environment.root()),
        }
    }

    /// Reports what will be made.
    pub(super) fn announce(&self, reporter: &dyn Reporter) {
        let (name, root) = (&self.name, self.root.as_path());
        match &self.state {
            State::Absent => reporter.step(SessionEvent::Creating { name, root }),
            State::Unusable(_, reason) => reporter.step(SessionEvent::Recreating {
                name,
                root,
                reason: &reason.to_string(),
            }),
            State::Usable(_) => {}
        }
    }

    /// Makes ready to write. Reports nothing: an interruption waits for it.
    pub(super) fn prepare(self) -> Result<DestinationGuard, Error> {
        DestinationGuard::new(self)
    }
}

impl Held {
    /// Takes the environment at `root`, if there is one, once nobody else changes it.
    fn take(root: &Path, reporter: &dyn Reporter) -> Result<Option<Self>, Error> {
        let Some(environment) = Environment::read(root)? else {
            return Ok(None);
        };
        let lock = if let Some(lock) = environment.try_lock()? {
            lock
        } else {
            reporter.step(SessionEvent::AwaitingEnvironment { root });
            environment.lock()?
        };
        // While we waited, another may have taken its place.
        let environment = Environment::read(root)?;
        Ok(environment.map(|environment| Self { environment, lock }))
    }

    /// Checks that nothing but the environment goes when it is made again, which it has to be.
    fn unusable(self, reason: Recreation, reporter: &dyn Reporter) -> Result<State, Error> {
        if let Err(source) = self.environment.check_removable() {
            let reason = Box::new(reason);
            return Err(Error::NotRemovable { reason, source });
        }
        if reason.is_from_elsewhere() {
            reporter.step(SessionEvent::MadeElsewhere {
                root: self.environment.root(),
                reason: &reason.to_string(),
            });
        }
        Ok(State::Unusable(self, reason))
    }
}

/// Decides whether the environment can be used, and with which interpreter to go on.
fn judge(held: Held, search: &Search<'_>) -> Result<(Interpreter, State), Error> {
    let own = match held.environment.fault() {
        Some(fault) => Err(Recreation::Fault(fault)),
        None => own_interpreter(&held.environment, search),
    };
    // What was asked for is looked up in any case: a wrong request is an error, whatever is there.
    let asked = search.request.map(|_| search.find()).transpose()?;
    match (own, asked) {
        (Ok(own), None) => Ok((own, State::Usable(held))),
        (Ok(own), Some(asked)) if is_same(&own, &asked) => Ok((own, State::Usable(held))),
        (Ok(own), Some(asked)) => {
            let reason = Recreation::OtherAsked {
                has: full_version(&own).to_owned(),
                asked: full_version(&asked).to_owned(),
            };
            Ok((asked, State::Unusable(held, reason)))
        }
        (Err(reason), Some(asked)) => Ok((asked, State::Unusable(held, reason))),
        (Err(reason), None) => Ok((search.find()?, State::Unusable(held, reason))),
    }
}

/// Asks the environment's interpreter, and tells why when it cannot be used.
fn own_interpreter(
    environment: &Environment,
    search: &Search<'_>,
) -> Result<Interpreter, Recreation> {
    let path = environment.base_executable();
    let answer = match search.answers {
        Some(folder) => Interpreter::query_once(&path, folder),
        None => Interpreter::query(&path),
    };
    let interpreter = answer.map_err(Recreation::NoAnswer)?;
    if let Some(fault) = environment.fault_with(&interpreter) {
        return Err(Recreation::Fault(fault));
    }
    let version = Version::parse(full_version(&interpreter));
    if version.is_ok_and(|version| search.requires_python.allows(&version)) {
        Ok(interpreter)
    } else {
        Err(Recreation::Unsupported {
            version: full_version(&interpreter).to_owned(),
        })
    }
}

fn is_same(own: &Interpreter, asked: &Interpreter) -> bool {
    own.base_executable == asked.base_executable
        || (own.base_prefix == asked.base_prefix && own.version == asked.version)
}

fn full_version(interpreter: &Interpreter) -> &str {
    &interpreter.target.marker_environment.python_full_version
}
