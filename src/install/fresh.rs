//! Fills a new environment, in a folder that nobody else looks at.

use std::collections::HashSet;
use std::sync::Arc;

use rayon::ThreadPool;
use rayon::prelude::*;

use super::bytecode;
use super::change::conflict::{self, Settled};
use super::change::dropped;
use super::kept;
use super::notice;
use super::place::record;
use super::unpack::done::Done;
use super::unpack::pool;
use super::unpack::session::{Helpers, Roots, Session};
use super::{Destination, Error, Options, PreparedWheel, Report};
use crate::archive::Buffers;
use crate::bytecode::{Batch, Compiled, PackedPiece};
use crate::environment::Layout;
use crate::event::{Event, Reporter, Warning};
use crate::plan::Plan;
use crate::platform::folder::Root;

pub(super) fn install<E: From<Error>>(
    plan: &Plan,
    arrivals: impl IntoIterator<Item = Result<PreparedWheel, E>>,
    destination: &Destination,
    options: &Options,
    reporter: &dyn Reporter,
) -> Result<Report, E> {
    let folder = &destination.folder;
    let roots = Roots::Shared(Arc::new(Root::open(folder).map_err(Error::from)?));
    let pool = pool::start_pool(options)?;
    let job = Job {
        plan,
        destination,
        options,
        pool: &pool,
        reporter,
    };
    let (mut done, compiled) = job.unpack(arrivals, roots)?;
    bytecode::displace(&compiled, &mut done);
    let settled = conflict::settle(&mut done, &mut Buffers::default())?;
    let compiled = job.follow(&settled, compiled, &done)?;
    let mut warnings = bytecode::note(compiled, &mut done);
    warnings.extend(settled.warnings);
    warnings.extend(done.iter().flat_map(|done| done.warnings.clone()));
    let warnings = report_warnings(warnings, &destination.layout, options, reporter)?;
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
        arrivals: impl IntoIterator<Item = Result<PreparedWheel, E>>,
        roots: Roots,
    ) -> Result<(Vec<Done<'a>>, Vec<Compiled>), E> {
        let (destination, options) = (self.destination, self.options);
        let wheels = kept::wheels_for(destination, options);
        bytecode::alongside(options.compile.as_ref(), |compiler| {
            let helpers = Helpers {
                wheels: wheels.as_ref(),
                compiler,
                reporter: self.reporter,
            };
            let destination = (destination, roots);
            Session::new(self.plan, destination, options, self.pool, helpers).unpack(arrivals)
        })
    }

    /// Makes bytecode true of the files that stayed: what was compiled from others goes, and each path is compiled once, now
    /// that it is settled, for all who hold it.
    fn follow(
        &self,
        settled: &Settled,
        mut compiled: Vec<Compiled>,
        done: &[Done<'_>],
    ) -> Result<Vec<Compiled>, Error> {
        let outdated = bytecode::take_outdated(&mut compiled, settled);
        bytecode::remove(&outdated, &self.destination.folder)?;
        let batches = bytecode::settled_batches(settled, done, &self.destination.root);
        if !batches.is_empty() {
            compiled.extend(self.compile(batches)?);
        }
        Ok(bytecode::share(compiled, settled))
    }

    fn compile(&self, batches: Vec<Batch>) -> Result<Vec<Compiled>, Error> {
        let settings = self.options.compile.as_ref();
        let ((), compiled) = bytecode::alongside(settings, |compiler| {
            let Some(compiler) = compiler else {
                return Ok(());
            };
            let batches = batches.into_iter();
            let packed: Vec<_> = batches.flat_map(|batch| compiler.submit(batch)).collect();
            let write = |piece: &PackedPiece| compiler.write_packed(piece);
            let written = self.pool.install(|| packed.par_iter().try_for_each(write));
            written.map_err(Error::Bytecode)
        })?;
        Ok(compiled)
    }
}

fn write_record(done: &Done<'_>) -> Result<(), Error> {
    let path = format!("{}/RECORD", done.dist_info);
    let text = record::render(&done.placed, &done.library, &path);
    Ok(done.root.place().write_new(&path, &text, false)?)
}

/// Sorts and reports warnings but for those about notices, or returns as an error the first about each wheel, or about each two that share paths.
pub(super) fn report_warnings(
    mut warnings: Vec<Warning>,
    layout: &Layout,
    options: &Options,
    reporter: &dyn Reporter,
) -> Result<Vec<Warning>, Error> {
    warnings.sort();
    warnings.dedup();
    warnings.retain(|warning| !notice::is_about_notice(warning, layout));
    let is_fault = |warning: &&Warning| !matches!(warning, Warning::NotCompiled { .. });
    let faults = warnings.iter().filter(|_| options.strict).filter(is_fault);
    let mut subjects = HashSet::new();
    let firsts = faults.filter(|warning| subjects.insert(warning.subject()));
    let errors = firsts.map(|warning| Error::Strict(warning.clone()));
    if let Some(error) = Error::join(errors.collect()) {
        return Err(error);
    }
    for warning in &warnings {
        reporter.report(Event::Warning(warning.clone()));
    }
    Ok(warnings)
}
