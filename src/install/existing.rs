//! Changes an environment that is in use.
//!
//! Every new wheel is unpacked into a staging folder inside the environment, so that what can go wrong with wheels goes
//! wrong before anything is changed. Then it is settled who gets which path, whether every file can be put where it
//! belongs, and in which steps the change is made: see [`step`](super::change::step).

use std::path::Path;
use std::sync::atomic::AtomicUsize;

use super::bytecode;
use super::change::Change;
use super::change::conflict;
use super::change::ground::Ground;
use super::fresh;
use super::unpack::pool;
use super::unpack::session::Roots;
use super::{Destination, Error, Options, PreparedWheel, Report};
use crate::archive::Buffers;
use crate::event::Reporter;
use crate::plan::Plan;

pub(super) fn install<E: From<Error>>(
    plan: &Plan,
    arrivals: impl IntoIterator<Item = Result<PreparedWheel, E>>,
    (destination, staging): (&Destination, &Path),
    options: &Options,
    reporter: &dyn Reporter,
) -> Result<Report, E> {
    let roots = Roots::Each(staging.to_owned(), AtomicUsize::new(0));
    let pool = pool::start_pool(options)?;
    let job = fresh::Job {
        plan,
        destination,
        options,
        pool: &pool,
        reporter,
    };
    let (mut done, compiled) = job.unpack(arrivals, roots)?;
    let mut warnings = bytecode::note(compiled, &mut done);
    for done in &mut done {
        let settled = conflict::settle(std::slice::from_mut(done), &mut Buffers::default())?;
        warnings.extend(settled.warnings);
        warnings.extend(done.warnings.clone());
    }
    let ground = Ground {
        folder: &destination.folder,
        layout: &destination.layout,
    };
    let mut change = Change::new(plan, ground, staging)?;
    warnings.extend(change.settle(&mut done)?);
    let steps = change.steps(&done)?;
    let warnings = fresh::report_warnings(warnings, &destination.layout, options, reporter)?;
    let report = change.carry_out(&steps, &done, reporter)?;
    Ok(Report { warnings, ..report })
}
