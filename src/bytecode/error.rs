//! Why bytecode could not be made.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why bytecode could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The interpreter could not be started, or does not do as it should.
    #[error("the interpreter `{}` does not compile", path.display())]
    Interpreter {
        /// The interpreter.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
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
