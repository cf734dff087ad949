//! What keeps an environment from being checked.

use lock2venv::audit::check::Error;
use lock2venv::environment;

use super::Failure;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::NoEnvironment { .. } => Self::new(&error)
                .hint("name one with `--venv DIR`, or run `lock2venv install` first"),
            Error::Environment(environment::Error::NotAnEnvironment { path }) => {
                let python = path.join("bin/python3");
                let failure = Self::from(environment::Error::NotAnEnvironment { path });
                let named = format!("`--python {}`", python.display());
                let hint = format!("to check the packages of the Python in it, name that: {named}");
                failure.hints(python.is_file().then_some(hint))
            }
            Error::OwnPython { .. } => Self::new(&error)
                .hint("name an environment, or a Python that has its own packages: `--venv DIR`"),
            Error::Environment(error) => error.into(),
            Error::Interpreter(error) => error.into(),
            Error::Select(error) => error.into(),
            error => Self::new(&error),
        }
    }
}
