//! Changes an environment that is in use, one distribution after the other.
//!
//! Every new wheel is unpacked into a staging folder inside the environment, so that what can go wrong with wheels goes
//! wrong before anything is changed. Then, for each distribution in the order of the plan: RECORD of the old one gets
//! another name, its files are removed, the new ones are renamed into place, and RECORD comes last. Interrupted anywhere,
//! a distribution is old, new, or without RECORD, which the next plan sees and replaces.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::AtomicUsize;

use fs_err as fs;
use sha2::{Digest as _, Sha256};

use super::conflict::label;
use super::session::{self, Done, Roots};
use super::uninstall::{self, JOURNAL, uninstall};
use super::{Arrival, Destination, Error, Options, Report, bytecode, conflict, fresh, record};
use crate::archive::Buffers;
use crate::event::{Event, Reporter, Warning};
use crate::installed::InstalledDistribution;
use crate::plan::{Action, Plan};
use crate::wheel::Record;

pub(super) fn install<E: From<Error>>(
    plan: &Plan,
    arrivals: impl IntoIterator<Item = Result<Arrival, E>>,
    (destination, staging): (&Destination, &Path),
    options: &Options,
    reporter: &dyn Reporter,
) -> Result<Report, E> {
    let roots = Roots::Each(staging.to_owned(), AtomicUsize::new(0));
    let pool = session::start_pool(options)?;
    let job = fresh::Job {
        plan,
        destination,
        options,
        pool: &pool,
        reporter,
    };
    let (mut done, compiled) = job.unpack(arrivals, roots)?;
    let mut warnings = bytecode::note(compiled, &mut done);
    for done in &mut done {
        let settled = conflict::settle(std::slice::from_mut(done), &mut Buffers::default())?;
        warnings.extend(settled.warnings);
        warnings.extend(done.warnings.clone());
    }
    let mut change = Change::new(plan, destination)?;
    warnings.extend(change.settle(&mut done)?);
    change.check_places(&done)?;
    let warnings = fresh::report_warnings(warnings, options, reporter)?;
    let report = change.carry_out(&done, reporter)?;
    Ok(Report { warnings, ..report })
}

/// What is there, and what becomes of it.
struct Change<'a> {
    plan: &'a Plan,
    destination: &'a Destination,
    /// The files of each distribution that stays.
    kept: Vec<Kept<'a>>,
    /// The files of those that go.
    leaving: HashSet<String>,
}

struct Kept<'a> {
    position: usize,
    distribution: &'a InstalledDistribution,
    /// The line of RECORD for each path.
    lines: HashMap<String, String>,
    /// Paths that go to another distribution.
    lost: HashSet<String>,
}

/// Who claims a path.
#[derive(Clone, Copy)]
enum Claimant {
    Kept(usize),
    New(usize),
}

impl<'a> Change<'a> {
    fn new(plan: &'a Plan, destination: &'a Destination) -> Result<Self, Error> {
        let mut change = Self {
            plan,
            destination,
            kept: Vec::new(),
            leaving: HashSet::new(),
        };
        for (position, action) in plan.actions.iter().enumerate() {
            match action {
                // What has no RECORD claims nothing.
                Action::Keep(distribution) => change.kept.push(Kept {
                    position,
                    distribution,
                    lines: uninstall::files(distribution, destination)
                        .unwrap_or_default()
                        .into_iter()
                        .collect(),
                    lost: HashSet::new(),
                }),
                Action::Replace { from, .. } | Action::Remove(from) => {
                    let files = uninstall::files(from, destination)?;
                    change
                        .leaving
                        .extend(files.into_iter().map(|(path, _)| path));
                }
                Action::Install(_) => {}
            }
        }
        Ok(change)
    }

    /// Decides who keeps a path that several claim, by the rule of [`conflict`].
    fn settle(&mut self, done: &mut [Done<'_>]) -> Result<Vec<Warning>, Error> {
        let mut warnings = Vec::new();
        for (path, claimants) in self.contested(done) {
            let digest = |claimant: &Claimant| self.digest(*claimant, &path, done);
            let digests: Vec<_> = claimants.iter().map(digest).collect();
            let (Some(kept), Some(kept_digest)) = (claimants.last(), digests.last()) else {
                continue;
            };
            let kept_label = self.label(*kept, done);
            for (claimant, digest) in claimants.iter().zip(&digests) {
                if digest == kept_digest {
                    continue;
                }
                warnings.push(Warning::Conflict {
                    path: path.clone(),
                    dropped: self.label(*claimant, done),
                    kept: kept_label.clone(),
                });
                match claimant {
                    Claimant::Kept(index) => {
                        self.kept[*index].lost.insert(path.clone());
                    }
                    Claimant::New(index) => drop_file(&mut done[*index], &path)?,
                }
            }
        }
        Ok(warnings)
    }

    /// Finds the paths with more than one claimant, who stand in the order of the plan.
    fn contested(&self, done: &[Done<'_>]) -> BTreeMap<String, Vec<Claimant>> {
        let mut claims: BTreeMap<&str, Vec<(usize, Claimant)>> = BTreeMap::new();
        for (index, done) in done.iter().enumerate() {
            for placed in &done.placed {
                let claim = (done.position, Claimant::New(index));
                claims.entry(&placed.path).or_default().push(claim);
            }
        }
        for (index, kept) in self.kept.iter().enumerate() {
            for (path, claims) in &mut claims {
                if kept.lines.contains_key(*path) {
                    claims.push((kept.position, Claimant::Kept(index)));
                }
            }
        }
        let claims = claims.into_iter().filter(|(_, claims)| claims.len() > 1);
        let ordered = claims.map(|(path, mut claims)| {
            claims.sort_by_key(|(position, _)| *position);
            let claimants = claims.into_iter().map(|(_, claimant)| claimant);
            (path.to_owned(), claimants.collect())
        });
        ordered.collect()
    }

    /// Returns the digest of a claimant's file: of what is there, not of what RECORD once said.
    fn digest(&self, claimant: Claimant, path: &str, done: &[Done<'_>]) -> Option<[u8; 32]> {
        match claimant {
            Claimant::New(index) => {
                let mut placed = done[index].placed.iter();
                let placed = placed.find(|placed| *placed.path == *path);
                placed.map(|placed| placed.digest)
            }
            Claimant::Kept(_) => {
                let content = fs::read(self.destination.folder.join(path)).ok()?;
                Some(Sha256::digest(content).into())
            }
        }
    }

    fn label(&self, claimant: Claimant, done: &[Done<'_>]) -> String {
        match claimant {
            Claimant::New(index) => label(done[index].distribution),
            Claimant::Kept(index) => {
                let distribution = self.kept[index].distribution;
                format!("{} {}", distribution.name, distribution.version)
            }
        }
    }

    /// Checks that every file can be put where it belongs: below real folders, and over no folder.
    fn check_places(&self, done: &[Done<'_>]) -> Result<(), Error> {
        let mut checked: HashSet<&str> = HashSet::new();
        for placed in done.iter().flat_map(|done| &done.placed) {
            let slashes = placed.path.match_indices('/').map(|(end, _)| end);
            for folder in slashes.map(|end| &placed.path[..end]) {
                if checked.insert(folder) && self.is_in_the_way(folder, std::fs::Metadata::is_dir) {
                    return Err(Error::FileAndFolder {
                        path: folder.to_owned(),
                    });
                }
            }
            if self.is_in_the_way(&placed.path, |found| !found.is_dir()) {
                return Err(Error::FileAndFolder {
                    path: placed.path.to_string(),
                });
            }
        }
        Ok(())
    }

    fn is_in_the_way(&self, path: &str, fits: impl Fn(&std::fs::Metadata) -> bool) -> bool {
        let found = fs::symlink_metadata(self.destination.folder.join(path));
        found.is_ok_and(|found| !fits(&found)) && !self.leaving.contains(path)
    }

    fn carry_out(&self, done: &[Done<'_>], reporter: &dyn Reporter) -> Result<Report, Error> {
        let new = done.iter().flat_map(|done| &done.placed);
        let mut protected: HashSet<&str> = new.map(|placed| &*placed.path).collect();
        for kept in &self.kept {
            let stays = kept.lines.keys().filter(|path| !kept.lost.contains(*path));
            protected.extend(stays.map(String::as_str));
            kept.give_up()?;
        }
        let by_position: HashMap<usize, &Done<'_>> =
            done.iter().map(|done| (done.position, done)).collect();
        let mut report = Report::default();
        for (position, action) in self.plan.actions.iter().enumerate() {
            if let Action::Replace { from, .. } | Action::Remove(from) = action {
                uninstall(from, &protected, self.destination)?;
            }
            match action {
                Action::Install(_) => report.n_installs += 1,
                Action::Replace { .. } => report.n_updates += 1,
                Action::Remove(from) => {
                    report.n_removals += 1;
                    reporter.report(Event::Removed {
                        name: &from.name,
                        version: &from.version,
                    });
                }
                Action::Keep(_) => {}
            }
            if let Some(done) = by_position.get(&position) {
                move_in(done, &self.destination.folder)?;
            }
        }
        Ok(report)
    }
}

impl Kept<'_> {
    /// Takes the lines of lost files out of RECORD.
    fn give_up(&self) -> Result<(), Error> {
        if self.lost.is_empty() {
            return Ok(());
        }
        let lost: HashSet<&str> = self
            .lost
            .iter()
            .filter_map(|path| self.lines.get(path))
            .map(String::as_str)
            .collect();
        let path = self.distribution.dist_info.join("RECORD");
        let text = fs::read(&path).map_err(|cause| Error::io("read", &path, cause))?;
        let text = Record::without(&text, &lost).map_err(|fault| Error::BadRecord {
            name: self.distribution.name.clone(),
            fault,
        })?;
        let aside = self.distribution.dist_info.join(JOURNAL);
        fs::write(&aside, text).map_err(|cause| Error::io("write", &aside, cause))?;
        fs::rename(&aside, &path).map_err(|cause| Error::io("rename", &aside, cause))
    }
}

fn drop_file(done: &mut Done<'_>, path: &str) -> Result<(), Error> {
    done.placed.retain(|placed| *placed.path != *path);
    done.root.place().remove(path)
}

/// Renames the files of a staged distribution into place; the list of them first, as RECORD last.
fn move_in(done: &Done<'_>, folder: &Path) -> Result<(), Error> {
    let record = format!("{}/RECORD", done.dist_info);
    let dist_info = folder.join(&done.dist_info);
    let text = record::render(&done.placed, &done.library, &record);
    let create =
        |path: &Path| fs::create_dir_all(path).map_err(|cause| Error::io("create", path, cause));
    create(&dist_info)?;
    let mut real: HashSet<&str> = HashSet::new();
    check_real(folder, &done.dist_info, &mut real)?;
    let journal = dist_info.join(JOURNAL);
    fs::write(&journal, text).map_err(|cause| Error::io("write", &journal, cause))?;
    let mut created: HashSet<&Path> = HashSet::new();
    for placed in &done.placed {
        let path = Path::new(&*placed.path);
        let parent = path.parent().unwrap_or(Path::new(""));
        if created.insert(parent) {
            create(&folder.join(parent))?;
            let parent = placed.path.rsplit_once('/').map(|(parent, _)| parent);
            check_real(folder, parent.unwrap_or_default(), &mut real)?;
        }
        let from = done.root.path().join(path);
        fs::rename(&from, folder.join(path)).map_err(|cause| Error::io("rename", &from, cause))?;
    }
    let record = folder.join(record);
    fs::rename(&journal, &record).map_err(|cause| Error::io("rename", &journal, cause))
}

/// Checks that no part of `path` is a link, which might lead out of the environment `folder`.
fn check_real<'p>(folder: &Path, path: &'p str, real: &mut HashSet<&'p str>) -> Result<(), Error> {
    let slashes = path.match_indices('/').map(|(end, _)| &path[..end]);
    for part in slashes.chain([path]) {
        if part.is_empty() || !real.insert(part) {
            continue;
        }
        let found = fs::symlink_metadata(folder.join(part));
        if !found.is_ok_and(|found| found.is_dir()) {
            return Err(Error::FileAndFolder {
                path: part.to_owned(),
            });
        }
    }
    Ok(())
}
