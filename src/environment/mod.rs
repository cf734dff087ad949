//! Virtual environments: creating one, finding what one holds, and the places inside.
//!
//! A new environment is a [`Draft`]: a hidden folder beside its place, filled there and published by one rename. An
//! existing one is an [`Environment`], which only the holder of its [`EnvironmentLock`] may change, by way of a [`Staging`]
//! folder inside. The form is that of `python -m venv` ([PEP 405]), with links to the interpreter, no pip, and nothing that
//! depends on where the environment lies. The installation of a Python itself counts as one that is there: [`Environment::of_python`].
//!
//! Where nothing can be renamed over the place (a mounted volume, a lower layer of an image), what is there is removed and the
//! new environment moved in, under a journal. Nothing is removed that is no part of an environment.
//!
//! Whatever is interrupted leaves hidden folders named `….partial`. The one that makes such a folder holds a lock (`flock`) on
//! the folder itself as long as it lives, so the next run can tell and removes those of the dead; there is no lock file.
//! Nothing is forced to disk before the rename (`fsync` of some 50,000 files would take longer than all the rest): as with
//! every installer, an environment published in the seconds before a power cut may have to be made again.
//!
//! [PEP 405]: https://peps.python.org/pep-0405/

mod activate;
mod blueprint;
mod contents;
mod draft;
mod egg;
mod fault;
mod identity;
mod listed;
mod lock;
mod partial;
mod pyvenv_cfg;
mod scan;
mod startup;
mod takeover;
mod tree_digest;

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::installed::{Installed, InstalledDistribution, dist_info_stem};
use crate::platform::removal;

use crate::interpreter::Interpreter;
pub use crate::interpreter::Layout;
pub use blueprint::Blueprint;
pub use draft::Draft;
pub use egg::{linked_metadata, linked_project};
pub use fault::EnvironmentFault;
pub use lock::{EnvironmentLock, Staging};
pub use pyvenv_cfg::PyvenvCfg;
pub(crate) use startup::StartupFolders;
pub use tree_digest::digest;

/// Why an environment cannot be made, read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk said no; the message names the path.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The place holds something else, which is never touched.
    #[error("`{}` is not empty and is not a virtual environment", path.display())]
    NotAnEnvironment {
        /// The place.
        path: PathBuf,
    },
    /// The place holds a file, which is never touched.
    #[error("`{}` is not a folder", path.display())]
    NotAFolder {
        /// The place.
        path: PathBuf,
    },
    /// What is at the place cannot be seen: a link leads to itself, a file is above it, a folder may not be searched.
    #[error("cannot inspect `{}`", path.display())]
    Hidden {
        /// The place.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Nothing can be made at the place.
    #[error("cannot create `{}`", path.display())]
    NotMade {
        /// The place.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// An environment that is there cannot be changed.
    #[error("cannot write to `{}`", path.display())]
    Unwritable {
        /// Its folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Something came to be at the place while the draft was filled.
    #[error("`{}` was created by another process meanwhile", path.display())]
    Exists {
        /// The place.
        path: PathBuf,
    },
    /// The environment would have to be removed, and its folder holds more than an environment.
    #[error("`{}` contains more than a virtual environment: {}", path.display(), listing(found))]
    Foreign {
        /// The place.
        path: PathBuf,
        /// What else is there, relative to the place, sorted; never empty. A folder stands for what is in it.
        found: Vec<PathBuf>,
    },
    /// The place is the root of a file system, or has no name.
    #[error("`{}` cannot become a virtual environment", path.display())]
    NoName {
        /// The place.
        path: PathBuf,
    },
}

/// A virtual environment that exists, made by whomever.
#[derive(Clone, Debug)]
pub struct Environment {
    root: PathBuf,
    pyvenv_cfg: PyvenvCfg,
    /// Whether a run was killed while it put the environment there.
    is_unfinished: bool,
}

impl Environment {
    /// Reads the environment at `root`; `None` when there is nothing, or an empty folder.
    ///
    /// One that does not work is still read, for the caller to decide: [`Environment::fault`]. So is a folder that a run was
    /// killed in while it filled it.
    ///
    /// # Errors
    ///
    /// [`Error::NotAnEnvironment`] for a folder that has anything in it but no `pyvenv.cfg`; [`Error::NotAFolder`];
    /// [`Error::Hidden`]; [`Error::Io`].
    pub fn read(root: &Path) -> Result<Option<Self>, Error> {
        let root = match std::fs::canonicalize(root) {
            Ok(root) => root,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                let path = root.to_owned();
                return Err(Error::Hidden { path, source });
            }
        };
        match fs::read(root.join("pyvenv.cfg")) {
            Ok(text) => {
                let pyvenv_cfg = PyvenvCfg::parse(&String::from_utf8_lossy(&text));
                Ok(Some(Self {
                    root,
                    pyvenv_cfg,
                    is_unfinished: false,
                }))
            }
            Err(error) if is_absent(&error) => Self::read_without_pyvenv_cfg(root),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the installation of `interpreter` itself, whose prefix is `root`, absolute with no links in it, for an environment: its
    /// own packages are those of everybody who runs this Python.
    ///
    /// It has no `pyvenv.cfg`, is never made again, and scripts in it start the interpreter that is beside them.
    pub fn of_python(interpreter: &Interpreter, root: &Path) -> Self {
        let (major, minor, micro) = interpreter.version;
        Self {
            root: root.to_owned(),
            pyvenv_cfg: PyvenvCfg {
                home: Some(interpreter.home().to_owned()),
                executable: Some(interpreter.base_executable.clone()),
                version: Some(format!("{major}.{minor}.{micro}")),
                ..PyvenvCfg::default()
            },
            is_unfinished: false,
        }
    }

    fn read_without_pyvenv_cfg(root: PathBuf) -> Result<Option<Self>, Error> {
        if !root.is_dir() {
            return Err(Error::NotAFolder { path: root });
        }
        if is_vacant(&root)? {
            return Ok(None);
        }
        if takeover::journal(&root)?.is_none() {
            return Err(Error::NotAnEnvironment { path: root });
        }
        Ok(Some(Self {
            root,
            pyvenv_cfg: PyvenvCfg::default(),
            is_unfinished: true,
        }))
    }

    /// Checks that the folder holds nothing but the environment, so that it may be removed to be made again.
    ///
    /// What belongs to an environment: what venv, virtualenv, pip, uv and Poetry make, what RECORDs list, and whatever is in
    /// the packages of those; but no checkout of version control, nothing that is mounted, and no module or `.pth` file that
    /// no distribution lists. Costs a look at every folder.
    ///
    /// # Errors
    ///
    /// [`Error::Foreign`]; [`Error::Io`], also for a folder that this process may not empty.
    pub fn check_removable(&self) -> Result<(), Error> {
        let begun = takeover::journal(&self.root)?.filter(|_| self.is_unfinished);
        let found = contents::foreign(&self.root, &begun.unwrap_or_default())?;
        if found.is_empty() {
            return Ok(removal::check(&self.root)?);
        }
        let path = self.root.clone();
        Err(Error::Foreign { path, found })
    }

    /// Returns the folder, absolute and with no links in it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns what `pyvenv.cfg` says.
    pub fn pyvenv_cfg(&self) -> &PyvenvCfg {
        &self.pyvenv_cfg
    }

    /// Returns the path of the interpreter inside.
    pub fn python(&self) -> PathBuf {
        self.root.join("bin/python")
    }

    /// Returns the interpreter that the one inside is a link to: the one to ask, since its answer is likely kept.
    ///
    /// It is the one inside when that is no link.
    pub fn base_executable(&self) -> PathBuf {
        const MOST_LINKS: usize = 40;
        let mut path = self.python();
        for _ in 0..MOST_LINKS {
            if !path.starts_with(&self.root) {
                break;
            }
            match fs::read_link(&path) {
                Ok(target) => path = path.parent().unwrap_or(&self.root).join(target),
                Err(_) => break,
            }
        }
        path
    }

    /// Lists the distributions inside.
    ///
    /// Costs one read of the folder and of each `.dist-info` in it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn installed(&self, layout: &Layout) -> Result<Installed, Error> {
        scan::scan(&self.root, layout)
    }

    /// Waits until no one else changes the environment, and keeps everyone else from changing it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], also when the environment is gone.
    pub fn lock(&self) -> Result<EnvironmentLock, Error> {
        EnvironmentLock::acquire(&self.root)
    }

    /// Takes the lock unless someone else has it; so that a person can be told before [`Environment::lock`] waits.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], also when the environment is gone.
    pub fn try_lock(&self) -> Result<Option<EnvironmentLock>, Error> {
        EnvironmentLock::try_acquire(&self.root)
    }
}

/// Lists the distributions of an environment at `root` that has `layout`, as [`Environment::installed`] does.
///
/// # Errors
///
/// [`Error::Io`].
pub fn installed(root: &Path, layout: &Layout) -> Result<Installed, Error> {
    scan::scan(root, layout)
}

/// Finds name and version of the distribution that the `.dist-info` folder at `path` belongs to.
pub fn identify(path: &Path) -> Option<InstalledDistribution> {
    let stem = dist_info_stem(path.file_name()?.to_str()?)?;
    let (name, version) = identity::of_dist_info(stem, path)?;
    Some(InstalledDistribution {
        name,
        version,
        dist_info: path.to_owned(),
        direct_url: None,
    })
}

/// The first few, and how many more there are.
fn listing(found: &[PathBuf]) -> String {
    const MOST: usize = 5;
    let names = found.iter().take(MOST);
    let mut text: Vec<String> = names.map(|path| format!("`{}`", path.display())).collect();
    if found.len() > MOST {
        text.push(format!("and {} more", found.len() - MOST));
    }
    text.join(", ")
}

/// A file where a folder was looked for is absent, too.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Tells whether there is a folder with nothing in it but what interrupted runs left, and what a new disk has.
fn is_vacant(root: &Path) -> Result<bool, Error> {
    if !root.is_dir() {
        return Ok(false);
    }
    for entry in fs::read_dir(root)? {
        let name = entry?.file_name();
        if !partial::is_partial(&name) && name != "lost+found" {
            return Ok(false);
        }
    }
    Ok(true)
}
