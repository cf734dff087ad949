//! What is known about one project: its releases, the best file of each, and which of them are candidates.
//!
//! **Wheels first.** Of the releases that satisfy, the newest one with a wheel for the target wins; one with only a source
//! distribution is taken when none has a wheel. pip takes the newest release whatever it is made of. A build requirement
//! as a source distribution is a build inside a build: it needs minutes and compilers where the release before it needs
//! nothing, and build requirements are rarely about the newest release. [`KnownProject::newer_sdist`] tells when the rule
//! made a difference.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use pubgrub::VersionSet;

use super::candidates::{Problem, ProjectFile};
use super::dependency::DependencySpecifier;
use super::metadata::CandidateMetadata;
use super::refusal::Refusal;
use super::release_set::ReleaseSet;
use super::specifier::Specifiers;
use crate::filename::{BuildTag, DistributionFilename};
use crate::name::{ExtraName, PackageName};
use crate::target::Target;
use crate::url::Url;
use crate::version::Version;

/// A project and its releases, ordered by version. A release's number is its place.
#[derive(Debug, Default)]
pub(super) struct KnownProject {
    pub(super) releases: Vec<Release>,
    /// Why there are no releases, where there are none.
    pub(super) absence: Option<Absence>,
    /// The constraints on its versions.
    pub(super) constraint: Specifiers,
    /// Which releases satisfy what was asked before: each run of the solver asks again.
    matches: RefCell<BTreeMap<String, ReleaseSet>>,
}

/// Why a project has no releases at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// The index does not have it.
    Missing,
    /// What is at its address cannot be used.
    Refused(Refusal),
}

/// Everything that has one version.
#[derive(Debug)]
pub(super) struct Release {
    pub(super) version: Version,
    pub(super) source: Result<ReleaseSource, Refusal>,
    /// What its metadata says, once it was asked.
    pub(super) details: Option<Result<Details, Refusal>>,
}

/// Where a release comes from.
#[derive(Clone, Debug)]
pub(super) enum ReleaseSource {
    /// The best file of an index.
    File(Arc<ProjectFile>),
    /// An address that is required itself.
    Url(Url),
}

/// Metadata, read.
#[derive(Debug)]
pub(super) struct Details {
    pub(super) dependencies: Vec<DependencySpecifier>,
    pub(super) extras: Vec<ExtraName>,
}

/// How much the rules about releases that few want are lifted for one project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Leave {
    pub(super) prereleases: Prereleases,
    pub(super) has_yanked: bool,
}

/// Whether pre-releases are candidates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Prereleases {
    /// They are not.
    #[default]
    Never,
    /// They are where no stable release is.
    Last,
    /// They are like any other.
    Equal,
}

/// How good a file is within its release; the greatest is best.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_kept: bool,
    is_wheel: bool,
    tag: Reverse<usize>,
    build: Option<BuildTag>,
}

impl KnownProject {
    /// Sorts `files` into releases and chooses the best of each.
    pub(super) fn new(
        name: &PackageName,
        mut files: Vec<ProjectFile>,
        constraint: &Specifiers,
        problem: &Problem<'_>,
    ) -> Self {
        files.sort_by(|one, other| one.version().cmp(other.version()));
        let groups = files.chunk_by(|one, other| one.version() == other.version());
        let releases = groups.map(|files| {
            let version = files[0].version();
            let source = if constraint.contains(version) {
                best(name, files, problem)
            } else {
                Err(Refusal::Constraint(format!("{name}{constraint}")))
            };
            Release::new(version, source)
        });
        Self {
            releases: releases.collect(),
            absence: None,
            constraint: constraint.clone(),
            matches: RefCell::default(),
        }
    }

    /// Makes the project that has no releases.
    pub(super) fn absent(absence: Absence) -> Self {
        Self {
            absence: Some(absence),
            ..Self::default()
        }
    }

    /// Makes the project whose only release is at `url`.
    pub(super) fn direct(
        name: &PackageName,
        url: Url,
        version: Version,
        details: Result<Details, Refusal>,
        constraint: &Specifiers,
    ) -> Self {
        let is_allowed = constraint.contains(&version);
        let source = if is_allowed {
            Ok(ReleaseSource::Url(url))
        } else {
            Err(Refusal::Constraint(format!("{name}{constraint}")))
        };
        Self {
            releases: vec![Release {
                version,
                source,
                details: Some(details),
            }],
            absence: None,
            constraint: constraint.clone(),
            matches: RefCell::default(),
        }
    }

    pub(super) fn release(&self, number: u32) -> Option<&Release> {
        self.releases.get(number as usize)
    }

    /// The releases with their numbers, oldest first.
    pub(super) fn numbered(&self) -> impl DoubleEndedIterator<Item = (u32, &Release)> {
        let end = u32::try_from(self.releases.len()).unwrap_or(u32::MAX);
        (0..end).zip(&self.releases)
    }

    /// The releases that satisfy, candidates or not.
    pub(super) fn matching(&self, specifiers: &Specifiers) -> ReleaseSet {
        if specifiers.is_empty() {
            return ReleaseSet::full();
        }
        let mut matches = self.matches.borrow_mut();
        let known = matches.entry(specifiers.to_string());
        let matching = || {
            let matching = self.numbered();
            let matching = matching.filter(|(_, release)| specifiers.contains(&release.version));
            matching.map(|(number, _)| number).collect()
        };
        known.or_insert_with(matching).clone()
    }

    /// The candidates in `set`, best first.
    pub(super) fn ranked(
        &self,
        set: &ReleaseSet,
        leave: Leave,
        preference: Option<&Version>,
    ) -> Vec<u32> {
        let usable = self.numbered();
        let usable = usable
            .filter(|(number, release)| set.contains(number) && release.refusal(leave).is_none());
        let mut ranked: Vec<_> = usable
            .map(|(number, release)| (release.merit(leave, preference), number))
            .collect();
        ranked.sort_unstable_by(|one, other| other.cmp(one));
        ranked.into_iter().map(|(_, number)| number).collect()
    }

    /// The newest release in `set` that is newer than `chosen`, and was passed over as it has no wheel.
    pub(super) fn newer_sdist(
        &self,
        set: &ReleaseSet,
        chosen: u32,
        leave: Leave,
    ) -> Option<&Version> {
        let is_sdist = |release: &Release| {
            release.refusal(leave).is_none() && !release.is_wheel() && !release.is_unstable()
        };
        let mut newer = self.numbered().rev();
        let found = newer.find(|(number, release)| {
            *number > chosen && set.contains(number) && is_sdist(release)
        });
        found.map(|(_, release)| &release.version)
    }
}

impl Release {
    /// The files of one release may spell its version in two ways: `2` and `2.0` are equal. The chosen file's counts.
    fn new(version: &Version, source: Result<ReleaseSource, Refusal>) -> Self {
        let version = match &source {
            Ok(ReleaseSource::File(file)) => file.version(),
            Ok(ReleaseSource::Url(_)) | Err(_) => version,
        };
        Self {
            version: version.clone(),
            source,
            details: None,
        }
    }

    /// Why it is not a candidate, if it is not.
    pub(super) fn refusal(&self, leave: Leave) -> Option<Refusal> {
        let source = match &self.source {
            Ok(source) => source,
            Err(refusal) => return Some(refusal.clone()),
        };
        if let ReleaseSource::Url(_) = source {
            return None;
        }
        if self.is_yanked() && !leave.has_yanked {
            return Some(Refusal::Yanked);
        }
        (self.is_unstable() && leave.prereleases == Prereleases::Never)
            .then_some(Refusal::Prerelease)
    }

    /// Tells whether it is a pre-release of an index.
    pub(super) fn is_unstable(&self) -> bool {
        self.version.is_unstable()
    }

    pub(super) fn is_yanked(&self) -> bool {
        matches!(&self.source, Ok(ReleaseSource::File(file)) if file.is_yanked)
    }

    fn is_wheel(&self) -> bool {
        matches!(&self.source, Ok(ReleaseSource::File(file)) if file.is_wheel())
    }

    fn merit(&self, leave: Leave, preference: Option<&Version>) -> [bool; 4] {
        let is_last = self.is_unstable() && leave.prereleases == Prereleases::Last;
        let is_preferred = preference == Some(&self.version);
        [is_preferred, !self.is_yanked(), !is_last, self.is_wheel()]
    }
}

impl Details {
    /// Reads the metadata of a release for `target`.
    pub(super) fn read(metadata: &CandidateMetadata, target: &Target) -> Result<Self, Refusal> {
        if let Some(python) = &metadata.requires_python
            && !allows_python(python, target)
        {
            return Err(Refusal::RequiresPython(python.clone()));
        }
        let texts = metadata.requires_dist.iter();
        let dependencies = texts.map(|text| {
            let parsed = DependencySpecifier::parse(text);
            parsed.map_err(|_| Refusal::InvalidDependency(text.clone()))
        });
        Ok(Self {
            dependencies: dependencies.collect::<Result<_, _>>()?,
            extras: metadata.provides_extra.clone(),
        })
    }
}

/// Chooses among the files of one release: what was not yanked, then wheels, then the best tag, then the build tag.
fn best(
    name: &PackageName,
    files: &[ProjectFile],
    problem: &Problem<'_>,
) -> Result<ReleaseSource, Refusal> {
    let mut best: Option<(Rank, &ProjectFile)> = None;
    let mut refusals = Vec::new();
    for file in files {
        match rank(name, file, problem) {
            Ok(rank) if best.as_ref().is_none_or(|(other, _)| rank > *other) => {
                best = Some((rank, file));
            }
            Ok(_) => {}
            Err(refusal) => refusals.push(refusal),
        }
    }
    match best {
        Some((_, file)) => Ok(ReleaseSource::File(Arc::new(file.clone()))),
        None => Err(most_telling(refusals)),
    }
}

/// That a wheel fits no target says least: each has other wheels.
fn most_telling(refusals: Vec<Refusal>) -> Refusal {
    let mut telling = refusals.into_iter();
    let found = telling.find(|refusal| *refusal != Refusal::NoFile);
    found.unwrap_or(Refusal::NoFile)
}

fn rank(name: &PackageName, file: &ProjectFile, problem: &Problem<'_>) -> Result<Rank, Refusal> {
    if let Some(python) = &file.requires_python
        && !allows_python(python, problem.target)
    {
        return Err(Refusal::RequiresPython(python.clone()));
    }
    let (tag, build) = match &file.filename {
        DistributionFilename::Wheel(wheel) => {
            let rank = problem.target.tags.rank(wheel.tags());
            (rank.map_err(|_| Refusal::NoFile)?, wheel.build().cloned())
        }
        DistributionFilename::Sdist(_) => match problem.builds.refusal(name) {
            Some(refusal) => return Err(refusal),
            None => (0, None),
        },
    };
    Ok(Rank {
        is_kept: !file.is_yanked,
        is_wheel: file.is_wheel(),
        tag: Reverse(tag),
        build,
    })
}

/// Tells whether `requires_python` allows the target's Python. A pre-release of it counts as its release, and what cannot
/// be read allows all, both as pip has it.
fn allows_python(requires_python: &str, target: &Target) -> bool {
    let python = Version::parse(&target.marker_environment.python_full_version);
    match (Specifiers::parse(requires_python), python) {
        (Ok(specifiers), Ok(python)) => specifiers.contains(&python.stable()),
        (Err(_), _) | (_, Err(_)) => true,
    }
}
