//! Takes files out of an environment.
//!
//! Nothing outside the environment is removed, nothing that makes it one, and nothing that another distribution lists.
//! What cannot be removed is an error, not a file that stays: the list of what has to go is on the disk until all of it is
//! gone, so the next run goes on with it. Costs an `unlink` a file.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::ground::{Ground, is_absent};
use crate::install::Error;
use crate::install::place::paths::{is_reserved, text};
use crate::installed::JOURNAL;
use crate::platform::removal;

/// Removes files, and the folders that are empty then.
#[derive(Debug)]
pub(crate) struct Remover<'a> {
    ground: Ground<'a>,
    real_root: PathBuf,
    /// The folder of scripts, with a slash.
    scripts: String,
    /// Where a folder really is, relative to the environment, links followed; `None` for what is outside.
    real: HashMap<PathBuf, Option<PathBuf>>,
    touched: BTreeSet<PathBuf>,
}

impl<'a> Remover<'a> {
    pub(crate) fn new(ground: Ground<'a>) -> Result<Self, Error> {
        let root = ground.folder;
        let real_root = fs::canonicalize(root).map_err(|cause| Error::io("open", root, cause))?;
        Ok(Self {
            ground,
            real_root,
            scripts: format!("{}/", text(&ground.layout.scripts)),
            real: HashMap::new(),
            touched: BTreeSet::new(),
        })
    }

    /// Removes the file `path`, relative to the environment, unless it is the environment's own or, by this name or by another
    /// that a link in the environment gives it, one of those that `stays` names.
    pub(crate) fn remove(&mut self, path: &str, stays: &HashSet<&str>) -> Result<(), Error> {
        let folder = Path::new(path).parent().unwrap_or(Path::new("")).to_owned();
        let name = Path::new(path).file_name().unwrap_or_default();
        let Some(real) = self.real(&folder).map(|folder| folder.join(name)) else {
            return Ok(());
        };
        let names = [Some(path), real.to_str()];
        let mut names = names.into_iter().flatten();
        if names.any(|name| is_reserved(name, &self.scripts) || stays.contains(name)) {
            return Ok(());
        }
        self.touched.insert(folder);
        remove_if_there(&self.ground.folder.join(path))
    }

    /// Removes the bytecode that Python itself left for modules that are gone, or have another content soon: Python takes
    /// bytecode for fresh when the source has the same size, and was written in the same second, as the one before.
    pub(crate) fn remove_bytecode<'p>(
        &mut self,
        sources: impl Iterator<Item = &'p str>,
        stays: &HashSet<&str>,
    ) -> Result<(), Error> {
        let mut stems: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
        for stem in sources.filter_map(|path| path.strip_suffix(".py")) {
            let (folder, stem) = stem.rsplit_once('/').unwrap_or(("", stem));
            stems.entry(folder).or_default().insert(stem);
        }
        for (folder, stems) in stems {
            let cached = Path::new(folder).join("__pycache__");
            let Some(real) = self.real(&cached) else {
                continue;
            };
            for name in names_in(&self.ground.folder.join(&cached))? {
                let path = cached.join(&name);
                let stem = name.split('.').next().unwrap_or_default();
                let is_bytecode = path.extension().is_some_and(|ending| ending == "pyc");
                let names = [path.clone(), real.join(&name)];
                let mut names = names.iter().filter_map(|path| path.to_str());
                let is_protected = names.any(|path| stays.contains(path));
                if is_bytecode && stems.contains(stem) && !is_protected {
                    remove_if_there(&self.ground.folder.join(path))?;
                }
            }
            self.touched.insert(cached);
        }
        Ok(())
    }

    /// Removes the folders that are empty now, from the deepest up, but for those of the layout.
    pub(crate) fn remove_empty(&mut self) -> Result<(), Error> {
        let touched = std::mem::take(&mut self.touched);
        for folder in touched.iter().rev() {
            for ancestor in folder.ancestors() {
                if self.is_of_layout(ancestor) || !self.remove_if_empty(ancestor)? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Removes all that is left of a `.dist-info`, at an absolute path, its list last.
    pub(crate) fn remove_dist_info(&mut self, dist_info: &Path) -> Result<(), Error> {
        if fs::symlink_metadata(dist_info).is_ok_and(|found| found.is_file()) {
            return remove_if_there(dist_info);
        }
        for name in names_in(dist_info)? {
            let path = dist_info.join(&name);
            if name == JOURNAL {
                continue;
            }
            removal::remove(&path).map_err(|cause| Error::io("remove", &path, cause))?;
        }
        remove_if_there(&dist_info.join(JOURNAL))?;
        if let Ok(path) = dist_info.strip_prefix(self.ground.folder) {
            self.remove_if_empty(path)?;
        }
        Ok(())
    }

    /// Tells whether the folder is gone.
    fn remove_if_empty(&self, folder: &Path) -> Result<bool, Error> {
        let path = self.ground.folder.join(folder);
        match fs::remove_dir(&path) {
            Ok(()) => Ok(true),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(cause) if stays(&cause, &path) => Ok(false),
            Err(cause) => Err(Error::io("remove", &path, cause)),
        }
    }

    fn is_of_layout(&self, folder: &Path) -> bool {
        let layout = self.ground.layout;
        // A new environment has no folder of headers.
        let own = [&layout.purelib, &layout.platlib, &layout.scripts];
        own.iter().any(|own| own.starts_with(folder))
    }

    /// A folder that is not there is where the next one above it is.
    fn real(&mut self, folder: &Path) -> Option<PathBuf> {
        let (root, real_root) = (self.ground.folder, &self.real_root);
        let real = self.real.entry(folder.to_owned());
        let find = || {
            let mut above = folder.ancestors();
            let (there, real) = above.find_map(|above| {
                let real = fs::canonicalize(root.join(above)).ok()?;
                Some((above, real))
            })?;
            let inside = real.strip_prefix(real_root).ok()?;
            let rest = folder.strip_prefix(there).ok()?;
            Some(inside.join(rest))
        };
        real.or_insert_with(find).clone()
    }
}

/// Tells whether a folder has files still, is a link to one, or is where a disk is mounted.
fn stays(cause: &io::Error, path: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).ok().map(|found| found.dev());
    let is_in_use = matches!(
        cause.kind(),
        io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::NotADirectory
    );
    let is_busy = cause.kind() == io::ErrorKind::ResourceBusy;
    is_in_use || (is_busy && device(path) != path.parent().and_then(device))
}

/// Removes a file or a link; a folder of that name stays.
pub(crate) fn remove_if_there(path: &Path) -> Result<(), Error> {
    let is_folder = || fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(cause) if is_absent(&cause) || is_folder() => Ok(()),
        Err(cause) => Err(Error::io("remove", path, cause)),
    }
}

fn names_in(folder: &Path) -> Result<Vec<String>, Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if is_absent(&cause) => return Ok(Vec::new()),
        Err(cause) => return Err(Error::io("read", folder, cause)),
    };
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names: io::Result<Vec<String>> = names.collect();
    names.map_err(|cause| Error::io("read", folder, cause))
}
