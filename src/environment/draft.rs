//! A new environment in the making.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::symlink;
use rustix::io::Errno;

use super::configuration::Configuration;
use super::partial::{self, Partial};
use super::{Environment, Error, activate, is_vacant};
use crate::interpreter::{Interpreter, Layout};

/// A new environment, complete but for distributions, in a hidden folder; removed when dropped unpublished.
#[derive(Debug)]
pub struct Draft {
    root: PathBuf,
    layout: Layout,
    configuration: Configuration,
    partial: Partial,
    place: Place,
}

/// Where the hidden folder lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Beside the place of the environment: published by one rename.
    Beside,
    /// Inside it, when it is where a disk is mounted (a volume of a container): a mount cannot be renamed over.
    Inside,
}

impl Draft {
    /// Makes the hidden folder for an environment of `interpreter` at `root`, and everything in it that is no distribution.
    ///
    /// Removes what interrupted runs left for the same place. Shells show `prompt` while the environment is active; when it
    /// is empty, the name of the folder that it is in.
    ///
    /// # Errors
    ///
    /// [`Error::NoName`] when nothing can be put at `root`, [`Error::Io`].
    pub fn create(root: &Path, interpreter: &Interpreter, prompt: &str) -> Result<Self, Error> {
        let root = resolve(root)?;
        let (Some(parent), Some(name)) = (root.parent(), root.file_name()) else {
            return Err(Error::NoName { path: root });
        };
        let place = if is_mounted(&root) {
            Place::Inside
        } else {
            Place::Beside
        };
        let folder = match place {
            Place::Beside => parent,
            Place::Inside => &root,
        };
        partial::clean(folder, name);
        let partial = Partial::create(folder, name)?;
        let configuration = Configuration::new(interpreter, prompt);
        write_skeleton(partial.path(), interpreter, &configuration)?;
        for (name, text) in activate::render(&root, prompt) {
            fs::write(partial.path().join("bin").join(name), text)?;
        }
        Ok(Self {
            layout: interpreter.layout.clone(),
            configuration,
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
    /// [`Error::Exists`] when something is there; [`Error::Io`]. Nothing is left then.
    pub fn publish(self) -> Result<Environment, Error> {
        match self.place {
            Place::Inside => self.publish_inside()?,
            Place::Beside => match fs::rename(self.folder(), &self.root) {
                Ok(()) => {}
                Err(error) if is_occupied(&error) => return Err(Error::Exists { path: self.root }),
                Err(error) => return Err(error.into()),
            },
        }
        Ok(self.published())
    }

    /// Puts the environment at its place and removes the one that is there.
    ///
    /// The caller holds the old one's lock, and has made sure that it is an environment. At any moment either the old or
    /// the new one is at the place (where the system cannot exchange two folders in one step: or, for a moment, none).
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; the old environment is still there then.
    pub fn publish_over(self) -> Result<Environment, Error> {
        match self.place {
            Place::Inside => {
                self.vacate()?;
                self.publish_inside()?;
                Ok(self.published())
            }
            Place::Beside => {
                let old = self.exchange()?;
                let environment = self.published();
                // What cannot be removed now is hidden and unlocked, so a later run takes it for a dead one's.
                drop(fs::remove_dir_all(old));
                Ok(environment)
            }
        }
    }

    fn published(self) -> Environment {
        self.partial.keep();
        Environment {
            root: self.root,
            configuration: self.configuration,
        }
    }

    /// Returns where the old environment now is.
    fn exchange(&self) -> Result<PathBuf, Error> {
        let new = self.folder();
        if exchange(new, &self.root).is_ok() {
            return Ok(new.to_owned());
        }
        let aside = new.with_extension("old.aside000.partial");
        fs::rename(&self.root, &aside)?;
        if let Err(error) = fs::rename(new, &self.root) {
            fs::rename(&aside, &self.root)?;
            return Err(error.into());
        }
        Ok(aside)
    }

    /// Moves everything to the place; `pyvenv.cfg` last, for it is what makes a folder an environment.
    fn publish_inside(&self) -> Result<(), Error> {
        if !is_vacant(&self.root)? {
            return Err(Error::Exists {
                path: self.root.clone(),
            });
        }
        let last = OsStr::new("pyvenv.cfg");
        let mut names = names_in(self.folder())?;
        names.sort_by_key(|name| name == last);
        for name in names {
            fs::rename(self.folder().join(&name), self.root.join(&name))?;
        }
        Ok(fs::remove_dir(self.folder())?)
    }

    /// Removes the old environment; `pyvenv.cfg` last, so that what an interruption leaves is known for what it was.
    fn vacate(&self) -> Result<(), Error> {
        let last = OsStr::new("pyvenv.cfg");
        let mut names = names_in(&self.root)?;
        names.retain(|name| !partial::is_partial(name) && name != "lost+found");
        names.sort_by_key(|name| name == last);
        for name in names {
            let path = self.root.join(name);
            if fs::symlink_metadata(&path)?.is_dir() {
                fs::remove_dir_all(path)?;
            } else {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

fn names_in(folder: &Path) -> Result<Vec<std::ffi::OsString>, Error> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name()));
    names.collect()
}

/// Follows links in what exists of the path, and makes the folder that the environment will be in.
fn resolve(root: &Path) -> Result<PathBuf, Error> {
    if let Ok(resolved) = fs::canonicalize(root) {
        return Ok(resolved);
    }
    let absolute = std::path::absolute(root)?;
    let (Some(parent), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return Err(Error::NoName { path: absolute });
    };
    fs::create_dir_all(parent)?;
    Ok(fs::canonicalize(parent)?.join(name))
}

fn is_mounted(root: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).ok().map(|metadata| metadata.dev());
    let Some(own) = device(root) else {
        return false;
    };
    root.parent().and_then(device) != Some(own) || is_mount_root(root)
}

/// A folder of the same file system can be mounted as well.
#[cfg(target_os = "linux")]
fn is_mount_root(root: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let status = statx(CWD, root, AtFlags::empty(), StatxFlags::empty());
    status.is_ok_and(|status| status.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(not(target_os = "linux"))]
fn is_mount_root(_root: &Path) -> bool {
    false
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

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> Result<(), Errno> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(_one: &Path, _other: &Path) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}

/// Writes everything but distributions and activation scripts, as `python -m venv --without-pip --symlinks` lays it out.
fn write_skeleton(
    folder: &Path,
    interpreter: &Interpreter,
    configuration: &Configuration,
) -> Result<(), Error> {
    let layout = &interpreter.layout;
    for path in [&layout.scripts, &layout.purelib, &layout.platlib] {
        fs::create_dir_all(folder.join(path))?;
    }
    let markers = &interpreter.target.marker_environment;
    if markers.sys_platform == "linux" && interpreter.is_64_bit && folder.join("lib").is_dir() {
        symlink("lib", folder.join("lib64"))?;
    }
    let scripts = folder.join(&layout.scripts);
    symlink(
        &interpreter.base_executable,
        scripts.join(&layout.python_name),
    )?;
    for name in other_names(interpreter) {
        symlink(&layout.python_name, scripts.join(name))?;
    }
    fs::write(folder.join("pyvenv.cfg"), configuration.to_string())?;
    // The environment is no part of the project that it lies in.
    fs::write(folder.join(".gitignore"), "*\n")?;
    Ok(())
}

fn other_names(interpreter: &Interpreter) -> Vec<String> {
    let (major, minor, _) = interpreter.version;
    let names = |stem: &str| [format!("{stem}{major}"), format!("{stem}{major}.{minor}")];
    let mut all = names("python").to_vec();
    if interpreter.target.marker_environment.implementation_name == "pypy" {
        all.push("pypy".to_owned());
        all.extend(names("pypy"));
    }
    all
}
