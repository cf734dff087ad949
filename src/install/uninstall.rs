//! Takes a distribution out of an environment, by its RECORD.
//!
//! Nothing outside the environment is removed, nothing that makes it one, and nothing that another distribution lists.
//! First RECORD gets another name: if the rest is interrupted, the distribution is plainly broken and the list of its
//! files is still there for the next run. Costs an `unlink` a file.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;

use super::contents::{is_reserved, text};
use super::{Destination, Error};
use crate::installed::InstalledDistribution;
use crate::wheel::Record;

/// What RECORD is called while its files are being put in or taken out.
pub(super) const JOURNAL: &str = "RECORD.lock2venv";

/// Reads which files `distribution` has: each path relative to the environment, in normal form, with its line. Lines that
/// lead outside are left out.
pub(super) fn files(
    distribution: &InstalledDistribution,
    destination: &Destination,
) -> Result<Vec<(String, String)>, Error> {
    let dist_info = &distribution.dist_info;
    let no_record = || Error::NoRecord {
        name: distribution.name.clone(),
        dist_info: dist_info.clone(),
    };
    let is_dist_info = dist_info
        .extension()
        .is_some_and(|extension| extension == "dist-info");
    let library = dist_info
        .strip_prefix(&destination.folder)
        .ok()
        .and_then(Path::parent)
        .filter(|_| is_dist_info)
        .ok_or_else(no_record)?;
    if !is_really_inside(dist_info, &destination.folder) {
        return Err(no_record());
    }
    let record = read_optional(&dist_info.join("RECORD"))?;
    let record = match record {
        Some(record) => record,
        None => read_optional(&dist_info.join(JOURNAL))?.ok_or_else(no_record)?,
    };
    let record = Record::parse(&record).map_err(|fault| Error::BadRecord {
        name: distribution.name.clone(),
        fault,
    })?;
    let lines = record.paths().filter_map(|line| {
        let path = normal(&destination.folder, library, line)?;
        Some((path, line.to_owned()))
    });
    Ok(lines.collect())
}

/// Tells whether `folder` lies in `root` when links are followed: what a link leads to is not the environment's.
fn is_really_inside(folder: &Path, root: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    let both = real(folder).zip(real(root));
    both.is_some_and(|(folder, root)| folder.starts_with(root))
}

fn read_optional(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::io("read", path, cause)),
    }
}

/// Resolves a line of RECORD without looking at the disk; `None` when it leads outside.
fn normal(root: &Path, library: &Path, line: &str) -> Option<String> {
    let joined = match Path::new(line).strip_prefix(root) {
        Ok(inside) => inside.to_owned(),
        Err(_) if Path::new(line).is_absolute() => return None,
        Err(_) => library.join(line),
    };
    let mut parts: Vec<&str> = Vec::new();
    for component in joined.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Removes the files of `distribution`, but for those that are `protected`.
pub(super) fn uninstall(
    distribution: &InstalledDistribution,
    protected: &HashSet<&str>,
    destination: &Destination,
) -> Result<(), Error> {
    let files = files(distribution, destination)?;
    let record = distribution.dist_info.join("RECORD");
    let journal = distribution.dist_info.join(JOURNAL);
    if record.exists() {
        fs::rename(&record, &journal).map_err(|cause| Error::io("rename", &record, cause))?;
    }
    let scripts = format!("{}/", text(&destination.layout.scripts));
    let mut folders = Folders::new(&destination.folder)?;
    for (path, _) in &files {
        if !protected.contains(path.as_str()) && !is_reserved(path, &scripts) {
            folders.remove_file(path)?;
        }
    }
    folders.remove_bytecode(&files, protected);
    remove_if_there(&journal)?;
    folders.touched.insert(
        distribution
            .dist_info
            .strip_prefix(&destination.folder)
            .map_or_else(|_| PathBuf::new(), Path::to_owned),
    );
    folders.remove_empty(destination);
    Ok(())
}

fn remove_if_there(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(Error::io("remove", path, cause)),
    }
}

/// The folders that files are removed from.
struct Folders<'a> {
    root: &'a Path,
    real_root: PathBuf,
    /// Whether a folder really lies in the environment, links followed.
    inside: HashMap<PathBuf, bool>,
    touched: BTreeSet<PathBuf>,
}

impl<'a> Folders<'a> {
    fn new(root: &'a Path) -> Result<Self, Error> {
        let real_root = fs::canonicalize(root).map_err(|cause| Error::io("open", root, cause))?;
        Ok(Self {
            root,
            real_root,
            inside: HashMap::new(),
            touched: BTreeSet::new(),
        })
    }

    fn remove_file(&mut self, path: &str) -> Result<(), Error> {
        let folder = Path::new(path).parent().unwrap_or(Path::new("")).to_owned();
        let is_inside = self.is_inside(&folder);
        let path = self.root.join(path);
        // A link to a folder is a file that goes as others do.
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
        if !is_inside || is_folder {
            return Ok(());
        }
        self.touched.insert(folder);
        remove_if_there(&path)
    }

    fn is_inside(&mut self, folder: &Path) -> bool {
        let (root, real_root) = (self.root, &self.real_root);
        let inside = self.inside.entry(folder.to_owned());
        *inside.or_insert_with(|| {
            let real = fs::canonicalize(root.join(folder));
            real.is_ok_and(|real| real.starts_with(real_root))
        })
    }

    /// Removes the bytecode that Python itself left for modules that are gone, or have another content soon: Python takes
    /// bytecode for fresh when the source has the same size, and was written in the same second, as the one before.
    fn remove_bytecode(&mut self, files: &[(String, String)], protected: &HashSet<&str>) {
        let mut stems: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
        for (path, _) in files {
            if let Some(stem) = path.strip_suffix(".py") {
                let (folder, stem) = stem.rsplit_once('/').unwrap_or(("", stem));
                stems.entry(folder).or_default().insert(stem);
            }
        }
        for (folder, stems) in stems {
            let cached = Path::new(folder).join("__pycache__");
            if !self.is_inside(&cached) {
                continue;
            }
            for entry in fs::read_dir(self.root.join(&cached))
                .into_iter()
                .flatten()
                .flatten()
            {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                let stem = name.split('.').next().unwrap_or_default();
                let is_protected = protected.contains(&*cached.join(&*name).to_string_lossy());
                if name.ends_with(".pyc") && stems.contains(stem) && !is_protected {
                    let _ = fs::remove_file(entry.path());
                }
            }
            self.touched.insert(cached);
        }
    }

    /// Removes the folders that are empty now, from the deepest up, but for those of the layout.
    fn remove_empty(&self, destination: &Destination) {
        let layout = &destination.layout;
        let own = [
            &layout.purelib,
            &layout.platlib,
            &layout.scripts,
            &layout.headers,
        ];
        for folder in self.touched.iter().rev() {
            for ancestor in folder.ancestors() {
                let is_own = own.iter().any(|own| own.starts_with(ancestor));
                if is_own || fs::remove_dir(self.root.join(ancestor)).is_err() {
                    break;
                }
            }
        }
    }
}
