//! Where things lie inside an environment, relative to its root.
//!
//! The names are those of an [installation scheme] and of the binary distribution format's `.data` folders. A layout is
//! plain data: it knows no root, so the same value serves the hidden folder that an environment is filled in and the place
//! it is published to.
//!
//! [installation scheme]: https://docs.python.org/3/library/sysconfig.html#installation-paths

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The places of an environment, and what the writer of a script has to know of its Python.
///
/// Every path is relative to the root of the environment, and has no `..` in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Pure Python modules, such as `lib/python3.11/site-packages`.
    pub purelib: PathBuf,
    /// Modules for one platform; on most machines the same folder as `purelib`.
    pub platlib: PathBuf,
    /// Scripts: `bin`.
    pub scripts: PathBuf,
    /// The root of `.data/data`; empty, which is the root of the environment.
    pub data: PathBuf,
    /// The folder that holds one folder of C headers for each distribution, such as `include/site/python3.11`.
    pub headers: PathBuf,
    /// The file name of the interpreter in `scripts`: `python`.
    pub python_name: String,
    /// The major and minor version of the interpreter.
    pub python_version: (u32, u32),
}
