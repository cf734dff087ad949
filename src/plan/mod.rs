//! The plan: what an environment lacks, and where each missing distribution comes from. Pure.
//!
//! Which file of a package is taken is what Poetry's `Chooser` takes, and what happens to what is installed is what its
//! `Transaction` does (Poetry 2.5): the same version from the same kind of place stays, anything else is replaced; what the
//! lock does not have, or does not have for this choice of groups and this target, is removed only when asked for.

mod choose;
mod distribution;
mod explain;
mod installed;
mod needs_build;
mod policy;
mod refused;
mod sources;
mod unlisted;

use std::collections::{BTreeMap, BTreeSet};

use crate::digest::Digest;
use crate::installed::{Installed, InstalledDistribution};
use crate::lock::Package;
use crate::name::{GroupName, PackageName};
use crate::pyproject::ProjectSource;
use crate::target::Target;
use crate::version::Version;

pub use distribution::{Distribution, DistributionId, Form, GitOrigin, IndexSource, Origin};
pub use installed::{InstalledDifference, difference, installed_from, project_difference};
pub use needs_build::{Builds, SourceCode};
pub use policy::PackagePolicy;
pub use refused::{Reason, Refused};
pub use sources::{SourceFault, index_source, index_sources};
pub use unlisted::{UnlistedPackage, unlisted, with_completed};

/// One change to an environment.
#[derive(Clone, Debug)]
pub enum Action {
    /// Put in what is not there.
    Install(Distribution),
    /// Put in another version or file of what is there.
    Replace {
        /// What is there.
        from: InstalledDistribution,
        /// What shall be there.
        to: Distribution,
    },
    /// Take out what the lock does not have.
    Remove(InstalledDistribution),
    /// Leave as it is.
    Keep(InstalledDistribution),
}

/// Every change that an environment needs, ordered by name.
///
/// No name occurs twice, unless an environment holds a package twice: then it is removed as often as it is there too often,
/// and replaced. So removals have to come before all else.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    actions: Vec<Action>,
}

/// A package that shall be in the environment.
#[derive(Clone, Copy, Debug)]
pub struct WantedPackage<'a> {
    /// The package, of the lock.
    pub package: &'a Package,
    /// Whether the project itself asks for it.
    pub is_requested: bool,
}

/// What else a plan depends on.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// The project's own name; its distribution is never removed.
    pub project: Option<PackageName>,
    /// Whether what is installed and not wanted is removed (`--sync`). pip stays, as with Poetry.
    pub removes_others: bool,
    /// Whether directory dependencies that are not there yet are left out (`--no-directory`).
    pub skips_directories: bool,
    /// Whether directory dependencies that the lock calls editable shall be (`--editable`).
    pub is_editable: bool,
    /// Whether source distributions and repositories may be planned.
    pub builds: Builds,
    /// The packages that a wheel was built for already, so that nothing has to be built where that may not be.
    pub built: BTreeSet<PackageName>,
    /// The sources of the project, which say where a source of the lock is; `None` when there is no project to ask.
    pub sources: Option<Vec<ProjectSource>>,
    /// The packages that are installed again although they are there as locked, for files of theirs are missing.
    pub reinstalls: BTreeSet<PackageName>,
    /// The packages that no wheel is taken for (`POETRY_INSTALLER_NO_BINARY`).
    pub no_binary: PackagePolicy,
    /// The packages that nothing but a wheel is taken for (`POETRY_INSTALLER_ONLY_BINARY`).
    pub only_binary: PackagePolicy,
    /// Whether MD5 and SHA-1 count for files of which the lock has nothing better.
    pub weak_hashes: WeakHashes,
}

/// Whether a digest counts for which other files can be made on purpose: MD5 and SHA-1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeakHashes {
    /// A file with no better digest is an error.
    #[default]
    Refused,
    /// Where there is no better digest, as in Poetry.
    Allowed,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No file of a package fits.
    #[error("no file of `{name}` {version} can be installed on {target}")]
    NoUsableFile {
        /// The package.
        name: PackageName,
        /// The locked version.
        version: Version,
        /// The target, in words.
        target: String,
        /// Its version of Python, such as 3.13.
        python: Option<(u32, u32)>,
        /// Every file of the lock, with the reason against it.
        refused: Vec<Refused>,
    },
    /// What would be installed has to be built first, and that is refused ([`Builds`]).
    #[error("`{name}` {version} has to be built from {source_code}")]
    NeedsBuild {
        /// The package.
        name: PackageName,
        /// The locked version.
        version: Version,
        /// What it would be built from.
        source_code: SourceCode,
        /// Every file of the lock that is not taken, with the reason against it.
        refused: Vec<Refused>,
    },
    /// The file that fits has no digest that proves it.
    #[error("{}", no_digest(file, weak))]
    NoDigest {
        /// The package.
        name: PackageName,
        /// The file.
        file: String,
        /// The weak digests that there are.
        weak: Vec<Digest>,
    },
    /// The source of a package lacks something.
    #[error("the source of `{name}` in poetry.lock has no {lacks}")]
    Source {
        /// The package.
        name: PackageName,
        /// What it lacks.
        lacks: &'static str,
    },
    /// A source of the lock is not one of the project.
    #[error("poetry.lock and pyproject.toml do not agree on the source `{index}`")]
    WrongSource {
        /// The packages that are locked from it.
        packages: Vec<PackageName>,
        /// The name of the source, as the lock has it.
        index: String,
        /// In which way.
        fault: SourceFault,
    },
    /// Two versions of one package are wanted at once.
    #[error("versions {} and {} of `{name}` are both required", versions.0, versions.1)]
    Twice {
        /// The package.
        name: PackageName,
        /// The versions.
        versions: (Version, Version),
        /// Whether one group wants both here, whatever extras are chosen: then the lock contradicts itself.
        is_in_one_group: bool,
    },
    /// Several packages cannot be installed.
    #[error("{} packages cannot be installed", .0.len())]
    Several(Vec<Error>),
}

/// Plans what has to happen so that every one of `wanted` is in the environment that holds `installed`.
///
/// What is there with the same version, and for direct origins from the same place, stays, whatever file it came from. For
/// anything else the file is chosen among those that the lock lists.
///
/// # Errors
///
/// Every package that cannot be planned for: alone, or together in [`Error::Several`].
pub fn plan(
    wanted: &[WantedPackage<'_>],
    target: &Target,
    installed: &Installed,
    options: &PlanOptions,
) -> Result<Plan, Error> {
    let mut present = by_name(installed);
    let mut actions = Vec::new();
    let mut errors = Vec::new();
    for wanted in unique(wanted, target, &mut errors) {
        let there = present.remove(&wanted.package.name).unwrap_or_default();
        match plan_one(*wanted, &there, target, options) {
            Ok(planned) => actions.extend(planned),
            Err(error) => errors.push(error),
        }
    }
    if options.removes_others {
        let others = present
            .into_iter()
            .filter(|(name, _)| !stays(name, options));
        let others = others.flat_map(|(_, there)| there.into_iter().cloned());
        actions.extend(others.map(Action::Remove));
    }
    actions.sort_by(|one, other| one.name().cmp(other.name()));
    let mut errors = sources::joined(errors);
    match errors.len() {
        0 => Ok(Plan::new(actions)),
        1 => Err(errors.remove(0)),
        _ => Err(Error::Several(errors)),
    }
}

impl Action {
    /// Returns the name of the package.
    pub fn name(&self) -> &PackageName {
        match self {
            Self::Install(distribution) => &distribution.name,
            Self::Replace { to, .. } => &to.name,
            Self::Remove(installed) | Self::Keep(installed) => &installed.name,
        }
    }

    /// Returns the distribution that comes in, if one does.
    pub fn distribution(&self) -> Option<&Distribution> {
        match self {
            Self::Install(new) | Self::Replace { to: new, .. } => Some(new),
            Self::Remove(_) | Self::Keep(_) => None,
        }
    }
}

impl Plan {
    /// Makes a plan of `actions`, in the order in which they are given, and numbers their distributions.
    pub fn new(actions: Vec<Action>) -> Self {
        let mut plan = Self::default();
        for action in actions {
            plan.push(action);
        }
        plan
    }

    /// Adds an action as the last one.
    pub fn push(&mut self, mut action: Action) {
        match &mut action {
            Action::Install(new) | Action::Replace { to: new, .. } => {
                new.set_id(DistributionId::new(self.actions.len()));
            }
            Action::Remove(_) | Action::Keep(_) => {}
        }
        self.actions.push(action);
    }

    /// Returns the changes, in order.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Lists the distributions that come in, in order.
    pub fn distributions(&self) -> impl Iterator<Item = &Distribution> {
        self.actions.iter().filter_map(Action::distribution)
    }

    /// Returns the distribution with this id; `None` when the plan has no such distribution.
    pub fn distribution(&self, id: DistributionId) -> Option<&Distribution> {
        self.actions.get(id.position())?.distribution()
    }

    /// Tells whether the environment is as it shall be.
    pub fn is_nothing_to_do(&self) -> bool {
        let is_kept = |action: &Action| matches!(action, Action::Keep(_));
        self.actions.iter().all(is_kept)
    }
}

fn by_name(installed: &Installed) -> BTreeMap<PackageName, Vec<&InstalledDistribution>> {
    let mut present: BTreeMap<PackageName, Vec<&InstalledDistribution>> = BTreeMap::new();
    for distribution in &installed.distributions {
        let there = present.entry(distribution.name.clone()).or_default();
        there.push(distribution);
    }
    present
}

/// Passes each name once.
fn unique<'a>(
    wanted: &'a [WantedPackage<'a>],
    target: &Target,
    errors: &mut Vec<Error>,
) -> Vec<&'a WantedPackage<'a>> {
    let mut first: BTreeMap<&PackageName, &WantedPackage<'_>> = BTreeMap::new();
    for one in wanted {
        let name = &one.package.name;
        if let Some(other) = first.insert(name, one) {
            errors.push(Error::Twice {
                name: name.clone(),
                versions: (other.package.version.clone(), one.package.version.clone()),
                is_in_one_group: are_in_one_group(other.package, one.package, target),
            });
        }
    }
    first.into_values().collect()
}

/// Tells whether a group wants both packages on `target` without any extra.
fn are_in_one_group(one: &Package, other: &Package, target: &Target) -> bool {
    let environment = &target.marker_environment;
    let is_wanted = |package: &Package, name: &GroupName| {
        let mut groups = package.groups.iter();
        groups.any(|(group, marker)| group == name && marker.evaluate(environment, &[]))
    };
    let mut names = one.groups.iter().map(|(group, _)| group);
    names.any(|group| is_wanted(one, group) && is_wanted(other, group))
}

fn plan_one(
    wanted: WantedPackage<'_>,
    there: &[&InstalledDistribution],
    target: &Target,
    options: &PlanOptions,
) -> Result<Vec<Action>, Error> {
    let package = wanted.package;
    if let [only] = there
        && !options.reinstalls.contains(&package.name)
        && installed::is_as_locked(only, package, options)
    {
        return Ok(vec![Action::Keep((*only).clone())]);
    }
    if there.is_empty() && options.skips_directories && choose::is_directory(package) {
        return Ok(Vec::new());
    }
    let distribution = distribution(wanted, target, options)?;
    let Some((first, too_many)) = there.split_first() else {
        return Ok(vec![Action::Install(distribution)]);
    };
    let too_many = too_many.iter();
    let removals = too_many.map(|other| Action::Remove((*other).clone()));
    let replacement = Action::Replace {
        from: (*first).clone(),
        to: distribution,
    };
    Ok(removals.chain([replacement]).collect())
}

fn distribution(
    wanted: WantedPackage<'_>,
    target: &Target,
    options: &PlanOptions,
) -> Result<Distribution, Error> {
    let package = wanted.package;
    let chosen = choose::choose(package, target, options)?;
    let make = |origin, form, next_best| Distribution {
        id: DistributionId::default(),
        name: package.name.clone(),
        version: package.version.clone(),
        origin,
        form,
        is_requested: wanted.is_requested,
        next_best,
    };
    let mut next_best = None;
    for (origin, form) in chosen.others.into_iter().rev() {
        next_best = Some(Box::new(make(origin, form, next_best)));
    }
    let distribution = make(chosen.origin, chosen.form, next_best);
    if !options.built.contains(&package.name) {
        needs_build::refuse(&distribution, options.builds)?;
    }
    Ok(distribution)
}

/// What `poetry sync` leaves though the lock does not have it.
fn stays(name: &PackageName, options: &PlanOptions) -> bool {
    name.as_str() == "pip" || options.project.as_ref() == Some(name)
}

fn no_digest(file: &str, weak: &[Digest]) -> String {
    match weak.first() {
        Some(weak) => format!(
            "poetry.lock has only a {} digest of `{file}`, which other files can be made to have",
            weak.algorithm().name()
        ),
        None => format!("poetry.lock has no digest of `{file}` that is known"),
    }
}
