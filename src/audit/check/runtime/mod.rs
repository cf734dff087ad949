//! Whether the image that an environment goes to has the Python that the environment was made for.
//!
//! The image is an unpacked folder: nothing in it is run. Links in it lead to places in it, as they would there. What its Python
//! is, is read off `build-details.json` ([PEP 739]) where there is one (Python 3.14 and newer have it), else off its name and the
//! folder of its standard library; what it is compiled for, off the program itself.
//!
//! [PEP 739]: https://peps.python.org/pep-0739/

mod details;
mod elf;
mod image;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use details::Details;
use elf::Binary;
use image::Image;

/// Why the Python of an image cannot run an environment. Paths are those in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeFault {
    /// The environment does not say which Python runs it.
    Unknown,
    /// There is no such file.
    Absent {
        /// The interpreters that were found where they usually are.
        found: Vec<PathBuf>,
    },
    /// It may not be run.
    NotExecutable,
    /// It is another version.
    OtherVersion {
        /// Its version, such as `3.11`.
        found: String,
        /// The version that the environment was made for.
        wanted: String,
    },
    /// It is another implementation, or was built with another binary interface.
    OtherAbi {
        /// Which it is.
        found: String,
        /// Which the environment was made for.
        wanted: String,
    },
    /// It has no standard library.
    NoLibrary {
        /// Where it should be.
        path: PathBuf,
    },
}

impl fmt::Display for RuntimeFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => {
                formatter.write_str("the environment does not say which Python runs it")
            }
            Self::Absent { found } if found.is_empty() => {
                formatter.write_str("not in the image, which has no Python where one usually is")
            }
            Self::Absent { found } => {
                let found: Vec<String> = found
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect();
                write!(
                    formatter,
                    "not in the image, which has {}: `install --runtime-python` takes one of the same version",
                    found.join(", ")
                )
            }
            Self::NotExecutable => formatter.write_str("may not be run in the image"),
            Self::OtherVersion { found, wanted } => write!(
                formatter,
                "Python {found} in the image, but the environment was made for {wanted}"
            ),
            Self::OtherAbi { found, wanted } => write!(
                formatter,
                "{found} in the image, but the environment was made for {wanted}"
            ),
            Self::NoLibrary { path } => write!(
                formatter,
                "without its standard library in the image: no `{}`",
                path.display()
            ),
        }
    }
}

/// Returns the interpreter that runs `environment`, absolute, and what is wrong with the one at its place in the image that is
/// unpacked at `root`.
pub(super) fn look(environment: &Environment, root: &Path) -> Option<(PathBuf, RuntimeFault)> {
    let Some(python) = interpreter(environment) else {
        return Some((environment.python(), RuntimeFault::Unknown));
    };
    let fault = fault(environment, &python, &Image::at(root))?;
    Some((python, fault))
}

/// Returns the interpreter outside of the environment, by its link or pyvenv.cfg.
fn interpreter(environment: &Environment) -> Option<PathBuf> {
    let linked = environment.base_executable();
    let named = environment.pyvenv_cfg().executable.clone();
    let mut outside = [Some(linked), named].into_iter().flatten();
    outside.find(|path| !path.starts_with(environment.root()))
}

fn fault(environment: &Environment, python: &Path, image: &Image<'_>) -> Option<RuntimeFault> {
    let Some(place) = image.find(python) else {
        let found = image.interpreters();
        return Some(RuntimeFault::Absent { found });
    };
    if !image.is_executable(&place) {
        return Some(RuntimeFault::NotExecutable);
    }
    let wanted = Wanted::of(environment)?;
    let details = Details::of(image, &place);
    other_version(&wanted, &place, details.as_ref())
        .or_else(|| other_abi(&wanted, &place, details.as_ref()))
        .or_else(|| other_machine(&image.on_disk(&place), python))
        .or_else(|| no_library(&wanted, image, &place))
}

/// What an environment was made for.
struct Wanted {
    version: (u32, u32),
    implementation: Option<String>,
    /// Whether that is a Python without a global lock.
    is_free_threaded: bool,
}

impl Wanted {
    /// `None` when pyvenv.cfg does not tell.
    fn of(environment: &Environment) -> Option<Self> {
        let cfg = environment.pyvenv_cfg();
        let version = version(cfg.version.as_deref()?)?;
        let (major, minor) = version;
        let free = format!("lib/python{major}.{minor}t");
        Some(Self {
            version,
            implementation: cfg.implementation.clone(),
            is_free_threaded: environment.root().join(free).is_dir(),
        })
    }

    fn version(&self) -> String {
        format!("{}.{}", self.version.0, self.version.1)
    }

    fn library(&self) -> String {
        let free = if self.is_free_threaded { "t" } else { "" };
        format!("python{}{free}", self.version())
    }
}

/// Reads major and minor version.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Compares the version that the details say, or the name of the program.
fn other_version(wanted: &Wanted, place: &Path, details: Option<&Details>) -> Option<RuntimeFault> {
    let name = place.file_name()?.to_str()?;
    let name = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let named = || version(name.trim_end_matches('t'));
    let (major, minor) = details
        .and_then(|details| version(&details.version))
        .or_else(named)?;
    ((major, minor) != wanted.version).then(|| RuntimeFault::OtherVersion {
        found: format!("{major}.{minor}"),
        wanted: wanted.version(),
    })
}

/// Compares implementation and threading, as the details or the name say them.
fn other_abi(wanted: &Wanted, place: &Path, details: Option<&Details>) -> Option<RuntimeFault> {
    if let Some(details) = details {
        let name = wanted.implementation.as_ref();
        let name = name.unwrap_or(&details.implementation);
        if !details.implementation.eq_ignore_ascii_case(name) {
            return Some(RuntimeFault::OtherAbi {
                found: details.implementation.clone(),
                wanted: name.clone(),
            });
        }
    }
    let named = || place.to_string_lossy().ends_with('t');
    let is_free = details.map_or_else(named, |details| details.is_free_threaded);
    (is_free != wanted.is_free_threaded).then(|| RuntimeFault::OtherAbi {
        found: threading(is_free).to_owned(),
        wanted: threading(wanted.is_free_threaded).to_owned(),
    })
}

fn threading(is_free: bool) -> &'static str {
    if is_free {
        "free-threaded Python"
    } else {
        "Python with a global lock"
    }
}

/// Compares processor and C library with those of the Python here, where there is one.
fn other_machine(there: &Path, here: &Path) -> Option<RuntimeFault> {
    let (there, here) = (Binary::read(there)?, Binary::read(here)?);
    (there != here).then(|| RuntimeFault::OtherAbi {
        found: there.to_string(),
        wanted: here.to_string(),
    })
}

/// Looks for the standard library beside the program, as Python does.
fn no_library(wanted: &Wanted, image: &Image<'_>, place: &Path) -> Option<RuntimeFault> {
    let prefix = place.parent()?.parent()?;
    let library = wanted.library();
    let zipped = format!("python{}{}.zip", wanted.version.0, wanted.version.1);
    let folders = ["lib", "lib64"].map(|lib| prefix.join(lib));
    let is_there = |folder: &PathBuf| {
        let landmark = folder.join(&library).join("os.py");
        let compiled = folder.join(&library).join("os.pyc");
        let places = [landmark, compiled, folder.join(&zipped)];
        places.iter().any(|place| image.find(place).is_some())
    };
    let is_cpython = wanted
        .implementation
        .as_deref()
        .is_none_or(|name| name == "CPython");
    (is_cpython && !folders.iter().any(is_there)).then(|| RuntimeFault::NoLibrary {
        path: prefix.join("lib").join(library).join("os.py"),
    })
}
