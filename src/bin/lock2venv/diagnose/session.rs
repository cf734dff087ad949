//! What keeps an environment from being filled.

use lock2venv::environment;
use lock2venv::session::{Error, Recreation};

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

/// As for an environment; a Python itself often belongs to another user.
pub(crate) fn of_python(error: Error) -> Failure {
    let is_closed = matches!(
        error,
        Error::Environment(environment::Error::Unwritable { .. })
    );
    let failure = Failure::from(error);
    if is_closed {
        failure.hint(MAKE_ONE)
    } else {
        failure
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
}
