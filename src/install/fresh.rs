//! Fills a new environment, in a folder that nobody else looks at.

use std::sync::Arc;

use rayon::prelude::*;

use super::folder::Root;
use super::session::{Done, Roots, Session};
use super::tree::Trees;
use super::{Arrival, Destination, Error, Options, Report, conflict, record};
use crate::archive::Buffers;
use crate::event::{Event, Reporter, Warning};
use crate::plan::Plan;

pub(super) fn install<E: From<Error>>(
    plan: &Plan,
    arrivals: impl IntoIterator<Item = Result<Arrival, E>>,
    destination: &Destination,
    options: &Options,
    reporter: &dyn Reporter,
) -> Result<Report, E> {
    let folder = &destination.folder;
    let trees = options
        .trees
        .as_deref()
        .and_then(|path| Trees::open(path, folder, options.link_mode));
    let roots = Roots::Shared(Arc::new(Root::open(folder)?));
    let session = Session::new(
        plan,
        (destination, roots),
        options,
        trees.as_ref(),
        reporter,
    )?;
    let mut done = session.unpack(arrivals)?;
    let mut warnings = conflict::settle(&mut done, &mut Buffers::default())?;
    warnings.extend(done.iter().flat_map(|done| done.warnings.clone()));
    let warnings = report_warnings(warnings, options, reporter)?;
    session
        .pool()
        .install(|| done.par_iter().try_for_each(write_record))?;
    Ok(Report {
        n_installs: done.len(),
        warnings,
        ..Report::default()
    })
}

fn write_record(done: &Done<'_>) -> Result<(), Error> {
    let path = format!("{}/RECORD", done.dist_info);
    let text = record::render(&done.placed, &done.library, &path);
    done.root.place().write_new(&path, &text, false)
}

/// Sorts and reports warnings, or returns the first as an error.
pub(super) fn report_warnings(
    mut warnings: Vec<Warning>,
    options: &Options,
    reporter: &dyn Reporter,
) -> Result<Vec<Warning>, Error> {
    warnings.sort();
    warnings.dedup();
    if options.strict
        && let Some(warning) = warnings.first()
    {
        return Err(Error::Strict(warning.clone()));
    }
    for warning in &warnings {
        reporter.report(Event::Warning(warning.clone()));
    }
    Ok(warnings)
}
