//! Fills a new environment, in a folder that nobody else looks at.

use std::sync::Arc;

use rayon::ThreadPool;
use rayon::prelude::*;

use super::bytecode;
use super::conflict::{self, Settled};
use super::folder::Root;
use super::session::{self, Done, Helpers, Roots, Session};
use super::tree::Trees;
use super::{Arrival, Destination, Error, Options, Report, dropped, record};
use crate::archive::Buffers;
use crate::bytecode::Compiled;
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
    let roots = Roots::Shared(Arc::new(Root::open(folder)?));
    let pool = session::start_pool(options)?;
    let job = Job {
        plan,
        destination,
        options,
        pool: &pool,
        reporter,
    };
    let (mut done, compiled) = job.unpack(arrivals, roots)?;
    let settled = conflict::settle(&mut done, &mut Buffers::default())?;
    let mut warnings = note_bytecode(compiled, &settled, &mut done, (destination, options))?;
    warnings.extend(settled.warnings);
    warnings.extend(done.iter().flat_map(|done| done.warnings.clone()));
    let warnings = report_warnings(warnings, options, reporter)?;
    done.iter_mut().try_for_each(dropped::write)?;
    pool.install(|| done.par_iter().try_for_each(write_record))?;
    Ok(Report {
        n_installs: done.len(),
        warnings,
        ..Report::default()
    })
}

/// What is to be installed where, how, and by whom.
#[derive(Clone, Copy)]
pub(super) struct Job<'a, 's> {
    pub(super) plan: &'a Plan,
    pub(super) destination: &'a Destination,
    pub(super) options: &'a Options,
    pub(super) pool: &'s ThreadPool,
    pub(super) reporter: &'s dyn Reporter,
}

impl<'a> Job<'a, '_> {
    /// Unpacks everything that arrives, and compiles it meanwhile.
    pub(super) fn unpack<E: From<Error>>(
        &self,
        arrivals: impl IntoIterator<Item = Result<Arrival, E>>,
        roots: Roots,
    ) -> Result<(Vec<Done<'a>>, Vec<Compiled>), E> {
        let (destination, options) = (self.destination, self.options);
        let trees = Trees::of(destination, options);
        bytecode::alongside(options.compile.as_ref(), |compiler| {
            let helpers = Helpers {
                trees: trees.as_ref(),
                compiler,
                reporter: self.reporter,
            };
            let destination = (destination, roots);
            Session::new(self.plan, destination, options, self.pool, helpers).unpack(arrivals)
        })
    }
}

/// Notes bytecode, after what was compiled from files that did not stay was compiled again.
fn note_bytecode(
    mut compiled: Vec<Compiled>,
    settled: &Settled,
    done: &mut [Done<'_>],
    (destination, options): (&Destination, &Options),
) -> Result<Vec<Warning>, Error> {
    let is_settled = |path: &str| settled.paths.iter().any(|(settled, _)| settled == path);
    compiled.retain(|compiled| !is_settled(&compiled.source));
    if !settled.paths.is_empty() {
        compiled.extend(compile_settled(settled, done, (destination, options))?);
    }
    Ok(bytecode::note(compiled, done))
}

fn compile_settled(
    settled: &Settled,
    done: &[Done<'_>],
    (destination, options): (&Destination, &Options),
) -> Result<Vec<Compiled>, Error> {
    let compiled = bytecode::alongside(options.compile.as_ref(), |compiler| {
        for (path, positions) in &settled.paths {
            let holders = done
                .iter()
                .filter(|done| positions.contains(&done.position));
            let batches = holders.map(|done| {
                let placed = done.placed.iter().find(|placed| *placed.path == **path);
                let placed = placed.map(std::slice::from_ref).unwrap_or_default();
                bytecode::settled_batch(done, &destination.root, placed)
            });
            if let Some(compiler) = compiler {
                batches.for_each(|batch| compiler.submit(batch));
            }
        }
        Ok::<(), Error>(())
    });
    compiled.map(|((), compiled)| compiled)
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
    let fault = warnings
        .iter()
        .find(|warning| !matches!(warning, Warning::NotCompiled { .. }));
    if let (true, Some(warning)) = (options.strict, fault) {
        return Err(Error::Strict(warning.clone()));
    }
    for warning in &warnings {
        reporter.report(Event::Warning(warning.clone()));
    }
    Ok(warnings)
}
