//! The files that a lock lists for a package and that are not taken, and why.

use crate::filename;

/// A file of the lock that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The file's name.
    pub file: String,
    /// What is against it.
    pub reason: Reason,
}

/// What is against a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A wheel for other Pythons or binary interfaces.
    OtherPython,
    /// A wheel for this Python on other platforms.
    OtherPlatform,
    /// A wheel, where the settings want none.
    NoBinary,
    /// A source distribution, where the settings want none.
    OnlyBinary,
    /// Its name is that of another package or version.
    OtherPackage,
    /// Its name is not one that can be understood.
    Name(filename::Error),
}
