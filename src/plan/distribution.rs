//! One chosen file, repository or folder: what a plan brings into an environment, from the choice to RECORD.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Refused;
use crate::digest::Digest;
use crate::filename::WheelFilename;
use crate::name::PackageName;
use crate::url::WrittenUrl;
use crate::version::Version;

/// One chosen file, repository or folder of a package.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// What it is called by everything that carries out the plan; [`Plan::new`](super::Plan::new) sets it.
    pub id: DistributionId,
    /// The package's name.
    pub name: PackageName,
    /// The locked version.
    pub version: Version,
    /// Where it comes from.
    pub origin: Origin,
    /// Whether it is a wheel, or what a wheel is built from.
    pub form: Form,
    /// Whether the project itself asks for it (then `REQUESTED` is written).
    pub is_requested: bool,
    /// What is taken where the index does not have it, as Poetry does: the next best of the locked files, with a next best of its
    /// own.
    pub next_best: Option<Box<Distribution>>,
}

/// A distribution of one plan: the position of its action. Ids are in the order of the plan, which is the order of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DistributionId(usize);

/// Where a distribution comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file of an index.
    Index {
        /// The index: `None` for PyPI or what stands in for it, else the lock's source name and address.
        source: Option<IndexSource>,
        /// The locked digests of the file; any one of them proves the bytes.
        digests: Vec<Digest>,
    },
    /// An archive with a URL of its own.
    Url {
        /// The URL as locked.
        url: WrittenUrl,
        /// The locked digests; none where the lock lists no file.
        digests: Vec<Digest>,
        /// The folder of the project inside the archive.
        subdirectory: Option<String>,
    },
    /// An archive on this machine.
    File {
        /// Its path, absolute.
        path: PathBuf,
        /// The locked digests; none where the lock lists no file.
        digests: Vec<Digest>,
        /// The folder of the project inside the archive.
        subdirectory: Option<String>,
    },
    /// A commit of a git repository.
    Git(GitOrigin),
    /// A project folder on this machine: the project itself or a directory dependency.
    Directory {
        /// Its path, absolute.
        path: PathBuf,
    },
}

/// A commit of a git repository, with all that a checkout and `direct_url.json` need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitOrigin {
    /// The repository as locked, which need not be a URL (`git@host:path`).
    pub url: WrittenUrl,
    /// The branch, tag or commit that was asked for (`requested_revision`).
    pub reference: Option<String>,
    /// The commit that was locked (`commit_id`); the plan has none without.
    pub resolved_reference: Option<String>,
    /// The folder of the project inside the repository.
    pub subdirectory: Option<String>,
}

/// What a distribution is before it is installed: every form but a wheel has to be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A wheel, which is installed as it is.
    Wheel(WheelFilename),
    /// A source distribution, or an archive of a project with a URL or path of its own.
    Sdist {
        /// The file's name. Its ending may say how it is packed; nothing else of it counts, as the archive that a forge makes
        /// (`main.zip`) is not named as a source distribution is.
        file: String,
        /// The wheels of the lock that are not taken, each with the reason against it.
        refused: Vec<Refused>,
    },
    /// The folder of a project, here or in a repository.
    Tree {
        /// Whether the environment shall link to it instead of holding a copy.
        is_editable: bool,
    },
}

/// An index that is not PyPI, as the project or, where there is no project, the lock names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexSource {
    /// The source's name in pyproject.toml (`reference` in the lock).
    pub name: String,
    /// The URL of its simple page.
    pub url: WrittenUrl,
}

impl DistributionId {
    /// Makes the id of the action at `position` of a plan.
    pub fn new(position: usize) -> Self {
        Self(position)
    }

    /// Returns the position of its action in the plan.
    pub fn position(self) -> usize {
        self.0
    }
}

impl fmt::Display for DistributionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Distribution {
    /// Lists what may be taken, best first: this one, then the next best ones.
    pub fn choices(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |one| one.next_best.as_deref())
    }

    pub(super) fn set_id(&mut self, id: DistributionId) {
        self.id = id;
        if let Some(next) = &mut self.next_best {
            next.set_id(id);
        }
    }

    /// Returns the name of its file; `None` for a folder or repository.
    pub fn file_name(&self) -> Option<&str> {
        match &self.form {
            Form::Wheel(file) => Some(file.as_str()),
            Form::Sdist { file, .. } => Some(file),
            Form::Tree { .. } => None,
        }
    }

    /// Returns the parsed name of its file if that is a wheel.
    pub fn wheel(&self) -> Option<&WheelFilename> {
        match &self.form {
            Form::Wheel(file) => Some(file),
            Form::Sdist { .. } | Form::Tree { .. } => None,
        }
    }
}

impl Origin {
    /// Returns the locked digests of the file; none for a folder or repository.
    pub fn digests(&self) -> &[Digest] {
        match self {
            Self::Index { digests, .. }
            | Self::Url { digests, .. }
            | Self::File { digests, .. } => digests,
            Self::Git(_) | Self::Directory { .. } => &[],
        }
    }

    /// Returns the locked digests of a file that has to be downloaded; none for what is on this machine or in a repository.
    pub fn remote_digests(&self) -> &[Digest] {
        match self {
            Self::Index { digests, .. } | Self::Url { digests, .. } => digests,
            Self::File { .. } | Self::Git(_) | Self::Directory { .. } => &[],
        }
    }

    /// Returns the folder of the project inside its archive or repository, where the lock names one.
    pub fn subdirectory(&self) -> Option<&str> {
        match self {
            Self::Url { subdirectory, .. } | Self::File { subdirectory, .. } => {
                subdirectory.as_deref()
            }
            Self::Git(git) => git.subdirectory.as_deref(),
            Self::Index { .. } | Self::Directory { .. } => None,
        }
    }

    /// Returns the path of a file or folder on this machine, absolute.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File { path, .. } | Self::Directory { path } => Some(path),
            Self::Index { .. } | Self::Url { .. } | Self::Git(_) => None,
        }
    }
}
