//! Distributions that an environment already holds, each read from its `.dist-info`.

use std::path::PathBuf;

use crate::name::PackageName;
use crate::version::Version;

/// One installed distribution.
#[derive(Clone, Debug)]
pub struct InstalledDistribution {
    /// Its name, from the folder's name.
    pub name: PackageName,
    /// Its version, from the folder's name.
    pub version: Version,
    /// The `.dist-info` folder, absolute.
    pub dist_info: PathBuf,
    /// The text of `direct_url.json`, where there is one.
    pub direct_url: Option<String>,
}
