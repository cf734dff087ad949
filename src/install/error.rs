//! What can go wrong while wheels are put in place.

use std::io;
use std::path::PathBuf;

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
}
