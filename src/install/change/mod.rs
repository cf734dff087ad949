//! A change of an environment that is in use: what it holds, and what becomes of that.

mod claims;
pub(crate) mod complete;
pub(crate) mod conflict;
mod draft;
pub(crate) mod dropped;
mod easy_install;
mod egg;
pub(crate) mod ground;
mod installed_files;
mod kept;
mod listing;
pub(crate) mod loser;
pub(crate) mod step;
mod steps;
mod uninstall;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::environment::{self, Layout};
use crate::event::{Event, Reporter, Warning};
use crate::install::place::placed::label;
use crate::install::place::pycache::source_of;
use crate::install::unpack::placed_wheel::PlacedWheel;
use crate::install::{Error, Report};
use crate::installed::{Installed, JOURNAL};
use crate::plan::{Action, Plan};
use crate::platform::file::set_date_at;
use crate::platform::folder::date_folders;

use claims::order_in;
use ground::{Ground, digest_of_file, read_optional};
use installed_files::InstalledFiles;
use kept::Kept;
use step::{Exchange, Step};
use steps::Leaving;
use uninstall::Remover;

/// Lists the files of those distributions in the environment at `root` that may list a file with one of these names.
pub(crate) fn owners(root: &Path, layout: &Layout, names: &[&str]) -> Result<Vec<Owner>, Error> {
    let ground = Ground {
        folder: root,
        layout,
    };
    let installed = environment::installed(root, layout)?;
    let mut owners = Vec::new();
    for distribution in &installed.distributions {
        if InstalledFiles::may_list(distribution, names)? {
            let files = InstalledFiles::read_if_listed(distribution, ground)?;
            owners.extend(files.map(Owner));
        }
    }
    Ok(owners)
}

/// A distribution and its files.
#[derive(Debug)]
pub(crate) struct Owner(InstalledFiles);

impl Owner {
    /// Names it, such as `acme 1.0`.
    pub(crate) fn label(&self) -> &str {
        &self.0.label
    }

    /// Tells whether it lists the file at `path`, relative to the environment.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.lines.contains_key(path)
    }
}

/// A change of an environment.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    plan: &'a Plan,
    ground: Ground<'a>,
    staging: &'a Path,
    /// What stays.
    kept: Vec<Kept>,
    /// What goes.
    leaving: Vec<Leaving>,
}

impl<'a> Change<'a> {
    pub(crate) fn new(
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
                let files = InstalledFiles::read(from, ground)?;
                change.leaving.push(Leaving { position, files });
            }
        }
        change.add_incomplete(&installed)?;
        change.add_kept(&installed)?;
        Ok(change)
    }

    /// Adds what another installer left without a list, where the plan installs the same distribution.
    fn add_incomplete(&mut self, installed: &Installed) -> Result<(), Error> {
        let new = self.plan.distributions();
        let new: HashMap<_, _> = new.map(|new| (&new.name, new.id.position())).collect();
        for path in &installed.leftovers {
            let Some(distribution) = environment::identify(path) else {
                continue;
            };
            let is_journaled = read_optional(&path.join(JOURNAL))?.is_some();
            if let Some(position) = new.get(&distribution.name)
                && !is_journaled
                && !self.is_leaving(path)
            {
                self.leaving.push(Leaving {
                    position: *position,
                    files: InstalledFiles::of_dist_info(&distribution, self.ground)?,
                });
            }
        }
        Ok(())
    }

    fn is_leaving(&self, dist_info: &Path) -> bool {
        let mut leaving = self.leaving.iter();
        leaving.any(|leaving| leaving.files.dist_info == dist_info)
    }

    fn add_kept(&mut self, installed: &Installed) -> Result<(), Error> {
        let leaving = self.leaving.iter();
        let leaving = leaving.map(|leaving| leaving.files.dist_info.clone());
        let leaving: HashSet<PathBuf> = leaving.collect();
        for distribution in &installed.distributions {
            if leaving.contains(&distribution.dist_info) {
                continue;
            }
            if let Some(files) = InstalledFiles::read_if_listed(distribution, self.ground)? {
                let order = order_in(self.plan, distribution);
                self.kept.push(Kept::new(order, files, self.ground)?);
            }
        }
        Ok(())
    }

    /// Decides who gets a path that several claim.
    pub(crate) fn settle(&mut self, wheels: &mut [PlacedWheel<'_>]) -> Result<Vec<Warning>, Error> {
        claims::settle(&mut self.kept, wheels, self.ground.folder)
    }

    /// Finds what the new wheels replace that nobody lists: scripts and data files of other bytes. Folders such as `/usr/local/bin` hold
    /// more than what distributions bring.
    pub(crate) fn overwritten(&self, wheels: &[PlacedWheel<'_>]) -> Result<Vec<Warning>, Error> {
        let layout = self.ground.layout;
        let libraries = [&layout.purelib, &layout.platlib];
        let is_outside = |path: &str| !libraries.iter().any(|own| Path::new(path).starts_with(own));
        let mut warnings = Vec::new();
        for wheel in wheels {
            let placed = wheel.placed.iter();
            for placed in placed.filter(|placed| is_outside(&placed.path)) {
                let path = &*placed.path;
                if self.has_leaving(path) {
                    continue;
                }
                let there = digest_of_file(&self.ground.folder.join(path))?;
                if there.is_some_and(|there| there != placed.digest) && self.keeper(path).is_none()
                {
                    warnings.push(Warning::Overwritten {
                        path: path.to_owned(),
                        distribution: label(wheel.distribution),
                    });
                }
            }
        }
        Ok(warnings)
    }

    /// Parts the change into steps, and checks that each can be carried out.
    pub(crate) fn steps(&self, wheels: &[PlacedWheel<'_>]) -> Result<Vec<Step>, Error> {
        let stays = self.kept.iter().flat_map(Kept::stays).collect();
        steps::divide(self.ground, &self.leaving, wheels, &stays)
    }

    /// Carries out `steps`, which are those of [`Change::steps`].
    pub(crate) fn carry_out(
        &self,
        steps: &[Step],
        wheels: &[PlacedWheel<'_>],
        reporter: &dyn Reporter,
    ) -> Result<Report, Error> {
        let mut stays: HashSet<&str> = self.kept.iter().flat_map(Kept::stays).collect();
        self.give_up(wheels, &stays)?;
        for step in steps {
            let exchange = self.exchange(step, wheels);
            let done = exchange.carry_out(&mut stays);
            done.map_err(|source| Error::Stopped {
                label: exchange.label(),
                source: Box::new(source),
            })?;
            for index in &step.leaving {
                self.report_removal(self.leaving[*index].position, reporter);
            }
        }
        Ok(self.report())
    }

    /// Dates the folders that the change went through, and the lists that it wrote.
    pub(crate) fn date(&self, wheels: &[PlacedWheel<'_>], date: i64) -> Result<(), Error> {
        let folder = self.ground.folder;
        for wheel in wheels {
            let record = folder.join(&wheel.dist_info).join("RECORD");
            set_date_at(&record, date).map_err(|cause| Error::io("date", &record, cause))?;
        }
        let placed = wheels.iter().flat_map(|wheel| &wheel.placed);
        let new = placed.map(|placed| &*placed.path);
        let gone = self
            .leaving
            .iter()
            .flat_map(|leaving| leaving.files.lines.keys());
        let paths = new.chain(gone.map(String::as_str));
        date_folders(folder, paths, date).map_err(|cause| Error::io("date", folder, cause))
    }

    fn exchange<'s, 'w>(&'s self, step: &Step, wheels: &'s [PlacedWheel<'w>]) -> Exchange<'s, 'w> {
        let leaving = step.leaving.iter().map(|index| &self.leaving[*index].files);
        Exchange {
            ground: self.ground,
            staging: self.staging,
            leaving: leaving.collect(),
            new: step.new.iter().map(|index| &wheels[*index]).collect(),
        }
    }

    fn report(&self) -> Report {
        let mut report = Report::default();
        for action in self.plan.actions() {
            match action {
                Action::Install(_) => report.n_installs += 1,
                Action::Replace { .. } => report.n_updates += 1,
                Action::Remove(_) => report.n_removals += 1,
                Action::Keep(_) => {}
            }
        }
        report
    }

    /// Has what stays write down what it loses, and removes the bytecode of that.
    fn give_up(&self, wheels: &[PlacedWheel<'_>], stays: &HashSet<&str>) -> Result<(), Error> {
        let mut remover = Remover::new(self.ground)?;
        let new = wheels.iter().flat_map(|wheel| &wheel.placed);
        let new: HashSet<&str> = new.map(|placed| &*placed.path).collect();
        for kept in &self.kept {
            kept.write_down(self.staging)?;
            for path in kept.lost().filter(|path| source_of(path).is_some()) {
                if !new.contains(path) {
                    remover.remove(path, stays)?;
                }
            }
            remover.remove_bytecode(kept.lost(), stays)?;
        }
        remover.remove_empty()
    }

    /// Tells whether the file at `path` goes and nothing that stays has it.
    pub(crate) fn takes_out(&self, path: &str) -> bool {
        self.has_leaving(path) && self.keeper(path).is_none()
    }

    fn has_leaving(&self, path: &str) -> bool {
        let mut leaving = self.leaving.iter();
        leaving.any(|leaving| leaving.files.lines.contains_key(path))
    }

    /// Names the distribution that has the file at `path` and stays.
    pub(crate) fn keeper(&self, path: &str) -> Option<&str> {
        let kept = self.kept.iter().find(|kept| kept.has(path))?;
        Some(&kept.files.label)
    }

    fn report_removal(&self, position: usize, reporter: &dyn Reporter) {
        if let Action::Remove(from) = &self.plan.actions()[position] {
            reporter.report(Event::Removed {
                name: &from.name,
                version: &from.version,
            });
        }
    }
}
