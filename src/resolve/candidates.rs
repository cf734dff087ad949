//! What a resolution starts from, and what it asks about on the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::metadata::CandidateMetadata;
use super::refusal::Refusal;
use crate::filename::DistributionFilename;
use crate::name::PackageName;
use crate::target::Target;
use crate::url::Url;
use crate::version::Version;

/// What has to be resolved, and for whom.
#[derive(Clone, Debug)]
pub struct Problem<'a> {
    /// What is required, as in `build-system.requires`.
    pub requirements: &'a [String],
    /// Requirements that narrow the versions of packages, and add none.
    pub constraints: &'a [String],
    /// What it is installed for.
    pub target: &'a Target,
    /// Versions that are taken where they satisfy, so that several resolutions of one run agree.
    pub preferences: &'a BTreeMap<PackageName, Version>,
    /// Whether source distributions are candidates.
    pub builds: Builds<'a>,
}

/// Which packages may be built from source.
#[derive(Clone, Copy, Debug)]
pub enum Builds<'a> {
    /// None.
    Forbidden,
    /// All but these, which are being built: the resolution is for one of them or for what it needs. Their wheels are
    /// candidates, and so no source distribution ever needs itself.
    Except(&'a [PackageName]),
}

/// One file of a project's page in an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectFile {
    /// Its name.
    pub filename: DistributionFilename,
    /// The versions of Python that the page has for it, as written.
    pub requires_python: Option<String>,
    /// Whether it was withdrawn (PEP 592).
    pub is_yanked: bool,
    /// Whether the index serves its METADATA on its own (PEP 658).
    pub has_metadata: bool,
}

/// One thing that the resolution cannot go on without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Which files does this project have?
    Project(PackageName),
    /// What does this file depend on? For a source distribution that is in PKG-INFO
    /// ([`CandidateMetadata::parse_sdist`]), or the backend has to be asked.
    Metadata {
        /// The project.
        name: PackageName,
        /// The file.
        file: Arc<ProjectFile>,
    },
    /// Which version is at this address, and what does it depend on?
    Direct {
        /// The package.
        name: PackageName,
        /// Where its file, or its source, is.
        url: Url,
    },
}

/// The answer to a [`Question`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The files of a project, in any order; `None` when the index does not have it.
    Project(Option<Vec<ProjectFile>>),
    /// The metadata of a file of a project.
    Metadata(CandidateMetadata),
    /// What is at an address.
    Direct {
        /// Its version.
        version: Version,
        /// Its metadata.
        metadata: CandidateMetadata,
    },
    /// The file cannot be used; the next version is tried.
    Refused(Refusal),
}

/// Where projects, files and their metadata come from.
pub trait Candidates {
    /// Why it cannot go on.
    type Error;

    /// Answers `questions` in their order. All of them are needed, so they are best asked of the index at once.
    ///
    /// No question comes twice in one resolution.
    ///
    /// # Errors
    ///
    /// What ends the resolution. What only rules out one file is [`Answer::Refused`].
    fn answer(&mut self, questions: &[Question]) -> Result<Vec<Answer>, Self::Error>;
}

impl ProjectFile {
    /// Returns the version in its name.
    pub fn version(&self) -> &Version {
        match &self.filename {
            DistributionFilename::Wheel(wheel) => wheel.version(),
            DistributionFilename::Sdist(sdist) => sdist.version(),
        }
    }

    /// Tells whether it is a wheel.
    pub fn is_wheel(&self) -> bool {
        match &self.filename {
            DistributionFilename::Wheel(_) => true,
            DistributionFilename::Sdist(_) => false,
        }
    }
}

impl Builds<'_> {
    /// Returns why a source distribution of `name` is not a candidate, if it is not.
    pub(super) fn refusal(self, name: &PackageName) -> Option<Refusal> {
        match self {
            Self::Forbidden => Some(Refusal::BuildForbidden),
            Self::Except(building) => building.contains(name).then_some(Refusal::BuildCycle),
        }
    }
}
