//! Whether a package is what a requirement asks for.

use crate::lock::Package;
use crate::marker::MarkerEnvironment;
use crate::name::PackageName;
use crate::pyproject::Dependency;
use crate::source::{Location, are_same};
use crate::version::{Version, VersionConstraint};

/// A requirement that no package of a lock serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unserved {
    /// The requirement, as Poetry prints it: `urllib3 (>=1.21.1,<3)`.
    pub requirement: String,
    /// The package that has it, with its version; the project has those without one.
    pub by: Option<(PackageName, Version)>,
}

/// Tells whether `package` is what `requirement` asks for, as poetry-core's `satisfies` does.
pub(super) fn serves(package: &Package, requirement: &Dependency) -> bool {
    requirement.constraint.allows(&package.version) && is_from_wanted_place(package, requirement)
}

fn is_from_wanted_place(package: &Package, requirement: &Dependency) -> bool {
    let own = package.resolved_source.as_ref();
    if requirement.source.is_some() {
        return are_same(requirement.source.as_ref(), own);
    }
    let Some(wanted) = &requirement.source_name else {
        return true;
    };
    match own {
        None => wanted.eq_ignore_ascii_case("pypi"),
        Some(own) => {
            let name = own.reference.as_ref();
            matches!(own.location, Location::Index(_))
                && name.is_some_and(|name| wanted.eq_ignore_ascii_case(name))
        }
    }
}

/// Tells whether the Pythons of the marker of `requirement` include that of `environment`. The marker may hold and they not:
/// `python_version <= "3.11.2"` holds on 3.11.7, whose `python_version` is 3.11, and Poetry leaves the requirement out.
pub(super) fn supports_python_of(
    requirement: &Dependency,
    environment: &MarkerEnvironment,
) -> bool {
    if requirement.marker().is_any() {
        return true;
    }
    let pythons = VersionConstraint::parse_marker(&requirement.marker().python_versions());
    let python = Version::parse(&environment.python_full_version);
    match (pythons, python) {
        (Ok(pythons), Ok(python)) => pythons.allows(&python.stable()),
        (Err(_), _) | (_, Err(_)) => true,
    }
}
