//! The groups and extras that were asked for, where there is a lock and no pyproject.toml.

use std::collections::BTreeSet;

use super::choice::{Choice, DefaultGroups, Request, split_groups};
use super::{Error, Missing};
use crate::name::{ExtraName, GroupName};
use crate::pyproject::{MAIN, Project};

/// What is taken of a lock without its project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockChoice {
    /// The groups and extras.
    pub choice: Choice,
    /// Groups that are left out, and which the project may have for not optional: nobody named them.
    pub left_out: Vec<GroupName>,
}

impl LockChoice {
    /// Works out what `request` means for the lock that `project` was made of.
    ///
    /// A lock does not say which groups are optional. So something has to name them: `only` and `all_groups` leave nothing
    /// open, `with` takes the main group and what it names, and `without` has to leave the main group alone.
    ///
    /// # Errors
    ///
    /// [`Error::GroupsNotNamed`], [`Error::GroupsUndecided`], [`Error::NotInLock`], and those of [`Choice::new`].
    pub fn new(project: &Project, request: &Request) -> Result<Self, Error> {
        let named = |written: &[String]| !written.is_empty();
        let locked = || project.groups.iter().map(|group| group.name.clone());
        let is_decided = request.all_groups || named(&request.only);
        if !is_decided && !named(&request.with) && !named(&request.without) {
            return Err(Error::GroupsNotNamed {
                locked: locked().collect(),
            });
        }
        // One without packages is not in the lock, and nothing is taken of it.
        let is_locked = |group: &GroupName| project.group(group).is_some();
        let without: BTreeSet<GroupName> = split_groups(&request.without)
            .map(GroupName::new)
            .filter(is_locked)
            .collect();
        let request = Request {
            without: without.iter().map(ToString::to_string).collect(),
            ..request.clone()
        };
        let choice = Choice::new(project, &request, DefaultGroups::Main).map_err(in_lock)?;
        let is_open = |group: &GroupName| {
            let is_settled = choice.groups.contains(group) || without.contains(group);
            !is_decided && !is_settled && group.as_str() != MAIN
        };
        let left_out: Vec<GroupName> = locked().filter(is_open).collect();
        if !left_out.is_empty() && !named(&request.with) {
            return Err(Error::GroupsUndecided { groups: left_out });
        }
        Ok(Self { choice, left_out })
    }
}

/// Speaks of the lock instead of the project.
fn in_lock(error: Error) -> Error {
    if let Error::UnknownExtras { unknown, defined } = error {
        return Error::NotInLock {
            what: Missing::Extra,
            unknown: unknown.iter().map(ExtraName::to_string).collect(),
            locked: defined.iter().map(ExtraName::to_string).collect(),
        };
    }
    if let Error::UnknownGroups { unknown, defined } = error {
        return Error::NotInLock {
            what: Missing::Group,
            unknown: unknown.into_iter().map(|unknown| unknown.group).collect(),
            locked: defined.iter().map(GroupName::to_string).collect(),
        };
    }
    error
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::lock::{LockDocument, Text};
    use crate::project_files::Disk;

    const PACKAGE: &str =
        "name = \"a\"\nversion = \"1\"\noptional = false\npython-versions = \"*\"\nfiles = []\n";

    fn choose(request: &Request) -> Result<LockChoice, Error> {
        let text = format!(
            "[[package]]\n{PACKAGE}groups = [\"main\", \"dev\", \"docs\"]\n[extras]\nx = []\n[metadata]\nlock-version = \"2.1\"\n"
        );
        let text = Text::from(text);
        let document = LockDocument::parse(&text).unwrap();
        let lock = document.read(Path::new("/app"), &Disk).unwrap();
        LockChoice::new(&document.project(&lock).unwrap(), request)
    }

    fn request(only: &str, with: &str, without: &str) -> Request {
        let list = |text: &str| match text {
            "" => Vec::new(),
            text => vec![text.to_owned()],
        };
        Request {
            only: list(only),
            with: list(with),
            without: list(without),
            ..Request::default()
        }
    }

    #[track_caller]
    fn takes(request: &Request, groups: &[&str], left_out: &[&str]) {
        let chosen = choose(request).unwrap();
        let names = |names: Vec<&GroupName>| {
            let names = names.into_iter().map(ToString::to_string);
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(chosen.choice.groups.iter().collect()), groups);
        assert_eq!(names(chosen.left_out.iter().collect()), left_out);
    }

    #[test]
    fn named_groups_are_taken() {
        takes(&request("main", "", ""), &["main"], &[]);
        takes(&request("dev,docs", "", ""), &["dev", "docs"], &[]);
        takes(&request("", "dev", ""), &["dev", "main"], &["docs"]);
        takes(&request("", "dev", "docs"), &["dev", "main"], &[]);
        takes(&request("", "dev", "main,docs"), &["dev"], &[]);
        takes(&request("", "", "dev,docs,gone"), &["main"], &[]);
        let all = Request {
            all_groups: true,
            ..Request::default()
        };
        takes(&all, &["dev", "docs", "main"], &[]);
    }

    #[test]
    fn what_the_lock_does_not_settle_is_refused() {
        let refused = |only, with, without| choose(&request(only, with, without)).unwrap_err();
        let groups = |names: &[&str]| names.iter().map(|name| GroupName::new(name)).collect();
        let locked = groups(&["main", "dev", "docs"]);
        assert_eq!(refused("", "", ""), Error::GroupsNotNamed { locked });
        let undecided = Error::GroupsUndecided {
            groups: groups(&["docs"]),
        };
        assert_eq!(refused("", "", "dev"), undecided);
        let unknown = refused("dve", "", "").to_string();
        assert_eq!(unknown, "poetry.lock has no package of the group dve");
    }

    #[test]
    fn extras_are_those_of_the_lock() {
        let extras = |extras: &str| Request {
            extras: vec![extras.to_owned()],
            ..request("main", "", "")
        };
        assert_eq!(choose(&extras("x")).unwrap().choice.extras.len(), 1);
        let unknown = choose(&extras("y")).unwrap_err().to_string();
        assert_eq!(unknown, "poetry.lock has no extra y");
    }
}
