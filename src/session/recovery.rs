//! What is installed, once the change that an earlier run was stopped in is completed.

use std::collections::BTreeSet;

use super::Error;
use super::target_environment::TargetEnvironment;
use crate::event::{Reporter, SessionEvent};
use crate::install::{self, Need, Unfinished};
use crate::installed::Installed;
use crate::name::PackageName;
use crate::plan::Plan;

/// Whether the environment may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Change,
    Rehearsal,
}

/// Completes what an interrupted change left, or reports that it would be completed, and lists what is installed then.
pub(super) fn installed(
    target: &TargetEnvironment,
    mode: Mode,
    reporter: &dyn Reporter,
) -> Result<Installed, Error> {
    let installed = target.installed()?;
    let unfinished = install::unfinished(&installed);
    let Some(folder) = target.folder().filter(|_| !unfinished.is_empty()) else {
        return Ok(installed);
    };
    for one in removals(&unfinished) {
        let name = one.dist_info.file_stem().unwrap_or_default();
        reporter.step(SessionEvent::Leftover {
            name: &name.to_string_lossy(),
            is_removed: mode == Mode::Change,
        });
    }
    match mode {
        Mode::Change => {
            let layout = &target.interpreter().layout;
            install::complete(folder, layout, &installed, &unfinished)?;
            target.installed()
        }
        Mode::Rehearsal => Ok(without(installed, &unfinished)),
    }
}

fn removals(unfinished: &[Unfinished]) -> impl Iterator<Item = &Unfinished> {
    unfinished.iter().filter(|one| one.need == Need::Removal)
}

/// Lists what will be installed once everything unfinished is completed.
fn without(mut installed: Installed, unfinished: &[Unfinished]) -> Installed {
    let going: BTreeSet<_> = removals(unfinished).map(|one| &one.dist_info).collect();
    let distributions = &mut installed.distributions;
    distributions.retain(|distribution| !going.contains(&distribution.dist_info));
    installed
}

/// Finds the distributions that have to be installed again because `plan` takes away a file that replaced one of theirs.
pub(super) fn losers(
    target: &TargetEnvironment,
    installed: &Installed,
    plan: &Plan,
) -> Result<BTreeSet<PackageName>, Error> {
    let Some(folder) = target.folder() else {
        return Ok(BTreeSet::new());
    };
    let layout = &target.interpreter().layout;
    Ok(install::losers(folder, layout, installed, plan)?)
}
