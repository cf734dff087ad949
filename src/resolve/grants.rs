//! Which projects' pre-releases and yanked releases are candidates, as pip has it.
//!
//! pip decides again whenever it has collected more requirements on a project: pre-releases count when one of them names a
//! pre-release, or when nothing else satisfies all of them; a yanked release when one of them pins it. A solver that
//! learns from dead ends must not have its ground shift while it thinks, so here the rules are fixed for each run: what a
//! requirement that is met on the way calls for is granted, and the run starts again; at the end each such release that
//! was chosen must be called for by the requirements that were met in the end, or the grant is withdrawn, for good.

use std::collections::{BTreeMap, BTreeSet};

use pubgrub::VersionSet;

use super::dependency::DependencySpecifier;
use super::project::{KnownProject, Leave, Prereleases, Release};
use super::release_set::ReleaseSet;
use crate::name::PackageName;

/// What was granted, and what was withdrawn.
#[derive(Debug, Default)]
pub(super) struct Grants {
    granted: BTreeMap<PackageName, Leave>,
    /// The most that a project may be granted again.
    limits: BTreeMap<PackageName, Prereleases>,
    without_yanked: BTreeSet<PackageName>,
}

impl Grants {
    /// The rules for one project.
    pub(super) fn leave(&self, name: &PackageName) -> Leave {
        let granted = self.granted.get(name).copied().unwrap_or_default();
        let limit = self.limits.get(name).copied();
        Leave {
            prereleases: granted.prereleases.min(limit.unwrap_or(Prereleases::Equal)),
            has_yanked: granted.has_yanked && !self.without_yanked.contains(name),
        }
    }

    /// Grants what `dependency` on `project` calls for; tells whether that changed the rules.
    pub(super) fn grant(
        &mut self,
        dependency: &DependencySpecifier,
        project: &KnownProject,
    ) -> bool {
        let name = &dependency.name;
        let before = self.leave(name);
        let set = project.matching(&dependency.specifiers);
        let wanted = Leave {
            prereleases: wanted_prereleases(dependency, project, &set, before),
            has_yanked: wants_yanked(dependency, project, &set, before),
        };
        self.raise(name, wanted);
        self.leave(name) != before
    }

    /// Grants the pre-releases of a project where nothing else in `set` is left; tells whether that changed the rules.
    pub(super) fn grant_rest(
        &mut self,
        name: &PackageName,
        project: &KnownProject,
        set: &ReleaseSet,
    ) -> bool {
        let before = self.leave(name);
        let is_there =
            before.prereleases == Prereleases::Never && has_prerelease(project, set, before);
        if is_there {
            self.raise(
                name,
                Leave {
                    prereleases: Prereleases::Last,
                    has_yanked: false,
                },
            );
        }
        self.leave(name) != before
    }

    fn raise(&mut self, name: &PackageName, wanted: Leave) {
        let granted = self.granted.entry(name.clone()).or_default();
        granted.prereleases = granted.prereleases.max(wanted.prereleases);
        granted.has_yanked |= wanted.has_yanked;
    }

    /// Withdraws what made `release` a candidate when none of the requirements that chose it calls for it; tells whether
    /// it did.
    pub(super) fn withdraw(
        &mut self,
        release: &Release,
        project: &KnownProject,
        dependencies: &[&DependencySpecifier],
    ) -> bool {
        let Some(first) = dependencies.first() else {
            return false;
        };
        let name = &first.name;
        let before = self.leave(name);
        let pins = |one: &&DependencySpecifier| one.specifiers.is_pinned();
        if release.is_yanked() && !dependencies.iter().any(pins) && !project.constraint.is_pinned()
        {
            self.without_yanked.insert(name.clone());
        } else if release.is_unstable() && !is_called_for(project, dependencies, before) {
            let lower = match before.prereleases {
                Prereleases::Equal => Prereleases::Last,
                Prereleases::Last | Prereleases::Never => Prereleases::Never,
            };
            self.limits.insert(name.clone(), lower);
        }
        self.leave(name) != before
    }
}

/// Tells whether a pre-release may be chosen for `dependencies` together.
fn is_called_for(
    project: &KnownProject,
    dependencies: &[&DependencySpecifier],
    leave: Leave,
) -> bool {
    if project.constraint.names_prerelease() {
        return true;
    }
    let mut set = ReleaseSet::full();
    for dependency in dependencies {
        if dependency.specifiers.names_prerelease() || dependency.url.is_some() {
            return true;
        }
        set = set.intersection(&project.matching(&dependency.specifiers));
    }
    !has_stable(project, &set, leave)
}

fn wanted_prereleases(
    dependency: &DependencySpecifier,
    project: &KnownProject,
    set: &ReleaseSet,
    leave: Leave,
) -> Prereleases {
    if !has_prerelease(project, set, leave) {
        return Prereleases::Never;
    }
    if dependency.specifiers.names_prerelease() || project.constraint.names_prerelease() {
        return Prereleases::Equal;
    }
    if has_stable(project, set, leave) {
        return Prereleases::Never;
    }
    Prereleases::Last
}

fn wants_yanked(
    dependency: &DependencySpecifier,
    project: &KnownProject,
    set: &ReleaseSet,
    leave: Leave,
) -> bool {
    if !dependency.specifiers.is_pinned() && !project.constraint.is_pinned() {
        return false;
    }
    let every = Leave {
        has_yanked: true,
        ..leave
    };
    let with_yanked = project.ranked(set, every, None);
    let mut releases = with_yanked
        .iter()
        .filter_map(|number| project.release(*number));
    !with_yanked.is_empty() && releases.all(Release::is_yanked)
}

fn has_stable(project: &KnownProject, set: &ReleaseSet, leave: Leave) -> bool {
    has(project, set, leave, |release| !release.is_unstable())
}

fn has_prerelease(project: &KnownProject, set: &ReleaseSet, leave: Leave) -> bool {
    has(project, set, leave, Release::is_unstable)
}

/// Tells whether there is a release of one kind in `set` that nothing but its kind speaks against.
fn has(
    project: &KnownProject,
    set: &ReleaseSet,
    leave: Leave,
    is_kind: impl Fn(&Release) -> bool,
) -> bool {
    let every = Leave {
        prereleases: Prereleases::Equal,
        ..leave
    };
    let mut releases = project.numbered();
    releases.any(|(number, release)| {
        set.contains(&number) && is_kind(release) && release.refusal(every).is_none()
    })
}
