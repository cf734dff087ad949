//! The formats of `poetry export`, byte for byte.
//!
//! `requirements.txt` and `constraints.txt` are pip's ([requirements file format]); `pylock.toml` is the standard lock
//! ([PEP 751]). What reaches the text beyond project and selection is handed in: credentials, and what an index knows of files.
//!
//! [requirements file format]: https://pip.pypa.io/en/stable/reference/requirements-file-format/
//! [PEP 751]: https://packaging.python.org/en/latest/specifications/pylock-toml/

mod locked;
mod path;
mod pylock;
mod requirements;
mod warning;

use std::path::PathBuf;

use crate::name::PackageName;
use crate::pyproject::ProjectSource;

pub use pylock::{FileInfo, indexed_files, pylock};
pub use requirements::{Appended, Extent, append, export, has_hashes};
pub use warning::ExportWarning;

/// What a requirements or constraints file is to hold.
#[derive(Clone, Default)]
pub struct ExportOptions<'a> {
    /// Whether hashes are left out.
    pub without_hashes: bool,
    /// Whether the addresses of indexes are left out.
    pub without_urls: bool,
    /// Who knows the credentials for indexes, when they are to be written.
    pub credentials: Option<&'a dyn Credentials>,
    /// The folder, absolute and without `..`, that paths are to be relative to; without it they are absolute `file://`
    /// addresses.
    pub paths_relative_to: Option<PathBuf>,
}

/// Knows the credentials for the sources of a project.
pub trait Credentials {
    /// Returns user name and password for `source`, as far as any are configured.
    fn of(&self, source: &ProjectSource) -> Option<(String, String)>;
}

/// The text of an export and what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The text.
    pub text: String,
    /// What there is to say about it.
    pub warnings: Vec<ExportWarning>,
}

/// Why there is no export. The text is Poetry's where Poetry has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A hash of the lock has more than one `:`.
    #[error("poetry.lock has the invalid hash `{hash}` for `{package}`")]
    Hash {
        /// The package.
        package: PackageName,
        /// The hash.
        hash: String,
    },
    /// Only locks of version 2.1 can be printed as `pylock.toml`.
    #[error("Cannot export pylock.toml because the lock file is not at least version 2.1")]
    OldLock,
    /// The index does not list a locked file.
    #[error("the index of `{package}` does not list `{file}`")]
    NotListed {
        /// The package.
        package: PackageName,
        /// The file.
        file: String,
    },
    /// A path is not UTF-8, which TOML cannot hold.
    #[error("the path of `{0}` is not UTF-8")]
    Path(PackageName),
    /// A package from git has no locked revision.
    #[error("`{0}` comes from git and has no locked revision")]
    NoRevision(PackageName),
    /// A package that is one archive does not have exactly one file in the lock.
    #[error("`{0}` comes from one archive, but poetry.lock does not list exactly one file for it")]
    NotOneFile(PackageName),
}
