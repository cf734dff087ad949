//! Distributions that an environment already holds, each known by its `.dist-info`.

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

/// Everything that an environment holds.
#[derive(Clone, Debug, Default)]
pub struct Installed {
    /// The distributions, by name; two of one name only where something else than an installer was at work.
    pub distributions: Vec<InstalledDistribution>,
    /// `.dist-info` folders with no RECORD, which is written last: what interrupted runs left.
    pub leftovers: Vec<PathBuf>,
}

impl Installed {
    /// Puts everything in the order of names, so that nothing depends on the order of a folder.
    pub fn sort(&mut self) {
        self.distributions.sort_by(|one, other| {
            let names = one.name.cmp(&other.name);
            names.then_with(|| one.dist_info.cmp(&other.dist_info))
        });
        self.leftovers.sort();
    }
}
