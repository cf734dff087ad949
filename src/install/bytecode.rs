//! The bytecode of wheels: which modules of a wheel are compiled, and what RECORD says of the results.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use fs_err as fs;

use super::Error;
use super::change::conflict::Settled;
use super::place::placed::{Placed, label};
use super::place::pycache::modules;
use super::unpack::placed_wheel::PlacedWheel;
use crate::bytecode::{Batch, Bytecode, CompileSettings, Compiled, Compiler};
use crate::event::Warning;
use crate::plan::DistributionId;

/// Does `act` while what it gives to the compiler is compiled; returns also what was compiled.
///
/// Without settings `act` gets no compiler.
pub(super) fn compile_while<T, E: From<Error>>(
    settings: Option<&CompileSettings>,
    act: impl FnOnce(Option<&Compiler>) -> Result<T, E>,
) -> Result<(T, Vec<Compiled>), E> {
    let Some(settings) = settings else {
        return Ok((act(None)?, Vec::new()));
    };
    let compiler = Compiler::start(settings.clone());
    let result = act(Some(&compiler))?;
    Ok((result, compiler.finish().map_err(Error::Bytecode)?))
}

/// Takes from the wheels what stands, or wants to stand, where bytecode was compiled to: the interpreter's own is true of
/// the sources, whoever was first at the path. Wheels with bytecode of their own are rare.
pub(super) fn displace(compiled: &[Compiled], wheels: &mut [PlacedWheel<'_>]) {
    let written: HashSet<&str> = written(compiled)
        .map(|bytecode| bytecode.path.as_str())
        .collect();
    for wheel in wheels {
        wheel
            .placed
            .retain(|placed| !written.contains(&*placed.path));
        wheel
            .contested
            .retain(|contested| !written.contains(&*contested.placed.path));
    }
}

fn written(compiled: &[Compiled]) -> impl Iterator<Item = &Bytecode> {
    let outcomes = compiled.iter().map(|compiled| &compiled.outcome);
    outcomes.filter_map(|outcome| outcome.as_ref().ok())
}

/// Takes out what was compiled of a contested path from a file that gave way to another, or for a distribution that does
/// not decide about the path, where the one that does is not to be compiled: whichever was first, the result is the same.
pub(super) fn take_outdated(
    compiled: &mut Vec<Compiled>,
    settled: &Settled,
    is_chosen: impl Fn(DistributionId) -> bool,
) -> Vec<Compiled> {
    let is_outdated = |compiled: &mut Compiled| {
        let path = settled.paths.get(&compiled.source);
        path.is_some_and(|path| path.is_replaced || !path.winner().is_some_and(&is_chosen))
    };
    compiled.extract_if(.., is_outdated).collect()
}

/// Removes bytecode whose source is another now: should that one not compile, Python would go on with the old.
pub(super) fn remove(outdated: &[Compiled], folder: &Path) -> Result<(), Error> {
    for bytecode in written(outdated) {
        let path = folder.join(&bytecode.path);
        fs::remove_file(&path).map_err(|cause| Error::io("remove", &path, cause))?;
    }
    Ok(())
}

/// Gathers the modules at contested paths that are not `compiled` as they are now, each for the wheel that decides about it.
pub(super) fn settled_batches<'w>(
    settled: &Settled,
    compiled: &[Compiled],
    wheels: impl Iterator<Item = &'w PlacedWheel<'w>>,
    root: &Path,
) -> Vec<Batch> {
    let compiled: HashSet<&str> = compiled.iter().map(|one| one.source.as_str()).collect();
    let winners = wheels.map(|wheel| {
        let is_won = |placed: &&Placed| {
            let path = settled.paths.get(&*placed.path);
            path.is_some_and(|path| path.winner() == Some(wheel.id()))
                && !compiled.contains(&*placed.path)
        };
        let won: Vec<Placed> = wheel.placed.iter().filter(is_won).cloned().collect();
        Batch {
            owner: wheel.id(),
            key: Some(wheel.digest.clone()),
            folder: wheel.root.path().to_owned(),
            root: root.to_owned(),
            sources: modules(&wheel.library, &won),
        }
    });
    winners.filter(|batch| !batch.sources.is_empty()).collect()
}

/// Gives what was compiled from a settled path to all who hold it.
pub(super) fn share(compiled: Vec<Compiled>, settled: &Settled) -> Vec<Compiled> {
    let shared = compiled.into_iter().flat_map(|compiled| {
        let holders = settled.paths.get(&compiled.source);
        let owners = holders.map_or_else(|| vec![compiled.owner], |path| path.holders.clone());
        let copies = owners.into_iter().map(move |owner| Compiled {
            owner,
            ..compiled.clone()
        });
        copies.collect::<Vec<_>>()
    });
    shared.collect()
}

/// Notes what was compiled as files of the distributions; returns what was not as warnings.
pub(super) fn record_results(
    compiled: Vec<Compiled>,
    wheels: &mut [PlacedWheel<'_>],
) -> Vec<Warning> {
    displace(&compiled, wheels);
    let mut by_owner: HashMap<DistributionId, Vec<Compiled>> = HashMap::new();
    for compiled in compiled {
        by_owner.entry(compiled.owner).or_default().push(compiled);
    }
    let mut warnings = Vec::new();
    for wheel in wheels {
        for compiled in by_owner.remove(&wheel.id()).unwrap_or_default() {
            match compiled.outcome {
                Ok(bytecode) => wheel.placed.push(placed(bytecode)),
                Err(reason) => warnings.push(Warning::NotCompiled {
                    distribution: label(wheel.distribution),
                    path: compiled.source,
                    reason,
                }),
            }
        }
    }
    warnings
}

fn placed(bytecode: Bytecode) -> Placed {
    Placed {
        path: bytecode.path.into(),
        digest: bytecode.digest,
        n_bytes: bytecode.n_bytes,
    }
}
