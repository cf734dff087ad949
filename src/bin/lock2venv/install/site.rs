//! Where distributions go: the environment that is there, or the one to be made, and its interpreter.

use std::path::{Path, PathBuf};

use lock2venv::environment::{
    self, Blueprint, Draft, Environment, EnvironmentLock, Fault, Staging,
};
use lock2venv::install::{Destination, DestinationKind};
use lock2venv::installed::Installed;
use lock2venv::interpreter::{Interpreter, Request, Search, Shims};
use lock2venv::version::Version;

use super::elsewhere;
use super::project::LockedProject;
use crate::args::Install;
use crate::context::Context;
use crate::diagnose::Failure;
use crate::report::Terminal;

/// The place of the environment, and what is there.
pub(super) struct Site {
    root: PathBuf,
    interpreter: Interpreter,
    state: State,
}

/// What is at the place.
enum State {
    /// Nothing.
    Absent,
    /// An environment that serves.
    Usable(Held),
    /// An environment that has to be made anew, and why.
    Unusable(Held, Reason),
}

/// An environment that nobody else changes.
struct Held {
    environment: Environment,
    lock: EnvironmentLock,
}

/// Where files are written to, with the right to do so.
pub(super) struct Workplace {
    interpreter: Interpreter,
    kind: Kind,
}

enum Kind {
    New {
        draft: Draft,
    },
    Over {
        draft: Draft,
        _lock: EnvironmentLock,
    },
    Existing {
        held: Held,
        staging: Staging,
    },
}

/// Where to look for an interpreter.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) context: &'a Context,
    /// The folder that keeps the answers of interpreters.
    pub(super) answers: Option<&'a Path>,
    /// The folders in which version managers keep Pythons.
    pub(super) managed: &'a [PathBuf],
}

/// Returns the place of the environment: as named, else beside pyproject.toml.
pub(super) fn root(arguments: &Install, context: &Context, project: &LockedProject) -> PathBuf {
    match &arguments.venv {
        Some(folder) => context.working_folder.join(folder),
        None => project.root.join(".venv"),
    }
}

impl Site {
    pub(super) fn find(
        arguments: &Install,
        look: Look<'_>,
        project: &LockedProject,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let context = look.context;
        let root = root(arguments, context, project);
        let request = arguments.python.as_deref().map(Request::parse);
        let virtual_env = context.variable("VIRTUAL_ENV").map(PathBuf::from);
        let path = std::env::var_os("PATH");
        let search = Search {
            request: request.as_ref(),
            // The environment itself may be the active one: it is looked at below, and is no reason to keep itself.
            virtual_env: virtual_env
                .as_deref()
                .filter(|active| !elsewhere::is_at(active, &root)),
            path: path.as_deref(),
            managed: look.managed,
            requires_python: &project.project.python_constraint,
            answers: look.answers,
            shims: Some(Shims {
                pyenv_version: context.variable("PYENV_VERSION"),
                working_folder: &context.working_folder,
            }),
        };
        let (interpreter, state) = match Held::take(&root, terminal)? {
            None => (search.find()?, State::Absent),
            Some(held) => judge(held, &search)?,
        };
        if let State::Unusable(held, reason) = &state {
            held.check_removable(reason)?;
            if reason.is_from_elsewhere {
                terminal.warn(&from_elsewhere(held, reason));
            }
        }
        Ok(Self {
            root,
            interpreter,
            state,
        })
    }

    /// Returns the folder of the environment, whether or not there is one.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    /// Lists what is installed and will stay there unless the plan says otherwise.
    pub(super) fn installed(&self) -> Result<Installed, Failure> {
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

    pub(super) fn is_usable(&self) -> bool {
        matches!(self.state, State::Usable(_))
    }

    /// Says what will be made.
    pub(super) fn announce(&self, project: &LockedProject, terminal: &Terminal) {
        let (name, root) = (project.name.as_str(), self.root.display());
        match &self.state {
            State::Absent => terminal.line(&format!("Creating virtualenv {name} in {root}")),
            State::Unusable(_, reason) => terminal.line(&format!(
                "Recreating virtualenv {name} in {root}: {}",
                reason.text
            )),
            State::Usable(_) => {}
        }
    }

    /// Makes ready to write. Says nothing: an interruption waits for it.
    pub(super) fn prepare(self, project: &LockedProject) -> Result<Workplace, Failure> {
        let name = project.name.as_str();
        let prompt = format!("{name}-py{}", minor(&self.interpreter));
        let draft = || Draft::create(&self.root, &Blueprint::of(&self.interpreter), &prompt);
        let kind = match self.state {
            State::Absent => Kind::New { draft: draft()? },
            State::Unusable(held, _) => Kind::Over {
                _lock: held.lock,
                draft: draft()?,
            },
            State::Usable(held) => Kind::Existing {
                staging: held.lock.staging()?,
                held,
            },
        };
        Ok(Workplace {
            interpreter: self.interpreter,
            kind,
        })
    }
}

impl Held {
    /// Takes the environment at `root`, if there is one, once nobody else changes it.
    fn take(root: &Path, terminal: &Terminal) -> Result<Option<Self>, Failure> {
        let Some(environment) = Environment::read(root)? else {
            return Ok(None);
        };
        let lock = if let Some(lock) = environment.try_lock()? {
            lock
        } else {
            terminal.line(&format!(
                "Waiting for another process that changes {}",
                root.display()
            ));
            environment.lock()?
        };
        // While we waited, another may have taken its place.
        let environment = Environment::read(root)?;
        Ok(environment.map(|environment| Self { environment, lock }))
    }

    /// Checks that nothing but the environment goes when it is made again, which it has to be.
    fn check_removable(&self, reason: &Reason) -> Result<(), Failure> {
        self.environment.check_removable().map_err(|error| {
            let failure = Failure::from(error);
            let failure = failure.detail(format!("it has to be made again: {}", reason.text));
            if reason.is_from_elsewhere {
                failure.hint(IGNORE_IT)
            } else {
                failure
            }
        })
    }
}

impl Workplace {
    pub(super) fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    /// Returns the folder that has to go when the work is broken off.
    pub(super) fn hidden_folder(&self) -> &Path {
        match &self.kind {
            Kind::New { draft } | Kind::Over { draft, .. } => draft.folder(),
            Kind::Existing { staging, .. } => staging.folder(),
        }
    }

    pub(super) fn destination(&self) -> Destination {
        let (folder, root, kind) = match &self.kind {
            Kind::New { draft } | Kind::Over { draft, .. } => {
                (draft.folder(), draft.root(), DestinationKind::Fresh)
            }
            Kind::Existing { held, staging } => (
                held.environment.root(),
                held.lock.root(),
                DestinationKind::Existing {
                    staging: staging.folder().to_owned(),
                },
            ),
        };
        Destination {
            folder: folder.to_owned(),
            root: root.to_owned(),
            interpreter: self.interpreter.base_executable.clone(),
            layout: self.interpreter.layout.clone(),
            kind,
        }
    }

    /// Puts a new environment at its place; `false` when another process was quicker.
    pub(super) fn publish(self) -> Result<bool, Failure> {
        let published = match self.kind {
            Kind::New { draft } => draft.publish().map(drop),
            Kind::Over { draft, _lock } => draft.publish_over().map(drop),
            Kind::Existing { .. } => Ok(()),
        };
        match published {
            Ok(()) => Ok(true),
            Err(environment::Error::Exists { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Why an environment has to be made again.
struct Reason {
    text: String,
    /// Whether it, or part of it, was made at another place or on another machine.
    is_from_elsewhere: bool,
}

/// Decides whether `environment` serves, and with which interpreter to go on.
fn judge(held: Held, search: &Search<'_>) -> Result<(Interpreter, State), Failure> {
    let own = match held.environment.fault() {
        Some(fault) => Err(fault.into()),
        None => own_interpreter(&held.environment, search),
    };
    // What was asked for is looked up in any case: a wrong request is an error, whatever is there.
    let asked = search.request.map(|_| search.find()).transpose()?;
    match (own, asked) {
        (Ok(own), None) => Ok((own, State::Usable(held))),
        (Ok(own), Some(asked)) if is_same(&own, &asked) => Ok((own, State::Usable(held))),
        (Ok(own), Some(asked)) => {
            let why = format!(
                "it has Python {}, and {} was asked for",
                full(&own),
                full(&asked)
            );
            Ok((asked, State::Unusable(held, Reason::of_here(why))))
        }
        (Err(reason), Some(asked)) => Ok((asked, State::Unusable(held, reason))),
        (Err(reason), None) => Ok((search.find()?, State::Unusable(held, reason))),
    }
}

/// What happened, most likely, in an image build without such a file.
const IGNORE_IT: &str = "if `COPY` brought it into an image, list `.venv` in `.dockerignore`";

fn from_elsewhere(held: &Held, reason: &Reason) -> String {
    format!(
        "`{}`, or part of it, was made elsewhere: {}; {IGNORE_IT}",
        held.environment.root().display(),
        reason.text
    )
}

/// Asks the environment's interpreter, and tells why when it does not serve.
fn own_interpreter(environment: &Environment, search: &Search<'_>) -> Result<Interpreter, Reason> {
    let path = environment.base_executable();
    let answer = match search.answers {
        Some(folder) => Interpreter::query_once(&path, folder),
        None => Interpreter::query(&path),
    };
    let interpreter = answer.map_err(|error| Reason::of_here(error.to_string()))?;
    if let Some(fault) = environment.fault_with(&interpreter) {
        return Err(fault.into());
    }
    let version = Version::parse(&interpreter.target.marker_environment.python_full_version);
    if version.is_ok_and(|version| search.requires_python.allows(&version)) {
        Ok(interpreter)
    } else {
        Err(Reason::of_here(format!(
            "its Python {} is not one that the project supports",
            full(&interpreter)
        )))
    }
}

fn is_same(own: &Interpreter, asked: &Interpreter) -> bool {
    own.base_executable == asked.base_executable
        || (own.base_prefix == asked.base_prefix && own.version == asked.version)
}

impl Reason {
    fn of_here(text: String) -> Self {
        Self {
            text,
            is_from_elsewhere: false,
        }
    }

    fn of_elsewhere(text: String) -> Self {
        Self {
            text,
            is_from_elsewhere: true,
        }
    }
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unfinished => {
                Self::of_here("an earlier run was killed while it put it there".to_owned())
            }
            Fault::NoHome => {
                Self::of_here("its pyvenv.cfg does not say where its Python is".to_owned())
            }
            Fault::NoInterpreter { path, target: None } => {
                Self::of_here(format!("there is no Python at `{}`", path.display()))
            }
            Fault::NoInterpreter {
                path,
                target: Some(target),
            } => Self::of_elsewhere(format!(
                "`{}` leads to `{}`, which does not exist",
                path.display(),
                target.display()
            )),
            Fault::OtherExecutable { made_for, found } => Self::of_elsewhere(format!(
                "its Python is now `{}`, and its scripts start `{}`",
                found.display(),
                made_for.display()
            )),
            Fault::NoHomeFolder { home } => Self::of_elsewhere(format!(
                "its pyvenv.cfg says that its Python is in `{}`, which does not exist",
                home.display()
            )),
            Fault::Moved { from } => {
                Self::of_elsewhere(format!("its scripts are those of `{}`", from.display()))
            }
            Fault::OtherLibrary { path } => Self::of_elsewhere(format!(
                "it also holds packages for another Python, in `{}`",
                path.display()
            )),
            Fault::OtherPython { made_for, found } => Self::of_here(format!(
                "it was made for Python {made_for}, and its interpreter is {found}"
            )),
        }
    }
}

fn full(interpreter: &Interpreter) -> &str {
    &interpreter.target.marker_environment.python_full_version
}

fn minor(interpreter: &Interpreter) -> &str {
    &interpreter.target.marker_environment.python_version
}
