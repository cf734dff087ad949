//! `[build-system]` of pyproject.toml ([PEP 518], [PEP 517]): what a build requires and which backend does it.
//!
//! [PEP 517]: https://peps.python.org/pep-0517/#source-trees
//! [PEP 518]: https://peps.python.org/pep-0518/#build-system-table

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::{Error, SystemFault};
use crate::requirement::Requirement;

/// What builds a project that does not say: setuptools, as if setup.py were run.
const LEGACY_BACKEND: &str = "setuptools.build_meta:__legacy__";

/// The first setuptools with that backend. It asks for `wheel` itself where it is too old to do without.
const LEGACY_REQUIREMENT: &str = "setuptools>=40.8.0";

/// What Poetry builds the root project with where that names no backend.
const POETRY_BACKEND: &str = "poetry.core.masonry.api";

/// Which backend builds a project, and what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildSystem {
    requires: Vec<String>,
    module: String,
    /// The attributes that lead from the module to the backend.
    object: Vec<String>,
    backend_path: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "build-system")]
    build_system: Option<Value>,
    #[serde(default)]
    tool: Table,
}

impl BuildSystem {
    /// Reads pyproject.toml of the source tree in `tree`.
    ///
    /// Without such a file, and without the table in it, setuptools builds the project. But one that has `[tool.poetry]` and no
    /// setup.py is built by poetry-core, as Poetry builds it: setuptools would find nothing in it.
    ///
    /// # Errors
    ///
    /// [`Error::NoProject`] when there is neither pyproject.toml nor setup.py, [`Error::Pyproject`] when the file is not TOML,
    /// [`Error::BuildSystem`] when the table is not right.
    pub fn read(tree: &Path) -> Result<Self, Error> {
        let path = tree.join("pyproject.toml");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == ErrorKind::NotFound => {
                return if tree.join("setup.py").exists() {
                    Ok(Self::legacy())
                } else {
                    Err(Error::NoProject(tree.to_owned()))
                };
            }
            Err(cause) => return Err(Error::io("read", &path)(cause)),
        };
        let document: Document = toml::from_str(&text).map_err(|source| Error::Pyproject {
            path: path.clone(),
            source: source.into(),
        })?;
        let system = match document.build_system {
            None if document.tool.contains_key("poetry") && !tree.join("setup.py").exists() => {
                Ok(Self::poetry_core())
            }
            None => Ok(Self::legacy()),
            Some(table) => Self::of(&table),
        };
        let system = system.and_then(|system| system.checked_in(tree));
        system.map_err(|fault| Error::BuildSystem { path, fault })
    }

    /// Returns poetry-core, which is what Poetry builds the root project with where that names no backend; with setuptools, which
    /// its build script can then use.
    pub fn poetry_core() -> Self {
        Self::named(&["poetry-core", "setuptools"], POETRY_BACKEND)
    }

    /// Returns the requirements of the build as they are written. The backend may ask for more.
    pub fn requires(&self) -> &[String] {
        &self.requires
    }

    /// Returns the backend, such as `hatchling.build` or `setuptools.build_meta:__legacy__`.
    pub fn backend(&self) -> String {
        let object = self.object.join(".");
        if object.is_empty() {
            self.module.clone()
        } else {
            format!("{}:{object}", self.module)
        }
    }

    /// Tells whether setuptools builds it as what names no backend.
    pub fn is_setuptools(&self) -> bool {
        self.backend() == LEGACY_BACKEND
    }

    /// Returns the module of the backend.
    pub(super) fn module(&self) -> &str {
        &self.module
    }

    pub(super) fn object(&self) -> &[String] {
        &self.object
    }

    /// Returns the folders in the tree that the backend is imported from, relative to it.
    pub fn backend_path(&self) -> &[PathBuf] {
        &self.backend_path
    }

    fn legacy() -> Self {
        Self::named(&[LEGACY_REQUIREMENT], LEGACY_BACKEND)
    }

    fn named(requirements: &[&str], backend: &str) -> Self {
        let mut system = Self {
            requires: requirements.iter().map(ToString::to_string).collect(),
            module: String::new(),
            object: Vec::new(),
            backend_path: Vec::new(),
        };
        system.set_backend(backend);
        system
    }

    /// A table that names no backend is built by setuptools, with what the table requires.
    fn of(table: &Value) -> Result<Self, SystemFault> {
        let table = table.as_table().ok_or(SystemFault::NotATable)?;
        let requires = table.get("requires").ok_or(SystemFault::NoRequires)?;
        let requires = texts(requires, "requires")?;
        for requirement in &requires {
            Requirement::parse(requirement)?;
        }
        let backend = match table.get("build-backend") {
            None => LEGACY_BACKEND,
            Some(backend) => backend.as_str().ok_or(SystemFault::Backend)?,
        };
        if !is_object_reference(backend) {
            return Err(SystemFault::Backend);
        }
        let backend_path = table.get("backend-path");
        let backend_path = backend_path.map(|paths| texts(paths, "backend-path"));
        let backend_path = backend_path.transpose()?.unwrap_or_default();
        let mut system = Self {
            requires,
            module: String::new(),
            object: Vec::new(),
            backend_path: backend_path.into_iter().map(PathBuf::from).collect(),
        };
        system.set_backend(backend);
        Ok(system)
    }

    fn set_backend(&mut self, backend: &str) {
        let (module, object) = backend.split_once(':').unwrap_or((backend, ""));
        let names = object.split('.').filter(|name| !name.is_empty());
        module.clone_into(&mut self.module);
        self.object = names.map(str::to_owned).collect();
    }

    /// Checks that the backend's folders are in the tree, by their text and through links.
    fn checked_in(self, tree: &Path) -> Result<Self, SystemFault> {
        let root = fs::canonicalize(tree).unwrap_or_else(|_| tree.to_owned());
        for path in &self.backend_path {
            let is_outside = leads_up(path)
                || fs::canonicalize(root.join(path)).is_ok_and(|path| !path.starts_with(&root));
            if is_outside {
                return Err(SystemFault::BackendPath(path.clone()));
            }
        }
        Ok(self)
    }
}

fn texts(value: &Value, key: &'static str) -> Result<Vec<String>, SystemFault> {
    let values = value.as_array();
    let texts = values.and_then(|values| {
        let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
        texts.collect::<Option<Vec<_>>>()
    });
    texts.ok_or(SystemFault::NotTexts { key })
}

fn is_object_reference(text: &str) -> bool {
    let is_identifier = |name: &str| {
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        !name.is_empty() && name.chars().all(is_part)
    };
    let is_dotted = |text: &str| text.split('.').all(is_identifier);
    match text.split_once(':') {
        None => is_dotted(text),
        Some((module, object)) => is_dotted(module) && is_dotted(object),
    }
}

/// Tells whether a path is absolute or leaves the folder it is joined to.
fn leads_up(path: &Path) -> bool {
    let mut depth = 0;
    for component in path.components() {
        depth += match component {
            Component::Normal(_) => 1,
            Component::CurDir => 0,
            Component::ParentDir => -1,
            Component::RootDir | Component::Prefix(_) => return true,
        };
        if depth < 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pyproject: &str) -> Result<BuildSystem, Error> {
        let tree = tempfile::tempdir().unwrap();
        fs::write(tree.path().join("pyproject.toml"), pyproject).unwrap();
        BuildSystem::read(tree.path())
    }

    #[track_caller]
    fn refuses(table: &str, expected: &str) {
        let error = read(&format!("[build-system]\n{table}")).unwrap_err();
        let Error::BuildSystem { fault, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(fault.to_string(), expected);
    }

    #[test]
    fn the_table_names_requirements_and_backend() {
        let system = read(
            "[build-system]\nrequires = [\"hatchling>=1\"]\nbuild-backend = \"hatchling.build\"",
        )
        .unwrap();
        assert_eq!(system.requires(), ["hatchling>=1"]);
        assert_eq!(system.backend(), "hatchling.build");
        let system = read(
            "[build-system]\nrequires = []\nbuild-backend = \"a.b:c.d\"\nbackend-path = [\".\", \"x/../y\"]",
        )
        .unwrap();
        assert_eq!(system.backend(), "a.b:c.d");
        assert_eq!(system.backend_path().len(), 2);
    }

    #[test]
    fn setuptools_builds_what_names_no_backend() {
        let legacy = "setuptools.build_meta:__legacy__";
        for pyproject in ["", "[tool.black]\nline-length = 80"] {
            let system = read(pyproject).unwrap();
            assert_eq!(system.backend(), legacy);
            assert_eq!(system.requires(), ["setuptools>=40.8.0"]);
        }
        let system = read("[build-system]\nrequires = [\"setuptools\", \"cython\"]").unwrap();
        assert_eq!(system.backend(), legacy);
        assert_eq!(system.requires(), ["setuptools", "cython"]);
        let tree = tempfile::tempdir().unwrap();
        let error = BuildSystem::read(tree.path()).unwrap_err();
        assert!(matches!(error, Error::NoProject(_)), "{error:?}");
        fs::write(tree.path().join("setup.py"), "").unwrap();
        assert_eq!(BuildSystem::read(tree.path()).unwrap().backend(), legacy);
    }

    #[test]
    fn poetry_core_builds_what_only_poetry_describes() {
        let tree = tempfile::tempdir().unwrap();
        let project = "[tool.poetry]\nname = \"demo\"\n";
        fs::write(tree.path().join("pyproject.toml"), project).unwrap();
        let backend = || BuildSystem::read(tree.path()).unwrap().backend();
        assert_eq!(backend(), "poetry.core.masonry.api");
        fs::write(tree.path().join("setup.py"), "").unwrap();
        assert_eq!(backend(), "setuptools.build_meta:__legacy__");
    }

    #[test]
    fn a_table_without_requires_is_refused() {
        refuses(
            "build-backend = \"a\"",
            "the `build-system` table has no `requires`",
        );
        refuses("requires = \"a\"", "`requires` is not an array of strings");
        refuses("requires = [1]", "`requires` is not an array of strings");
        refuses(
            "requires = [\"a b\"]",
            "`requires` has an invalid requirement",
        );
    }

    #[test]
    fn a_backend_is_a_module_or_an_object_in_one() {
        for backend in [
            "\"\"",
            "\"a:\"",
            "\":a\"",
            "\"a b\"",
            "\"a..b\"",
            "\"a:b:c\"",
            "1",
        ] {
            refuses(
                &format!("requires = []\nbuild-backend = {backend}"),
                "`build-backend` does not name a module, or an object in a module",
            );
        }
    }

    #[test]
    fn the_folders_of_a_backend_are_in_the_tree() {
        for path in ["/usr/lib", "..", "a/../../b"] {
            refuses(
                &format!("requires = []\nbuild-backend = \"a\"\nbackend-path = [\"{path}\"]"),
                &format!("`backend-path` has `{path}`, which is outside the project"),
            );
        }
        let tree = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/usr", tree.path().join("link")).unwrap();
        let text =
            "[build-system]\nrequires = []\nbuild-backend = \"a\"\nbackend-path = [\"link\"]";
        fs::write(tree.path().join("pyproject.toml"), text).unwrap();
        assert!(BuildSystem::read(tree.path()).is_err());
    }

    #[test]
    fn a_document_that_is_not_toml_is_refused() {
        assert!(matches!(read("["), Err(Error::Pyproject { .. })));
        let error = read("build-system = 1").unwrap_err();
        assert!(matches!(error, Error::BuildSystem { .. }), "{error:?}");
    }
}
