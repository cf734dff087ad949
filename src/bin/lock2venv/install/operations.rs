//! What a plan amounts to, in Poetry's words.

use std::collections::BTreeMap;
use std::fmt;

use anstyle::{AnsiColor, Reset, Style};
use lock2venv::name::PackageName;
use lock2venv::plan::{Action, Plan};
use lock2venv::version::Version;

use crate::report::Terminal;

/// How many packages are installed, updated and removed. The project itself is not counted, as with Poetry.
#[derive(Clone, Debug, Default)]
pub(super) struct Operations {
    n_installs: usize,
    n_updates: usize,
    n_removals: usize,
    /// What to say of each.
    lines: BTreeMap<PackageName, String>,
    /// What to say of the project itself.
    project: Option<String>,
}

impl Operations {
    pub(super) fn of(plan: &Plan, project: Option<&PackageName>) -> Self {
        let mut operations = Self::default();
        for action in plan.actions() {
            if project == Some(action.name()) {
                operations.project = project_line(action);
                continue;
            }
            match action {
                Action::Install(_) => operations.n_installs += 1,
                Action::Replace { .. } => operations.n_updates += 1,
                Action::Remove(_) => operations.n_removals += 1,
                Action::Keep(_) => continue,
            }
            let line = line(action);
            operations.lines.insert(action.name().clone(), line);
        }
        operations
    }

    /// How many distributions change, the project included.
    pub(super) fn n_all(&self) -> usize {
        self.lines.len() + usize::from(self.project.is_some())
    }

    /// What to say of each distribution but the project.
    pub(super) fn lines(&self) -> &BTreeMap<PackageName, String> {
        &self.lines
    }

    /// Says what will be done.
    pub(super) fn announce(&self, terminal: &Terminal) {
        terminal.line("Installing dependencies from lock file\n");
        if self.lines.is_empty() {
            terminal.line("No dependencies to install or update");
        } else {
            terminal.line(&format!("Package operations: {self}\n"));
        }
    }

    /// Says what would be done, one by one.
    pub(super) fn list(&self, terminal: &Terminal) {
        for line in self.lines.values() {
            terminal.line(line);
        }
    }

    /// Says that the project itself comes in, too.
    pub(super) fn name_project(&self, terminal: &Terminal) {
        if let Some(line) = &self.project {
            terminal.line(&format!("\n{line}"));
        }
    }
}

fn line(action: &Action) -> String {
    let text = |verb: &str, name: &PackageName, versions: &str| {
        let (cyan, bold) = (AnsiColor::Cyan.on_default(), Style::new().bold());
        format!("  - {verb} {cyan}{name}{Reset} ({bold}{versions}{Reset})")
    };
    match action {
        Action::Install(new) => text("Installing", &new.name, new.version.text()),
        Action::Replace { from, to } => {
            let versions = format!("{} -> {}", from.version, to.version);
            match from.version.cmp(&to.version) {
                std::cmp::Ordering::Equal => text("Reinstalling", &to.name, to.version.text()),
                std::cmp::Ordering::Greater => text("Downgrading", &to.name, &versions),
                std::cmp::Ordering::Less => text("Updating", &to.name, &versions),
            }
        }
        Action::Remove(old) | Action::Keep(old) => text("Removing", &old.name, old.version.text()),
    }
}

fn project_line(action: &Action) -> Option<String> {
    let text = |name: &PackageName, version: &Version| {
        let (cyan, bold) = (AnsiColor::Cyan.on_default(), Style::new().bold());
        format!("Installing the current project: {cyan}{name}{Reset} ({bold}{version}{Reset})")
    };
    match action {
        Action::Install(new) | Action::Replace { to: new, .. } => {
            Some(text(&new.name, &new.version))
        }
        Action::Remove(_) | Action::Keep(_) => None,
    }
}

impl fmt::Display for Operations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |number: usize, thing: &str| {
            let ending = if number == 1 { "" } else { "s" };
            format!("{number} {thing}{ending}")
        };
        write!(
            formatter,
            "{}, {}, {}",
            count(self.n_installs, "install"),
            count(self.n_updates, "update"),
            count(self.n_removals, "removal")
        )
    }
}
