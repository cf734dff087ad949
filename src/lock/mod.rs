//! poetry.lock, read into one shape whatever its version.

use crate::name::PackageName;
use crate::version::Version;

/// One `[[package]]` of a lock.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name, normalized.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// The files that the lock lists for it, in the lock's order.
    pub files: Vec<File>,
    /// Where it comes from, when that is not PyPI (or what stands in for PyPI).
    pub source: Option<Source>,
}

/// One file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The file's name.
    pub name: String,
    /// Its digest as the lock writes it, such as `sha256:…`. Any algorithm may stand here.
    pub hash: String,
}

/// The `[package.source]` of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What kind of place it is.
    pub kind: SourceKind,
    /// Its address or path, as written.
    pub url: String,
    /// The name of the index (legacy), or the revision asked for (git).
    pub reference: Option<String>,
    /// The revision that was locked (git).
    pub resolved_reference: Option<String>,
    /// The folder of the project inside the repository or archive.
    pub subdirectory: Option<String>,
}

/// The `type` of a [`Source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// An index other than PyPI (`legacy`).
    Legacy,
    /// A git repository.
    Git,
    /// An address of one archive.
    Url,
    /// A local archive.
    File,
    /// A local folder.
    Directory,
}
