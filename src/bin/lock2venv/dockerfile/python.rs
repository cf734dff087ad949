//! Which version of Python an image of the project gets.

use std::fs;

use lock2venv::filename::WheelFilename;
use lock2venv::lock::Package;
use lock2venv::pyproject::Project;
use lock2venv::version::Version;

use crate::diagnose::Failure;

/// The minor versions of Python 3 that have images, the newest first.
const MINORS: [u32; 6] = [14, 13, 12, 11, 10, 9];

/// The newest micro version that is looked for where a project allows some alone.
const NEWEST_MICRO: u32 = 25;

/// A version that has an image and that the project allows.
struct Candidate {
    minor: u32,
    /// As the image has it in its name: `3.12`, or `3.12.4` where the project does not allow the newest micro version.
    text: String,
}

/// Reads what was asked for: a version as images have it in their names, such as `3`, `3.12`, `3.12.1` or `3.15-rc`.
pub(super) fn parse(text: &str) -> Result<String, String> {
    let is_of_version =
        |character: char| character.is_ascii_alphanumeric() || ".-".contains(character);
    if text.starts_with(|first: char| first.is_ascii_digit()) && text.chars().all(is_of_version) {
        Ok(text.to_owned())
    } else {
        Err("an image is named by a version, such as 3.12".to_owned())
    }
}

/// Chooses the version: as asked for, else that of `.python-version`, else the newest that the project allows and for which no package
/// has only wheels for others. One of which the project allows any micro version goes before others.
pub(super) fn choose(
    asked: Option<&str>,
    project: &Project,
    packages: &[&Package],
) -> Result<String, Failure> {
    if let Some(asked) = asked {
        return Ok(asked.to_owned());
    }
    let mut allowed: Vec<Candidate> = MINORS
        .into_iter()
        .filter_map(|minor| Candidate::of(project, minor))
        .collect();
    allowed.sort_by_key(|candidate| candidate.text.matches('.').count());
    let pinned = fs::read_to_string(project.root.join(".python-version")).unwrap_or_default();
    let pinned = allowed.iter().find(|candidate| {
        let version = format!("3.{}", candidate.minor);
        let rest = pinned.trim().strip_prefix(&version);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    let is_fitting = |candidate: &&Candidate| {
        packages
            .iter()
            .all(|package| fits(package, candidate.minor))
    };
    let fitting = || allowed.iter().find(is_fitting);
    let chosen = pinned.or_else(fitting).or_else(|| allowed.first());
    chosen.map(|chosen| chosen.text.clone()).ok_or_else(|| {
        let headline = format!(
            "pyproject.toml allows no Python that has an image here: {}",
            project.python_versions
        );
        Failure::text(headline).hint("name the version: `--python 3.12`")
    })
}

impl Candidate {
    /// Takes the newest micro version, whichever that is, or else the newest that the project allows.
    fn of(project: &Project, minor: u32) -> Option<Self> {
        let allows = |version: &String| {
            Version::parse(version).is_ok_and(|version| project.python_constraint.allows(&version))
        };
        let text = if allows(&format!("3.{minor}.99")) {
            format!("3.{minor}")
        } else {
            let mut micros = (0..=NEWEST_MICRO).rev();
            micros.find_map(|micro| Some(format!("3.{minor}.{micro}")).filter(allows))?
        };
        Some(Self { minor, text })
    }
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
