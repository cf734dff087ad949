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
                "poetry.lock:{line}:1: unresolved merge conflict"
            ))
            .hint("resolve it in pyproject.toml, take either side's poetry.lock, then run `poetry lock`"),
            Error::Stale { locked, current } => stale(locked.as_deref(), current.as_deref()),
            Error::NoMetadata => Self::text("poetry.lock has no `[metadata]`").hint(RELOCK),
            Error::NoVersion => {
                Self::text("poetry.lock does not declare the version of its format")
                    .hint(RELOCK)
            }
            Error::UnknownVersion {
                version,
                line,
                column,
            } => Self::text(format!(
                "poetry.lock:{line}:{column}: unknown format version `{version}`"
            ))
            .hint("versions 1 and 2 are supported; lock with a Poetry that writes one of them"),
            Error::NoGroups => Self::text("there is no pyproject.toml, and poetry.lock is not enough")
                .detail("it is older than version 2.1, the first that lists the groups of packages")
                .hint("copy pyproject.toml, too, or lock again with Poetry 2: `poetry lock`"),
            Error::Package { line, name, fault } => Self::text(format!(
                "poetry.lock:{line}:1: the package `{name}` {fault}"
            ))
            .hint(RELOCK),
            _ => Self::new(&error).hint(RELOCK),
        }
    }
}

/// Says what is odd about a lock, and what to do about it.
pub(crate) fn lock_warning(warning: &lock::LockWarning) -> String {
    match warning {
        lock::LockWarning::Newer => format!(
            "poetry.lock has a newer format than lock2venv knows, and may be misread: {RELOCK} with Poetry {}, or use a newer lock2venv",
            pyproject::POETRY_VERSION
        ),
        _ => warning.to_string(),
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
            Error::MergeConflict { line } => Self::text(format!(
                "pyproject.toml:{line}:1: unresolved merge conflict"
            ))
            .hint("resolve it, then run `poetry lock`"),
            Error::RequiresPoetry(wanted) => Self::text(format!(
                "pyproject.toml requires Poetry {wanted}; lock2venv follows Poetry {}",
                pyproject::POETRY_VERSION
            )),
            Error::Invalid { faults } => {
                Self::text("pyproject.toml is not a valid project").details(faults.clone())
            }
            Error::Constraint(text) => Self::text(format!(
                "pyproject.toml: `{text}` is not a version constraint"
            )),
            Error::Version { version, name } => Self::text(format!(
                "pyproject.toml: `{name}` has the invalid version `{version}`"
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
                    .hint("give a mirror another name, or set LOCK2VENV_INDEX_URL=<URL>")
            }
            Error::SourceWithoutUrl(name) => {
                Self::text(format!("pyproject.toml: the source `{name}` has no `url`"))
            }
            Error::OnlyExplicitSources => Self::text(
                "pyproject.toml: all sources are `explicit`, but at least one must not be",
            ),
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
                Self::text("`--extras` cannot be used with `--all-extras`")
                    .misuse()
                    .about(&["extras", "all_extras"])
            }
            Error::GroupsAndAllGroups => Self::text(
                "`--with`, `--without` and `--only` cannot be used with `--all-groups`",
            )
            .misuse()
            .about(&["with", "without", "only", "all_groups"]),
            Error::UnknownExtras { unknown, .. } if has_comma(&unknown) => {
                let names: Vec<&str> = unknown.iter().map(ExtraName::as_str).collect();
                let names = names.join(" ");
                Self::text(format!("extra `{names}` is not defined in pyproject.toml"))
                    .hint(format!(
                        "extras are separated by spaces: `--extras \"{}\"`",
                        names.replace(',', " ")
                    ))
                    .misuse()
                    .about(&["extras"])
            }
            Error::UnknownExtras { unknown, defined } => undefined(
                "extra",
                &unknown.iter().map(ExtraName::as_str).collect::<Vec<_>>(),
                &defined.iter().map(ExtraName::as_str).collect::<Vec<_>>(),
            )
            .about(&["extras"]),
            Error::UnknownGroups { unknown, defined } => undefined(
                "group",
                &unknown.iter().map(|unknown| unknown.group.as_str()).collect::<Vec<_>>(),
                &defined.iter().map(GroupName::as_str).collect::<Vec<_>>(),
            )
            .about(&["with", "without", "only"]),
            Error::GroupsNotNamed { .. }
            | Error::GroupsUndecided { .. }
            | Error::NotInLock { .. } => without_project(error),
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
                .hint("lock again with Poetry 2, which records the environments of each version: `poetry lock`"),
            Error::NotLocked(_) => Self::new(&error).hint(RELOCK),
            _ => Self::new(&error),
        }
    }
}

/// What cannot be known for lack of pyproject.toml.
fn without_project(error: select::Error) -> Failure {
    use select::{Error, Missing};
    let names = |groups: &[GroupName]| {
        let names: Vec<&str> = groups.iter().map(GroupName::as_str).collect();
        names.join(", ")
    };
    match error {
        Error::GroupsNotNamed { locked } => {
            Failure::text("there is no pyproject.toml, so groups have to be named")
                .detail("poetry.lock does not say which groups are optional")
                .detail(format!("groups in poetry.lock: {}", names(&locked)))
                .hint("use `--only main`, `--with GROUPS` or `--all-groups`")
                .misuse()
        }
        Error::GroupsUndecided { groups } => {
            Failure::text("there is no pyproject.toml, so `--without` has to name all other groups")
                .detail(format!(
                    "poetry.lock does not say whether these groups are optional: {}",
                    names(&groups)
                ))
                .hint("use `--only main`, or name them with `--with` or `--without`")
                .misuse()
                .about(&["without"])
        }
        Error::NotInLock {
            what,
            unknown,
            locked,
        } => {
            let (kind, flags): (_, &[&str]) = match what {
                Missing::Group => ("groups", &["with", "only"]),
                Missing::Extra => ("extras", &["extras"]),
            };
            let meant = unknown
                .iter()
                .find_map(|name| meant(name, locked.iter().map(String::as_str)));
            let question = meant.map(|name| format!("did you mean `{name}`? "));
            Failure::text(format!(
                "poetry.lock has no {what} `{}`",
                unknown.join("`, `")
            ))
            .hint(format!(
                "{}{kind} in poetry.lock: {}",
                question.unwrap_or_default(),
                locked.join(", ")
            ))
            .misuse()
            .about(flags)
        }
        other => Failure::new(&other),
    }
}

fn has_comma(extras: &[ExtraName]) -> bool {
    extras.iter().any(|extra| extra.as_str().contains(','))
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
    /// The wheel of `name`, a folder, could not be built; `leave_out` says how to do without.
    pub(crate) fn build(name: &dyn Display, error: project_wheel::Error, leave_out: &str) -> Self {
        use project_wheel::Error;
        if let Error::Unsupported(why) = error {
            return Self::text(format!("`{name}` cannot be built without Python: {why}"))
                .hint("build its wheel with that backend, then lock and install the wheel")
                .hint(format!("leave it out: {leave_out}"));
        }
        let hints = what_is_missing(&error, leave_out);
        Self::unbuilt(name, error).hints(hints)
    }

    /// The wheel of the project `name`, which is asked for itself, could not be built.
    pub(crate) fn project_wheel(name: &dyn Display, error: project_wheel::Error) -> Self {
        use project_wheel::Error;
        let hint = match &error {
            Error::NoModule(_) | Error::NothingFound(_) => {
                Some("`packages` in `[tool.poetry]` lists what the project consists of")
            }
            Error::PackageModeOff => Some("`package-mode = true` in `[tool.poetry]` makes it one"),
            _ => None,
        };
        let hint = hint.map(str::to_owned);
        Self::unbuilt(name, error).hints(hint)
    }

    fn unbuilt(name: &dyn Display, error: project_wheel::Error) -> Self {
        let failure = Self::text(format!("the wheel of `{name}` cannot be built"));
        let error = match error {
            project_wheel::Error::Project(error) => Self::from(error),
            error => Self::new(&error),
        };
        let failure = failure.detail(error.headline).details(error.details);
        failure.hints(error.hints)
    }
}

/// Says what to do where a part of a project is not there.
fn what_is_missing(error: &project_wheel::Error, leave_out: &str) -> Vec<String> {
    use project_wheel::Error;
    let layers = format!(
        "if only dependencies are to be installed, as in the first layers of an image: {leave_out}"
    );
    match error {
        Error::NoModule(_) => vec![
            layers,
            "if there is nothing to package at all: `package-mode = false` in `[tool.poetry]`"
                .to_owned(),
        ],
        Error::NoReadme(readme) => vec![
            format!("copy it, or create an empty one: `touch {readme}`"),
            layers,
        ],
        Error::NoFolder(_)
        | Error::NoProject(_)
        | Error::NothingFound(_)
        | Error::NotAPackage(_)
        | Error::ScriptFile(_)
        | Error::LicenseFiles(_) => vec![layers],
        _ => Vec::new(),
    }
}
