//! What came of it, as values.

use std::io;
use std::path::PathBuf;

use super::runtime::RuntimeFault;
use crate::digest::Digest;
use crate::environment;
use crate::installed::StartupFile;
use crate::interpreter;
use crate::name::PackageName;
use crate::plan::InstalledDifference;
use crate::select;
use crate::session::Recreation;
use crate::version::Version;
use crate::wheel;

/// Why an environment cannot be checked at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is none.
    #[error("there is no environment at `{}`", root.display())]
    NoEnvironment {
        /// The place.
        root: PathBuf,
    },
    /// It cannot be read.
    #[error(transparent)]
    Environment(#[from] environment::Error),
    /// It is the installation of a Python that cannot be taken for an environment.
    #[error("the packages of the Python at `{}` cannot be checked", python.display())]
    OwnPython {
        /// The Python.
        python: PathBuf,
        /// Why not.
        source: interpreter::OwnSchemeFault,
    },
    /// The Python does not say where its packages are.
    #[error(transparent)]
    Interpreter(#[from] interpreter::Error),
    /// The lock does not give what was chosen.
    #[error(transparent)]
    Select(#[from] select::Error),
    /// A folder cannot be listed; the message names it.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What an environment is like.
#[derive(Debug, Default)]
pub struct CheckReport {
    /// The environment, absolute; `None` where the lock alone was checked.
    pub root: Option<PathBuf>,
    /// Whether it is the installation of a Python itself.
    pub is_python: bool,
    /// The version of its Python, where that answers.
    pub python: Option<String>,
    /// How many distributions are installed.
    pub n_distributions: usize,
    /// How many files RECORDs list.
    pub n_files: usize,
    /// How many bytes were hashed.
    pub n_bytes: u64,
    /// How many files hold bytecode that no RECORD lists.
    pub n_unlisted_bytecode: usize,
    /// The files that have Python run code whenever it starts, by path; they are what was locked, and no problem unless asked for.
    pub startup: Vec<StartupFile>,
    /// Everything that is not as it should be: what concerns the environment, distributions by name, files by path.
    pub problems: Vec<Problem>,
}

/// Something that is not as the lock, or a RECORD, has it. Paths are relative to the environment.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The lock does not belong to pyproject.toml as it is now.
    StaleLock {
        /// The content hash in the lock.
        locked: Option<String>,
        /// That of pyproject.toml.
        current: Option<String>,
    },
    /// The environment has no usable Python, or not the one that is asked for or that the project allows.
    Interpreter(Recreation),
    /// The image that the environment goes to has no Python that can run it.
    Runtime {
        /// The interpreter, absolute, as the environment names it.
        python: String,
        /// What is wrong with it there.
        fault: RuntimeFault,
    },
    /// A locked package is not installed.
    NotInstalled {
        /// The package.
        name: PackageName,
        /// The locked version.
        version: Version,
    },
    /// A package is installed in another version.
    WrongVersion {
        /// The package.
        name: PackageName,
        /// The locked version.
        locked: Version,
        /// The installed version.
        installed: Version,
    },
    /// A package is installed in the locked version, from another place or in another way.
    WrongOrigin {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
        /// In which way.
        difference: InstalledDifference,
    },
    /// A package is installed more than once.
    Duplicate {
        /// The package.
        name: PackageName,
        /// The versions.
        versions: Vec<Version>,
    },
    /// What is installed is not in the lock, or not in this selection of it.
    Extra {
        /// Its name.
        name: PackageName,
        /// Its version.
        version: Version,
    },
    /// A change was interrupted here.
    Unfinished {
        /// The `.dist-info` folder that it left.
        path: String,
    },
    /// A distribution has no list of its files, or one that cannot be read.
    NoRecord {
        /// The distribution, such as `acme 1.0`.
        distribution: String,
        /// What is wrong with its RECORD; `None` where it has none.
        fault: Option<wheel::Error>,
    },
    /// RECORD lists a file outside of the environment.
    Outside {
        /// The distribution.
        distribution: String,
        /// The path as RECORD has it.
        path: String,
    },
    /// RECORD has no digest of a file that proves it.
    Unproven {
        /// The distribution.
        distribution: String,
        /// The file.
        path: String,
    },
    /// A listed file is not there.
    Missing {
        /// The distribution.
        distribution: String,
        /// The file.
        path: String,
    },
    /// A script of an entry point is not there.
    MissingScript {
        /// The distribution.
        distribution: String,
        /// The script.
        path: String,
    },
    /// A listed file has other contents.
    Changed {
        /// The distribution; of several that list the file, the first.
        distribution: String,
        /// The file.
        path: String,
        /// The digest that RECORD has.
        recorded: Digest,
        /// What it is.
        actual: Actual,
    },
    /// A listed file cannot be read, or is not a file.
    Unreadable {
        /// The distribution.
        distribution: String,
        /// The file.
        path: String,
        /// Why not.
        cause: io::Error,
    },
    /// A file has Python run code whenever it starts, which was not to be.
    Startup(StartupFile),
    /// A file that no distribution lists, or a folder of nothing but such files.
    Foreign {
        /// The file or folder; a folder ends with `/`.
        path: String,
    },
}

/// What a changed file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actual {
    /// It has another size, in bytes.
    Size(u64),
    /// It has the same size and another digest.
    Digest(Digest),
}

impl CheckReport {
    /// Tells whether nothing is wrong.
    pub fn is_as_locked(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Problem {
    /// Returns its word, such as `changed`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::StaleLock { .. } => "stale-lock",
            Self::Interpreter(_) => "interpreter",
            Self::Runtime { .. } => "runtime",
            Self::NotInstalled { .. } => "not-installed",
            Self::WrongVersion { .. } => "wrong-version",
            Self::WrongOrigin { .. } => "wrong-origin",
            Self::Duplicate { .. } => "duplicate",
            Self::Extra { .. } => "extra",
            Self::Unfinished { .. } => "unfinished",
            Self::NoRecord { .. } => "no-record",
            Self::Outside { .. } => "outside",
            Self::Unproven { .. } => "unproven",
            Self::Missing { .. } => "missing",
            Self::MissingScript { .. } => "missing-script",
            Self::Changed { .. } => "changed",
            Self::Unreadable { .. } => "unreadable",
            Self::Startup(_) => "startup",
            Self::Foreign { .. } => "foreign",
        }
    }

    /// Returns the file or folder that it is about.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Unfinished { path }
            | Self::Outside { path, .. }
            | Self::Unproven { path, .. }
            | Self::Missing { path, .. }
            | Self::MissingScript { path, .. }
            | Self::Changed { path, .. }
            | Self::Unreadable { path, .. }
            | Self::Startup(StartupFile { path, .. })
            | Self::Foreign { path } => Some(path),
            Self::Runtime { python, .. } => Some(python),
            Self::StaleLock { .. }
            | Self::Interpreter(_)
            | Self::NotInstalled { .. }
            | Self::WrongVersion { .. }
            | Self::WrongOrigin { .. }
            | Self::Duplicate { .. }
            | Self::Extra { .. }
            | Self::NoRecord { .. } => None,
        }
    }

    /// Returns the package or distribution that it is about, such as `acme 1.0`.
    pub fn distribution(&self) -> Option<String> {
        match self {
            Self::NotInstalled { name, version }
            | Self::WrongOrigin { name, version, .. }
            | Self::Extra { name, version } => Some(format!("{name} {version}")),
            Self::WrongVersion {
                name, installed, ..
            } => Some(format!("{name} {installed}")),
            Self::Duplicate { name, .. } => Some(name.to_string()),
            Self::NoRecord { distribution, .. }
            | Self::Outside { distribution, .. }
            | Self::Unproven { distribution, .. }
            | Self::Missing { distribution, .. }
            | Self::MissingScript { distribution, .. }
            | Self::Changed { distribution, .. }
            | Self::Unreadable { distribution, .. } => Some(distribution.clone()),
            Self::Startup(file) => file.distribution.clone(),
            Self::StaleLock { .. }
            | Self::Interpreter(_)
            | Self::Runtime { .. }
            | Self::Unfinished { .. }
            | Self::Foreign { .. } => None,
        }
    }

    /// Says what is wrong in a clause that follows its subject and a colon; empty where the word says all.
    pub fn reason(&self) -> String {
        match self {
            Self::StaleLock { .. } => "poetry.lock does not match pyproject.toml".to_owned(),
            Self::Interpreter(reason) => reason.to_string(),
            Self::Runtime { fault, .. } => fault.to_string(),
            Self::WrongVersion { locked, .. } => format!("{locked} is locked"),
            Self::WrongOrigin { difference, .. } => difference.to_string(),
            Self::Duplicate { versions, .. } => {
                let versions: Vec<String> = versions.iter().map(Version::to_string).collect();
                format!(
                    "installed in {} versions: {}",
                    versions.len(),
                    versions.join(", ")
                )
            }
            Self::NoRecord {
                fault: Some(fault), ..
            } => fault.to_string(),
            Self::Changed {
                actual: Actual::Size(n_bytes),
                ..
            } => format!("its size is now {n_bytes} bytes"),
            Self::Unreadable { cause, .. } => cause.to_string(),
            Self::Startup(file) => file.code(),
            Self::NoRecord { fault: None, .. }
            | Self::Changed { .. }
            | Self::NotInstalled { .. }
            | Self::Extra { .. }
            | Self::Unfinished { .. }
            | Self::Outside { .. }
            | Self::Unproven { .. }
            | Self::Missing { .. }
            | Self::MissingScript { .. }
            | Self::Foreign { .. } => String::new(),
        }
    }
}
