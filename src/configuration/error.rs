//! Why settings could not be read.

use std::path::PathBuf;

use thiserror::Error;

/// Why settings could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file is there and cannot be read.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file is not TOML.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong, in the words of the TOML parser; it quotes nothing.
        message: String,
    },
    /// A value is given twice: by a variable, and in a file.
    #[error("both `{variable}` and `{file_variable}` are set")]
    Twice {
        /// The variable that holds the value.
        variable: String,
        /// The variable that names a file.
        file_variable: String,
    },
    /// A setting has a value that cannot be meant.
    #[error("setting `{setting}` must be {expected}")]
    Value {
        /// The setting, such as `installer.max-workers`.
        setting: String,
        /// What it may be.
        expected: &'static str,
    },
}

pub(super) fn value_error(keys: &[&str], expected: &'static str) -> Error {
    Error::Value {
        setting: keys.join("."),
        expected,
    }
}
