//! The folder that is written to, with the right to do so: what it guards is released or removed when it is dropped.

use std::path::Path;

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
    date: i64,
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
    /// Makes ready to write; what has no date of its own gets `date`. Reports nothing: an interruption waits for it.
    pub(super) fn new(target: TargetEnvironment, date: i64) -> Result<Self, Error> {
        let TargetEnvironment {
            root,
            interpreter,
            name,
            state,
        } = target;
        let version = &interpreter.target.marker_environment.python_version;
        let prompt = format!("{}-py{version}", name.as_str());
        let blueprint = Blueprint::of(&interpreter).dated(date);
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
            date,
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
            root: root.to_owned(),
            interpreter: self.interpreter.base_executable.clone(),
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
                let _ = set_date_at(held.environment.root(), self.date);
                Ok(())
            }
        };
        match published {
            Err(environment::Error::Exists { .. }) => Err(Error::Raced(Race::Environment)),
            published => Ok(published?),
        }
    }
}
