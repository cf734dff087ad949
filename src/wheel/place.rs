//! Where files of a wheel go.

/// The part of an environment that a file of a wheel goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// Pure Python modules.
    Purelib,
    /// Modules for one platform.
    Platlib,
    /// Scripts.
    Scripts,
    /// C headers.
    Headers,
    /// Anything, relative to the root of the environment.
    Data,
}

impl Scheme {
    /// Finds the scheme by the name of its folder in `.data`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "purelib" => Some(Self::Purelib),
            "platlib" => Some(Self::Platlib),
            "scripts" => Some(Self::Scripts),
            "headers" => Some(Self::Headers),
            "data" => Some(Self::Data),
            _ => None,
        }
    }

    /// Returns the name of its folder in `.data`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Purelib => "purelib",
            Self::Platlib => "platlib",
            Self::Scripts => "scripts",
            Self::Headers => "headers",
            Self::Data => "data",
        }
    }
}

/// Where a file of a wheel goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The part of the environment.
    pub scheme: Scheme,
    /// The path below it.
    pub path: &'a str,
}
