//! What a project requires: the fields of METADATA that are computed from its dependencies and its Python versions.
//!
//! All texts are poetry-core's: the versions of a requirement in parentheses, markers in its normal form, the extras that bring a
//! requirement in at the end.

use toml::{Table, Value};

use super::Error;
use crate::name::{ExtraName, PackageName};
use crate::pyproject::{Dependency, MAIN, Project};
use crate::version::{Version, VersionConstraint};

/// The Python versions that automatic classifiers can name, in order.
const CLASSIFIED_PYTHONS: [&str; 15] = [
    "2", "2.7", "3", "3.4", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13",
    "3.14", "3.15",
];

/// The fields, as METADATA has them.
#[derive(Debug, Default)]
pub(super) struct Requirements {
    /// `Requires-Python`.
    pub(super) requires_python: Option<String>,
    /// The versions in the automatic classifiers, such as `3` and `3.11`.
    pub(super) pythons: Vec<&'static str>,
    /// Whether Python 2 is among the versions: that shows in the wheel's tag.
    pub(super) supports_python_2: bool,
    /// `Provides-Extra`, sorted.
    pub(super) extras: Vec<String>,
    /// `Requires-Dist`, sorted.
    pub(super) requires_dist: Vec<String>,
}

impl Requirements {
    /// Computes the fields of `project`.
    ///
    /// # Errors
    ///
    /// [`Error::Python`] when a constraint on Python has to be rewritten and cannot be.
    pub(super) fn of(project: &Project) -> Result<Self, Error> {
        let python = &project.python_constraint;
        let mut requires_dist = requires_dist(project);
        requires_dist.sort_unstable();
        let extras = project.extras.keys();
        Ok(Self {
            requires_python: requires_python(project)?,
            pythons: classified_pythons(project)?,
            supports_python_2: python.allows_any(&constraint(">=2.0.0 <3.0.0")?),
            extras: extras.map(|extra| extra.as_str().to_owned()).collect(),
            requires_dist,
        })
    }
}

fn constraint(text: &str) -> Result<VersionConstraint, Error> {
    VersionConstraint::parse(text).map_err(|_| Error::Python(text.to_owned()))
}

fn standard_text<'a>(project: &'a Project, key: &str) -> Option<&'a str> {
    project.document.table().get("project")?.get(key)?.as_str()
}

/// Returns `requires-python` as it was written, else what `[tool.poetry.dependencies]` says in standard form.
fn requires_python(project: &Project) -> Result<Option<String>, Error> {
    match standard_text(project, "requires-python") {
        Some(text) if text != "*" => Ok(Some(text.to_owned())),
        _ if project.python_versions == "*" => Ok(None),
        _ => standard_form(&project.python_constraint).map(Some),
    }
}

/// Writes a constraint of Poetry on Python as specifiers: a union becomes its lowest version and all that it leaves out.
fn standard_form(python: &VersionConstraint) -> Result<String, Error> {
    let widened = match python.as_version() {
        Some(version) => Some(widened(version)?),
        None => None,
    };
    let python = match &widened {
        Some(Widened::Exact(text)) => return Ok(text.clone()),
        Some(Widened::Range(range)) => range,
        None => python,
    };
    if python.intervals().len() < 2 {
        return Ok(python.to_string());
    }
    let mut specifiers = Vec::new();
    let mut lowest = None;
    let minors = ["2.7".to_owned()].into_iter();
    let minors = minors.chain((0..=15).map(|minor| format!("3.{minor}")));
    for minor in minors {
        if !python.allows_any(&constraint(&format!("{minor}.*"))?) {
            specifiers.push(format!("!={minor}.*"));
        } else if lowest.is_none() {
            lowest = Some(minor);
        }
    }
    let lowest = lowest.or_else(|| {
        let (version, _) = python.intervals().first()?.min()?;
        Some(match version.minor() {
            Some(minor) => format!("{}.{minor}", version.major()),
            None => version.major().to_string(),
        })
    });
    if let Some(lowest) = lowest {
        specifiers.insert(0, format!(">={lowest}"));
    }
    Ok(specifiers.join(", "))
}

/// What a single version means as the Python of a project.
enum Widened {
    Exact(String),
    Range(VersionConstraint),
}

/// `3.11` stands for all of 3.11 and `3` for all of 3, as in poetry-core.
fn widened(version: &Version) -> Result<Widened, Error> {
    let major = version.major();
    let range = match (version.precision(), version.minor()) {
        (2, Some(minor)) => format!("~{major}.{minor}"),
        (0 | 1, _) => format!("^{major}.0"),
        _ => return Ok(Widened::Exact(format!("=={version}"))),
    };
    Ok(Widened::Range(constraint(&range)?))
}

fn classified_pythons(project: &Project) -> Result<Vec<&'static str>, Error> {
    let any;
    let python = if project.python_versions == "*" {
        any = constraint("~2.7 || ^3.4")?;
        &any
    } else {
        &project.python_constraint
    };
    let mut pythons = Vec::new();
    for version in CLASSIFIED_PYTHONS {
        let wildcard = if version.contains('.') { "" } else { ".*" };
        let text = format!("{version}{wildcard}");
        let allowed =
            VersionConstraint::parse_marker(&text).map_err(|_| Error::Python(text.clone()))?;
        if python.allows_any(&allowed) {
            pythons.push(version);
        }
    }
    Ok(pythons)
}

fn requires_dist(project: &Project) -> Vec<String> {
    let main = project.groups.iter();
    let main = main.filter(|group| group.name.as_str() == MAIN);
    let dependencies = main.flat_map(|group| group.dependencies());
    let poetry_extras = poetry_extras(project);
    let fields = dependencies.filter_map(|dependency| {
        let mut extras = dependency.in_extras.clone();
        let of_poetry = poetry_extras.iter();
        extras.extend(
            of_poetry
                .filter(|(_, name)| *name == dependency.name)
                .map(|(extra, _)| extra.clone()),
        );
        let is_required = !dependency.is_optional || !extras.is_empty();
        is_required.then(|| field(dependency, &extras))
    });
    fields.collect()
}

/// Lists the extras of `[tool.poetry]` with the packages that they bring in, in the order of the document. They do not count
/// where `[project]` has dependencies.
fn poetry_extras(project: &Project) -> Vec<(ExtraName, PackageName)> {
    let table = |name: &str| project.document.table().get(name).and_then(Value::as_table);
    let has_standard = |key: &str| {
        let value = table("project").and_then(|project| project.get(key));
        value.is_some_and(|value| match value {
            Value::Array(items) => !items.is_empty(),
            Value::Table(table) => !table.is_empty(),
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_) => false,
        })
    };
    if has_standard("dependencies") || has_standard("optional-dependencies") {
        return Vec::new();
    }
    let poetry = table("tool").and_then(|tool| tool.get("poetry"));
    let extras = poetry.and_then(|poetry| poetry.get("extras")?.as_table());
    let mut pairs = Vec::new();
    for (extra, names) in extras.into_iter().flat_map(Table::iter) {
        let names = names.as_array().into_iter().flatten();
        let names = names.filter_map(Value::as_str).map(PackageName::new);
        pairs.extend(names.map(|name| (ExtraName::new(extra), name)));
    }
    pairs
}

/// Writes one `Requires-Dist`. Extras are added to a marker that does not itself speak of extras.
fn field(dependency: &Dependency, extras: &[ExtraName]) -> String {
    let mut markers = Vec::new();
    let marker = dependency.marker();
    let mut names_extras = false;
    if !marker.is_any() {
        let text = marker.to_string();
        names_extras = speaks_of_extras(&text);
        if !marker.is_empty() {
            markers.push(text);
        }
    }
    if !extras.is_empty() && !names_extras {
        let extras = extras.iter();
        let extras: Vec<_> = extras
            .map(|extra| format!("extra == \"{extra}\""))
            .collect();
        markers.push(extras.join(" or "));
    }
    let requirement = dependency.requirement();
    match markers.as_slice() {
        [] => requirement,
        [marker] => format!("{requirement} ; {marker}"),
        [marker, extras, ..] => format!("{requirement} ; ({marker}) and ({extras})"),
    }
}

/// Tells whether `extra` stands outside the quotes.
fn speaks_of_extras(marker: &str) -> bool {
    let mut code = marker.split('"').step_by(2);
    code.any(|code| code.split([' ', '(', ')']).any(|word| word == "extra"))
}
