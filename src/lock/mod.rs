//! poetry.lock, read into one shape whatever its version.
//!
//! Poetry has kept files, groups and markers in several ways; versions 1.0, 1.1, 2.0 and 2.1 of the format are read. Nothing
//! is said here about which packages are wanted; that is `select`.
//!
//! Reading goes in two steps, because Poetry looks at the content hash before anything else: [`LockDocument::parse`], then
//! [`LockDocument::read`].

mod alone;
mod error;
mod package_reader;
mod provided;
mod read_requires;
mod text;
mod toml_tree;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::marker::Marker;
use crate::name::{ExtraName, GroupName, PackageName};
use crate::pyproject::{Dependency, FileSystem, Project, position};
use crate::version::{Version, VersionConstraint};
use error::toml_error;
use package_reader::{MetadataFiles, PackageReader};
use toml_tree::{Table, Value};

pub use crate::source::{Location, Source};
pub use error::{Error, LockWarning, PackageFault};
pub use text::Text;

/// A lock, read.
#[derive(Clone, Debug)]
pub struct Lock {
    /// The packages, in the lock's order.
    pub packages: Vec<Package>,
    /// The packages that each extra of the project names (`[extras]`).
    pub extras: Vec<(ExtraName, Vec<PackageName>)>,
    /// Whether the lock tells the groups and markers of each package (version 2.1). For older locks they have to be found by
    /// walking from the project's requirements.
    pub has_groups: bool,
    /// The folder of the lock, absolute.
    pub root: PathBuf,
}

/// One `[[package]]` of a lock.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name, normalized.
    pub name: PackageName,
    /// Its name as written.
    pub written_name: String,
    /// Its version.
    pub version: Version,
    /// The files that the lock lists for it, in the lock's order.
    pub files: Vec<File>,
    /// Where it comes from, when that is not PyPI (or what stands in for PyPI).
    pub source: Option<Source>,
    /// The same with its address in the form that is compared and printed: paths are absolute, git addresses normal.
    pub resolved_source: Option<Source>,
    /// The Pythons it supports, as written.
    pub python_versions: String,
    /// The Pythons it supports.
    pub python_constraint: VersionConstraint,
    /// Whether it was locked only because of extras.
    pub is_optional: bool,
    /// Whether it is to be installed editable.
    pub is_develop: bool,
    /// The groups that want it, each with the marker under which it does (locks of version 2.1).
    pub groups: Vec<(GroupName, Marker)>,
    /// What it depends on (locks before version 2.1; empty else, where nothing depends on it).
    pub requires: Vec<Dependency>,
    /// What its own extras bring in (locks before version 2.1).
    pub extras: Vec<(ExtraName, Vec<Dependency>)>,
}

/// One file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The file's name.
    pub name: Text,
    /// Its digest as the lock writes it, such as `sha256:…`. Any algorithm may stand here.
    pub hash: Text,
}

/// What the version of a lock's format means.
struct FormatVersion {
    has_groups: bool,
    is_newer: bool,
}

/// A lock whose TOML is right; nothing else is known yet.
pub struct LockDocument<'a> {
    text: &'a Text,
    table: Table<'a>,
}

impl<'a> LockDocument<'a> {
    /// Reads the TOML of `text`.
    ///
    /// # Errors
    ///
    /// [`Error::MergeConflict`] and [`Error::Toml`], with the place.
    pub fn parse(text: &'a Text) -> Result<Self, Error> {
        let table = toml_tree::parse(text).map_err(|error| toml_error(text, &error))?;
        Ok(Self { text, table })
    }

    /// Checks that the lock belongs to `project`, by its content hash. Locks made before Poetry 2.3.0 may have left dependency
    /// groups out of it.
    ///
    /// # Errors
    ///
    /// [`Error::Stale`] when it does not, or has no hash.
    pub fn check_freshness(&self, project: &Project) -> Result<(), Error> {
        let metadata = self.metadata().ok();
        let locked = metadata
            .and_then(|metadata| metadata.get("content-hash"))
            .and_then(Value::as_str);
        let current = project.content_hash();
        let is_fresh = locked.is_some()
            && (locked == current.as_deref()
                || self.is_from_before_group_hashes()
                    && locked == project.content_hash_without_groups().as_deref());
        if is_fresh {
            return Ok(());
        }
        let locked = locked.map(str::to_owned);
        Err(Error::Stale { locked, current })
    }

    /// Reads the version of Poetry off the first line, as Poetry does.
    fn is_from_before_group_hashes(&self) -> bool {
        let first = self.text.lines().next().unwrap_or_default();
        let mut words = first.match_indices("Poetry ").map(|(at, name)| {
            let rest = &first[at + name.len()..];
            rest.split(' ').next().unwrap_or_default()
        });
        let word = words.find(|word| !word.is_empty()).unwrap_or_default();
        let versions = (Version::parse(word), Version::parse("2.3.0"));
        matches!(versions, (Ok(made_by), Ok(first)) if made_by < first)
    }

    /// Reads the packages. `root` is the folder of the lock, absolute; relative paths are taken from it.
    ///
    /// # Errors
    ///
    /// All of [`Error`] but those of the other methods.
    pub fn read(&self, root: &Path, files: &dyn FileSystem) -> Result<Lock, Error> {
        let metadata = self.metadata()?;
        let has_groups = self.version(metadata)?.has_groups;
        let mut reader = PackageReader {
            text: self.text,
            metadata: MetadataFiles::new(metadata),
            has_groups,
            root,
            files,
            constraints: HashMap::new(),
            markers: HashMap::new(),
            of_extras: HashMap::new(),
        };
        let tables = self.table.get("package").and_then(Value::as_array);
        let tables = tables.ok_or(Error::NoPackages)?;
        let mut packages = Vec::with_capacity(tables.len());
        for (index, value) in tables.iter().enumerate() {
            let package = match value.as_table() {
                Some(table) => reader.read(table),
                None => Err(PackageFault::Field("name")),
            };
            packages.push(package.map_err(|fault| self.package_error(index, value, fault))?);
        }
        Ok(Lock {
            packages,
            extras: self.extras(),
            has_groups,
            root: root.to_owned(),
        })
    }

    fn metadata(&self) -> Result<&Table<'a>, Error> {
        let metadata = self.table.get("metadata").and_then(Value::as_table);
        metadata.ok_or(Error::NoMetadata)
    }

    /// Returns what Poetry warns of when it reads the lock.
    pub fn warning(&self) -> Option<LockWarning> {
        let version = self.version(self.metadata().ok()?).ok()?;
        version.is_newer.then_some(LockWarning::Newer)
    }

    fn version(&self, metadata: &Table<'_>) -> Result<FormatVersion, Error> {
        let written = metadata.get("lock-version").ok_or(Error::NoVersion)?;
        let written = written.as_str().unwrap_or_default();
        let unknown = || {
            let at = self.text.rfind("lock-version").unwrap_or_default();
            let (line, column) = position(self.text, at);
            Error::UnknownVersion {
                version: written.to_owned(),
                line,
                column,
            }
        };
        let version = Version::parse(written).map_err(|_| unknown())?;
        let parse = |text| Version::parse(text).map_err(|_| unknown());
        if version < parse("1")? || version >= parse("3")? {
            return Err(unknown());
        }
        let last = parse("2.1")?;
        Ok(FormatVersion {
            has_groups: version >= last,
            is_newer: version > last,
        })
    }

    fn extras(&self) -> Vec<(ExtraName, Vec<PackageName>)> {
        let table = self.table.get("extras").and_then(Value::as_table);
        let entries = table.into_iter().flat_map(Table::iter);
        entries
            .map(|(extra, names)| {
                let names = names.texts().map(PackageName::new).collect();
                (ExtraName::new(extra), names)
            })
            .collect()
    }

    fn package_error(&self, index: usize, value: &Value<'_>, fault: PackageFault) -> Error {
        let header = self.text.match_indices("[[package]]").nth(index);
        let name = value.as_table().and_then(|table| table.get("name"));
        Error::Package {
            line: position(self.text, header.map_or(0, |(at, _)| at)).0,
            name: name.and_then(Value::as_str).unwrap_or("?").to_owned(),
            fault,
        }
    }
}

impl Lock {
    /// Returns a lock of no packages, in the folder `root` (absolute).
    pub fn empty(root: &Path) -> Self {
        Self {
            packages: Vec::new(),
            extras: Vec::new(),
            has_groups: true,
            root: root.to_owned(),
        }
    }

    /// Reads `text`, the lock of `project`, checking its content hash first.
    ///
    /// # Errors
    ///
    /// Whatever stops Poetry: see [`Error`].
    pub fn parse(text: &Text, project: &Project, files: &dyn FileSystem) -> Result<Self, Error> {
        let document = LockDocument::parse(text)?;
        document.check_freshness(project)?;
        document.read(&project.root, files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use read_requires::NoFiles;

    const HEAD: &str = "[tool.poetry]\npackage-mode = false\n";
    const PACKAGE: &str = "[[package]]\nname = \"Some.Name\"\nversion = \"1.0\"\noptional = false\npython-versions = \"*\"\n";

    fn read(text: &str) -> Result<Lock, Error> {
        LockDocument::parse(&text.into())?.read(Path::new("/project"), &NoFiles)
    }

    fn lock(version: &str, package: &str) -> String {
        format!("{PACKAGE}{package}\n[metadata]\nlock-version = \"{version}\"\n")
    }

    #[track_caller]
    fn refuses(text: &str, expected: &str) {
        let message = read(text).map(|_| ()).unwrap_err().to_string();
        assert_eq!(message, expected);
    }

    #[track_caller]
    fn files(text: &str, expected: &[(&str, &str)]) {
        let lock = read(text).unwrap();
        let files = lock.packages[0].files.iter();
        let files: Vec<_> = files
            .map(|file| (file.name.as_str(), file.hash.as_str()))
            .collect();
        assert_eq!(files, expected);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        refuses(
            "[metadata]\nname = \"é\" oops\n",
            "poetry.lock is not valid TOML: line 2, column 12: unexpected key or value, expected newline, `#`",
        );
        refuses(
            "[metadata]\n<<<<<<< HEAD\nx = true\n=======\n>>>>>>> other\n",
            "poetry.lock has a merge conflict: line 2, column 1",
        );
        let unknown = read("package = []\n[metadata]\nlock-version = \"9.0\"\n").unwrap_err();
        assert!(matches!(
            unknown,
            Error::UnknownVersion {
                line: 3,
                column: 1,
                ..
            }
        ));
    }

    #[test]
    fn missing_parts_are_told() {
        refuses(
            "package = []\n",
            "The lock file does not have a metadata entry.\nRegenerate the lock file with the `poetry lock` command.",
        );
        refuses(
            "package = []\n[metadata]\n",
            "The lock file is not compatible with the current version of Poetry.\nRegenerate the lock file with the `poetry lock` command.",
        );
        refuses(
            "[metadata]\nlock-version = \"2.1\"\n",
            "poetry.lock has no `package`",
        );
        refuses(
            &lock("2.1", "files = []"),
            "poetry.lock, line 1: the package `Some.Name` has no valid `groups`",
        );
        refuses(
            &format!("# first\n{}", lock("2.0", "")),
            "poetry.lock, line 2: the package `Some.Name` has no valid `files`",
        );
    }

    #[test]
    fn files_are_read_from_all_places_that_held_them() {
        files(
            &lock("2.0", "files = [{file = \"a\", hash = \"sha256:b\"}]"),
            &[("a", "sha256:b")],
        );
        let of_1_1 =
            lock("1.1", "") + "[metadata.files]\n\"Some.Name\" = [{file = \"a\", hash = \"c\"}]\n";
        files(&of_1_1, &[("a", "c")]);
        let of_1_0 = lock("1.0", "") + "[metadata.hashes]\n\"Some.Name\" = [\"d\"]\n";
        files(&of_1_0, &[("d", "d")]);
    }

    #[test]
    fn a_package_from_a_file_has_that_file_alone() {
        let package = "[package.source]\ntype = \"file\"\nurl = \"vendor/b.whl\"\n";
        let text = lock("1.1", package)
            + "[metadata.files]\n\"Some.Name\" = [{file = \"a.whl\", hash = \"x\"}, {file = \"b.whl\", hash = \"y\"}]\n";
        files(&text, &[("b.whl", "y")]);
    }

    #[test]
    fn each_group_has_its_marker() {
        let package = "files = []\ngroups = [\"main\", \"Dev\"]\nmarkers = {Dev = \"os_name == \\\"nt\\\"\"}\n";
        let lock = read(&lock("2.1", package)).unwrap();
        let groups = lock.packages[0].groups.iter();
        let groups: Vec<_> = groups
            .map(|(group, marker)| (group.as_str(), marker.to_string()))
            .collect();
        let expected = [
            ("main", String::new()),
            ("dev", "os_name == \"nt\"".to_owned()),
        ];
        assert_eq!(groups, expected);
    }

    #[test]
    fn dependencies_of_older_locks_are_read_whatever_their_form() {
        let package = concat!(
            "files = []\n[package.dependencies]\na = \">=1\"\nb = {version = \"*\", optional = true}\n",
            "c = [{version = \"<2\"}, {version = \">=2\"}]\n[package.extras]\nx = [\"b (>=1)\", \"d[e,f] (>=1,<2)\"]\n"
        );
        let lock = read(&lock("2.0", package)).unwrap();
        let package = &lock.packages[0];
        let requires: Vec<_> = package.requires.iter().map(Dependency::describe).collect();
        assert_eq!(requires, ["a (>=1)", "b", "c (<2)", "c (>=2)"]);
        let extra: Vec<_> = package.extras[0]
            .1
            .iter()
            .map(Dependency::describe)
            .collect();
        assert_eq!(extra, ["b (>=1)", "d[e,f] (>=1,<2)"]);
    }

    #[track_caller]
    fn fresh(first_line: &str, pyproject: &str, content_hash: &str, expected: bool) {
        let project = Project::parse(pyproject, Path::new("/project"), &NoFiles).unwrap();
        let text = format!("{first_line}\n[metadata]\ncontent-hash = \"{content_hash}\"\n");
        let text = Text::from(text);
        let document = LockDocument::parse(&text).unwrap();
        assert_eq!(document.check_freshness(&project).is_ok(), expected);
    }

    #[test]
    fn only_old_locks_may_leave_dependency_groups_out_of_the_hash() {
        // Both hashes are Poetry's own for this project.
        const WITH: &str = "5b0891bf0467bf6c8b3d0e3c6af1d6f11080a99058b75bc3bee83cee4e04f1ff";
        const WITHOUT: &str = "115cf985d932e9bf5f540555bbdd75decbb62cac81e399375fc19f6277f8c1d8";
        let project = format!("{HEAD}[dependency-groups]\ndev = [\"pytest\"]\n");
        let by = |version: &str| {
            format!("# This file is automatically generated by Poetry {version} and so on")
        };
        fresh(&by("2.3.0"), &project, WITH, true);
        fresh(&by("2.3.0"), &project, WITHOUT, false);
        fresh(&by("2.2.1"), &project, WITH, true);
        fresh(&by("2.2.1"), &project, WITHOUT, true);
        fresh("# no version", &project, WITHOUT, false);
        fresh(&by("2.3.0"), &project, "", false);
    }
}
