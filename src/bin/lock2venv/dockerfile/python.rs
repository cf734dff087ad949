//! Which version of Python an image of the project gets.

use std::fs;

use lock2venv::filename::WheelFilename;
use lock2venv::lock::Package;
use lock2venv::pyproject::Project;
use lock2venv::version::Version;

use crate::diagnose::Failure;

/// The minor versions of Python 3 that have images, the newest first, each with a micro version up to which all have one; there may
/// be newer ones, which count only where the project allows any.
const RELEASED: [(u32, u32); 6] = [(14, 0), (13, 9), (12, 12), (11, 14), (10, 19), (9, 24)];

/// The version that an image of the project gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ImagePython {
    /// As the image has it in its name: `3.12`, or `3.12.4` where the project does not allow the newest micro version.
    pub(super) text: String,
    /// The minor version, where the name has one.
    minor: Option<u32>,
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

impl ImagePython {
    /// Chooses the version: as asked for, else that of `.python-version`, else of those that the project allows the one that has wheels
    /// of the most packages, and of several the newest. One of which the project allows any micro version goes before others.
    pub(super) fn choose(
        asked: Option<&str>,
        project: &Project,
        packages: &[&Package],
    ) -> Result<Self, Failure> {
        if let Some(asked) = asked {
            return Ok(Self::named(asked));
        }
        let allowed = RELEASED.into_iter();
        let allowed = allowed.filter_map(|released| Self::of(project, released));
        let mut allowed: Vec<Self> = allowed.collect();
        allowed.sort_by_key(|python| python.text.matches('.').count());
        let pinned = fs::read_to_string(project.root.join(".python-version")).unwrap_or_default();
        let pinned = allowed.iter().find(|python| python.is_pinned(&pinned));
        let n_built = |python: &&Self| {
            let built = packages.iter().filter(|package| python.builds(package));
            built.count()
        };
        let chosen = pinned.or_else(|| allowed.iter().min_by_key(n_built));
        chosen.cloned().ok_or_else(|| {
            let headline = format!(
                "pyproject.toml allows no Python that has an image here: {}",
                project.python_versions
            );
            Failure::text(headline).hint("name the version: `--python 3.12`")
        })
    }

    fn named(text: &str) -> Self {
        let minor = text.strip_prefix("3.").unwrap_or_default();
        let end = minor.find(|character: char| !character.is_ascii_digit());
        Self {
            text: text.to_owned(),
            minor: minor[..end.unwrap_or(minor.len())].parse().ok(),
        }
    }

    /// Takes the newest micro version, whichever that is, or else the newest one known that the project allows.
    fn of(project: &Project, (minor, newest): (u32, u32)) -> Option<Self> {
        let allows = |version: &String| {
            Version::parse(version).is_ok_and(|version| project.python_constraint.allows(&version))
        };
        let text = if allows(&format!("3.{minor}.99")) {
            format!("3.{minor}")
        } else {
            let mut micros = (0..=newest).rev();
            micros.find_map(|micro| Some(format!("3.{minor}.{micro}")).filter(allows))?
        };
        Some(Self::named(&text))
    }

    /// Tells whether `.python-version` names this minor version.
    fn is_pinned(&self, pinned: &str) -> bool {
        let Some(minor) = self.minor else {
            return false;
        };
        let rest = pinned.trim().strip_prefix(&format!("3.{minor}"));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Tells whether a package that comes as files has no wheel for this Python on Linux, so that it is built of its sources.
    pub(super) fn builds(&self, package: &Package) -> bool {
        let wheels = package.files.iter();
        let wheels = wheels.filter_map(|file| WheelFilename::parse(&file.name).ok());
        let fits = |wheel: &WheelFilename| self.minor.is_none_or(|minor| is_for(wheel, minor));
        !package.files.is_empty() && !wheels.into_iter().any(|wheel| fits(&wheel))
    }
}

/// Tells whether a wheel is for a minor version on the Linux of these images, which has glibc, and the most common processor.
fn is_for(wheel: &WheelFilename, minor: u32) -> bool {
    let tags = wheel.tags();
    let is_linux = |platform: &String| {
        let is_glibc = platform.starts_with("manylinux") || platform.starts_with("linux");
        platform == "any" || is_glibc && platform.ends_with("x86_64")
    };
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
