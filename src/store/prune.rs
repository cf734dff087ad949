//! Removes from a cache what was not used for long, or what is too much, beside processes that use it.
//!
//! Nothing goes that was used since the oldest run began that still goes on (`usage`), for that run may be about to link or copy
//! it. Whether it was is looked at, and the thing put out of reach, while the gate is closed: with one rename, so that nobody meets
//! half of it. What a killed process leaves is among the drafts, which the next process removes. Files that environments share
//! lose a name, nothing else.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::disk::remove;
use super::error::Error;
use super::inventory::{CachePart, PartSizes, Thing, list};
use super::layout::Layout;
use super::leftovers::remove_leftovers;
use super::presence::Presence;
use super::upkeep::is_cache;
use super::usage::{Gate, keep_readers_out, last_use, oldest_run};
use crate::platform::lock::Held;
use crate::platform::publish::DraftFolder;

/// What is pruned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PruneRules {
    /// What was not used for this long goes.
    pub unused_for: Option<Duration>,
    /// While the cache holds more bytes than this, what was used least recently goes.
    pub max_bytes: Option<u64>,
    /// What the time is.
    pub now: SystemTime,
    /// Whether anything is removed, or only looked for.
    pub is_rehearsal: bool,
}

/// What came of pruning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// What was removed.
    pub removed: PartSizes,
    /// What is left.
    pub left: PartSizes,
    /// How many things would have gone, had a process not used them.
    pub n_in_use: usize,
}

/// Prunes the cache folder `dir` as `rules` say.
///
/// # Errors
///
/// [`Error::NotACache`] for a folder with other things in it; [`Error::CacheInUse`] and [`Error::NoLocks`] when nobody knows what is
/// in use; [`Error::Io`] when something cannot be read or removed.
pub fn prune(dir: &Path, rules: &PruneRules) -> Result<Pruned, Error> {
    let layout = Layout::at(dir);
    if !is_cache(&layout)? || !layout.drafts().is_dir() {
        return Ok(Pruned::default());
    }
    let _presence = Presence::enter(dir, |others| remove_leftovers(&layout, others));
    let drafts = layout.drafts();
    let (held, _readers) = keep_readers_out(&layout).map_err(|cause| Error::io(&drafts, cause))?;
    let path = || dir.to_owned();
    match held {
        Held::Yes => Pruning::of(&layout, rules)?.run(),
        Held::ByOther => Err(Error::CacheInUse { path: path() }),
        Held::NoLocksHere => Err(Error::NoLocks { path: path() }),
    }
}

struct Pruning<'a> {
    layout: &'a Layout,
    rules: &'a PruneRules,
    things: Vec<Thing>,
    n_bytes: u64,
}

/// What became of a thing.
enum Fate {
    Removed,
    InUse,
    /// Another process was quicker.
    Gone,
}

impl<'a> Pruning<'a> {
    fn of(layout: &'a Layout, rules: &'a PruneRules) -> Result<Self, Error> {
        let things = list(layout)?;
        let sizes = things.iter().map(|thing| thing.size.size.n_bytes);
        Ok(Self {
            layout,
            rules,
            n_bytes: sizes.sum(),
            things,
        })
    }

    /// Goes through all things, the least recently used first.
    fn run(mut self) -> Result<Pruned, Error> {
        let mut pruned = Pruned::default();
        for thing in std::mem::take(&mut self.things) {
            let (part, size) = (thing.part, thing.size);
            if part == CachePart::Drafts || !self.is_wanted_gone(&thing) {
                pruned.left.add(part, size);
                continue;
            }
            match self.remove(&thing)? {
                Fate::InUse => {
                    pruned.n_in_use += 1;
                    pruned.left.add(part, size);
                    continue;
                }
                Fate::Removed => pruned.removed.add(part, size),
                Fate::Gone => {}
            }
            self.n_bytes -= size.size.n_bytes;
        }
        Ok(pruned)
    }

    fn is_wanted_gone(&self, thing: &Thing) -> bool {
        let is_old = self.rules.unused_for.is_some_and(|unused| {
            let now = self.rules.now.duration_since(SystemTime::UNIX_EPOCH);
            let now = i128::try_from(now.unwrap_or_default().as_nanos()).unwrap_or(i128::MAX);
            let unused = i128::try_from(unused.as_nanos()).unwrap_or(i128::MAX);
            now.saturating_sub(thing.used) >= unused
        });
        let is_too_much = self.rules.max_bytes.is_some_and(|most| self.n_bytes > most);
        is_old || is_too_much
    }

    /// Removes a thing that nobody uses. Records go first: none is about something that is not there.
    fn remove(&self, thing: &Thing) -> Result<Fate, Error> {
        let root = self.layout.root();
        let closed = Gate::close(self.layout).map_err(|cause| Error::io(root, cause))?;
        let Ok(metadata) = std::fs::symlink_metadata(&thing.path) else {
            return Ok(Fate::Gone);
        };
        let used = last_use(&metadata);
        if oldest_run(self.layout).is_some_and(|began| used >= began) {
            return Ok(Fate::InUse);
        }
        if self.rules.is_rehearsal {
            return Ok(Fate::Removed);
        }
        thing.records.iter().try_for_each(|path| remove(path))?;
        if !metadata.is_dir() {
            remove(&thing.path)?;
            return Ok(Fate::Removed);
        }
        let aside = self.set_aside(&thing.path)?;
        drop(closed);
        aside.remove();
        Ok(Fate::Removed)
    }

    fn set_aside(&self, path: &Path) -> Result<DraftFolder, Error> {
        let drafts = self.layout.drafts();
        let aside = DraftFolder::create_in(&drafts).map_err(|cause| Error::io(&drafts, cause))?;
        let name = path.file_name().unwrap_or_default();
        fs_err::rename(path, aside.path().join(name)).map_err(|cause| Error::io(path, cause))?;
        Ok(aside)
    }
}
