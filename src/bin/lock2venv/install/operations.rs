//! What a plan amounts to, in Poetry's words.

use std::fmt;

use lock2venv::name::PackageName;
use lock2venv::plan::{Action, Distribution, Plan};

use crate::report::Terminal;

/// How many packages are installed, updated and removed. The project itself is not counted, as with Poetry.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Operations {
    n_installs: usize,
    n_updates: usize,
    n_removals: usize,
    n_projects: usize,
}

impl Operations {
    pub(super) fn of(plan: &Plan, project: Option<&PackageName>) -> Self {
        let mut operations = Self::default();
        for action in &plan.actions {
            match action {
                _ if project == Some(action.name()) => operations.n_projects += 1,
                Action::Install(_) => operations.n_installs += 1,
                Action::Replace { .. } => operations.n_updates += 1,
                Action::Remove(_) => operations.n_removals += 1,
                Action::Keep(_) => {}
            }
        }
        operations
    }

    /// How many distributions change, the project included.
    pub(super) fn n_all(&self) -> usize {
        self.n_installs + self.n_updates + self.n_removals + self.n_projects
    }

    pub(super) fn announce(&self, terminal: &Terminal) {
        terminal.line(&format!("Package operations: {self}\n"));
    }

    /// Says what would be done.
    pub(super) fn list(&self, plan: &Plan, terminal: &Terminal) {
        for action in &plan.actions {
            let line = match action {
                Action::Install(new) => format!("Installing {} ({})", new.name, new.version),
                Action::Replace { from, to } if from.version == to.version => {
                    format!("Reinstalling {} ({})", to.name, to.version)
                }
                Action::Replace { from, to } => {
                    let verb = if from.version > to.version {
                        "Downgrading"
                    } else {
                        "Updating"
                    };
                    format!("{verb} {} ({} -> {})", to.name, from.version, to.version)
                }
                Action::Remove(old) => format!("Removing {} ({})", old.name, old.version),
                Action::Keep(_) => continue,
            };
            terminal.line(&format!("  - {line}"));
        }
    }
}

impl fmt::Display for Operations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = |count: usize| if count == 1 { "" } else { "s" };
        let Self {
            n_installs,
            n_updates,
            n_removals,
            n_projects: _,
        } = *self;
        write!(
            formatter,
            "{n_installs} install{}, {n_updates} update{}, {n_removals} removal{}",
            ending(n_installs),
            ending(n_updates),
            ending(n_removals)
        )
    }
}

/// The distributions that a plan brings in, in its order.
pub(super) fn distributions(plan: &Plan) -> impl Iterator<Item = &Distribution> {
    plan.actions.iter().filter_map(|action| match action {
        Action::Install(new) | Action::Replace { to: new, .. } => Some(new),
        Action::Remove(_) | Action::Keep(_) => None,
    })
}
