//! Lists what an environment holds, with as few system calls as that takes.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::Path;

use fs_err as fs;
use rustix::fs::{AtFlags, Mode, OFlags, openat, statat};
use rustix::io::Errno;

use super::Error;
use crate::installed::{Installed, InstalledDistribution};
use crate::interpreter::Layout;
use crate::name::PackageName;
use crate::version::Version;

/// Lists the distributions of the environment at `root`.
pub(super) fn scan(root: &Path, layout: &Layout) -> Result<Installed, Error> {
    let mut installed = Installed::default();
    scan_folder(&root.join(&layout.purelib), &mut installed)?;
    if layout.platlib != layout.purelib {
        scan_folder(&root.join(&layout.platlib), &mut installed)?;
    }
    installed.sort();
    Ok(installed)
}

fn scan_folder(folder: &Path, installed: &mut Installed) -> Result<(), Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if super::is_absent(&error) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    // Paths relative to an open folder spare the system the walk to it.
    let open: OwnedFd = fs::File::open(folder)?.into_file().into();
    for entry in entries {
        let file_name = entry?.file_name();
        let Some(file_name) = file_name.to_str() else {
            continue;
        };
        let Some((name, version)) = file_name.strip_suffix(".dist-info").and_then(split) else {
            continue;
        };
        let path = folder.join(file_name);
        if !has_record(&open, file_name).map_err(|error| named(&path, error))? {
            installed.leftovers.push(path);
            continue;
        }
        let direct_url = read_direct_url(&open, file_name);
        installed.distributions.push(InstalledDistribution {
            name,
            version,
            direct_url: direct_url.map_err(|error| named(&path, error))?,
            dist_info: path,
        });
    }
    Ok(())
}

/// Names hold no `-` since wheels exist, and a version only in the spelling `1.0-1`.
fn split(stem: &str) -> Option<(PackageName, Version)> {
    let (name, version) = stem.split_once('-')?;
    Some((PackageName::new(name), Version::parse(version).ok()?))
}

/// RECORD is written last, so one without was interrupted.
fn has_record(folder: &OwnedFd, dist_info: &str) -> Result<bool, Errno> {
    match statat(folder, format!("{dist_info}/RECORD"), AtFlags::empty()) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
        Err(error) => Err(error),
    }
}

fn read_direct_url(folder: &OwnedFd, dist_info: &str) -> Result<Option<String>, std::io::Error> {
    let path = format!("{dist_info}/direct_url.json");
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    match openat(folder, path, flags, Mode::empty()) {
        Ok(file) => {
            let mut bytes = Vec::new();
            File::from(file).read_to_end(&mut bytes)?;
            Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
        }
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Errors of calls relative to a folder do not name the path themselves.
fn named(path: &Path, error: impl Into<std::io::Error>) -> Error {
    let error = error.into();
    Error::Io(std::io::Error::new(
        error.kind(),
        format!("cannot read `{}`: {error}", path.display()),
    ))
}
