//! Two wheels that claim one path.
//!
//! The same bytes are shared in silence and stand in the RECORD of both. Of different bytes those stay that come from the
//! distribution that is last in the order of the plan, which is the order of names: whatever arrived first. The RECORD of
//! the other does not list the file then (see [`dropped`](super::dropped)), and a warning names both.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::archive::Buffers;
use crate::event::Warning;
use crate::install::Error;
use crate::install::place::placed::{Placed, label};
use crate::install::unpack::done::Done;
use crate::plan::DistributionId;

/// One claim to a path.
struct Claim {
    /// Which of the finished wheels claims it.
    done: usize,
    placed: Placed,
    /// Where among that wheel's contested files it stands; `None` when its file is in place.
    contested: Option<usize>,
}

/// Settles every claim to a path that something was in the way of, so that the files, and what is noted of them, are
/// those of the wheel that keeps the path. `done` is in the order of the plan.
pub(in crate::install) fn settle(
    done: &mut [Done<'_>],
    buffers: &mut Buffers,
) -> Result<Settled, Error> {
    let mut settled = Settled::default();
    for (path, claims) in claims(done) {
        let is_replaced = settle_path(&path, &claims, done, buffers)? == InPlace::Replaced;
        let Some(kept) = claims.last() else {
            continue;
        };
        for claim in &claims {
            if claim.placed.digest != kept.placed.digest {
                settled.warnings.push(Warning::Conflict {
                    path: path.clone(),
                    dropped: label(done[claim.done].distribution),
                    kept: label(done[kept.done].distribution),
                });
                if claim.done != kept.done {
                    done[claim.done].dropped.push(claim.placed.clone());
                }
            }
        }
        let holders = claims
            .iter()
            .filter(|claim| claim.placed.digest == kept.placed.digest);
        let holders = holders.map(|claim| done[claim.done].id()).collect();
        settled.paths.insert(
            path,
            SettledPath {
                holders,
                is_replaced,
            },
        );
    }
    Ok(settled)
}

/// What came of contested paths.
#[derive(Debug, Default)]
pub(in crate::install) struct Settled {
    pub(in crate::install) warnings: Vec<Warning>,
    /// What came of each contested path.
    pub(in crate::install) paths: BTreeMap<String, SettledPath>,
}

/// What came of one contested path.
#[derive(Debug)]
pub(in crate::install) struct SettledPath {
    /// The distributions of the plan that have the file now; the last of them decided what it holds.
    pub(in crate::install) holders: Vec<DistributionId>,
    /// Whether the file that was in place gave way to one of other bytes.
    pub(in crate::install) is_replaced: bool,
}

/// What became of the file that was in place first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InPlace {
    Kept,
    Replaced,
}

/// Collects the claims to each contested path, in the order of the plan.
fn claims(done: &[Done<'_>]) -> BTreeMap<String, Vec<Claim>> {
    let contested = done.iter().flat_map(|done| &done.contested);
    let paths: HashSet<&str> = contested.map(|file| &*file.placed.path).collect();
    let mut claims: HashMap<&str, Vec<Claim>> = HashMap::new();
    if paths.is_empty() {
        return BTreeMap::new();
    }
    for (index, done) in done.iter().enumerate() {
        let placed = done.placed.iter().map(|placed| (placed, None));
        let files = done.contested.iter().enumerate();
        let contested = files.map(|(number, file)| (&file.placed, Some(number)));
        for (placed, contested) in placed.chain(contested) {
            if let Some(path) = paths.get(&*placed.path) {
                claims.entry(path).or_default().push(Claim {
                    done: index,
                    placed: placed.clone(),
                    contested,
                });
            }
        }
    }
    let claims = claims.into_iter();
    claims
        .map(|(path, claims)| (path.to_owned(), claims))
        .collect()
}

fn settle_path(
    path: &str,
    claims: &[Claim],
    done: &mut [Done<'_>],
    buffers: &mut Buffers,
) -> Result<InPlace, Error> {
    let owner = claims.iter().find(|claim| claim.contested.is_none());
    let owner = owner.ok_or_else(|| Error::Occupied {
        path: path.to_owned(),
    })?;
    let Some(kept) = claims.last() else {
        return Ok(InPlace::Kept);
    };
    let is_replaced = kept.placed.digest != owner.placed.digest;
    if is_replaced {
        write_instead(path, kept, done, buffers)?;
    }
    for claim in claims {
        let is_kept = claim.placed.digest == kept.placed.digest;
        let done = &mut done[claim.done];
        match (is_kept, claim.contested) {
            (true, Some(_)) => done.placed.push(claim.placed.clone()),
            (false, None) => done.placed.retain(|placed| *placed.path != *path),
            (true, None) | (false, Some(_)) => {}
        }
    }
    Ok(if is_replaced {
        InPlace::Replaced
    } else {
        InPlace::Kept
    })
}

/// Replaces the file at `path` by that of a claim that came too late.
fn write_instead(
    path: &str,
    kept: &Claim,
    done: &[Done<'_>],
    buffers: &mut Buffers,
) -> Result<(), Error> {
    let done = &done[kept.done];
    let mut place = done.root.place();
    place.remove(path)?;
    let Some(contested) = kept.contested.map(|number| &done.contested[number]) else {
        return Ok(());
    };
    match (&contested.content, &done.unit) {
        (Some(content), _) => Ok(place.write_new(path, content, contested.is_executable)?),
        (None, Some(unit)) => unit.write_again(path, buffers),
        (None, None) => Ok(()),
    }
}
