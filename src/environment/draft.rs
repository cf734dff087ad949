//! A new environment in the making.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::symlink;

use super::partial::{self, Partial};
use super::pyvenv_cfg::PyvenvCfg;
use super::{
    Blueprint, Environment, EnvironmentLock, Error, activate, is_absent, is_vacant, takeover,
};
use crate::interpreter::Layout;
use crate::platform::file::set_date_at;
use crate::platform::folder::date_folders;
use crate::platform::publish::{exchange, stays_in_place};
use crate::platform::removal;

/// A new environment, complete but for distributions, in a hidden folder; removed when dropped unpublished.
#[derive(Debug)]
pub struct Draft {
    root: PathBuf,
    layout: Layout,
    pyvenv_cfg: PyvenvCfg,
    partial: Partial,
    place: DraftPlace,
    date: i64,
}

/// Where the hidden folder lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DraftPlace {
    /// Beside the place of the environment: published by one rename.
    Beside,
    /// Inside it, when it is where a disk is mounted (a volume of a container), which cannot be renamed over; and when
    /// nothing may be put beside it.
    Inside,
}

impl Draft {
    /// Makes the hidden folder for an environment of `blueprint` at `root`, and everything in it that is no distribution.
    ///
    /// Removes what interrupted runs left for the same place. Shells show `prompt` while the environment is active; when it
    /// is empty, the name of the folder that it is in.
    ///
    /// # Errors
    ///
    /// [`Error::NoName`] and [`Error::NotMade`] when nothing can be put at `root`, [`Error::Io`].
    pub fn create(root: &Path, blueprint: &Blueprint, prompt: &str) -> Result<Self, Error> {
        let root = resolve(root)?;
        let (Some(parent), Some(name)) = (root.parent(), root.file_name()) else {
            return Err(Error::NoName { path: root });
        };
        let hidden = hidden_folder(&root, parent, name);
        let (partial, place) = hidden.map_err(|error| not_made(&root, error))?;
        let pyvenv_cfg = PyvenvCfg::new(blueprint, prompt);
        write_skeleton(partial.path(), blueprint, &pyvenv_cfg)?;
        for (name, text) in activate::render(&blueprint.recorded(&root), prompt) {
            fs::write(partial.path().join("bin").join(name), text)?;
        }
        for folder in [partial.path().to_owned(), partial.path().join("bin")] {
            date_names_in(&folder, blueprint.date)?;
        }
        Ok(Self {
            date: blueprint.date,
            layout: blueprint.layout.clone(),
            pyvenv_cfg,
            partial,
            place,
            root,
        })
    }

    /// Returns the hidden folder, absolute: where files are written to.
    pub fn folder(&self) -> &Path {
        self.partial.path()
    }

    /// Returns the place of the environment once it is published, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns where things lie in it.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Puts the environment at its place, where nothing or an empty folder may be.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] when something is there; [`Error::Io`]. Nothing is left then, or what the next run begins again with.
    pub fn publish(self) -> Result<Environment, Error> {
        self.date_folders()?;
        match self.place {
            DraftPlace::Inside => self.fill_vacant()?,
            DraftPlace::Beside => match fs::rename(self.folder(), &self.root) {
                Ok(()) => {}
                Err(error) if is_occupied(&error) => return Err(Error::Exists { path: self.root }),
                Err(error) if stays_in_place(&error) => self.fill_vacant()?,
                Err(error) => return Err(error.into()),
            },
        }
        Ok(self.published())
    }

    /// Puts the environment at its place and removes the one that is there.
    ///
    /// The caller holds the old one's lock. At any moment either the old or the new one is at the place; but where the system
    /// cannot exchange two folders in one step, for a moment none, and where folders cannot be renamed at all (a mounted
    /// volume, a lower layer of an image), one that [`Environment::read`] says is unfinished.
    ///
    /// # Errors
    ///
    /// [`Error::Foreign`] when more than an environment came to be there; [`Error::Io`]. The old environment is still there
    /// then, or what the next run begins again with.
    pub fn publish_over(self) -> Result<Environment, Error> {
        if let Some(old) = Environment::read(&self.root)? {
            old.check_removable()?;
        }
        self.date_folders()?;
        let old = match self.place {
            DraftPlace::Inside => None,
            DraftPlace::Beside => self.exchange()?,
        };
        let Some(old) = old else {
            takeover::take_over(&self.root, self.folder())?;
            return Ok(self.published());
        };
        let environment = self.published();
        // What cannot be removed now is hidden and unlocked, so a later run takes it for a dead one's.
        drop(removal::remove(&old));
        Ok(environment)
    }

    fn published(self) -> Environment {
        // What is left of the folder, if anything, is empty.
        drop(std::fs::remove_dir(self.folder()));
        // What was moved into a folder that was there, changed that.
        let _ = set_date_at(&self.root, self.date);
        self.partial.keep();
        Environment {
            root: self.root,
            pyvenv_cfg: self.pyvenv_cfg,
            is_unfinished: false,
        }
    }

    /// Dates the folders that every environment has.
    fn date_folders(&self) -> Result<(), Error> {
        let layout = &self.layout;
        let folders = [&layout.scripts, &layout.purelib, &layout.platlib];
        let inside = folders.map(|folder| folder.join("any").to_string_lossy().into_owned());
        let inside = inside.iter().map(String::as_str);
        Ok(date_folders(self.folder(), inside, self.date)?)
    }

    /// Returns where the old environment now is; `None` when it cannot be moved.
    fn exchange(&self) -> Result<Option<PathBuf>, Error> {
        let new = self.folder();
        if exchange(new, &self.root).is_ok() {
            return Ok(Some(new.to_owned()));
        }
        let aside = new.with_extension("old.aside000.partial");
        match fs::rename(&self.root, &aside) {
            Ok(()) => {}
            Err(error) if stays_in_place(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        if let Err(error) = fs::rename(new, &self.root) {
            fs::rename(&aside, &self.root)?;
            return Err(error.into());
        }
        Ok(Some(aside))
    }

    /// Fills the folder at the place, which nobody else does meanwhile.
    fn fill_vacant(&self) -> Result<(), Error> {
        let _lock = EnvironmentLock::acquire(&self.root)?;
        if !is_vacant(&self.root)? {
            let path = self.root.clone();
            return Err(Error::Exists { path });
        }
        takeover::take_over(&self.root, self.folder())
    }
}

/// Dates the files, links and folders in `folder`.
fn date_names_in(folder: &Path, date: i64) -> Result<(), Error> {
    for entry in fs::read_dir(folder)? {
        set_date_at(&entry?.path(), date)?;
    }
    Ok(())
}

/// Makes the folder that a draft is filled in, after those of the dead are removed.
fn hidden_folder(root: &Path, parent: &Path, name: &OsStr) -> Result<(Partial, DraftPlace), Error> {
    let inside = || {
        partial::clean(root, name);
        Ok((Partial::create(root, name)?, DraftPlace::Inside))
    };
    if removal::is_mounted(root) {
        return inside();
    }
    partial::clean(parent, name);
    match Partial::create(parent, name) {
        Ok(partial) => Ok((partial, DraftPlace::Beside)),
        // The folder itself may be ours, in one that is not.
        Err(Error::Io(error)) if is_forbidden(&error) && root.is_dir() => inside(),
        Err(error) => Err(error),
    }
}

fn not_made(root: &Path, error: Error) -> Error {
    if let Error::Io(source) = error {
        let path = root.to_owned();
        Error::NotMade { path, source }
    } else {
        error
    }
}

fn is_forbidden(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// Follows links in what exists of the path, and makes the folder that the environment will be in: where a link leads to
/// nothing, that is where the link leads.
fn resolve(root: &Path) -> Result<PathBuf, Error> {
    const MOST_LINKS: usize = 40;
    let mut path = std::path::absolute(root)?;
    for _ in 0..MOST_LINKS {
        if let Ok(resolved) = fs::canonicalize(&path) {
            return Ok(resolved);
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            break;
        };
        let made = std::fs::create_dir_all(parent);
        made.map_err(|error| not_made(root, error.into()))?;
        let parent = fs::canonicalize(parent)?;
        match fs::read_link(parent.join(name)) {
            Ok(target) => path = parent.join(target),
            Err(_) => return Ok(parent.join(name)),
        }
    }
    Err(Error::NoName { path })
}

/// `rename` of a folder goes over an empty folder, and over nothing else.
fn is_occupied(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::NotADirectory
    )
}

/// Tells whether there is a `lib` for `lib64` to lead to.
fn has_lib(folder: &Path) -> io::Result<bool> {
    match fs::metadata(folder.join("lib")) {
        Ok(found) => Ok(found.is_dir()),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes everything but distributions and activation scripts, as `python -m venv --without-pip --symlinks` lays it out.
fn write_skeleton(
    folder: &Path,
    blueprint: &Blueprint,
    pyvenv_cfg: &PyvenvCfg,
) -> Result<(), Error> {
    let layout = &blueprint.layout;
    for path in [&layout.scripts, &layout.purelib, &layout.platlib] {
        fs::create_dir_all(folder.join(path))?;
    }
    if blueprint.has_lib64 && has_lib(folder)? {
        symlink("lib", folder.join("lib64"))?;
    }
    let scripts = folder.join(&layout.scripts);
    symlink(&blueprint.python, scripts.join(&layout.python_name))?;
    for name in &blueprint.names {
        symlink(&layout.python_name, scripts.join(name))?;
    }
    fs::write(folder.join("pyvenv.cfg"), pyvenv_cfg.to_string())?;
    // The environment is no part of the project that it lies in.
    fs::write(folder.join(".gitignore"), "*\n")?;
    Ok(())
}
