//! The files of one commit of a git repository, by the git on `PATH`.
//!
//! As with Poetry, a checkout has a `.git` folder, since build backends ask it for versions, and holds the submodules at their
//! recorded commits, recursively. The commit is fetched alone where the server allows it, else by its branch or tag, else with
//! the branches and tags, at last with every reference. A backend that derives the version from tags needs
//! [`History::Full`]: Poetry always fetches all of it. Where git-lfs is on `PATH`, files come in place of its pointers, whether
//! `git lfs install` was run or not; elsewhere the pointers stay.
//!
//! What a lock or a `.gitmodules` says is no option and no command: see `address` for the URLs that are taken and `command` for
//! the part of the user's configuration that counts. Git never asks a question, and credentials are in no argument, no file
//! and no message.

mod address;
mod checkout;
mod command;
mod error;
pub(crate) mod fuzz;
mod refusal;
mod resolve;
mod url_fault;
mod version;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

pub use error::Error;
pub use refusal::Refusal;
pub use url_fault::UrlFault;
pub use version::Version;

use crate::process::Stop;
use crate::url::{Credentials, WrittenUrl};

/// A git program, and what it is started with.
#[derive(Clone)]
pub struct Git {
    program: PathBuf,
    version: Version,
    /// All variables, those of this process included.
    variables: BTreeMap<OsString, OsString>,
    has_lfs: bool,
}

/// A commit of a repository, as a lock has it.
#[derive(Clone, Copy, Debug)]
pub struct Repository<'a> {
    /// The repository. A user and password in it are used and kept nowhere.
    pub url: &'a WrittenUrl,
    /// The whole name of the commit, 40 or 64 hexadecimal digits (`resolved_reference`).
    pub commit: &'a str,
    /// The branch or tag that was asked for, for servers that send no commit by its name (`reference`).
    pub reference: Option<&'a str>,
    /// The folder of the project inside the repository, relative.
    pub subdirectory: Option<&'a str>,
    /// How much comes with the commit.
    pub history: History,
    /// The user and password for the repository's host (Poetry's `http-basic`), instead of those in its URL.
    pub credentials: Option<&'a Credentials>,
}

/// What somebody wants of a repository, and has not locked.
#[derive(Clone, Copy, Debug)]
pub struct Revision<'a> {
    /// The repository, as in [`Repository`].
    pub url: &'a WrittenUrl,
    /// A branch, a tag, a commit or the beginning of its name, or a whole reference (`refs/…`); `None` for the commit that the
    /// repository shows first.
    pub name: Option<&'a str>,
    /// As in [`Repository`].
    pub credentials: Option<&'a Credentials>,
}

/// How much comes with a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum History {
    /// Nothing that is not needed for its files.
    #[default]
    Commit,
    /// All that precedes it, with the branches and tags of the repository, as `git describe` needs them.
    Full,
}

/// Where a checkout is made. Both folders are made with their parents where they are missing.
#[derive(Clone, Copy, Debug)]
pub struct Folders<'a> {
    /// The bare repository that is fetched into, and stays: one for each URL. One caller at a time may use it.
    pub database: &'a Path,
    /// Where the files go: missing or empty.
    pub root: &'a Path,
}

/// The files of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckOut {
    /// The folder of the project: the repository's root, or its subdirectory. Absolute, without links.
    pub project: PathBuf,
    /// The commit whose files they are; another than was asked for only where that is a tag's own name.
    pub commit: String,
}

impl Git {
    /// Finds git on the `PATH` among `variables`, which are those of this process, and asks it for its version.
    ///
    /// # Errors
    ///
    /// [`Error::NoGit`], [`Error::TooOld`], [`Error::Start`], [`Error::Interrupted`].
    pub fn find(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        stop: &Stop,
    ) -> Result<Self, Error> {
        let inherited: BTreeMap<OsString, OsString> = variables.into_iter().collect();
        let path = inherited.get(OsStr::new("PATH")).map(OsString::as_os_str);
        let program = command::find("git", path).ok_or(Error::NoGit)?;
        let has_lfs = command::find("git-lfs", path).is_some();
        let mut git = Self {
            program,
            version: Version::default(),
            variables: command::variables(inherited),
            has_lfs,
        };
        git.version = git.read_version(stop)?;
        git.set_ssh(stop)?;
        Ok(git)
    }

    /// Returns the version of the program.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Tells whether git-lfs is on `PATH` too.
    pub fn has_lfs(&self) -> bool {
        self.has_lfs
    }

    /// Asks a repository which commit a revision is. For the beginning of a commit's name all branches and tags are fetched into
    /// `database`, which a check-out can use then.
    ///
    /// # Errors
    ///
    /// [`Error::ReferenceMissing`] and those of [`Git::check_out`].
    pub fn resolve(
        &self,
        revision: &Revision<'_>,
        database: &Path,
        stop: &Stop,
    ) -> Result<String, Error> {
        resolve::resolve(self, revision, database, stop)
    }

    /// Brings the files of a commit into `folders.root`.
    ///
    /// # Errors
    ///
    /// Any of [`Error`] but the first two. What is in `folders.root` then is of no use.
    pub fn check_out(
        &self,
        repository: &Repository<'_>,
        folders: Folders<'_>,
        stop: &Stop,
    ) -> Result<CheckOut, Error> {
        checkout::check_out(self, repository, folders, stop)
    }
}

/// Finds the folder of the project in `root`, the folder of the repository's files. No link may lead out of that.
///
/// # Errors
///
/// [`Error::Subdirectory`], [`Error::Io`].
pub fn project(repository: &Repository<'_>, root: &Path) -> Result<PathBuf, Error> {
    checkout::project(repository, root)
}

impl fmt::Debug for Git {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Git");
        let shown = shown.field("program", &self.program);
        shown
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
