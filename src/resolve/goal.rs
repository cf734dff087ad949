//! What the solver decides about: packages, and with them their extras.

use std::fmt;

use crate::name::{ExtraName, PackageName};

/// Something that gets a version, or none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Goal {
    /// What is to be resolved, as a package of one version that everything else follows from.
    Root,
    /// A package.
    Package(PackageName),
    /// A package with one extra. It has the package's versions, and requires the package in its own version and what the
    /// extra adds, so that packages with several extras need no further rules.
    Extra(PackageName, ExtraName),
}

impl Goal {
    /// The package, if it is about one.
    pub(super) fn name(&self) -> Option<&PackageName> {
        match self {
            Self::Root => None,
            Self::Package(name) | Self::Extra(name, _) => Some(name),
        }
    }

    /// The extra, if it is about one.
    pub(super) fn extra(&self) -> Option<&ExtraName> {
        match self {
            Self::Root | Self::Package(_) => None,
            Self::Extra(_, extra) => Some(extra),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => formatter.write_str("root"),
            Self::Package(name) => write!(formatter, "{name}"),
            Self::Extra(name, extra) => write!(formatter, "{name}[{extra}]"),
        }
    }
}
