//! Changes an environment that is in use.
//!
//! Every new wheel is unpacked into a staging folder inside the environment, so that what can go wrong with wheels goes
//! wrong before anything is changed. Then it is settled who gets which path, whether every file can be put where it
//! belongs, and in which steps the change is made: see [`step`](super::change::step).

use std::path::Path;

use super::bytecode;
use super::change::Change;
use super::change::conflict;
use super::change::ground::Ground;
use super::startup;
use super::unpack::batch::ThreadBuffers;
use super::unpack::roots::Roots;
use super::warnings;
use super::{Error, Installation, PreparedWheel, Report};

pub(super) fn install<E: From<Error>>(
    installation: Installation<'_>,
    staging: &Path,
    arrivals: impl IntoIterator<Item = Result<PreparedWheel, E>>,
) -> Result<Report, E> {
    let roots = Roots::each_in(staging.to_owned(), installation.options.date);
    let (mut wheels, compiled) = installation.unpack(arrivals, roots)?;
    let mut warnings = bytecode::record_results(compiled, &mut wheels);
    for wheel in &mut wheels {
        let settled = conflict::settle(std::slice::from_mut(wheel), &mut ThreadBuffers::default())?;
        warnings.extend(settled.warnings);
        warnings.extend(wheel.warnings.clone());
    }
    let destination = installation.destination;
    let ground = Ground {
        folder: &destination.folder,
        layout: &destination.layout,
    };
    let mut change = Change::new(installation.plan, ground, staging)?;
    warnings.extend(change.settle(&mut wheels)?);
    warnings.extend(change.overwritten(&wheels)?);
    let steps = change.steps(&wheels)?;
    let warnings = warnings::report(installation, warnings)?;
    startup::report_change(installation, &change, &wheels)?;
    let report = change.carry_out(&steps, &wheels, installation.reporter)?;
    change.date(&wheels, installation.options.date)?;
    Ok(Report { warnings, ..report })
}
