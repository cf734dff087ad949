//! The groups and extras that were asked for, by the rules of Poetry's options.

use std::collections::{BTreeMap, BTreeSet};

use super::Error;
use crate::name::{ExtraName, GroupName};
use crate::pyproject::{MAIN, Project};

/// What was asked for, as it was written: names of groups may be joined by commas, names of extras by spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Groups to take besides those taken anyway.
    pub with: Vec<String>,
    /// Groups to leave out.
    pub without: Vec<String>,
    /// The only groups to take.
    pub only: Vec<String>,
    /// Whether every group is to be taken.
    pub all_groups: bool,
    /// Extras to take.
    pub extras: Vec<String>,
    /// Whether every extra is to be taken.
    pub all_extras: bool,
}

/// The groups that are taken when nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultGroups {
    /// The main group alone, as `poetry export`.
    Main,
    /// Every group that is not optional, as `poetry install`.
    NonOptional,
}

/// The groups and extras to take, all of them known to the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The groups.
    pub groups: BTreeSet<GroupName>,
    /// The extras.
    pub extras: BTreeSet<ExtraName>,
    /// Whether `only` made `with` and `without` count for nothing.
    pub has_ignored_groups: bool,
}

impl Choice {
    /// Works out what `request` means for `project`.
    ///
    /// # Errors
    ///
    /// [`Error::ExtrasAndAllExtras`], [`Error::UnknownExtras`], [`Error::GroupsAndAllGroups`] and [`Error::UnknownGroups`],
    /// in the order in which Poetry finds them.
    pub fn new(
        project: &Project,
        request: &Request,
        default_groups: DefaultGroups,
    ) -> Result<Self, Error> {
        let extras = extras(project, request)?;
        let (groups, has_ignored_groups) = groups(project, request, default_groups)?;
        Ok(Self {
            groups,
            extras,
            has_ignored_groups,
        })
    }
}

fn extras(project: &Project, request: &Request) -> Result<BTreeSet<ExtraName>, Error> {
    if request.all_extras {
        if !request.extras.is_empty() {
            return Err(Error::ExtrasAndAllExtras);
        }
        return Ok(project.extras.keys().cloned().collect());
    }
    let written = request
        .extras
        .iter()
        .flat_map(|text| text.split_whitespace());
    let extras: BTreeSet<ExtraName> = written.map(ExtraName::new).collect();
    let is_unknown = |extra: &&ExtraName| !project.extras.contains_key(*extra);
    let unknown: Vec<ExtraName> = extras.iter().filter(is_unknown).cloned().collect();
    if !unknown.is_empty() {
        return Err(Error::UnknownExtras {
            unknown,
            defined: project.extras.keys().cloned().collect(),
        });
    }
    Ok(extras)
}

fn groups(
    project: &Project,
    request: &Request,
    default_groups: DefaultGroups,
) -> Result<(BTreeSet<GroupName>, bool), Error> {
    let options = [
        ("only", &request.only),
        ("with", &request.with),
        ("without", &request.without),
    ];
    if request.all_groups {
        if options.iter().any(|(_, written)| !written.is_empty()) {
            return Err(Error::GroupsAndAllGroups);
        }
        let names = project.groups.iter().map(|group| group.name.clone());
        return Ok((names.collect(), false));
    }
    check_groups(project, options)?;
    let names = |written| split_groups(written).map(GroupName::new);
    let [only, with, without] =
        options.map(|(_, written)| names(written).collect::<BTreeSet<GroupName>>());
    if !only.is_empty() {
        return Ok((only, !with.is_empty() || !without.is_empty()));
    }
    let mut groups = usual_groups(project, default_groups);
    groups.extend(with);
    groups.retain(|group| !without.contains(group));
    Ok((groups, false))
}

/// Returns the groups that are taken unless others are named.
fn usual_groups(project: &Project, default_groups: DefaultGroups) -> BTreeSet<GroupName> {
    match default_groups {
        DefaultGroups::Main => BTreeSet::from([GroupName::new(MAIN)]),
        DefaultGroups::NonOptional => {
            let groups = project.groups.iter().filter(|group| !group.is_optional);
            groups.map(|group| group.name.clone()).collect()
        }
    }
}

pub(super) fn split_groups(written: &[String]) -> impl Iterator<Item = &str> {
    written
        .iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
}

fn check_groups(
    project: &Project,
    options: [(&'static str, &Vec<String>); 3],
) -> Result<(), Error> {
    let unknown = unknown_groups(project, options);
    if unknown.is_empty() {
        return Ok(());
    }
    let groups = project.groups.iter();
    Err(Error::UnknownGroups {
        unknown,
        defined: groups.map(|group| group.name.clone()).collect(),
    })
}

/// Finds the groups that the project does not have, each with the options that name it.
fn unknown_groups(
    project: &Project,
    options: [(&'static str, &Vec<String>); 3],
) -> Vec<UnknownGroup> {
    let mut unknown: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    for (option, written) in options {
        let is_unknown = |group: &&str| project.group(&GroupName::new(group)).is_none();
        for group in split_groups(written).filter(is_unknown) {
            let options = unknown.entry(group).or_default();
            if !options.contains(&option) {
                options.push(option);
            }
        }
    }
    let unknown = unknown.into_iter().map(|(group, options)| UnknownGroup {
        group: group.to_owned(),
        options,
    });
    unknown.collect()
}

/// A group that a request names and the project does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownGroup {
    /// The group, as written.
    pub group: String,
    /// The parts of the request that name it: `only`, `with`, `without`.
    pub options: Vec<&'static str>,
}
