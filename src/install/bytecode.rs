//! The bytecode of wheels: which modules of a wheel are compiled, and what RECORD says of the results.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::Error;
use super::conflict::label;
use super::session::Done;
use super::unit::Placed;
use crate::bytecode::{Batch, Compiled, Compiler, Settings};
use crate::event::Warning;

/// Does `act` while what it gives to the compiler is compiled; returns also what was compiled.
///
/// Without settings `act` gets no compiler.
pub(super) fn alongside<T, E: From<Error>>(
    settings: Option<&Settings>,
    act: impl FnOnce(Option<&Compiler>) -> Result<T, E>,
) -> Result<(T, Vec<Compiled>), E> {
    let Some(settings) = settings else {
        return Ok((act(None)?, Vec::new()));
    };
    let compiler = Compiler::start(settings.clone());
    let result = act(Some(&compiler))?;
    Ok((result, compiler.finish().map_err(Error::Bytecode)?))
}

/// Notes what was compiled as files of the distributions; returns what was not as warnings.
pub(super) fn note(compiled: Vec<Compiled>, done: &mut [Done<'_>]) -> Vec<Warning> {
    let positions = done.iter().enumerate();
    let places: HashMap<usize, usize> = positions
        .map(|(place, done)| (done.position, place))
        .collect();
    let written = compiled
        .iter()
        .filter_map(|compiled| compiled.outcome.as_ref().ok());
    let replaced: HashSet<&str> = written.map(|bytecode| bytecode.path.as_str()).collect();
    for done in done.iter_mut() {
        // Wheels with bytecode of their own are rare.
        done.placed
            .retain(|placed| !replaced.contains(&*placed.path));
    }
    let mut warnings = Vec::new();
    for compiled in compiled {
        let Some(place) = places.get(&compiled.owner) else {
            continue;
        };
        let done = &mut done[*place];
        match compiled.outcome {
            Ok(bytecode) => {
                done.placed.push(Placed {
                    path: bytecode.path.into(),
                    digest: bytecode.digest,
                    n_bytes: bytecode.n_bytes,
                });
            }
            Err(reason) => warnings.push(Warning::NotCompiled {
                distribution: label(done.distribution),
                path: compiled.source,
                reason,
            }),
        }
    }
    warnings
}

/// Finds the modules among the files of a wheel: pip compiles what lies in the library folder.
pub(super) fn modules(library: &str, placed: &[Placed]) -> Vec<String> {
    let modules = placed.iter().filter(|placed| {
        let below = placed.path.strip_prefix(library);
        placed.path.ends_with(".py") && below.is_some_and(|below| below.starts_with('/'))
    });
    modules.map(|placed| placed.path.to_string()).collect()
}

/// Makes a batch that is not kept: of modules that another wheel's file took the place of.
pub(super) fn settled_batch(done: &Done<'_>, root: &Path, placed: &[Placed]) -> Batch {
    Batch {
        owner: done.position,
        key: None,
        folder: done.root.path().to_owned(),
        root: root.to_owned(),
        sources: modules(&done.library, placed),
    }
}
