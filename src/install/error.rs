//! What can go wrong while wheels are put in place.

use std::io;
use std::path::{Path, PathBuf};

use crate::event::Warning;
use crate::installed::StartupFile;
use crate::name::PackageName;
use crate::platform::folder;
use crate::store::wheels;
use crate::wheel;

/// Why a plan could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused.
    #[error("cannot {act} `{}`", path.display())]
    Io {
        /// What was tried, such as `create`.
        act: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A wheel is refused for what it is.
    #[error("`{file}` is not a wheel that can be installed: {fault}")]
    Wheel {
        /// The wheel's file name.
        file: String,
        /// What is wrong with it.
        fault: wheel::Error,
    },
    /// The content of a file does not have the digest or size that the wheel's RECORD gives, and the wheel does not have the
    /// locked digest any more.
    #[error("`{path}` in `{file}` does not match its RECORD entry")]
    RecordDiffers {
        /// The wheel's file name.
        file: String,
        /// The path in the archive.
        path: String,
    },
    /// A wheel holds a file whose place belongs to the environment.
    #[error("`{file}` would replace `{path}`, which belongs to the environment")]
    Reserved {
        /// The wheel's file name.
        file: String,
        /// The path, relative to the environment.
        path: String,
    },
    /// A wheel leads two of its files to one path.
    #[error("`{file}` contains two files for `{path}`")]
    ClaimedTwice {
        /// The wheel's file name.
        file: String,
        /// The path, relative to the environment.
        path: String,
    },
    /// A file shall be created where something is that came from no wheel.
    #[error("`{path}` already exists and belongs to no distribution")]
    Occupied {
        /// The path, relative to the environment.
        path: String,
    },
    /// A file and a folder claim one path.
    #[error("`{path}` is both a file and a folder")]
    FileAndFolder {
        /// The path, relative to the environment.
        path: String,
    },
    /// A file of an unpacked wheel of the cache changed after it was looked at.
    #[error("the cache's copy of `{path}` was changed meanwhile")]
    Changed {
        /// The path, relative to the environment.
        path: String,
    },
    /// A file of an unpacked wheel of the cache does not hold what was unpacked, though its size and time are right. The
    /// unpacked wheel was removed.
    #[error("the cache's copy of `{path}` is damaged")]
    Damaged {
        /// The path, relative to the environment.
        path: String,
    },
    /// What would be a warning is an error, as [`InstallOptions::strict`](super::InstallOptions::strict) asks.
    #[error("{0}")]
    Strict(Warning),
    /// A file would have Python run code whenever it starts, and
    /// [`InstallOptions::refuses_startup`](super::InstallOptions::refuses_startup).
    #[error("{0}")]
    Startup(StartupFile),
    /// Several wheels are refused, in the order of the plan.
    #[error("{} wheels cannot be installed", .0.len())]
    Several(Vec<Error>),
    /// A file arrived that the plan does not ask for.
    #[error("`{name}` is not in the plan")]
    NotPlanned {
        /// The distribution's name.
        name: PackageName,
    },
    /// The file of a distribution did not arrive.
    #[error("no wheel was supplied for `{name}`")]
    NotArrived {
        /// The distribution's name.
        name: PackageName,
    },
    /// An installed distribution cannot be removed because nothing says which files are its own.
    #[error("`{name}` cannot be removed: `{}` has no RECORD", dist_info.display())]
    NoRecord {
        /// The distribution's name.
        name: PackageName,
        /// Its `.dist-info` folder.
        dist_info: PathBuf,
    },
    /// The RECORD of an installed distribution cannot be read.
    #[error("the RECORD of `{name}` cannot be read: {fault}")]
    BadRecord {
        /// The distribution's name.
        name: PackageName,
        /// What is wrong with it.
        fault: wheel::Error,
    },
    /// The threads of the pool cannot be started.
    #[error("cannot start threads: {reason}")]
    Threads {
        /// What the pool says.
        reason: String,
    },
    /// A change of an environment in use went wrong after it was begun; [`complete`](super::complete) finds what is left.
    #[error("the change of `{label}` was interrupted")]
    Stopped {
        /// The distribution, such as `acme 1.0`.
        label: String,
        /// What stopped it.
        source: Box<Error>,
    },
    /// What is installed cannot be listed.
    #[error(transparent)]
    Environment(#[from] crate::environment::Error),
    /// Bytecode cannot be made.
    #[error(transparent)]
    Bytecode(crate::bytecode::Error),
}

impl Error {
    /// Joins what was wrong with several wheels; `None` when nothing was.
    pub(super) fn join(mut errors: Vec<Self>) -> Option<Self> {
        match errors.len() {
            0 | 1 => errors.pop(),
            _ => Some(Self::Several(errors)),
        }
    }

    /// Tells whether one wheel is refused for what it is, which says nothing of the others.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Wheel { .. }
                | Self::RecordDiffers { .. }
                | Self::Reserved { .. }
                | Self::ClaimedTwice { .. }
        )
    }

    pub(super) fn io(act: &'static str, path: &Path, cause: impl Into<io::Error>) -> Self {
        Self::Io {
            act,
            path: path.to_owned(),
            source: cause.into(),
        }
    }

    pub(super) fn wheel(file: &str, fault: impl Into<wheel::Error>) -> Self {
        Self::Wheel {
            file: file.to_owned(),
            fault: fault.into(),
        }
    }
}

impl From<folder::Error> for Error {
    fn from(error: folder::Error) -> Self {
        match error {
            folder::Error::Io { act, path, source } => Self::Io { act, path, source },
            folder::Error::Occupied { path } => Self::Occupied { path },
            folder::Error::FileAndFolder { path } => Self::FileAndFolder { path },
        }
    }
}

impl From<wheels::Error> for Error {
    fn from(error: wheels::Error) -> Self {
        match error {
            wheels::Error::Place(error) => error.into(),
            wheels::Error::Read { path, source } => Self::io("read", path.as_ref(), source),
            wheels::Error::Write { path, source } => Self::io("write", path.as_ref(), source),
            wheels::Error::Changed { path } => Self::Changed { path },
            wheels::Error::Damaged { path } => Self::Damaged { path },
        }
    }
}
