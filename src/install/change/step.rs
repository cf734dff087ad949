//! One step of a change: distributions go and others come, and an interruption at any point leaves what can be told.
//!
//! First each new distribution gets its list, under another name than RECORD, and the RECORD of each that goes gets that
//! name. Then files are removed, the new ones are renamed into place, and RECORD comes last. So whatever is on the disk is
//! listed somewhere, and what has no RECORD is removed by the next run: see [`complete`](super::complete::complete). A step is as small as
//! the paths allow, one distribution as a rule.

use std::collections::HashSet;
use std::path::Path;

use fs_err as fs;

use super::draft::{put, replace};
use super::easy_install;
use super::ground::{Ground, read_optional};
use super::installed_files::InstalledFiles;
use super::listing;
use super::uninstall::{Remover, remove_if_there};
use crate::install::Error;
use crate::install::place::paths::join;
use crate::install::place::placed::label;
use crate::install::place::record;
use crate::install::unpack::placed_wheel::PlacedWheel;
use crate::installed::JOURNAL;

/// Which distributions a step takes out and puts in, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) leaving: Vec<usize>,
    pub(crate) new: Vec<usize>,
}

/// A step about to be carried out.
pub(crate) struct Exchange<'s, 'd> {
    pub(crate) ground: Ground<'s>,
    /// For drafts.
    pub(crate) staging: &'s Path,
    pub(crate) leaving: Vec<&'s InstalledFiles>,
    pub(crate) new: Vec<&'s PlacedWheel<'d>>,
}

impl<'s> Exchange<'s, '_> {
    /// Takes out and puts in; `stays` are the files that others have, and then also those that came.
    pub(crate) fn carry_out(&self, stays: &mut HashSet<&'s str>) -> Result<(), Error> {
        let new = self.new.iter().flat_map(|wheel| &wheel.placed);
        stays.extend(new.map(|placed| &*placed.path));
        for wheel in &self.new {
            self.announce(wheel)?;
        }
        for going in &self.leaving {
            self.begin(going)?;
        }
        let mut remover = Remover::new(self.ground)?;
        for going in &self.leaving {
            easy_install::forget(&going.dist_info, &self.staging.join(DRAFT))?;
            Self::take_out(going, &mut remover, stays)?;
        }
        remover.remove_empty()?;
        for wheel in &self.new {
            self.move_in(wheel)?;
        }
        for going in self.leaving.iter().filter(|going| !self.is_replaced(going)) {
            remover.remove_dist_info(&going.dist_info)?;
        }
        Ok(())
    }

    /// Removes the files of a distribution, but for those that `stays` names.
    fn take_out(
        going: &InstalledFiles,
        remover: &mut Remover<'_>,
        stays: &HashSet<&str>,
    ) -> Result<(), Error> {
        let list = going.list();
        let paths = going.lines.keys().map(String::as_str);
        for path in paths.filter(|path| *path != list) {
            remover.remove(path, stays)?;
        }
        let sources = going.lines.keys().map(String::as_str);
        remover.remove_bytecode(sources, stays)
    }

    /// Names the step by the first distribution that comes, or else goes.
    pub(crate) fn label(&self) -> String {
        let new = self.new.iter().map(|wheel| label(wheel.distribution));
        let leaving = self.leaving.iter().map(|going| going.label.clone());
        new.chain(leaving).next().unwrap_or_default()
    }

    /// Tells whether the new distribution has the same `.dist-info` as the one that goes.
    fn is_replaced(&self, going: &InstalledFiles) -> bool {
        let own = going.own_folder();
        self.new.iter().any(|wheel| wheel.dist_info == own)
    }

    /// Puts the list of a new distribution, and of the one that had the same `.dist-info`, on the disk.
    fn announce(&self, wheel: &PlacedWheel<'_>) -> Result<(), Error> {
        let dist_info = self.ground.folder.join(&wheel.dist_info);
        create(&dist_info)?;
        check_real(self.ground, &wheel.dist_info, &mut HashSet::new())?;
        let mut text = Vec::new();
        let same = self.leaving.iter();
        for going in same.filter(|going| going.own_folder() == wheel.dist_info) {
            text.extend(listing::render(going.lines.values().cloned().collect()));
        }
        text.extend(record_of(wheel));
        replace(&self.staging.join(DRAFT), &dist_info.join(JOURNAL), &text)
    }

    /// Leaves a distribution without RECORD, but with the list.
    fn begin(&self, going: &InstalledFiles) -> Result<(), Error> {
        let record = going.dist_info.join("RECORD");
        let journal = going.dist_info.join(JOURNAL);
        if going.is_file() {
            // It goes last itself: until then it is installed.
            Ok(())
        } else if self.is_replaced(going) {
            remove_if_there(&record)
        } else if !going.is_egg() && fs::symlink_metadata(&record).is_ok() {
            fs::rename(&record, &journal).map_err(|cause| Error::io("rename", &record, cause))
        } else if read_optional(&journal)?.is_none() {
            let text = listing::render(going.lines.values().cloned().collect());
            replace(&self.staging.join(DRAFT), &journal, &text)
        } else {
            Ok(())
        }
    }

    /// Renames the files of a staged distribution into place, RECORD last.
    fn move_in(&self, wheel: &PlacedWheel<'_>) -> Result<(), Error> {
        let folder = self.ground.folder;
        let mut created: HashSet<&str> = HashSet::new();
        let mut real: HashSet<&str> = HashSet::new();
        for placed in &wheel.placed {
            let parent = placed.path.rsplit_once('/').map(|(parent, _)| parent);
            let parent = parent.unwrap_or_default();
            if created.insert(parent) {
                create(&folder.join(parent))?;
                check_real(self.ground, parent, &mut real)?;
            }
            let from = wheel.root.path().join(&*placed.path);
            let to = folder.join(&*placed.path);
            put(&from, &to)?;
        }
        let dist_info = folder.join(&wheel.dist_info);
        let (record, journal) = (dist_info.join("RECORD"), dist_info.join(JOURNAL));
        let mut leaving = self.leaving.iter();
        if leaving.any(|going| going.own_folder() == wheel.dist_info) {
            replace(&self.staging.join(DRAFT), &record, &record_of(wheel))?;
            return remove_if_there(&journal);
        }
        fs::rename(&journal, &record).map_err(|cause| Error::io("rename", &journal, cause))
    }
}

/// The name of drafts of lists in the staging folder, beside the numbered folders of wheels.
const DRAFT: &str = "list";

fn record_of(wheel: &PlacedWheel<'_>) -> Vec<u8> {
    record::render(
        &wheel.placed,
        &wheel.library,
        &join(&wheel.dist_info, "RECORD"),
    )
}

fn create(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|cause| Error::io("create", path, cause))
}

/// Checks that no part of `path` is a link which leads out of the environment, or to what is another's.
fn check_real<'p>(
    ground: Ground<'_>,
    path: &'p str,
    real: &mut HashSet<&'p str>,
) -> Result<(), Error> {
    let slashes = path.match_indices('/').map(|(end, _)| &path[..end]);
    for part in slashes.chain([path]).filter(|part| !part.is_empty()) {
        if !real.insert(part) {
            continue;
        }
        let found = fs::symlink_metadata(ground.folder.join(part));
        if !found.is_ok_and(|found| found.is_dir()) && !ground.has_link_to_folder(part) {
            return Err(Error::FileAndFolder {
                path: part.to_owned(),
            });
        }
    }
    Ok(())
}
