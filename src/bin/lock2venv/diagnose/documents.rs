//! What is wrong with pyproject.toml, poetry.lock and the choice of groups and extras.

use std::fmt::Display;

use lock2venv::name::{ExtraName, GroupName};
use lock2venv::{configuration, lock, project_files, project_wheel, pyproject, select};

use super::{Failure, meant};

const RELOCK: &str = "run `poetry lock`";

impl From<project_files::Error> for Failure {
    fn from(error: project_files::Error) -> Self {
        match &error {
            project_files::Error::NotFound(folder) => Self::text(format!(
                "there is no pyproject.toml in `{}` or above it",
                folder.display()
            ))
            .hint("name the project's folder: `-C DIR`, or `-P DIR` to stay in this one"),
            _ => Self::new(&error),
        }
    }
}

impl From<lock::Error> for Failure {
    fn from(error: lock::Error) -> Self {
        use lock::Error;
        match &error {
            Error::Toml {
                line,
                column,
                message,
            } => Self::text(format!(
                "poetry.lock:{line}:{column}: not valid TOML: {message}"
            ))
            .hint(RELOCK),
            Error::MergeConflict { line } => Self::text(format!(
                "poetry.lock:{line}:1: a merge conflict is left"
            ))
            .hint("settle pyproject.toml, take either side's poetry.lock, then run `poetry lock`"),
            Error::Stale { locked, current } => stale(locked.as_deref(), current.as_deref()),
            Error::NoMetadata => Self::text("poetry.lock has no `[metadata]`").hint(RELOCK),
            Error::NoVersion => {
                Self::text("poetry.lock does not say which version of the format it has")
                    .hint(RELOCK)
            }
            Error::UnknownVersion {
                version,
                line,
                column,
            } => Self::text(format!(
                "poetry.lock:{line}:{column}: version `{version}` of the format is not known"
            ))
            .hint("versions 1 and 2 can be read; lock with a Poetry that writes one of them"),
            Error::Package { line, name, fault } => Self::text(format!(
                "poetry.lock:{line}:1: the package `{name}` {fault}"
            ))
            .hint(RELOCK),
            _ => Self::new(&error).hint(RELOCK),
        }
    }
}

fn stale(locked: Option<&str>, current: Option<&str>) -> Failure {
    let short = |hash: &str| hash.chars().take(8).collect::<String>();
    let hashes = match (locked, current) {
        (Some(locked), Some(current)) => format!(
            " (content hash {} when locked, {} now)",
            short(locked),
            short(current)
        ),
        (None, _) => " (it has no content hash)".to_owned(),
        (_, None) => String::new(),
    };
    Failure::text(format!("poetry.lock does not match pyproject.toml{hashes}")).hint(RELOCK)
}

impl From<pyproject::Error> for Failure {
    fn from(error: pyproject::Error) -> Self {
        use pyproject::Error;
        match &error {
            Error::Toml {
                line,
                column,
                message,
            } => Self::text(format!(
                "pyproject.toml:{line}:{column}: not valid TOML: {message}"
            )),
            Error::RequiresPoetry(wanted) => Self::text(format!(
                "pyproject.toml wants Poetry {wanted}, and this program does as Poetry {} does",
                pyproject::POETRY_VERSION
            )),
            Error::Invalid { faults } => {
                Self::text("pyproject.toml is not a valid project").details(faults.clone())
            }
            Error::Constraint(text) => Self::text(format!(
                "pyproject.toml: `{text}` is not a version constraint"
            )),
            Error::Version { version, name } => Self::text(format!(
                "pyproject.toml: the version `{version}` of `{name}` is not one"
            )),
            Error::UnknownInclude { group, included } => Self::text(format!(
                "pyproject.toml: group `{group}` includes group `{included}`, which is not defined"
            )),
            Error::IncludedTwice(group) => Self::text(format!(
                "pyproject.toml: group `{group}` is included more than once, or in a circle"
            )),
            Error::DuplicateSource(name) => Self::text(format!(
                "pyproject.toml: there are two sources with the name `{name}`"
            )),
            Error::PypiWithUrl => {
                Self::text("pyproject.toml: the source PyPI cannot have a `url` of its own")
                    .hint("give a mirror another name, or use `--index-url`")
            }
            Error::SourceWithoutUrl(name) => {
                Self::text(format!("pyproject.toml: the source `{name}` has no `url`"))
            }
            Error::OnlyExplicitSources => {
                Self::text("pyproject.toml: all sources are `explicit`, so no package has one")
            }
            _ => in_pyproject(&error),
        }
    }
}

fn in_pyproject(error: &(impl std::error::Error + 'static)) -> Failure {
    let failure = Failure::new(error);
    failure.with_headline(format!("pyproject.toml: {error}"))
}

impl From<select::Error> for Failure {
    fn from(error: select::Error) -> Self {
        use select::Error;
        match error {
            Error::ExtrasAndAllExtras => {
                Self::text("`--extras` cannot be used with `--all-extras`").misuse()
            }
            Error::GroupsAndAllGroups => Self::text(
                "`--with`, `--without` and `--only` cannot be used with `--all-groups`",
            )
            .misuse(),
            Error::UnknownExtras { unknown, defined } => undefined(
                "extra",
                &unknown.iter().map(ExtraName::as_str).collect::<Vec<_>>(),
                &defined.iter().map(ExtraName::as_str).collect::<Vec<_>>(),
            ),
            Error::UnknownGroups { unknown, defined } => undefined(
                "group",
                &unknown.iter().map(|unknown| unknown.group.as_str()).collect::<Vec<_>>(),
                &defined.iter().map(GroupName::as_str).collect::<Vec<_>>(),
            ),
            Error::Project(error) => error.into(),
            Error::WalkFailed(requirement) => Self::text(format!(
                "poetry.lock has no package for the requirement `{requirement}`"
            ))
            .hint(RELOCK),
            Error::WalkConflict {
                name,
                candidates,
                elected,
                requirement,
            } => Self::text(format!("`{requirement}` does not allow `{name}` {elected}"))
                .detail(format!(
                    "another package needs {elected}; poetry.lock also has {}",
                    candidates.join(", ")
                ))
                .hint("lock again with Poetry 2, which says for which environment each version is: `poetry lock`"),
            _ => Self::new(&error),
        }
    }
}

/// An extra or group that is not there: what was meant, perhaps, and what there is.
fn undefined(kind: &str, unknown: &[&str], defined: &[&str]) -> Failure {
    let names: Vec<String> = unknown.iter().map(|name| format!("`{name}`")).collect();
    let headline = match names.as_slice() {
        [name] => format!("{kind} {name} is not defined in pyproject.toml"),
        names => format!(
            "{kind}s {} are not defined in pyproject.toml",
            names.join(", ")
        ),
    };
    let meant = unknown
        .iter()
        .find_map(|name| meant(name, defined.iter().copied()));
    let question = meant.map(|name| format!("did you mean `{name}`? "));
    let mut sorted = defined.to_vec();
    sorted.sort_unstable();
    let list = match sorted.as_slice() {
        [] => format!("it defines no {kind}s"),
        names => format!("defined {kind}s: {}", names.join(", ")),
    };
    let hint = format!("{}{list}", question.unwrap_or_default());
    Failure::text(headline).hint(hint).misuse()
}

impl From<configuration::Error> for Failure {
    fn from(error: configuration::Error) -> Self {
        match &error {
            configuration::Error::Value { setting, .. } => {
                let variable = setting.to_uppercase().replace(['-', '.'], "_");
                Self::new(&error).hint(format!(
                    "it is set in poetry.toml or config.toml, or by POETRY_{variable}"
                ))
            }
            _ => Self::new(&error),
        }
    }
}

impl Failure {
    /// The wheel of `name`, a folder, could not be built.
    pub(crate) fn build(name: &dyn Display, error: project_wheel::Error) -> Self {
        let leave_out = "leave it out: `--no-root` for the project itself, `--no-directory` for directory dependencies";
        match error {
            project_wheel::Error::Unsupported(why) => {
                Self::text(format!("`{name}` cannot be built without Python: {why}"))
                    .hint("build its wheel with that backend, and lock and install the wheel")
                    .hint(leave_out)
            }
            project_wheel::Error::Project(error) => {
                let error = Self::from(error);
                let fact = error.headline.clone();
                let mut details = vec![fact];
                details.extend(error.details);
                Self::text(format!("the wheel of `{name}` cannot be built")).details(details)
            }
            project_wheel::Error::NoModule(_) => Self::text(format!(
                "the wheel of `{name}` cannot be built"
            ))
            .detail(error.to_string())
            .hint("when only its dependencies are there yet, as in the first layers of an image: `--no-root`")
            .hint("when there is nothing to package at all: `package-mode = false` in `[tool.poetry]`"),
            project_wheel::Error::NoReadme(_) | project_wheel::Error::LicenseFiles(_) => {
                let failure = Self::text(format!("the wheel of `{name}` cannot be built"));
                failure.detail(error.to_string()).hint(
                    "when only its dependencies are there yet, as in the first layers of an image: `--no-root`",
                )
            }
            error => {
                let failure = Self::new(&error);
                let fact = failure.headline.clone();
                let mut details = vec![fact];
                details.extend(failure.details);
                Self::text(format!("the wheel of `{name}` cannot be built")).details(details)
            }
        }
    }
}
