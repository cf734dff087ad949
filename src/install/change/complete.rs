//! Completes what an interrupted change left.
//!
//! A distribution that has a list but no RECORD was going or coming: what is there of it goes, but for the files that
//! others list. Whether it is wanted, and in which version, the plan decides afterwards, from what is whole.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::draft::DRAFT;
use super::easy_install;
use super::ground::{Ground, read_optional};
use super::installed_files::InstalledFiles;
use super::uninstall::{Remover, remove_if_there};
use crate::environment::{self, Layout};
use crate::install::Error;
use crate::install::place::paths::join;
use crate::installed::{Installed, InstalledDistribution, JOURNAL};
use crate::name::PackageName;
use crate::version::Version;

/// What has to be done about one distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The `.dist-info` folder, absolute.
    pub dist_info: PathBuf,
    /// What it needs.
    pub need: Need,
}

/// What completes an interrupted change of a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Its files have to go, for it has no RECORD any more, or not yet, or no METADATA.
    Removal,
    /// It is whole, and only the list of the change has to go.
    Tidying,
}

/// Finds what interrupted changes left in the environment that holds `installed`.
///
/// A distribution without RECORD and without the list of a change is left alone: another installer made it.
pub fn unfinished(installed: &Installed) -> Vec<Unfinished> {
    let has = |path: &Path, name| fs::symlink_metadata(path.join(name)).is_ok();
    // What a link leads to is not the environment's.
    let is_real = |path: &&PathBuf| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    let leftovers = installed.leftovers.iter().filter(is_real);
    let leftovers = leftovers.filter(|path| has(path, JOURNAL) || !has(path, "METADATA"));
    let removals = leftovers.map(|path| (path, Need::Removal));
    let others = installed.unfinished.iter().filter(is_real).map(|path| {
        if has(path, "METADATA") {
            (path, Need::Tidying)
        } else {
            (path, Need::Removal)
        }
    });
    let all = removals.chain(others).map(|(path, need)| Unfinished {
        dist_info: path.clone(),
        need,
    });
    all.collect()
}

/// Completes what [`unfinished`] found in the environment at `folder`, which nobody else changes.
///
/// # Errors
///
/// [`Error::Io`] when something cannot be removed: what is left is found again by the next call.
pub fn complete(
    folder: &Path,
    layout: &Layout,
    installed: &Installed,
    unfinished: &[Unfinished],
) -> Result<(), Error> {
    let ground = Ground { folder, layout };
    let removals = unfinished.iter().filter(|one| one.need == Need::Removal);
    let removals: Vec<&PathBuf> = removals.map(|one| &one.dist_info).collect();
    let owned = if removals.is_empty() {
        HashSet::new()
    } else {
        owned(installed, &removals, ground)?
    };
    let owned: HashSet<&str> = owned.iter().map(String::as_str).collect();
    for one in unfinished {
        match one.need {
            Need::Removal => remove(&one.dist_info, &owned, ground)?,
            Need::Tidying => remove_if_there(&one.dist_info.join(JOURNAL))?,
        }
    }
    Ok(())
}

/// Lists the files of what is whole.
fn owned(
    installed: &Installed,
    removals: &[&PathBuf],
    ground: Ground<'_>,
) -> Result<HashSet<String>, Error> {
    let mut owned = HashSet::new();
    let whole = installed.distributions.iter();
    for distribution in whole.filter(|whole| !removals.contains(&&whole.dist_info)) {
        let files = InstalledFiles::read_if_listed(distribution, ground)?;
        owned.extend(files.into_iter().flat_map(|files| files.lines.into_keys()));
    }
    Ok(owned)
}

fn remove(dist_info: &Path, owned: &HashSet<&str>, ground: Ground<'_>) -> Result<(), Error> {
    let (record, journal) = (dist_info.join("RECORD"), dist_info.join(JOURNAL));
    if read_optional(&record)?.is_some() {
        fs::rename(&record, &journal).map_err(|cause| Error::io("rename", &record, cause))?;
    }
    let mut remover = Remover::new(ground)?;
    easy_install::forget(dist_info, &dist_info.join(DRAFT))?;
    if let Some(files) = files_of(dist_info, ground)? {
        let list = join(&files.own_folder(), JOURNAL);
        let paths = files.lines.keys().map(String::as_str);
        for path in paths.filter(|path| *path != list) {
            remover.remove(path, owned)?;
        }
        // What was copied from another disk beside the file that it should become.
        let drafts = files.lines.keys().map(|path| draft_beside(path));
        for draft in drafts.collect::<BTreeSet<_>>() {
            remover.remove(&draft, owned)?;
        }
        let sources = files.lines.keys().map(String::as_str);
        remover.remove_bytecode(sources, owned)?;
        remover.remove_empty()?;
    }
    remover.remove_dist_info(dist_info)
}

fn draft_beside(path: &str) -> String {
    join(
        path.rsplit_once('/').map_or("", |(folder, _)| folder),
        DRAFT,
    )
}

/// `None` when nothing tells which files it has, and none but its own documents are left.
fn files_of(dist_info: &Path, ground: Ground<'_>) -> Result<Option<InstalledFiles>, Error> {
    let distribution = environment::identify(dist_info).or_else(|| nameless(dist_info));
    let Some(distribution) = distribution else {
        return Ok(None);
    };
    match InstalledFiles::read(&distribution, ground) {
        Ok(files) => Ok(Some(files)),
        Err(Error::NoRecord { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Names a folder that tells no name and version any more by what it is called.
fn nameless(dist_info: &Path) -> Option<InstalledDistribution> {
    let stem = dist_info.file_stem()?.to_str()?;
    Some(InstalledDistribution {
        name: PackageName::new(stem),
        version: Version::parse("0").ok()?,
        dist_info: dist_info.to_owned(),
        direct_url: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::scene::{Scene, SceneFile};

    #[test]
    fn a_copy_that_was_not_finished_goes_with_the_rest() {
        let scene = Scene::new();
        let files = [SceneFile("lib/acme/core.py", ""), SceneFile("bin/acme", "")];
        let dist_info = scene.install("acme", &files).dist_info;
        fs::rename(dist_info.join("RECORD"), dist_info.join(JOURNAL)).unwrap();
        for folder in ["lib/acme", "bin"] {
            scene.write(&draft_beside(&format!("{folder}/x")), "half");
        }
        scene.write("lib/other/.lock2venv-draft", "of somebody else");
        remove(&dist_info, &HashSet::new(), scene.ground()).unwrap();
        assert!(!scene.path("lib/acme").exists());
        assert!(!scene.path("bin/.lock2venv-draft").exists());
        assert!(!dist_info.exists());
        assert!(scene.path("lib/other/.lock2venv-draft").exists());
    }
}
