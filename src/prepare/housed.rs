//! What a wheelhouse has of what is wanted.

use std::path::Path;

use super::job::{Job, LocalJob, WantedFile, failed_proof};
use super::{Building, Error, Network, Place, Prepare};
use crate::event::{Event, Warning};
use crate::install::{PreparedWheel, WheelContent};
use crate::plan::Distribution;

/// Finds the locked file of `distribution`.
pub(super) fn file<'a>(prepare: &Prepare<'a>, distribution: &Distribution) -> Option<&'a Path> {
    prepare.options.wheelhouse.as_deref()?.file(distribution)
}

/// Finds a wheel that was built of `distribution`, and has it proven.
pub(super) fn built<'a>(prepare: &Prepare<'a>, distribution: &'a Distribution) -> Option<Job<'a>> {
    let wheel = prepare.options.wheelhouse.as_deref()?.built(distribution)?;
    Some(Job::Local(LocalJob {
        wanted: WantedFile::built(distribution, wheel),
        path: &wheel.path,
        is_housed: true,
    }))
}

/// Finds the file of `distribution`, or what was built of it, where it is not at its own `path`.
pub(super) fn instead_of_file<'a>(
    prepare: &Prepare<'a>,
    distribution: &'a Distribution,
    path: &Path,
) -> Option<Job<'a>> {
    prepare.options.wheelhouse.as_deref()?;
    if let Some(job) = built(prepare, distribution) {
        return Some(job);
    }
    let housed = file(prepare, distribution).filter(|_| !path.exists())?;
    Some(Job::Local(LocalJob {
        wanted: WantedFile::new(distribution).ok()?,
        path: housed,
        is_housed: true,
    }))
}

/// Finds what was built of the folder of `distribution` where that folder is not here.
pub(super) fn instead_of_folder<'a>(
    prepare: &Prepare<'a>,
    distribution: &'a Distribution,
    folder: &Path,
) -> Option<Job<'a>> {
    prepare.options.wheelhouse.as_deref()?;
    let is_missing = !folder.exists();
    built(prepare, distribution).filter(|_| is_missing)
}

/// Takes what was built of the folder of `distribution` where no backend can be called here. That the folder may have changed since is
/// reported.
pub(super) fn instead_of_backend(
    prepare: &Prepare<'_>,
    distribution: &Distribution,
) -> Result<Option<PreparedWheel>, Error> {
    let is_refused = matches!(prepare.building, Building::Refused);
    let is_needed = is_refused || prepare.options.network == Network::Offline;
    let house = prepare.options.wheelhouse.as_deref().filter(|_| is_needed);
    let Some(wheel) = house.and_then(|house| house.built(distribution)) else {
        return Ok(None);
    };
    let file = prepare.cache.verify_local(&wheel.path, &wheel.digests);
    let file = file.map_err(|error| {
        let place = Place::Wheelhouse(wheel.path.clone());
        failed_proof(&WantedFile::built(distribution, wheel), place, error)
    })?;
    let warning = Warning::BuiltEarlier {
        package: distribution.name.to_string(),
        wheel: wheel.path.clone(),
    };
    prepare.reporter.report(Event::Warning(warning));
    Ok(Some(PreparedWheel {
        id: distribution.id,
        file: wheel.file_name.clone(),
        content: WheelContent::Archive(file),
        from_cache: false,
    }))
}
