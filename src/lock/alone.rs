//! A lock without its pyproject.toml: what it says of the project by itself.

use std::collections::BTreeSet;
use std::path::Path;

use super::toml_tree::Value;
use super::{Error, Lock, LockDocument};
use crate::name::{GroupName, PackageName};
use crate::pyproject::{Group, MAIN, Project};
use crate::toml_document::TomlDocument;
use crate::version::{Version, VersionConstraint};

impl LockDocument<'_> {
    /// Describes the project of `lock`, the packages of this document, as far as the document does.
    ///
    /// It has the Pythons, extras and groups of the lock. A group without packages is not there, and no group depends on
    /// anything: what the project asks for itself is not in a lock. There are no sources, and it is not a package.
    ///
    /// # Errors
    ///
    /// [`Error::NoGroups`] for locks before version 2.1, [`Error::PythonVersions`].
    pub fn project(&self, lock: &Lock) -> Result<Project, Error> {
        if !lock.has_groups {
            return Err(Error::NoGroups);
        }
        let metadata = self.metadata()?;
        let pythons = metadata.get("python-versions").and_then(Value::as_str);
        let pythons = pythons.unwrap_or("*");
        let python_constraint = VersionConstraint::parse(pythons);
        let version = Version::parse("0");
        let (Ok(python_constraint), Ok(version)) = (python_constraint, version) else {
            return Err(Error::PythonVersions(pythons.to_owned()));
        };
        Ok(Project {
            name: folder_name(&lock.root),
            version,
            is_package: false,
            python_versions: pythons.to_owned(),
            python_constraint,
            groups: groups(lock),
            extras: lock.extras.iter().cloned().collect(),
            sources: Vec::new(),
            warnings: Vec::new(),
            document: TomlDocument::default(),
            root: lock.root.clone(),
        })
    }
}

/// Lists the main group, and the others by name.
fn groups(lock: &Lock) -> Vec<Group> {
    let packages = lock.packages.iter();
    let groups = packages.flat_map(|package| package.groups.iter().map(|(group, _)| group));
    let groups: BTreeSet<&str> = groups.map(GroupName::as_str).collect();
    let others = groups.into_iter().filter(|name| *name != MAIN);
    let names = [MAIN].into_iter().chain(others);
    names.map(|name| Group::new(name, false)).collect()
}

fn folder_name(root: &Path) -> PackageName {
    let name = root.file_name().and_then(|name| name.to_str());
    PackageName::new(name.unwrap_or("project"))
}

#[cfg(test)]
mod tests {
    use super::super::read_requires::NoFiles;
    use super::*;
    use crate::lock::Text;

    fn project(text: &str) -> Result<Project, Error> {
        let text = Text::from(text);
        let document = LockDocument::parse(&text).unwrap();
        let lock = document.read(Path::new("/some.app"), &NoFiles).unwrap();
        document.project(&lock)
    }

    fn lock(version: &str, python: &str) -> String {
        format!(
            "[[package]]\nname = \"a\"\nversion = \"1\"\noptional = false\npython-versions = \"*\"\nfiles = []\n\
             groups = [\"test\", \"Dev\"]\n[extras]\nx = [\"a\"]\n\
             [metadata]\nlock-version = \"{version}\"\npython-versions = \"{python}\"\n"
        )
    }

    #[test]
    fn a_lock_tells_groups_extras_and_pythons() {
        let project = project(&lock("2.1", ">=3.9")).unwrap();
        let groups: Vec<&str> = project
            .groups
            .iter()
            .map(|group| group.name.as_str())
            .collect();
        assert_eq!(groups, ["main", "dev", "test"]);
        assert_eq!(project.extras.len(), 1);
        assert_eq!(project.python_versions, ">=3.9");
        assert_eq!(project.name.as_str(), "some-app");
        assert!(!project.is_package);
    }

    #[test]
    fn older_locks_tell_no_groups() {
        assert_eq!(project(&lock("2.0", "*")).unwrap_err(), Error::NoGroups);
        let fault = project(&lock("2.1", "new")).unwrap_err();
        assert_eq!(fault, Error::PythonVersions("new".to_owned()));
    }
}
