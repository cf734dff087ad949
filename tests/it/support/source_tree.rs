//! Source trees with a build backend of their own, and builds of them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use lock2venv::build::pep517::Frontend;

use lock2venv::build::{BuildSystem, BuiltWheel, Error, Expected, Stop, Variables};
use lock2venv::configuration::BuildSetting;
use lock2venv::name::PackageName;
use lock2venv::version::Version;

use crate::support::locked_wheels::python;

/// A hook that writes an empty wheel.
pub(crate) const BUILD_WHEEL: &str = "
import os
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = 'demo-1.0-py3-none-any.whl'
    open(os.path.join(folder, name), 'w').close()
    return name
";

/// A source tree in a folder of its own, beside a folder for what is built.
pub(crate) struct SourceTree {
    folder: tempfile::TempDir,
    pub(crate) settings: BTreeMap<String, BuildSetting>,
    pub(crate) inherited: Vec<(OsString, OsString)>,
    pub(crate) stop: Stop,
    pub(crate) interpreter: PathBuf,
}

impl SourceTree {
    /// A tree whose backend is the module `backend` with this text.
    pub(crate) fn with_backend(text: &str) -> Self {
        let tree = Self::empty();
        tree.write(
            "pyproject.toml",
            "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\"tools\"]\n",
        );
        tree.write("tools/backend.py", text);
        tree
    }

    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["tree", "wheels", "work"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self {
            folder,
            settings: BTreeMap::new(),
            inherited: std::env::vars_os().collect(),
            stop: Stop::default(),
            interpreter: python().into(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn wheels(&self) -> PathBuf {
        self.path("wheels")
    }

    /// Writes a file of the tree.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path("tree").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// Does something with the tree's backend.
    pub(crate) fn with<T>(
        &self,
        act: impl FnOnce(Frontend<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let tree = self.path("tree");
        let system = BuildSystem::read(&tree)?;
        act(Frontend {
            tree: &tree,
            system: &system,
            interpreter: &self.interpreter,
            variables: &Variables::of_build(self.inherited.clone(), &self.interpreter),
            settings: &self.settings,
            work: &self.path("work"),
            log: &self.path("log"),
            stop: &self.stop,
        })
    }

    pub(crate) fn wheel(&self) -> Result<BuiltWheel, Error> {
        self.with(|frontend| frontend.wheel(&self.wheels(), &expected("demo", Some("1.0"))))
    }

    /// Tells whether a build left nothing but what it built.
    pub(crate) fn is_clean(&self) -> bool {
        let is_empty = |path: &Path| fs::read_dir(path).unwrap().next().is_none();
        is_empty(&self.path("work"))
    }
}

pub(crate) fn expected(name: &str, version: Option<&str>) -> Expected {
    Expected {
        name: PackageName::new(name),
        version: version.map(|version| Version::parse(version).unwrap()),
    }
}
