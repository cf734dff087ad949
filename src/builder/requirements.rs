//! Which files satisfy the requirements of a build.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::candidates::{IndexCandidates, direct};
use super::fetching::RemoteFile;
use super::metadata::{Asker, LocalWheel, expected};
use super::{Builder, Error, NestedBuilds};
use crate::build::Expected;
use crate::digest::Digest;
use crate::filename::{DistributionFilename, WheelFilename};
use crate::http::Network;
use crate::index::IndexSession;
use crate::name::PackageName;
use crate::resolve::{
    self, Builds, Conflict, Fact, Problem, Refusal, ResolvedPackage, ResolvedSource,
};
use crate::version::Version;

/// The wheel of one build requirement.
pub(super) struct ResolvedWheel {
    pub(super) name: PackageName,
    pub(super) file_name: WheelFilename,
    /// What proves it; never nothing.
    pub(super) digests: Vec<Digest>,
    pub(super) place: WheelPlace,
}

/// Where a wheel is.
pub(super) enum WheelPlace {
    Index(RemoteFile),
    Here(Arc<LocalWheel>),
}

impl ResolvedWheel {
    fn here(wheel: Arc<LocalWheel>) -> Self {
        Self {
            name: wheel.file_name.name().clone(),
            file_name: wheel.file_name.clone(),
            digests: vec![wheel.file.digest().clone()],
            place: WheelPlace::Here(wheel),
        }
    }

    pub(super) fn version(&self) -> &Version {
        self.file_name.version()
    }
}

impl Builder<'_> {
    /// Resolves `requirements`, in the versions of `preferences` where these satisfy; ordered by name.
    pub(super) fn resolve(
        &self,
        asker: Asker<'_>,
        requirements: &[String],
        preferences: &BTreeMap<PackageName, Version>,
    ) -> Result<Vec<ResolvedWheel>, Error> {
        if requirements.is_empty() {
            return Ok(Vec::new());
        }
        let problem = Problem {
            requirements,
            constraints: &asker
                .chain
                .last()
                .map_or_else(Vec::new, |name| self.constraints(name)),
            target: &self.tools.interpreter.target,
            preferences,
            builds: match self.settings.nested {
                NestedBuilds::Allowed => Builds::Except(asker.chain),
                NestedBuilds::Forbidden => Builds::Forbidden,
            },
        };
        let mut candidates = IndexCandidates {
            builder: self,
            asker,
        };
        let solution = resolve::resolve(problem, &mut candidates);
        let solution = solution.map_err(|error| {
            let error = unresolved(error, requirements, asker.chain);
            match self.settings.network {
                Network::Online => error,
                Network::Offline => error.offline(),
            }
        })?;
        self.for_all(&solution.packages, |session, package| {
            self.wheel_of(session, asker, package)
        })
    }

    /// Returns what narrows the build requirements of `package`.
    pub(super) fn constraints(&self, package: &PackageName) -> Vec<String> {
        let own = self.settings.constraints_of.get(package);
        let all = self.settings.constraints.iter();
        all.chain(own.into_iter().flatten()).cloned().collect()
    }

    fn wheel_of(
        &self,
        session: &mut IndexSession<'_>,
        asker: Asker<'_>,
        package: &ResolvedPackage,
    ) -> Result<ResolvedWheel, Error> {
        let name = &package.name;
        let file = match &package.source {
            ResolvedSource::File(file) => file,
            ResolvedSource::Url(url) => {
                if let Some(repository) = url.repository() {
                    let built = self.repository_wheel(asker, name, url, &repository)?;
                    return Ok(ResolvedWheel::here(built));
                }
                if let Some(built) = self.folder_wheel(asker, name, url)? {
                    return Ok(ResolvedWheel::here(built));
                }
                return self.direct(session, asker, &direct(url)?, name);
            }
        };
        let page = self.page(session, name)?;
        let listed = page.file(file.filename.as_str());
        // The resolver chose it from this page.
        let listed = listed.ok_or(Error::Interrupted)?;
        let remote = listed.remote();
        if let Some(metadata) = self.metadata.get(&remote.url) {
            self.record(name, listed, &metadata);
        }
        match &file.filename {
            DistributionFilename::Sdist(sdist) => {
                let built = self.nested_wheel(session, asker, &remote, &expected(sdist))?;
                self.record(name, listed, &built.metadata);
                Ok(ResolvedWheel::here(built))
            }
            DistributionFilename::Wheel(wheel) if remote.digests.is_empty() => {
                let wheel = self.direct_wheel(session, asker, &remote, wheel)?;
                Ok(ResolvedWheel::here(wheel))
            }
            DistributionFilename::Wheel(wheel) => Ok(ResolvedWheel {
                name: name.clone(),
                file_name: wheel.clone(),
                digests: remote.digests.clone(),
                place: WheelPlace::Index(remote),
            }),
        }
    }

    /// Takes what is at an address that is required; the resolver has asked for it before.
    fn direct(
        &self,
        session: &mut IndexSession<'_>,
        asker: Asker<'_>,
        remote: &RemoteFile,
        name: &PackageName,
    ) -> Result<ResolvedWheel, Error> {
        let wheel = if let Ok(file_name) = WheelFilename::parse(&remote.name) {
            self.direct_wheel(session, asker, remote, &file_name)?
        } else {
            let name = name.clone();
            let version = None;
            self.nested_wheel(session, asker, remote, &Expected { name, version })?
        };
        Ok(ResolvedWheel::here(wheel))
    }
}

/// Makes an error about build requirements of the resolver's.
fn unresolved(
    error: resolve::Error<Error>,
    requirements: &[String],
    chain: &[PackageName],
) -> Error {
    let source = match error {
        resolve::Error::Candidates(error) => return error,
        resolve::Error::Conflict(conflict) => match cycle(&conflict, chain) {
            Some(names) => return Error::Cycle { names },
            None => resolve::Error::Conflict(conflict),
        },
        resolve::Error::Input(input) => resolve::Error::Input(input),
        resolve::Error::Unanswered(question) => resolve::Error::Unanswered(question),
        resolve::Error::TooComplex { limit } => resolve::Error::TooComplex { limit },
    };
    Error::Requirements {
        requirements: requirements.to_vec(),
        source: source.into(),
    }
}

/// Finds a package that is being built and would have to be built for that.
fn cycle(conflict: &Conflict, chain: &[PackageName]) -> Option<Vec<PackageName>> {
    let mut facts = conflict.beginning.iter().chain(&conflict.end);
    let again = facts.find_map(|fact| {
        if let Fact::Refused {
            package, refusal, ..
        }
        | Fact::NoDirect { package, refusal } = fact
            && *refusal == Refusal::BuildCycle
        {
            return Some(package);
        }
        None
    })?;
    let start = chain.iter().position(|name| name == again)?;
    Some([&chain[start..], std::slice::from_ref(again)].concat())
}
