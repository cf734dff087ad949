//! What there is to install of the project itself, and of the folders that it depends on.

use std::path::{Path, PathBuf};

use lock2venv::project_wheel::{self, BuildOptions, Error};
use lock2venv::pyproject::Project;

/// How the project itself comes into the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OwnPart {
    /// As the files that it has.
    Files {
        /// The package that pyproject.toml promises, and that is not there.
        missing: Option<String>,
    },
    /// As a wheel.
    Wheel,
}

impl OwnPart {
    /// Looks for the package of the project.
    pub(super) fn of(project: &Project, options: &BuildOptions) -> Self {
        if !project.is_package {
            return Self::Files { missing: None };
        }
        match project_wheel::build(&project.root, options) {
            Err(Error::NoModule(name)) => Self::Files {
                missing: Some(name),
            },
            Ok(_) | Err(_) => Self::Wheel,
        }
    }
}

/// Tells whether the project in `folder` is built by a backend that runs, which may need a compiler.
pub(super) fn needs_backend(folder: &Path, options: &BuildOptions) -> bool {
    let built = project_wheel::build(folder, options);
    built.is_err_and(|error| error.needs_backend())
}

/// Finds the package of the project that `python -m` starts.
pub(super) fn started_module(project: &Project) -> Option<String> {
    let module = project.name.as_str().replace('-', "_");
    let folders = ["", "src"].map(|folder| project.root.join(folder));
    let has_main = |folder: &PathBuf| main_of(folder, &module).is_file();
    folders.iter().any(has_main).then_some(module)
}

fn main_of(folder: &Path, module: &str) -> PathBuf {
    folder.join(module).join("__main__.py")
}
