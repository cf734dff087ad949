//! Fills a new environment, in a folder that nobody else looks at.

use std::collections::HashSet;
use std::sync::Arc;

use rayon::prelude::*;

use super::bytecode;
use super::change::conflict::{self, Settled};
use super::change::dropped;
use super::place::record;
use super::startup;
use super::unpack::batch::ThreadBuffers;
use super::unpack::placed_wheel::PlacedWheel;
use super::unpack::roots::Roots;
use super::warnings;
use super::{Error, Installation, PreparedWheel, Report};
use crate::bytecode::{Batch, Compiled, PackedPiece};
use crate::plan::DistributionId;
use crate::platform::folder::{Root, date_folders};

pub(super) fn install<E: From<Error>>(
    installation: Installation<'_>,
    arrivals: impl IntoIterator<Item = Result<PreparedWheel, E>>,
) -> Result<Report, E> {
    let root = Root::open(&installation.destination.folder, installation.options.date);
    let roots = Roots::Shared(Arc::new(root.map_err(Error::from)?));
    let (mut wheels, compiled) = installation.unpack(arrivals, roots)?;
    bytecode::displace(&compiled, &mut wheels);
    let settled = conflict::settle(&mut wheels, &mut ThreadBuffers::default())?;
    let compiled = follow(installation, &settled, compiled, &wheels)?;
    let mut warnings = bytecode::record_results(compiled, &mut wheels);
    warnings.extend(settled.warnings);
    warnings.extend(wheels.iter().flat_map(|wheel| wheel.warnings.clone()));
    let warnings = warnings::report(installation, warnings)?;
    startup::report_fresh(installation, &wheels)?;
    wheels.iter_mut().try_for_each(dropped::write)?;
    let threads = &installation.pool.threads;
    threads.install(|| wheels.par_iter().try_for_each(write_record))?;
    let folder = &installation.destination.folder;
    let placed = wheels.iter().flat_map(|wheel| &wheel.placed);
    let dated = date_folders(
        folder,
        placed.map(|placed| &*placed.path),
        installation.options.date,
    );
    dated.map_err(|cause| Error::io("date", folder, cause))?;
    Ok(Report {
        n_installs: wheels.len(),
        warnings,
        ..Report::default()
    })
}

/// Makes bytecode true of the files that stayed: what was compiled from others goes, and each path is compiled once, now
/// that it is settled, for all who hold it.
fn follow(
    installation: Installation<'_>,
    settled: &Settled,
    mut compiled: Vec<Compiled>,
    wheels: &[PlacedWheel<'_>],
) -> Result<Vec<Compiled>, Error> {
    let destination = installation.destination;
    let chosen = wheels.iter().filter(|wheel| {
        let choice = &installation.options.compiled;
        choice.includes(&wheel.distribution.name)
    });
    let chosen: HashSet<DistributionId> = chosen.map(PlacedWheel::id).collect();
    let is_chosen = |id| chosen.contains(&id);
    let outdated = bytecode::take_outdated(&mut compiled, settled, is_chosen);
    bytecode::remove(&outdated, &destination.folder)?;
    let wheels = wheels.iter().filter(|wheel| is_chosen(wheel.id()));
    let batches = bytecode::settled_batches(settled, &compiled, wheels, &destination.root);
    if !batches.is_empty() {
        compiled.extend(compile(installation, batches)?);
    }
    Ok(bytecode::share(compiled, settled))
}

fn compile(installation: Installation<'_>, batches: Vec<Batch>) -> Result<Vec<Compiled>, Error> {
    let settings = installation.options.compile.as_ref();
    let ((), compiled) = bytecode::compile_while(settings, |compiler| {
        let Some(compiler) = compiler else {
            return Ok(());
        };
        let batches = batches.into_iter();
        let packed: Vec<_> = batches.flat_map(|batch| compiler.submit(batch)).collect();
        let write = |piece: &PackedPiece| compiler.write_packed(piece);
        let threads = &installation.pool.threads;
        let written = threads.install(|| packed.par_iter().try_for_each(write));
        written.map_err(Error::Bytecode)
    })?;
    Ok(compiled)
}

fn write_record(wheel: &PlacedWheel<'_>) -> Result<(), Error> {
    let path = format!("{}/RECORD", wheel.dist_info);
    let text = record::render(&wheel.placed, &wheel.library, &path);
    Ok(wheel.root.place().write_new(&path, &text, false)?)
}
