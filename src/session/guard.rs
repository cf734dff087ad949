//! The folder that is written to, with the right to do so: what it guards is released or removed when it is dropped.

use std::path::{Path, PathBuf};

use super::target_environment::{Held, State, TargetEnvironment};
use super::{Error, Race};
use crate::environment::{self, Blueprint, Draft, EnvironmentLock, Staging};
use crate::install::{Destination, DestinationKind};
use crate::interpreter::Interpreter;
use crate::platform::file::set_date_at;

/// Holds the destination of an installation until it is published.
#[derive(Debug)]
pub(super) struct DestinationGuard {
    interpreter: Interpreter,
    kind: GuardKind,
    blueprint: Blueprint,
}

/// Where, when and with which interpreter the environment will be used.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// The date of what has none of its own, in seconds since 1970.
    pub(super) date: i64,
    /// The folder that will be `/` there, absolute.
    pub(super) below: Option<PathBuf>,
    /// The interpreter, absolute; `None` for the one here.
    pub(super) python: Option<PathBuf>,
}

impl Use {
    fn blueprint(self, interpreter: &Interpreter) -> Result<Blueprint, Error> {
        let below = self.below.map(fs_err::canonicalize).transpose();
        let here = Blueprint {
            date: self.date,
            below: below.map_err(environment::Error::from)?,
            ..Blueprint::of(interpreter)
        };
        Ok(match self.python {
            Some(python) => here.run_by(python),
            None => here,
        })
    }
}

#[derive(Debug)]
enum GuardKind {
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

impl DestinationGuard {
    /// Makes ready to write. Reports nothing: an interruption waits for it.
    pub(super) fn new(target: TargetEnvironment, used: Use) -> Result<Self, Error> {
        let TargetEnvironment {
            root,
            interpreter,
            name,
            state,
        } = target;
        let version = &interpreter.target.marker_environment.python_version;
        let prompt = format!("{}-py{version}", name.as_str());
        let blueprint = used.blueprint(&interpreter)?;
        let draft = || Draft::create(&root, &blueprint, &prompt);
        let kind = match state {
            State::Absent => GuardKind::New { draft: draft()? },
            State::Unusable(held, _) => GuardKind::Over {
                _lock: held.lock,
                draft: draft()?,
            },
            State::Usable(held) => GuardKind::Existing {
                staging: held.lock.staging()?,
                held,
            },
        };
        Ok(Self {
            interpreter,
            kind,
            blueprint,
        })
    }

    pub(super) fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    /// Returns the folder that has to go when the work is broken off.
    pub(super) fn hidden_folder(&self) -> &Path {
        match &self.kind {
            GuardKind::New { draft } | GuardKind::Over { draft, .. } => draft.folder(),
            GuardKind::Existing { staging, .. } => staging.folder(),
        }
    }

    pub(super) fn destination(&self) -> Destination {
        let (folder, root, kind) = match &self.kind {
            GuardKind::New { draft } | GuardKind::Over { draft, .. } => {
                (draft.folder(), draft.root(), DestinationKind::Fresh)
            }
            GuardKind::Existing { held, staging } => (
                held.environment.root(),
                held.lock.root(),
                DestinationKind::Existing {
                    staging: staging.folder().to_owned(),
                },
            ),
        };
        Destination {
            folder: folder.to_owned(),
            root: self.blueprint.recorded(root),
            interpreter: self.blueprint.python.clone(),
            layout: self.interpreter.layout.clone(),
            kind,
        }
    }

    /// Puts a new environment at its place, and leaves nothing in one that was there.
    ///
    /// # Errors
    ///
    /// [`Error::Raced`] when another process was quicker.
    pub(super) fn publish(self) -> Result<(), Error> {
        let published = match self.kind {
            GuardKind::New { draft } => draft.publish().map(drop),
            GuardKind::Over { draft, _lock } => draft.publish_over().map(drop),
            GuardKind::Existing { held, staging } => {
                drop(staging);
                // Whose folder it is not, leaves the date as it is.
                let _ = set_date_at(held.environment.root(), self.blueprint.date);
                Ok(())
            }
        };
        match published {
            Err(environment::Error::Exists { .. }) => Err(Error::Raced(Race::Environment)),
            published => Ok(published?),
        }
    }
}
