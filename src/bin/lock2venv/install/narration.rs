//! What a session reports, in words for a person, Poetry's where Poetry has them.

use lock2venv::event::{Event, Reporter, SessionEvent};

use super::operations::Operations;
use crate::diagnose::IGNORE_IT;
use crate::report::Terminal;

/// Tells a terminal what a session does.
pub(super) struct Narration {
    terminal: Terminal,
    /// Whether dependencies are left out, so that there is nothing to say of them.
    is_only_root: bool,
}

impl Narration {
    pub(super) fn new(terminal: Terminal, is_only_root: bool) -> Self {
        Self {
            terminal,
            is_only_root,
        }
    }

    /// Returns what stops the bars at once, from any thread.
    pub(super) fn freezer(&self) -> impl Fn() + Send + 'static {
        self.terminal.freezer()
    }

    /// Says what would be done, one by one.
    pub(super) fn list(&self, operations: &Operations) {
        operations.list(&self.terminal);
        operations.name_project(&self.terminal);
        self.terminal.finish();
    }

    /// Says what was done.
    pub(super) fn conclude(&self, operations: &Operations, duration: &str) {
        operations.name_project(&self.terminal);
        self.terminal.line(&format!("\n{operations} in {duration}"));
    }

    fn announce(&self, operations: &Operations) {
        if !self.is_only_root {
            operations.announce(&self.terminal);
        }
        let lines = operations.lines().clone();
        self.terminal.begin(operations.n_all(), lines);
    }
}

impl Reporter for Narration {
    fn report(&self, event: Event<'_>) {
        if let Event::Session(step) = event {
            self.tell(step);
        } else {
            self.terminal.report(event);
        }
    }

    fn hears_of_startup(&self) -> bool {
        self.terminal.hears_of_startup()
    }
}

impl Narration {
    fn tell(&self, step: SessionEvent<'_>) {
        let line = match step {
            SessionEvent::AwaitingEnvironment { root } => {
                format!(
                    "Waiting for another process that is changing {}",
                    root.display()
                )
            }
            SessionEvent::Leftover { name, is_removed } => {
                let verb = if is_removed {
                    "Removing"
                } else {
                    "Would remove"
                };
                format!("{verb} what an interrupted run left of {name}")
            }
            SessionEvent::Creating { name, root } => {
                format!("Creating virtualenv {name} in {}", root.display())
            }
            SessionEvent::Recreating { name, root, reason } => {
                format!(
                    "Recreating virtualenv {name} in {}: {reason}",
                    root.display()
                )
            }
            SessionEvent::DamagedCopy { name } => {
                format!("The copy of {name} in the cache was damaged: fetching it again")
            }
            SessionEvent::CacheRaced => {
                "Another process changed the cache: starting again".to_owned()
            }
            SessionEvent::EnvironmentRaced => {
                "Another process created this environment: starting again".to_owned()
            }
            SessionEvent::MadeElsewhere { root, reason } => {
                return self.terminal.warn(&format!(
                    "`{}`, or part of it, was created elsewhere: {reason}; {IGNORE_IT}",
                    root.display()
                ));
            }
            SessionEvent::Planned { plan, project } => {
                return self.announce(&Operations::of(plan, project));
            }
            SessionEvent::WorkEnded => return self.terminal.finish(),
            // Not of an install, or newer than these words.
            SessionEvent::BuildingDistribution { .. }
            | SessionEvent::DistributionBuilt { .. }
            | SessionEvent::Downloading { .. }
            | _ => return,
        };
        self.terminal.line(&line);
    }
}
