//! What can be wrong with a wheel.

use crate::archive;

/// Why a wheel is refused. The caller adds the wheel's file name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The archive is not strict.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// The file's name is not that of a wheel of the locked package and version.
    #[error("its file name is not that of a wheel of {expected}")]
    FileName {
        /// The locked name and version.
        expected: String,
    },
    /// There is no `.dist-info` folder.
    #[error("it has no `.dist-info` folder")]
    NoDistInfo,
    /// There is more than one `.dist-info` folder, or one that is hidden in `.data`.
    #[error("it has another `.dist-info` folder, `{path}`")]
    SecondDistInfo {
        /// The one that is too many.
        path: String,
    },
    /// A folder's name or METADATA speaks of another distribution than the lock.
    #[error("`{document}` does not belong to {expected}, which was locked")]
    OtherDistribution {
        /// The folder or document.
        document: String,
        /// The locked name and version.
        expected: String,
    },
    /// A document that every wheel has is missing.
    #[error("it has no {document}")]
    Missing {
        /// The document's name in `.dist-info`.
        document: &'static str,
    },
    /// WHEEL announces a format that this program does not know, or none.
    #[error("its wheel format is `{version}`; only 1.x is supported")]
    WheelVersion {
        /// What WHEEL says.
        version: String,
    },
    /// A file lies in `.data`, in a folder that is none of the five schemes.
    #[error("`{path}` is not in a known scheme of the `.data` folder")]
    UnknownScheme {
        /// The path in the archive.
        path: String,
    },
    /// A script lies in a folder of its own.
    #[error("the script `{path}` is not directly in the folder of scripts")]
    NestedScript {
        /// The path in the archive.
        path: String,
    },
    /// Two scripts have one name and call different objects.
    #[error("`entry_points.txt` has two scripts called `{}`", name.escape_debug())]
    RepeatedScript {
        /// The name of both.
        name: String,
    },
    /// RECORD lists a path outside the environment, which no file of a wheel has.
    #[error("RECORD lists a path outside the environment: `{}`", path.escape_debug())]
    RecordEscapes {
        /// The path.
        path: String,
    },
    /// A line of RECORD cannot be understood, or contradicts another.
    #[error("line {line} of RECORD {fault}")]
    Record {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// An entry point's name or object reference is not one that a script can be made from.
    #[error("the entry point `{}` {fault}", entry_point.escape_debug())]
    EntryPoint {
        /// The line in `entry_points.txt`.
        entry_point: String,
        /// What is wrong with it.
        fault: &'static str,
    },
}
