//! What of a lock is needed where some distributions are there already: on Lambda, on a cluster, in a base image.

use std::collections::{BTreeMap, BTreeSet};

use super::toml_tree::{Table, Value};
use super::{Lock, LockDocument};
use crate::name::{ExtraName, PackageName};

impl LockDocument<'_> {
    /// Takes the packages `provided` out of `lock`, the packages of this document, and those that only they need; returns their
    /// names, in order. `roots` are what the project depends on itself, with the extras of each.
    ///
    /// Markers do not count: what a package needs on any platform stays with it. What is wanted through none of `roots` stays, too.
    pub fn leave_out(
        &self,
        lock: &mut Lock,
        provided: &BTreeSet<PackageName>,
        roots: &[(PackageName, BTreeSet<ExtraName>)],
    ) -> Vec<PackageName> {
        let needs = Needs::of(self);
        let all = needs.reached(roots, &BTreeSet::new());
        let still = needs.reached(roots, provided);
        let is_left_out = |name: &PackageName| {
            provided.contains(name) || all.contains_key(name) && !still.contains_key(name)
        };
        let names = lock.packages.iter().map(|package| package.name.clone());
        let left_out: BTreeSet<PackageName> = names.filter(is_left_out).collect();
        lock.packages
            .retain(|package| !left_out.contains(&package.name));
        left_out.into_iter().collect()
    }
}

/// What each package of a lock needs, in whichever version.
#[derive(Default)]
struct Needs {
    packages: BTreeMap<PackageName, Needed>,
}

#[derive(Default)]
struct Needed {
    always: Vec<(PackageName, BTreeSet<ExtraName>)>,
    /// What one of its extras may bring in.
    optional: Vec<(PackageName, BTreeSet<ExtraName>)>,
    /// The names that each extra brings in.
    extras: BTreeMap<ExtraName, BTreeSet<PackageName>>,
}

impl Needs {
    fn of(document: &LockDocument<'_>) -> Self {
        let mut needs = Self::default();
        let packages = document.table.get("package").and_then(Value::as_array);
        let packages = packages.into_iter().flatten().filter_map(Value::as_table);
        for package in packages {
            if let Some(name) = package.get("name").and_then(Value::as_str) {
                let needed = needs.packages.entry(PackageName::new(name)).or_default();
                needed.add(package);
            }
        }
        needs
    }

    /// Lists what is needed from `roots` on, each with its extras, without going through `cut`.
    fn reached(
        &self,
        roots: &[(PackageName, BTreeSet<ExtraName>)],
        cut: &BTreeSet<PackageName>,
    ) -> BTreeMap<PackageName, BTreeSet<ExtraName>> {
        let mut reached: BTreeMap<PackageName, BTreeSet<ExtraName>> = BTreeMap::new();
        let mut open = roots.to_vec();
        while let Some((name, extras)) = open.pop() {
            if cut.contains(&name) {
                continue;
            }
            let known = reached.get(&name);
            if known.is_some_and(|known| extras.is_subset(known)) {
                continue;
            }
            let known = reached.entry(name.clone()).or_default();
            known.extend(extras);
            if let Some(needed) = self.packages.get(&name) {
                open.extend(needed.with(known));
            }
        }
        reached
    }
}

impl Needed {
    fn add(&mut self, package: &Table<'_>) {
        let dependencies = package.get("dependencies").and_then(Value::as_table);
        for (name, value) in dependencies.into_iter().flat_map(Table::iter) {
            let name = PackageName::new(name);
            let several = value.as_array().map(Vec::as_slice);
            for value in several.unwrap_or(std::slice::from_ref(value)) {
                let table = value.as_table();
                let field = |key: &str| table.and_then(|table| table.get(key));
                let extras = field("extras").into_iter().flat_map(Value::texts);
                let wanted = (name.clone(), extras.map(ExtraName::new).collect());
                if field("optional").and_then(Value::as_bool) == Some(true) {
                    self.optional.push(wanted);
                } else {
                    self.always.push(wanted);
                }
            }
        }
        let extras = package.get("extras").and_then(Value::as_table);
        for (extra, requirements) in extras.into_iter().flat_map(Table::iter) {
            let names = requirements.texts().map(name_of);
            let known = self.extras.entry(ExtraName::new(extra)).or_default();
            known.extend(names);
        }
    }

    fn with(&self, extras: &BTreeSet<ExtraName>) -> Vec<(PackageName, BTreeSet<ExtraName>)> {
        let brought = extras.iter().filter_map(|extra| self.extras.get(extra));
        let brought: BTreeSet<&PackageName> = brought.flatten().collect();
        let optional = self.optional.iter();
        let optional = optional.filter(|(name, _)| brought.contains(name));
        self.always.iter().chain(optional).cloned().collect()
    }
}

/// Returns the name that a requirement such as `b[c] (>=1)` begins with.
fn name_of(requirement: &str) -> PackageName {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let end = requirement.find(|c: char| !is_of_name(c));
    PackageName::new(&requirement[..end.unwrap_or(requirement.len())])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::read_requires::NoFiles;
    use super::*;

    const LOCK: &str = r#"
[[package]]
name = "boto3"
[package.dependencies]
botocore = ">=1"
jmespath = ">=0.7"
[package.extras]
crt = ["botocore[crt] (>=1)"]

[[package]]
name = "botocore"
[package.dependencies]
jmespath = ">=0.7"
urllib3 = [{version = ">=1", markers = "x"}, {version = ">=2"}]
awscrt = {version = "1", optional = true}
[package.extras]
crt = ["awscrt (==1)"]

[[package]]
name = "jmespath"

[[package]]
name = "awscrt"

[[package]]
name = "urllib3"

[[package]]
name = "requests"
[package.dependencies]
urllib3 = ">=1"
Awscrt = {version = "1", optional = true}
[package.extras]
fast = ["awscrt (==1)"]

[metadata]
lock-version = "2.1"
"#;

    #[track_caller]
    fn leaves_out(provided: &[&str], roots: &[(&str, &[&str])], expected: &[&str]) {
        let fields = "version = \"1\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = []";
        let whole = LOCK.lines().map(|line| {
            if line.starts_with("name") {
                format!("{line}\n{fields}\n")
            } else {
                format!("{line}\n")
            }
        });
        let text = whole.collect::<String>().into();
        let document = LockDocument::parse(&text).unwrap();
        let mut lock = document.read(Path::new("/project"), &NoFiles).unwrap();
        let provided = provided.iter().map(|name| PackageName::new(name)).collect();
        let roots = roots.iter().map(|(name, extras)| {
            let extras = extras.iter().map(|extra| ExtraName::new(extra));
            (PackageName::new(name), extras.collect())
        });
        let left_out = document.leave_out(&mut lock, &provided, &roots.collect::<Vec<_>>());
        let left_out: Vec<&str> = left_out.iter().map(PackageName::as_str).collect();
        assert_eq!(left_out, expected);
        assert_eq!(lock.packages.len() + left_out.len(), 6);
    }

    #[test]
    fn what_only_they_need_goes_with_them() {
        let roots: &[(&str, &[&str])] = &[("boto3", &[]), ("requests", &[])];
        leaves_out(&["boto3"], roots, &["boto3", "botocore", "jmespath"]);
        leaves_out(&["botocore"], roots, &["botocore"]);
        leaves_out(&["requests"], roots, &["requests"]);
        leaves_out(&["urllib3"], roots, &["urllib3"]);
        let direct: &[(&str, &[&str])] = &[("boto3", &[]), ("jmespath", &[])];
        leaves_out(&["boto3"], direct, &["boto3", "botocore", "urllib3"]);
    }

    #[test]
    fn extras_need_what_they_bring_in() {
        let with: &[(&str, &[&str])] = &[("botocore", &["crt"]), ("requests", &["fast"])];
        leaves_out(&["botocore"], with, &["botocore", "jmespath"]);
        let without: &[(&str, &[&str])] = &[("botocore", &["crt"]), ("requests", &[])];
        leaves_out(&["botocore"], without, &["awscrt", "botocore", "jmespath"]);
    }
}
