//! Who gets a path that several distributions claim, when some of them are installed already.
//!
//! The rule is that of [`conflict`](super::conflict), so that a changed environment is like a new one: of different bytes
//! those of the last in the order of names stay. What gives way is taken out of RECORD and noted as dropped.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use fs_err as fs;
use sha2::{Digest as _, Sha256};

use super::dropped;
use super::ground::Ground;
use super::holding::Holding;
use super::listing::{self, Line};
use super::uninstall::remove_if_there;
use crate::event::Warning;
use crate::install::Error;
use crate::install::place::paths::{join, relative_to};
use crate::install::place::placed::label;
use crate::install::place::pycache::{is_bytecode, source_of};
use crate::install::place::record::digest_text;
use crate::install::unpack::done::Done;
use crate::installed::{DROPPED, InstalledDistribution};
use crate::plan::{Action, Plan};

/// An installed distribution that stays.
#[derive(Debug)]
pub(in crate::install) struct Kept {
    /// Where it stands among those of the plan: see [`order_of`].
    pub(in crate::install) order: usize,
    holding: Holding,
    /// What gave way earlier.
    dropped: BTreeMap<String, Line>,
    /// What gives way now.
    lost: BTreeSet<String>,
    /// What is its own again, for it has the same bytes as what is put in now.
    regained: BTreeSet<String>,
}

/// The place in the order of claims of the action at `position` of the plan; the numbers between are for what the plan
/// does not name.
fn order_of(position: usize) -> usize {
    2 * position + 2
}

/// The place in the order of claims of a distribution that `plan` keeps, or does not name.
pub(in crate::install) fn order_in(plan: &Plan, distribution: &InstalledDistribution) -> usize {
    let is_same = |action: &Action| match action {
        Action::Keep(kept) => kept.dist_info == distribution.dist_info,
        Action::Install(_) | Action::Replace { .. } | Action::Remove(_) => false,
    };
    if let Some(position) = plan.actions().iter().position(is_same) {
        return order_of(position);
    }
    let before = plan.actions().iter();
    let before = before.take_while(|action| *action.name() < distribution.name);
    order_of(before.count()) - 1
}

/// Who claims a path.
#[derive(Clone, Copy)]
enum Claimant {
    Kept(usize),
    New(usize),
}

/// Settles each contested path between `kept` and `done`.
pub(in crate::install) fn settle(
    kept: &mut [Kept],
    done: &mut [Done<'_>],
    folder: &Path,
) -> Result<Vec<Warning>, Error> {
    let contested = contested(kept, done);
    let (bytecode, others): (Vec<_>, Vec<_>) = contested
        .into_iter()
        .partition(|(path, _)| is_bytecode(path));
    let mut court = Court {
        kept,
        done,
        folder,
        warnings: Vec::new(),
    };
    for (path, claimants) in others.into_iter().chain(bytecode) {
        court.settle(&path, &claimants)?;
    }
    let warnings = court.warnings;
    for done in done {
        dropped::write(done)?;
    }
    Ok(warnings)
}

/// Finds the paths of new distributions with more than one claimant, who stand in order.
fn contested(kept: &[Kept], done: &[Done<'_>]) -> BTreeMap<String, Vec<Claimant>> {
    let mut claims: HashMap<&str, Vec<(usize, Claimant)>> = HashMap::new();
    for (index, done) in done.iter().enumerate() {
        for placed in &done.placed {
            let claim = (order_of(done.id().position()), Claimant::New(index));
            claims.entry(&placed.path).or_default().push(claim);
        }
    }
    for (index, kept) in kept.iter().enumerate() {
        let lines = kept.holding.lines.keys().chain(kept.dropped.keys());
        for path in lines {
            if let Some(claims) = claims.get_mut(path.as_str()) {
                claims.push((kept.order, Claimant::Kept(index)));
            }
        }
    }
    let claims = claims.into_iter().filter(|(_, claims)| claims.len() > 1);
    let ordered = claims.map(|(path, mut claims)| {
        claims.sort_by_key(|(order, _)| *order);
        let claimants = claims.into_iter().map(|(_, claimant)| claimant);
        (path.to_owned(), claimants.collect())
    });
    ordered.collect()
}

/// What decides.
struct Court<'c, 'd> {
    kept: &'c mut [Kept],
    done: &'c mut [Done<'d>],
    folder: &'c Path,
    warnings: Vec<Warning>,
}

impl Court<'_, '_> {
    fn settle(&mut self, path: &str, claimants: &[Claimant]) -> Result<(), Error> {
        let digests = claimants
            .iter()
            .map(|claimant| self.digest(*claimant, path));
        let digests: Vec<Option<[u8; 32]>> = digests.collect();
        let winner = digests.iter().rposition(Option::is_some);
        let Some(winner) = winner else { return Ok(()) };
        let kept_label = self.label(claimants[winner]);
        for (claimant, digest) in claimants.iter().zip(&digests) {
            match digest {
                None => self.regain(*claimant, path, digests[winner]),
                Some(_) if *digest == digests[winner] => {}
                Some(_) => {
                    self.warnings.push(Warning::Conflict {
                        path: path.to_owned(),
                        dropped: self.label(*claimant),
                        kept: kept_label.clone(),
                    });
                    self.lose(*claimant, path)?;
                }
            }
        }
        Ok(())
    }

    /// Returns the digest of a claimant's file: of what is there, not of what RECORD once said. `None` when it has none.
    fn digest(&self, claimant: Claimant, path: &str) -> Option<[u8; 32]> {
        match claimant {
            Claimant::New(index) => {
                let mut placed = self.done[index].placed.iter();
                let placed = placed.find(|placed| *placed.path == *path);
                placed.map(|placed| placed.digest)
            }
            Claimant::Kept(index) => {
                let kept = &self.kept[index];
                if kept.lost.contains(path) || !kept.holding.lines.contains_key(path) {
                    return None;
                }
                let content = fs::read(self.folder.join(path)).ok()?;
                Some(Sha256::digest(content).into())
            }
        }
    }

    fn regain(&mut self, claimant: Claimant, path: &str, digest: Option<[u8; 32]>) {
        if let (Claimant::Kept(index), Some(digest)) = (claimant, digest) {
            let kept = &mut self.kept[index];
            let dropped = kept.dropped.get(path);
            if dropped.is_some_and(|line| line.digest == digest_text(&digest)) {
                kept.regained.insert(path.to_owned());
            }
        }
    }

    /// Takes `path` from `claimant`, and the bytecode that was made of it.
    fn lose(&mut self, claimant: Claimant, path: &str) -> Result<(), Error> {
        match claimant {
            Claimant::Kept(index) => {
                let kept = &mut self.kept[index];
                let paths = kept.holding.lines.keys();
                let goes = |other: &&String| *other == path || is_made_of(other, path);
                let lost: Vec<String> = paths.filter(goes).cloned().collect();
                kept.lost.extend(lost);
            }
            Claimant::New(index) => {
                let done = &mut self.done[index];
                let goes = |other: &str| other == path || is_made_of(other, path);
                let placed = std::mem::take(&mut done.placed).into_iter();
                let (lost, stays) = placed.partition(|placed| goes(&placed.path));
                done.placed = stays;
                for placed in &lost {
                    done.root.place().remove(&placed.path)?;
                }
                done.dropped.extend(lost);
            }
        }
        Ok(())
    }

    fn label(&self, claimant: Claimant) -> String {
        match claimant {
            Claimant::New(index) => label(self.done[index].distribution),
            Claimant::Kept(index) => self.kept[index].holding.label.clone(),
        }
    }
}

fn is_made_of(bytecode: &str, source: &str) -> bool {
    source_of(bytecode).as_deref() == Some(source)
}

impl Kept {
    pub(in crate::install) fn new(
        order: usize,
        holding: Holding,
        ground: Ground<'_>,
    ) -> Result<Self, Error> {
        Ok(Self {
            order,
            dropped: holding.dropped(ground)?,
            holding,
            lost: BTreeSet::new(),
            regained: BTreeSet::new(),
        })
    }

    /// The paths that it has before and after the change.
    pub(in crate::install) fn stays(&self) -> impl Iterator<Item = &str> {
        let paths = self.holding.lines.keys();
        let stays = paths.filter(|path| !self.lost.contains(*path));
        stays.map(String::as_str)
    }

    /// The paths that it loses.
    pub(in crate::install) fn lost(&self) -> impl Iterator<Item = &str> {
        self.lost.iter().map(String::as_str)
    }

    /// Writes down what it lost and what it has again: first what is dropped, so that an interruption forgets nothing.
    pub(in crate::install) fn write_down(&self, staging: &Path) -> Result<(), Error> {
        if self.lost.is_empty() && self.regained.is_empty() {
            return Ok(());
        }
        let own_dropped = join(&self.holding.own_folder(), DROPPED);
        let mut record = self.holding.lines.clone();
        record.retain(|path, _| !self.lost.contains(path) && *path != own_dropped);
        for path in &self.regained {
            record.extend(
                self.dropped
                    .get(path)
                    .map(|line| (path.clone(), line.clone())),
            );
        }
        let dropped = self.dropped_lines();
        let draft = staging.join("list");
        let path = self.holding.dist_info.join(DROPPED);
        if dropped.is_empty() {
            remove_if_there(&path)?;
        } else {
            let text = listing::render(dropped);
            let line = Line {
                path: relative_to(&self.holding.library, &own_dropped),
                digest: digest_text(&Sha256::digest(&text)),
                n_bytes: text.len().to_string(),
            };
            record.insert(own_dropped, line);
            replace(&draft, &path, &text)?;
        }
        let text = listing::render(record.into_values().collect());
        replace(&draft, &self.holding.dist_info.join("RECORD"), &text)
    }

    fn dropped_lines(&self) -> Vec<Line> {
        let earlier = self.dropped.iter();
        let earlier = earlier.filter(|(path, _)| !self.regained.contains(*path));
        let lost = self.lost.iter().filter(|path| !is_bytecode(path));
        let lost = lost.filter_map(|path| self.holding.lines.get_key_value(path));
        let lines: BTreeMap<&String, &Line> = earlier.chain(lost).collect();
        lines.into_values().cloned().collect()
    }
}

/// Puts `text` at `path` in one step, by way of `draft`.
pub(in crate::install) fn replace(draft: &Path, path: &Path, text: &[u8]) -> Result<(), Error> {
    fs::write(draft, text).map_err(|cause| Error::io("write", draft, cause))?;
    fs::rename(draft, path).map_err(|cause| Error::io("rename", draft, cause))
}
