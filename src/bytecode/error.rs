//! Why bytecode could not be made.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use thiserror::Error;

/// Why bytecode could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The interpreter could not be started, or does not do as it should.
    #[error("could not compile bytecode with `{}`", path.display())]
    Interpreter {
        /// The interpreter.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The interpreter was killed while it compiled, and another one at the same source again: memory ran out, or somebody
    /// ended it.
    #[error("the interpreter `{}` was killed while it compiled `{}` ({status})", path.display(), source_path.display())]
    Killed {
        /// The interpreter.
        path: PathBuf,
        /// The source, where it would have been.
        source_path: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
    /// A source is no longer there, or cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The source.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// No thread can be started.
    #[error("cannot start a thread that compiles bytecode")]
    Thread(#[source] io::Error),
    /// A file could not be written.
    #[error("cannot write `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

impl Error {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
