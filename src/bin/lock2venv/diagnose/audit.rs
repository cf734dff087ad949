//! What keeps an environment from being checked.

use lock2venv::audit::check::Error;

use super::Failure;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::NoEnvironment { .. } => Self::new(&error)
                .hint("name one with `--venv DIR`, or run `lock2venv install` first"),
            Error::Environment(error) => error.into(),
            Error::Select(error) => error.into(),
            error => Self::new(&error),
        }
    }
}
