//! Which version of Python an image of the project gets.

use std::collections::HashSet;
use std::fs;

use lock2venv::filename::WheelFilename;
use lock2venv::lock::Package;
use lock2venv::marker::MarkerEnvironment;
use lock2venv::pyproject::Project;
use lock2venv::select::select_for;
use lock2venv::version::Version;

use crate::diagnose::Failure;
use crate::install::project::LockedProject;

/// The minor versions of Python 3 that have images, the newest first, each with a micro version up to which all have one; there may
/// be newer ones, which count only where the project allows any.
const RELEASED: [(u32, u32); 6] = [(14, 0), (13, 9), (12, 12), (11, 14), (10, 19), (9, 24)];

/// The processors that images are made for. Whether there is a wheel is asked of the first, the most common one, unless a package is
/// for the other alone.
const MACHINES: [&str; 2] = ["x86_64", "aarch64"];

/// A package that an image of the project gets.
#[derive(Clone, Copy, Debug)]
pub(super) struct ImagePackage<'l> {
    /// The package.
    pub(super) package: &'l Package,
    /// The processor that it is for.
    machine: &'static str,
}

/// The version that an image of the project gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ImagePython {
    /// As the image has it in its name: `3.12`, or `3.12.4` where the project does not allow the newest micro version.
    pub(super) text: String,
    /// The minor version, where the name has one.
    minor: Option<u32>,
}

/// Reads what was asked for: a version as images have it in their names, such as `3`, `3.12`, `3.12.1` or `3.15-rc`; or the name of
/// an interpreter, such as `python3.12`.
pub(super) fn parse(text: &str) -> Result<String, String> {
    let text = text.strip_prefix("python").unwrap_or(text);
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
    pub(super) fn choose(asked: Option<&str>, locked: &LockedProject) -> Result<Self, Failure> {
        if let Some(asked) = asked {
            return Ok(Self::named(asked));
        }
        let project = &locked.project;
        let allowed = RELEASED.into_iter();
        let allowed = allowed.filter_map(|released| Self::of(project, released));
        let mut allowed: Vec<Self> = allowed.collect();
        allowed.sort_by_key(|python| python.text.matches('.').count());
        let pinned = fs::read_to_string(project.root.join(".python-version")).unwrap_or_default();
        let pinned = allowed.iter().find(|python| python.is_pinned(&pinned));
        let n_built = |python: &&Self| {
            let packages = python.packages(locked).ok()?;
            let built = packages.iter().filter(|wanted| python.builds(wanted));
            Some(built.count())
        };
        let n_built = |python: &&Self| n_built(python).unwrap_or(usize::MAX);
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

    /// Lists the packages that are installed with this Python on Linux.
    pub(super) fn packages<'l>(
        &self,
        locked: &'l LockedProject,
    ) -> Result<Vec<ImagePackage<'l>>, Failure> {
        let LockedProject {
            project,
            lock,
            choice,
            ..
        } = locked;
        let mut seen: HashSet<*const Package> = HashSet::new();
        let mut packages = Vec::new();
        for machine in MACHINES {
            let environment = self.marker_environment(machine);
            let selected = select_for(project, lock, choice, &environment)?;
            let selected = selected.iter().map(|one| one.package);
            let new = selected.filter(|package| seen.insert(std::ptr::from_ref(*package)));
            packages.extend(new.map(|package| ImagePackage { package, machine }));
        }
        Ok(packages)
    }

    /// Returns what markers are held against: the usual Python on a `machine` with Linux.
    fn marker_environment(&self, machine: &str) -> MarkerEnvironment {
        let [(newest, _), ..] = RELEASED;
        let minor = self.minor.unwrap_or(newest);
        let is_released = |released: &&(u32, u32)| released.0 == minor;
        let micro = RELEASED.iter().find(is_released).map_or(0, |found| found.1);
        let python_version = format!("3.{minor}");
        let is_whole = self.text.matches('.').count() == 2;
        let version = if is_whole && Version::parse(&self.text).is_ok() {
            self.text.clone()
        } else {
            format!("{python_version}.{micro}")
        };
        MarkerEnvironment {
            os_name: "posix".to_owned(),
            sys_platform: "linux".to_owned(),
            platform_machine: machine.to_owned(),
            platform_python_implementation: "CPython".to_owned(),
            platform_release: String::new(),
            platform_system: "Linux".to_owned(),
            platform_version: String::new(),
            python_version,
            python_full_version: version.clone(),
            implementation_name: "cpython".to_owned(),
            implementation_version: version,
        }
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
    pub(super) fn builds(&self, wanted: &ImagePackage<'_>) -> bool {
        let ImagePackage { package, machine } = wanted;
        let wheels = package.files.iter();
        let wheels = wheels.filter_map(|file| WheelFilename::parse(&file.name).ok());
        let fits =
            |wheel: &WheelFilename| self.minor.is_none_or(|minor| is_for(wheel, minor, machine));
        !package.files.is_empty() && !wheels.into_iter().any(|wheel| fits(&wheel))
    }
}

/// Tells whether a wheel is for a minor version on the Linux of these images, which has glibc, and a processor.
fn is_for(wheel: &WheelFilename, minor: u32, machine: &str) -> bool {
    let tags = wheel.tags();
    let is_linux = |platform: &String| {
        let is_glibc = platform.starts_with("manylinux") || platform.starts_with("linux");
        platform == "any" || is_glibc && platform.ends_with(machine)
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
