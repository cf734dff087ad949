//! A change of an environment that is in use: what it holds, and what becomes of that.

mod claims;
pub(in crate::install) mod complete;
pub(in crate::install) mod conflict;
pub(in crate::install) mod dropped;
mod egg;
pub(in crate::install) mod ground;
mod holding;
mod listing;
pub(in crate::install) mod loser;
pub(in crate::install) mod step;
mod steps;
mod uninstall;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::environment;
use crate::event::{Event, Reporter, Warning};
use crate::install::place::pycache::source_of;
use crate::install::unpack::done::Done;
use crate::install::{Error, Report};
use crate::installed::{Installed, JOURNAL};
use crate::plan::{Action, Plan};

use claims::{Kept, order_in};
use ground::{Ground, read_optional};
use holding::Holding;
use step::{Site, Step};
use uninstall::Remover;

/// A change of an environment.
#[derive(Debug)]
pub(in crate::install) struct Change<'a> {
    plan: &'a Plan,
    ground: Ground<'a>,
    staging: &'a Path,
    /// What stays, by name.
    kept: Vec<Kept>,
    /// What goes, with the position of its action.
    leaving: Vec<(usize, Holding)>,
}

impl<'a> Change<'a> {
    pub(in crate::install) fn new(
        plan: &'a Plan,
        ground: Ground<'a>,
        staging: &'a Path,
    ) -> Result<Self, Error> {
        let installed = environment::installed(ground.folder, ground.layout)?;
        let mut change = Self {
            plan,
            ground,
            staging,
            kept: Vec::new(),
            leaving: Vec::new(),
        };
        for (position, action) in plan.actions().iter().enumerate() {
            if let Action::Replace { from, .. } | Action::Remove(from) = action {
                let holding = Holding::read(from, ground)?;
                change.leaving.push((position, holding));
            }
        }
        change.add_incomplete(&installed)?;
        change.add_kept(&installed)?;
        Ok(change)
    }

    /// Adds what another installer left without a list, where the plan installs the same distribution.
    fn add_incomplete(&mut self, installed: &Installed) -> Result<(), Error> {
        let new = self.plan.distributions();
        let new = new.map(|new| (&new.name, new.id.position()));
        let new: HashMap<_, _> = new.collect();
        for path in &installed.leftovers {
            let Some(distribution) = environment::identify(path) else {
                continue;
            };
            let is_leaving = |(_, holding): &(usize, Holding)| holding.dist_info == *path;
            let is_journaled = read_optional(&path.join(JOURNAL))?.is_some();
            if let Some(position) = new.get(&distribution.name)
                && !is_journaled
                && !self.leaving.iter().any(is_leaving)
            {
                let holding = Holding::of_dist_info(&distribution, self.ground)?;
                self.leaving.push((*position, holding));
            }
        }
        Ok(())
    }

    fn add_kept(&mut self, installed: &Installed) -> Result<(), Error> {
        let leaving = self.leaving.iter();
        let leaving: HashSet<PathBuf> = leaving.map(|(_, going)| going.dist_info.clone()).collect();
        for distribution in &installed.distributions {
            if leaving.contains(&distribution.dist_info) {
                continue;
            }
            // What has no list claims nothing.
            if let Some(holding) = claiming(Holding::read(distribution, self.ground))? {
                let order = order_in(self.plan, distribution);
                self.kept.push(Kept::new(order, holding, self.ground)?);
            }
        }
        Ok(())
    }

    /// Decides who gets a path that several claim.
    pub(in crate::install) fn settle(
        &mut self,
        done: &mut [Done<'_>],
    ) -> Result<Vec<Warning>, Error> {
        claims::settle(&mut self.kept, done, self.ground.folder)
    }

    /// Carries out `steps`, which are those of [`Change::steps`].
    pub(in crate::install) fn carry_out(
        &self,
        steps: &[Step],
        done: &[Done<'_>],
        reporter: &dyn Reporter,
    ) -> Result<Report, Error> {
        let mut stays: HashSet<&str> = self.kept.iter().flat_map(Kept::stays).collect();
        self.give_up(done, &stays)?;
        let mut report = Report::default();
        for step in steps {
            let leaving = step.leaving.iter().map(|index| &self.leaving[*index].1);
            let site = Site {
                ground: self.ground,
                staging: self.staging,
                leaving: leaving.collect(),
                new: step.new.iter().map(|index| &done[*index]).collect(),
            };
            let done = site.carry_out(&mut stays);
            done.map_err(|source| Error::Stopped {
                label: site.label(),
                source: Box::new(source),
            })?;
            for (position, _) in step.leaving.iter().map(|index| &self.leaving[*index]) {
                self.report_removal(*position, reporter);
            }
        }
        for action in self.plan.actions() {
            match action {
                Action::Install(_) => report.n_installs += 1,
                Action::Replace { .. } => report.n_updates += 1,
                Action::Remove(_) => report.n_removals += 1,
                Action::Keep(_) => {}
            }
        }
        Ok(report)
    }

    /// Has what stays write down what it loses, and removes the bytecode of that.
    fn give_up(&self, done: &[Done<'_>], stays: &HashSet<&str>) -> Result<(), Error> {
        let mut remover = Remover::new(self.ground)?;
        let new = done.iter().flat_map(|done| &done.placed);
        let new: HashSet<&str> = new.map(|placed| &*placed.path).collect();
        for kept in &self.kept {
            kept.write_down(self.staging)?;
            for path in kept.lost().filter(|path| source_of(path).is_some()) {
                if !new.contains(path) && !stays.contains(path) {
                    remover.remove(path)?;
                }
            }
            remover.remove_bytecode(kept.lost(), stays)?;
        }
        Ok(())
    }

    fn report_removal(&self, position: usize, reporter: &dyn Reporter) {
        if let Action::Remove(from) = &self.plan.actions()[position] {
            reporter.report(Event::Removed {
                name: &from.name,
                version: &from.version,
            });
        }
    }

    /// Parts the change into steps, and checks that each can be carried out.
    pub(in crate::install) fn steps(&self, done: &[Done<'_>]) -> Result<Vec<Step>, Error> {
        let stays = self.kept.iter().flat_map(Kept::stays).collect();
        steps::divide(self.ground.folder, &self.leaving, done, &stays)
    }
}

/// `None` for what has no list that can be read.
fn claiming(read: Result<Holding, Error>) -> Result<Option<Holding>, Error> {
    match read {
        Ok(holding) => Ok(Some(holding)),
        Err(Error::NoRecord { .. } | Error::BadRecord { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
