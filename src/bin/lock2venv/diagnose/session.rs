//! What keeps an environment from being filled.

use lock2venv::session::{Error, Recreation};
use lock2venv::{environment, install};

use super::{Failure, IGNORE_IT};
use crate::place::MAKE_ONE;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::CacheInside { .. } => Self::new(&error)
                .misuse()
                .hint("name another folder: `--cache-dir DIR`, or use `--no-cache`"),
            Error::WholeImage(_) => Self::new(&error)
                .misuse()
                .hint("name a folder in it: `--venv /app/.venv`")
                .about(&["venv"]),
            Error::RuntimePython { .. } => Self::new(&error)
                .hint("name the Python that builds by `--python`: the same minor version as that of the image")
                .about(&["runtime_python"]),
            Error::RuntimePythonNotAbsolute(_) => {
                Self::new(&error).misuse().about(&["runtime_python"])
            }
            Error::RuntimePythonUnusable(error) => Self::new(&error)
                .hint("name the Python of the image: `--runtime-python PATH`")
                .about(&["runtime_python"]),
            Error::OwnPython { .. } => Self::new(&error).hint(MAKE_ONE),
            Error::Configuration(error) => error.into(),
            Error::Project(error) => error.into(),
            Error::Interpreter(error) => error.into(),
            Error::Environment(error) => error.into(),
            Error::NotRemovable { reason, source } => not_removable(&reason, source),
            Error::Select(error) => error.into(),
            Error::Plan(error) => error.into(),
            Error::NoBytecode => Self::new(&error).hint("leave out `--compile`"),
            Error::Cache(error) => error.into(),
            Error::Wheelhouse(error) => Self::new(&error),
            Error::OnlyBuilt { packages } => {
                let packages = packages.iter().map(|name| format!("`{name}`"));
                Self::text("git dependencies can be downloaded only as wheels")
                    .details(packages)
                    .hint("build them: `--build`")
            }
            Error::Index(error) => error.into(),
            Error::Prepare(error) => (*error).into(),
            Error::Install(error) => error.into(),
            Error::ProjectWheel { name, source } => Self::project_wheel(&name, *source),
            Error::ProjectBuild { ref source, .. } => Self::source_build(error.to_string(), source),
            Error::CleanProject { .. } => Self::new(&error).misuse().about(&["clean", "output"]),
            Error::AfterDamage { names, source } => {
                let failure = Self::from(*source);
                names.iter().fold(failure, |failure, name| {
                    failure.detail(format!("the copy of `{name}` in the cache was damaged"))
                })
            }
            Error::AlwaysRaced => Self::new(&error)
                .hint("run the same command again when the other processes have ended"),
            error => Self::new(&error),
        }
    }
}

/// As for an environment; but a Python itself often belongs to another user, and is not removed to be made again.
pub(crate) fn of_python(error: Error) -> Failure {
    match error {
        Error::Environment(environment::Error::Unwritable { .. }) => {
            Failure::from(error).hint(MAKE_ONE)
        }
        Error::Install(install::Error::NoRecord { .. } | install::Error::BadRecord { .. }) => {
            Failure::new(&error).hint("remove it with the tool that installed it")
        }
        error => error.into(),
    }
}

fn not_removable(reason: &Recreation, source: environment::Error) -> Failure {
    let failure = Failure::from(source);
    let failure = failure.detail(format!("it has to be recreated: {reason}"));
    if reason.is_from_elsewhere() {
        failure.hint(IGNORE_IT)
    } else {
        failure
    }
}

#[cfg(test)]
mod tests {
    use lock2venv::name::PackageName;

    use super::*;

    #[test]
    fn where_a_python_cannot_be_changed_an_environment_is_advised() {
        let closed = || {
            Error::Environment(environment::Error::Unwritable {
                path: "/usr/local".into(),
                source: std::io::ErrorKind::PermissionDenied.into(),
            })
        };
        assert_eq!(of_python(closed()).hints, [MAKE_ONE]);
        assert_eq!(Failure::from(closed()).hints.len(), 0);
        assert_eq!(of_python(Error::NoBytecode).hints.len(), 1);
    }

    #[test]
    fn nobody_is_told_to_remove_a_python() {
        let unlisted = Error::Install(install::Error::NoRecord {
            name: PackageName::new("acme"),
            dist_info: "/usr/local/lib/python3.12/site-packages/acme-1.0.egg-info".into(),
        });
        let hints = of_python(unlisted).hints;
        assert_eq!(hints, ["remove it with the tool that installed it"]);
    }
}
