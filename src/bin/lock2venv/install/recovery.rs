//! What is installed, once the change that an earlier run was stopped in is completed.

use std::collections::BTreeSet;

use lock2venv::install::{self, Need, Unfinished};
use lock2venv::installed::Installed;
use lock2venv::name::PackageName;
use lock2venv::plan::Plan;

use super::site::Site;
use crate::diagnose::Failure;
use crate::report::Terminal;

/// Whether the environment may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Change,
    DryRun,
}

/// Completes what an interrupted change left, or says that it would be completed, and lists what is installed then.
pub(super) fn installed(
    site: &Site,
    mode: Mode,
    terminal: &Terminal,
) -> Result<Installed, Failure> {
    let mut installed = site.installed()?;
    let unfinished = install::unfinished(&installed);
    let Some(folder) = site.folder().filter(|_| !unfinished.is_empty()) else {
        return Ok(installed);
    };
    for one in unfinished.iter().filter(|one| one.need == Need::Removal) {
        let name = one.dist_info.file_stem().unwrap_or_default();
        let verb = match mode {
            Mode::Change => "Removing",
            Mode::DryRun => "Would remove",
        };
        let name = name.to_string_lossy();
        terminal.line(&format!("{verb} what an interrupted run left of {name}"));
    }
    if mode == Mode::Change {
        let layout = &site.interpreter().layout;
        install::complete(folder, layout, &installed, &unfinished)?;
        return site.installed();
    }
    let goes = |one: &Unfinished| one.need == Need::Removal;
    let going = unfinished.iter().filter(|one| goes(one));
    let going: Vec<_> = going.map(|one| &one.dist_info).collect();
    installed
        .distributions
        .retain(|distribution| !going.contains(&&distribution.dist_info));
    Ok(installed)
}

/// Finds the distributions that have to be installed again because `plan` takes away a file that stands for theirs.
pub(super) fn losers(
    site: &Site,
    installed: &Installed,
    plan: &Plan,
) -> Result<BTreeSet<PackageName>, Failure> {
    let Some(folder) = site.folder() else {
        return Ok(BTreeSet::new());
    };
    let layout = &site.interpreter().layout;
    Ok(install::losers(folder, layout, installed, plan)?)
}
