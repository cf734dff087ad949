//! Which version of Python an image of the project gets.

use std::fs;

use lock2venv::filename::WheelFilename;
use lock2venv::lock::Package;
use lock2venv::pyproject::Project;
use lock2venv::version::Version;

use crate::diagnose::Failure;

/// The minor versions of Python 3 that have images, the newest first.
const MINORS: [u32; 6] = [14, 13, 12, 11, 10, 9];

/// Chooses the version: as asked for, else that of `.python-version`, else the newest that the project allows and for which no package
/// has only wheels for others.
pub(super) fn choose(
    asked: Option<&str>,
    project: &Project,
    packages: &[&Package],
) -> Result<String, Failure> {
    if let Some(asked) = asked {
        return Ok(asked.to_owned());
    }
    let allowed = || MINORS.into_iter().filter(|minor| allows(project, *minor));
    let pinned = fs::read_to_string(project.root.join(".python-version")).unwrap_or_default();
    let pinned = allowed().find(|minor| {
        let version = format!("3.{minor}");
        let rest = pinned.trim().strip_prefix(&version);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    let fitting = || allowed().find(|minor| packages.iter().all(|package| fits(package, *minor)));
    let minor = pinned.or_else(fitting).or_else(|| allowed().next());
    minor.map(|minor| format!("3.{minor}")).ok_or_else(|| {
        let headline = format!(
            "pyproject.toml allows no Python that has an image here: {}",
            project.python_versions
        );
        Failure::text(headline).hint("name the version: `--python 3.12`")
    })
}

/// Tells whether the project allows a minor version: its newest micro version, or its first.
fn allows(project: &Project, minor: u32) -> bool {
    [format!("3.{minor}.99"), format!("3.{minor}.0")]
        .iter()
        .filter_map(|version| Version::parse(version).ok())
        .any(|version| project.python_constraint.allows(&version))
}

/// Tells whether a package has a wheel for a minor version on Linux, or no wheel at all: then it is built.
fn fits(package: &Package, minor: u32) -> bool {
    let wheels = package.files.iter();
    let wheels = wheels.filter_map(|file| WheelFilename::parse(&file.name).ok());
    let mut n_wheels = 0;
    for wheel in wheels {
        n_wheels += 1;
        if is_for(&wheel, minor) {
            return true;
        }
    }
    n_wheels == 0
}

fn is_for(wheel: &WheelFilename, minor: u32) -> bool {
    let tags = wheel.tags();
    let is_linux = |platform: &String| platform == "any" || platform.contains("linux");
    let is_stable = tags.abis().iter().any(|abi| abi == "abi3");
    let fits = |interpreter: &String| {
        let own = interpreter
            .strip_prefix("cp3")
            .and_then(|text| text.parse::<u32>().ok());
        interpreter.starts_with("py3")
            || own.is_some_and(|own| own == minor || is_stable && own <= minor)
    };
    tags.platforms().iter().any(is_linux) && tags.interpreters().iter().any(fits)
}
