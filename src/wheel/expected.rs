//! What a wheel shall be: the file that was planned, of the package that was locked.

use std::fmt;

use super::Error;
use crate::filename::WheelFilename;
use crate::installed::name_and_version;
use crate::name::PackageName;
use crate::version::Version;

/// What a wheel shall be.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// What its file is called.
    pub file: &'a WheelFilename,
    /// The locked name.
    pub name: &'a PackageName,
    /// The locked version.
    pub version: &'a Version,
}

impl Expected<'_> {
    /// Checks of a wheel that was opened before that its names fit what is expected now.
    pub(crate) fn check_names(self, dist_info: &str) -> Result<(), Error> {
        self.check_file()?;
        self.check_dist_info(dist_info)
    }

    pub(super) fn check_file(self) -> Result<(), Error> {
        if self.file.name() == self.name && self.file.version() == self.version {
            return Ok(());
        }
        Err(Error::FileName {
            expected: self.to_string(),
        })
    }

    /// Checks the name of the `.dist-info` folder.
    pub(super) fn check_dist_info(self, folder: &str) -> Result<(), Error> {
        let stem = folder.strip_suffix(".dist-info").unwrap_or_default();
        if self.is_stem(stem) {
            return Ok(());
        }
        Err(self.other(folder))
    }

    /// Tells whether `stem` is name and version as the folders of a wheel have them.
    pub(super) fn is_stem(self, stem: &str) -> bool {
        let mut ways = name_and_version(stem);
        ways.any(|(name, version)| self.is(name, version))
    }

    pub(super) fn is(self, name: &str, version: &str) -> bool {
        PackageName::new(name) == *self.name
            && Version::parse(version).is_ok_and(|version| version == *self.version)
    }

    /// Says that `document` is of another distribution.
    pub(super) fn other(self, document: &str) -> Error {
        Error::OtherDistribution {
            document: document.to_owned(),
            expected: self.to_string(),
        }
    }
}

impl fmt::Display for Expected<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.version)
    }
}
