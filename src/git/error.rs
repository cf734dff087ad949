//! Why a commit could not be checked out.

use std::io;
use std::path::{Path, PathBuf};

use super::version::OLDEST;
use super::{Refusal, UrlFault, Version};
use crate::url::WrittenUrl;

/// Why a commit could not be checked out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no git on `PATH`.
    #[error("there is no `git` on PATH")]
    NoGit,
    /// Git is too old to be safe with the repositories of others.
    #[error("git {0} is too old: {OLDEST} or newer is required")]
    TooOld(Version),
    /// Git cannot be started, or is something else.
    #[error("cannot run `{}`", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {act} `{}`", path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The URL of the repository is refused.
    #[error("the git repository `{url}` is refused: {fault}")]
    Url {
        /// The repository.
        url: WrittenUrl,
        /// What is wrong with it.
        fault: UrlFault,
    },
    /// No branch or tag can have this name.
    #[error("`{}` is not the name of a branch or tag", .0.escape_debug())]
    Reference(String),
    /// This is not the whole name of a commit.
    #[error("`{}` is not a full commit hash", .0.escape_debug())]
    Commit(String),
    /// The repository has no branch or tag of this name.
    #[error("the git repository `{url}` has no branch or tag `{}`", reference.escape_debug())]
    ReferenceMissing {
        /// The repository.
        url: WrittenUrl,
        /// The name.
        reference: String,
    },
    /// A user name or password has a character that git's credential protocol cannot carry.
    #[error("the credentials for `{0}` contain a line break")]
    Credentials(WrittenUrl),
    /// The repository does not have the commit: most likely its branch was rewritten and pushed by force.
    #[error("the git repository `{url}` has no commit {commit} (any more)")]
    CommitMissing {
        /// The repository.
        url: WrittenUrl,
        /// The commit.
        commit: String,
    },
    /// The commit does not have the folder of the project.
    #[error("`{}` is not a folder of the git repository `{url}`", subdirectory.escape_debug())]
    Subdirectory {
        /// The repository.
        url: WrittenUrl,
        /// The folder.
        subdirectory: String,
    },
    /// A server or this machine refused.
    #[error("the git repository `{url}` cannot be fetched: {refusal}")]
    Refused {
        /// The repository: that of the lock, though one of its submodules may be the one.
        url: WrittenUrl,
        /// Why.
        refusal: Refusal,
        /// The last lines that git wrote, without secrets.
        last_lines: Vec<String>,
    },
    /// Git failed for a reason that is only in its words.
    #[error("`git {act}` failed for `{url}`")]
    Failed {
        /// The command.
        act: String,
        /// The repository.
        url: WrittenUrl,
        /// The last lines that git wrote, without secrets.
        last_lines: Vec<String>,
    },
    /// [`Stop::stop`](crate::process::Stop::stop) was called.
    #[error("git was interrupted")]
    Interrupted,
}

impl Error {
    pub(super) fn io(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { act, path, source }
    }
}
