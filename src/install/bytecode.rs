//! Hands the modules of wheels to [`bytecode`](crate::bytecode), and notes what came of them.
//!
//! A `.pyc` stands in RECORD without digest and size, as pip lists it: Python may write it again at any time.

use std::collections::HashMap;
use std::path::Path;

use super::Error;
use super::conflict::{Settled, label};
use super::session::Done;
use super::unit::Placed;
use crate::bytecode::{Batch, Compiled, Compiler, Outcome, Settings};
use crate::event::Warning;

/// Compiles while wheels are unpacked.
#[derive(Debug)]
pub(super) struct Compilation<'a> {
    compiler: Compiler,
    /// Where the environment will live.
    root: &'a Path,
}

impl<'a> Compilation<'a> {
    pub(super) fn start(settings: &Settings, root: &'a Path) -> Self {
        Self {
            compiler: Compiler::start(settings.clone()),
            root,
        }
    }

    /// Submits the modules among files that are in place in `folder`: pip compiles what lies in the library folder.
    ///
    /// `key` names their wheel in the cache.
    pub(super) fn submit(
        &self,
        key: Option<String>,
        folder: &Path,
        library: &str,
        placed: &[Placed],
    ) {
        let sources = placed
            .iter()
            .filter(|placed| is_module(&placed.path, library));
        let sources: Vec<String> = sources.map(|placed| placed.path.to_string()).collect();
        if !sources.is_empty() {
            self.compiler.submit(Batch {
                key,
                folder: folder.to_owned(),
                root: self.root.to_owned(),
                sources,
            });
        }
    }

    /// Waits until all is compiled.
    pub(super) fn finish(self) -> Result<Vec<Compiled>, Error> {
        Ok(self.compiler.finish()?)
    }
}

fn is_module(path: &str, library: &str) -> bool {
    let below = path.strip_prefix(library);
    let is_python = path.as_bytes().ends_with(b".py");
    is_python && below.is_some_and(|below| below.starts_with('/'))
}

/// Compiles again what was compiled from files that another wheel's took the place of.
pub(super) fn compile_settled(
    compiled: &mut Vec<Compiled>,
    settled: &Settled,
    done: &[Done<'_>],
    (settings, root): (&Settings, &Path),
) -> Result<(), Error> {
    let stale = |compiled: &Compiled| {
        settled
            .paths
            .iter()
            .any(|(path, _)| *path == compiled.source)
    };
    let (stale, mut fresh): (Vec<_>, Vec<_>) = compiled.drain(..).partition(stale);
    let again = Compilation::start(settings, root);
    for (path, position) in &settled.paths {
        let Some(done) = done.iter().find(|done| done.position == *position) else {
            continue;
        };
        for stale in stale.iter().filter(|stale| stale.source == *path) {
            if let Outcome::Written(bytecode) = &stale.outcome {
                done.root.place().remove(bytecode)?;
            }
        }
        let placed = done.placed.iter().find(|placed| *placed.path == **path);
        let placed = placed.map(std::slice::from_ref).unwrap_or_default();
        again.submit(None, done.root.path(), &done.library, placed);
    }
    fresh.extend(again.finish()?);
    *compiled = fresh;
    Ok(())
}

/// Notes what was compiled as files of every distribution that has the source; returns what was not as warnings.
pub(super) fn note(compiled: &[Compiled], done: &mut [Done<'_>]) -> Vec<Warning> {
    let outcomes: HashMap<&str, &Outcome> = compiled
        .iter()
        .map(|compiled| (&*compiled.source, &compiled.outcome))
        .collect();
    let mut warnings = Vec::new();
    if outcomes.is_empty() {
        return warnings;
    }
    for done in done {
        let mut written = Vec::new();
        for placed in &done.placed {
            match outcomes.get(&*placed.path) {
                Some(Outcome::Written(path)) => written.push(Placed::bytecode(path)),
                Some(Outcome::Failed(reason)) => warnings.push(Warning::NotCompiled {
                    distribution: label(done.distribution),
                    path: placed.path.to_string(),
                    reason: reason.clone(),
                }),
                // The wheel brought it.
                Some(Outcome::Existed(_)) | None => {}
            }
        }
        done.placed.append(&mut written);
    }
    warnings
}
