//! What was chosen, and who asked for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pubgrub::VersionSet;

use super::candidates::{ProjectFile, Question};
use super::dependency::DependencySpecifier;
use super::goal::Goal;
use super::grants::Grants;
use super::known::Known;
use super::project::{KnownProject, Release, ReleaseSource};
use super::release_set::ReleaseSet;
use crate::name::{ExtraName, PackageName};
use crate::url::Url;
use crate::version::Version;

/// Packages that satisfy all requirements together, ordered by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// The packages.
    pub packages: Vec<ResolvedPackage>,
}

/// One package of a [`Solution`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedPackage {
    /// Its name.
    pub name: PackageName,
    /// The chosen version.
    pub version: Version,
    /// What is installed of it.
    pub source: ResolvedSource,
    /// Who requires it, in order.
    pub required_by: Vec<Requirer>,
    /// The extras that were asked for and that it does not have; they are left out, as pip does.
    pub missing_extras: Vec<ExtraName>,
    /// The newest version that satisfies as well and was passed over, for it has no wheel.
    pub newer_sdist: Option<Version>,
}

/// Where a resolved package comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolvedSource {
    /// A file of the index.
    File(Arc<ProjectFile>),
    /// The address that is required itself.
    Url(Url),
}

/// Someone who requires a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirer {
    /// The package that requires it; `None` for what was to be resolved.
    pub package: Option<PackageName>,
    /// The requirement, without its marker.
    pub requirement: String,
}

/// The releases that the solver chose.
pub(super) struct Choice<'a> {
    known: &'a Known<'a>,
    releases: BTreeMap<Goal, u32>,
}

impl<'a> Choice<'a> {
    pub(super) fn new(known: &'a Known<'a>, chosen: impl IntoIterator<Item = (Goal, u32)>) -> Self {
        Self {
            known,
            releases: chosen.into_iter().collect(),
        }
    }

    /// Withdraws grants that no chosen requirement calls for; tells whether there were any.
    pub(super) fn withdraw(&self, grants: &mut Grants) -> Result<bool, Question> {
        let mut has_withdrawn = false;
        for chosen in self.packages()? {
            let dependencies: Vec<_> = chosen
                .requirers
                .iter()
                .map(|edge| edge.dependency)
                .collect();
            has_withdrawn |= grants.withdraw(chosen.release, chosen.project, &dependencies);
        }
        Ok(has_withdrawn)
    }

    /// Tells what was chosen.
    pub(super) fn solution(&self, grants: &Grants) -> Result<Solution, Question> {
        let packages = self.packages()?;
        let packages = packages.iter().filter_map(|chosen| chosen.resolved(grants));
        Ok(Solution {
            packages: packages.collect(),
        })
    }

    fn packages(&self) -> Result<Vec<ChosenPackage<'_>>, Question> {
        let mut requirers = self.requirers()?;
        let mut packages = Vec::new();
        for (goal, number) in &self.releases {
            let Goal::Package(name) = goal else { continue };
            let project = self.known.project(name)?;
            let Some(release) = project.release(*number) else {
                continue;
            };
            packages.push(ChosenPackage {
                name,
                project,
                number: *number,
                release,
                requirers: requirers.remove(name).unwrap_or_default(),
            });
        }
        Ok(packages)
    }

    /// For each package who requires it, and with which words.
    fn requirers(&self) -> Result<BTreeMap<&PackageName, Vec<Edge<'_>>>, Question> {
        let mut requirers: BTreeMap<_, Vec<Edge<'_>>> = BTreeMap::new();
        for (goal, number) in &self.releases {
            let dependencies = self.known.dependencies(goal, *number)?;
            for dependency in dependencies.unwrap_or_default() {
                let edges = requirers.entry(&dependency.name).or_default();
                edges.push(Edge {
                    package: goal.name(),
                    dependency,
                });
            }
        }
        Ok(requirers)
    }
}

/// A requirement, and the package that has it.
struct Edge<'a> {
    package: Option<&'a PackageName>,
    dependency: &'a DependencySpecifier,
}

struct ChosenPackage<'a> {
    name: &'a PackageName,
    project: &'a KnownProject,
    number: u32,
    release: &'a Release,
    requirers: Vec<Edge<'a>>,
}

impl ChosenPackage<'_> {
    fn resolved(&self, grants: &Grants) -> Option<ResolvedPackage> {
        let source = match self.release.source.as_ref().ok()? {
            ReleaseSource::File(file) => ResolvedSource::File(file.clone()),
            ReleaseSource::Url(url) => ResolvedSource::Url(url.clone()),
        };
        let mut satisfying = ReleaseSet::full();
        for edge in &self.requirers {
            let matching = self.project.matching(&edge.dependency.specifiers);
            satisfying = satisfying.intersection(&matching);
        }
        let leave = grants.leave(self.name);
        let newer = self.project.newer_sdist(&satisfying, self.number, leave);
        let required_by: BTreeSet<_> = self.requirers.iter().map(requirer).collect();
        Some(ResolvedPackage {
            name: self.name.clone(),
            version: self.release.version.clone(),
            source,
            required_by: required_by.into_iter().collect(),
            missing_extras: self.missing_extras(),
            newer_sdist: newer.cloned(),
        })
    }

    fn missing_extras(&self) -> Vec<ExtraName> {
        let Some(Ok(details)) = &self.release.details else {
            return Vec::new();
        };
        let asked: BTreeSet<_> = self
            .requirers
            .iter()
            .flat_map(|edge| &edge.dependency.extras)
            .collect();
        let missing = asked.into_iter();
        let missing = missing.filter(|extra| !details.extras.contains(extra));
        missing.cloned().collect()
    }
}

fn requirer(edge: &Edge<'_>) -> Requirer {
    Requirer {
        package: edge.package.cloned(),
        requirement: edge.dependency.to_string(),
    }
}
