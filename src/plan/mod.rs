//! The plan: what an environment lacks, and where each missing distribution comes from. Pure.

use std::path::PathBuf;

use crate::digest::Digest;
use crate::installed::InstalledDistribution;
use crate::name::PackageName;
use crate::version::Version;

/// One chosen file or folder of a package.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// The package's name.
    pub name: PackageName,
    /// The locked version.
    pub version: Version,
    /// Where it comes from.
    pub origin: Origin,
    /// Whether the project itself asks for it (then `REQUESTED` is written).
    pub is_requested: bool,
}

/// Where a distribution comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A file of an index.
    Index {
        /// The index: `None` for PyPI or what stands in for it, else the lock's source name and address.
        source: Option<IndexSource>,
        /// The file's name, a wheel's or (not yet installable) a source distribution's.
        file: String,
        /// The locked digests of that file name; any one of them proves the bytes.
        digests: Vec<Digest>,
    },
    /// An archive at an address of its own.
    Url {
        /// The address as locked.
        url: String,
        /// The file's name, from the lock's `files` or the address.
        file: String,
        /// The locked digests.
        digests: Vec<Digest>,
    },
    /// An archive on this machine.
    File {
        /// Its path, absolute.
        path: PathBuf,
        /// The locked digests; a file dependency always has them.
        digests: Vec<Digest>,
    },
    /// A project folder on this machine: the project itself or a directory dependency.
    Directory {
        /// Its path, absolute.
        path: PathBuf,
    },
}

/// The index that a lock names for a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexSource {
    /// The source's name in pyproject.toml (`reference` in the lock).
    pub name: String,
    /// The address of its simple page.
    pub url: String,
}

/// One change to an environment.
#[derive(Clone, Debug)]
pub enum Action {
    /// Put in what is not there.
    Install(Distribution),
    /// Put in another version or file of what is there.
    Replace {
        /// What is there.
        from: InstalledDistribution,
        /// What shall be there.
        to: Distribution,
    },
    /// Take out what the lock does not have.
    Remove(InstalledDistribution),
    /// Leave as it is.
    Keep(InstalledDistribution),
}

/// Every change that an environment needs, ordered by name; no name occurs twice.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The changes.
    pub actions: Vec<Action>,
}
