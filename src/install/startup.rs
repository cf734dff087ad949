//! What has Python run code whenever it starts: told of each file, and refused where that is asked for.
//!
//! Only names are looked at, but for the few files whose names say that they may hold such lines: these are read once more.

use std::collections::HashSet;
use std::path::Path;

use super::change::Change;
use super::place::placed::{Placed, label};
use super::unpack::placed_wheel::PlacedWheel;
use super::{Error, Installation};
use crate::environment::{Layout, StartupFolders};
use crate::event::Event;
use crate::installed::StartupFile;

/// Tells of everything that runs at the start in a new environment of `wheels`.
pub(super) fn report_fresh(
    installation: Installation<'_>,
    wheels: &[PlacedWheel<'_>],
) -> Result<(), Error> {
    let mut folders = StartupFolders::new(&installation.destination.layout);
    let files = of_wheels(&mut folders, wheels)?;
    report(installation, files)
}

/// Tells of everything that runs at the start once `change` is made: what `wheels` bring, and what stays.
pub(super) fn report_change(
    installation: Installation<'_>,
    change: &Change<'_>,
    wheels: &[PlacedWheel<'_>],
) -> Result<(), Error> {
    let destination = installation.destination;
    let mut folders = StartupFolders::new(&destination.layout);
    let there = find(&mut folders, &destination.folder)?;
    let mut files = of_wheels(&mut folders, wheels)?;
    let placed = wheels.iter().flat_map(|wheel| &wheel.placed);
    let new: HashSet<&str> = placed.map(|placed| &*placed.path).collect();
    let stays = there
        .into_iter()
        .filter(|file| !new.contains(&*file.path) && !change.takes_out(&file.path));
    files.extend(stays.map(|file| StartupFile {
        distribution: change.keeper(&file.path).map(str::to_owned),
        ..file
    }));
    report(installation, files)
}

/// Finds everything that runs at the start in the environment at `root`, and whose it is.
///
/// # Errors
///
/// [`Error::Io`] and [`Error::Environment`] when the environment cannot be read.
pub fn startup_files(root: &Path, layout: &Layout) -> Result<Vec<StartupFile>, Error> {
    let mut files = find(&mut StartupFolders::new(layout), root)?;
    if !files.is_empty() {
        let names = files.iter().filter_map(|file| file.path.rsplit('/').next());
        let names: Vec<&str> = names.collect();
        let owners = super::change::owners(root, layout, &names)?;
        for file in &mut files {
            let owner = owners.iter().find(|owner| owner.has(&file.path));
            file.distribution = owner.map(|owner| owner.label().to_owned());
        }
    }
    Ok(files)
}

fn find(folders: &mut StartupFolders, root: &Path) -> Result<Vec<StartupFile>, Error> {
    let found = folders.find(root);
    found.map_err(|cause| Error::io("read", root, cause))
}

fn of_wheels(
    folders: &mut StartupFolders,
    wheels: &[PlacedWheel<'_>],
) -> Result<Vec<StartupFile>, Error> {
    let mut files = Vec::new();
    for (wheel, placed) in all_placed(wheels) {
        let root = wheel.root.path();
        let file = folders.read(root, &placed.path);
        let file = file.map_err(|cause| Error::io("read", &root.join(&*placed.path), cause))?;
        files.extend(file.map(|file| of(wheel, file)));
    }
    let modules = all_placed(wheels).filter_map(|(wheel, placed)| {
        let file = folders.module(&placed.path)?;
        Some(of(wheel, file))
    });
    files.extend(modules);
    Ok(files)
}

fn all_placed<'w, 'a>(
    wheels: &'w [PlacedWheel<'a>],
) -> impl Iterator<Item = (&'w PlacedWheel<'a>, &'w Placed)> {
    let wheels = wheels.iter();
    wheels.flat_map(|wheel| wheel.placed.iter().map(move |placed| (wheel, placed)))
}

fn of(wheel: &PlacedWheel<'_>, file: StartupFile) -> StartupFile {
    StartupFile {
        distribution: Some(label(wheel.distribution)),
        ..file
    }
}

fn report(installation: Installation<'_>, mut files: Vec<StartupFile>) -> Result<(), Error> {
    files.sort_unstable();
    files.dedup();
    for file in &files {
        installation.reporter.report(Event::Startup(file));
    }
    if installation.options.refuses_startup {
        return refuse(files);
    }
    Ok(())
}

/// Makes an error of all of them.
///
/// # Errors
///
/// [`Error::Startup`] for each.
pub fn refuse(files: Vec<StartupFile>) -> Result<(), Error> {
    match Error::join(files.into_iter().map(Error::Startup).collect()) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}
