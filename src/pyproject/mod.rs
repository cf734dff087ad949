//! pyproject.toml, in both dialects: `[tool.poetry]`, and `[project]` with `[dependency-groups]`.
//!
//! The two are read into one shape as poetry-core and Poetry read them ([pyproject.toml specification], PEP 621, 735), with
//! the same faults refused: what would stop Poetry stops us. Metadata that only a built wheel needs is left to whoever builds;
//! the whole document is kept for that.
//!
//! Reading a path dependency asks the disk whether a file or a folder is there, through [`FileSystem`].
//!
//! [pyproject.toml specification]: https://packaging.python.org/en/latest/specifications/pyproject-toml/

mod build_constraints;
mod check;
mod content_hash;
mod dependency;
mod error;
mod git_url;
mod group;
mod position;
mod read_groups;
mod reader;
mod schema;
mod sources;
mod warning;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::name::{ExtraName, GroupName, PackageName};
use crate::toml_document::TomlDocument;
use crate::version::{Version, VersionConstraint};
use check::{check, check_requires_poetry};
use error::toml_error;
use reader::Reader;

pub use dependency::Dependency;
pub(crate) use dependency::{Fields, path_to_url};
pub use error::{Error, MetadataFault};
pub(crate) use git_url::GitUrl;
pub use group::{Group, MAIN};
pub(crate) use position::{merge_conflict, position};
pub use sources::{Priority, ProjectSource};
pub use warning::{PathFault, ProjectWarning};

/// The version of Poetry whose behaviour is followed.
pub const POETRY_VERSION: &str = "2.5.1";

/// What documents ask of the disk.
pub trait FileSystem {
    /// Tells what stands at `path`, links followed.
    fn kind(&self, path: &Path) -> PathKind;

    /// Makes `path` absolute and resolves its links, as far as it exists.
    fn resolve(&self, path: &Path) -> PathBuf;
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// Nothing.
    Missing,
    /// A file.
    File,
    /// A folder.
    Directory,
}

/// What a pyproject.toml says about dependencies.
#[derive(Clone, Debug)]
pub struct Project {
    /// The name, normalized; `non-package-mode` where a project that is no package has none.
    pub name: PackageName,
    /// The version; `0` where a project that is no package has none.
    pub version: Version,
    /// Whether the project is a package that can be built and installed (`package-mode`).
    pub is_package: bool,
    /// The Pythons it supports, as written; `*` when nothing is said.
    pub python_versions: String,
    /// The Pythons it supports.
    pub python_constraint: VersionConstraint,
    /// The groups, in the order in which Poetry creates them.
    pub groups: Vec<Group>,
    /// The names of the packages that each extra brings in.
    pub extras: BTreeMap<ExtraName, Vec<PackageName>>,
    /// The package sources, the first asked first. Never empty.
    pub sources: Vec<ProjectSource>,
    /// What Poetry warns of when it reads the file.
    pub warnings: Vec<ProjectWarning>,
    /// The whole document.
    pub document: TomlDocument,
    /// The folder of the file, absolute.
    pub root: PathBuf,
}

impl Project {
    /// Reads `text`, the pyproject.toml of the folder `root` (absolute).
    ///
    /// # Errors
    ///
    /// Whatever stops Poetry: see [`Error`].
    pub fn parse(text: &str, root: &Path, files: &dyn FileSystem) -> Result<Self, Error> {
        Self::parse_warning(text, root, files, &mut Vec::new())
    }

    /// Reads `text` as [`Project::parse`] does, and adds to `warnings` what Poetry warns of, which it does even if it then fails.
    ///
    /// # Errors
    ///
    /// Whatever stops Poetry: see [`Error`].
    pub fn parse_warning(
        text: &str,
        root: &Path,
        files: &dyn FileSystem,
        warnings: &mut Vec<ProjectWarning>,
    ) -> Result<Self, Error> {
        let parsed = TomlDocument::parse(text).map_err(|error| toml_error(text, &error))?;
        let document = parsed.table();
        let empty = Table::new();
        let tool = document.get("tool").and_then(Value::as_table);
        let tool_poetry = match tool.and_then(|tool| tool.get("poetry")) {
            Some(Value::Table(table)) => table,
            _ => &empty,
        };
        check_requires_poetry(tool_poetry)?;
        check(document, tool_poetry)?;
        let reader = Reader {
            project: document
                .get("project")
                .and_then(Value::as_table)
                .unwrap_or(&empty),
            groups: table_of(document, "dependency-groups").unwrap_or(&empty),
            tool_poetry,
            root,
            files,
            warnings: RefCell::default(),
        };
        let project = reader.read();
        warnings.append(&mut reader.warnings.take());
        let mut project = project?;
        project.warnings.clone_from(warnings);
        project.document = parsed;
        Ok(project)
    }

    /// Finds a group by its name.
    pub fn group(&self, name: &GroupName) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == *name)
    }

    /// Returns what the groups `names` depend on, as Poetry locks it: group by group in the order of the project, each with
    /// what it includes.
    ///
    /// # Errors
    ///
    /// [`Error::DifferentSources`] and [`Error::IncompatibleConstraints`] when `[tool.poetry]` contradicts `[project]`.
    pub fn requirements(&self, names: &BTreeSet<GroupName>) -> Result<Vec<Dependency>, Error> {
        let mut requirements = Vec::new();
        for group in self
            .groups
            .iter()
            .filter(|group| names.contains(&group.name))
        {
            self.add_requirements(group, &mut requirements)?;
        }
        Ok(requirements)
    }

    /// The groups that are included cannot form a circle: [`Project::parse`] refuses that.
    fn add_requirements(
        &self,
        group: &Group,
        requirements: &mut Vec<Dependency>,
    ) -> Result<(), Error> {
        requirements.extend(group.dependencies_for_locking()?);
        let included = group.includes.iter().filter_map(|name| self.group(name));
        for group in included {
            self.add_requirements(group, requirements)?;
        }
        Ok(())
    }

    /// Computes the content hash that a lock of this project bears, as the current Poetry computes it; `None` when a date
    /// stands where no hash can be made of it.
    pub fn content_hash(&self) -> Option<String> {
        content_hash::compute(self.document.table(), content_hash::Groups::Hashed)
    }

    /// Computes the content hash as Poetry did before 2.3.0, which left `[dependency-groups]` out.
    pub fn content_hash_without_groups(&self) -> Option<String> {
        content_hash::compute(self.document.table(), content_hash::Groups::LeftOut)
    }
}

fn table_of<'a>(parent: &'a Table, key: &str) -> Option<&'a Table> {
    parent.get(key).and_then(Value::as_table)
}
