//! How to build.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::archive::SizeLimits;
use crate::configuration::{BuildSetting, Configuration};
use crate::filename::DistributionFilename;
use crate::http::Network;
use crate::name::PackageName;
use crate::plan::PackagePolicy;
use crate::pyproject::ProjectSource;
use crate::store::Trust;
use crate::wheel::Leniency;

/// How to build. Not `Debug`: variables and settings may be secret.
#[derive(Clone)]
pub struct Settings {
    /// The sources of the project, the first ones first; none is PyPI, or what replaces it. As with Poetry, all primary ones
    /// are asked, supplemental ones where those do not have the package, explicit ones never.
    pub sources: Vec<ProjectSource>,
    /// The cache folder, absolute; `None` keeps nothing.
    pub cache_folder: Option<PathBuf>,
    /// How much a file in the cache is trusted.
    pub trust: Trust,
    /// An existing folder for temporary files, for where the cache is not written or not ours alone.
    pub scratch: PathBuf,
    /// An existing folder where the output of a failed build is left.
    pub logs: PathBuf,
    /// The environment variables of this process.
    pub variables: Vec<(OsString, OsString)>,
    /// Whether the network may be used.
    pub network: Network,
    /// Whether build requirements may be built.
    pub nested: NestedBuilds,
    /// The build requirements that are not installed from wheels (`installer.no-binary`); they are built.
    pub no_binary: PackagePolicy,
    /// The build requirements that are not built (`installer.only-binary`).
    pub only_binary: PackagePolicy,
    /// Requirements that narrow the build requirements of all packages.
    pub constraints: Vec<String>,
    /// The same for one package each.
    pub constraints_of: BTreeMap<PackageName, Vec<String>>,
    /// What is handed to the backend of each package.
    pub config_settings: BTreeMap<PackageName, BTreeMap<String, BuildSetting>>,
    /// Poetry's settings, for the credentials of repositories.
    pub configuration: Configuration,
    /// Files of this machine that are offered before those of indexes, by name, with absolute paths (`--find-links`).
    pub local_files: BTreeMap<String, PathBuf>,
    /// What archives may unpack to.
    pub limits: SizeLimits,
    /// The rules about wheels that are lifted for build requirements.
    pub leniency: Leniency,
    /// How many requests one call has under way at once, at least 1.
    pub n_connections: usize,
    /// How long another process that is fetching a file may make no progress before it is fetched here.
    pub patience: Duration,
}

/// Whether a build requirement that has no wheel may be built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NestedBuilds {
    /// It may.
    #[default]
    Allowed,
    /// It may not.
    Forbidden,
}

/// As many as a few build requirements can make use of.
const N_CONNECTIONS: usize = 8;

const PATIENCE: Duration = Duration::from_mins(1);

impl Settings {
    /// Keeps nothing, asks PyPI, and builds in `scratch`, an existing folder, where outputs of failed builds are left, too.
    pub fn new(scratch: PathBuf) -> Self {
        Self {
            sources: Vec::new(),
            cache_folder: None,
            trust: Trust::default(),
            logs: scratch.clone(),
            scratch,
            variables: Vec::new(),
            network: Network::default(),
            nested: NestedBuilds::default(),
            no_binary: PackagePolicy::default(),
            only_binary: PackagePolicy::default(),
            constraints: Vec::new(),
            constraints_of: BTreeMap::new(),
            config_settings: BTreeMap::new(),
            configuration: Configuration::default(),
            local_files: BTreeMap::new(),
            limits: SizeLimits::default(),
            leniency: Leniency::default(),
            n_connections: N_CONNECTIONS,
            patience: PATIENCE,
        }
    }

    /// Tells whether the user wants other files of that package than those of this form.
    pub(super) fn forbids(&self, file: &DistributionFilename) -> bool {
        match file {
            DistributionFilename::Wheel(file) => {
                self.no_binary.forbids(file.name(), &self.only_binary)
            }
            DistributionFilename::Sdist(file) => {
                self.only_binary.forbids(file.name(), &self.no_binary)
            }
        }
    }
}
