//! What an export could not hold, and what to do about what pip will make of it.

use lock2venv::export::{Error, ExportWarning};

use super::Failure;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Self::new(&error);
        match error {
            Error::Hash { .. } | Error::NotOneFile(_) | Error::NoRevision(_) => {
                failure.hint("run `poetry lock`")
            }
            Error::OldLock => failure.hint("lock again with Poetry 2: `poetry lock`"),
            Error::NotListed { .. } => failure.hint(
                "the index no longer offers what was locked: run `poetry lock --regenerate` and review the change",
            ),
            _ => failure,
        }
    }
}

/// Says what to do about a warning; `None` for those that are Poetry's.
pub(crate) fn advice(warning: &ExportWarning) -> Option<&'static str> {
    match warning {
        ExportWarning::Never(_) => {
            Some("lock again (`poetry lock`), or leave it out of pyproject.toml")
        }
        ExportWarning::Unhashed(_) => {
            Some("use `--without-hashes`, or install with `lock2venv install`")
        }
        ExportWarning::OtherCredentials { .. } => Some(
            "take the credentials out of the URL in pyproject.toml, set POETRY_HTTP_BASIC_<NAME>_USERNAME and _PASSWORD, and run `poetry lock`",
        ),
        ExportWarning::CredentialsTwice(_) => Some(
            "take them out of the URL in pyproject.toml and set POETRY_HTTP_BASIC_<NAME>_USERNAME and _PASSWORD",
        ),
        ExportWarning::UnknownIndex { .. } => {
            Some("name exactly this URL in `[[tool.poetry.source]]`, or run `poetry lock`")
        }
        ExportWarning::NoCredentials(_) => Some(
            "set POETRY_HTTP_BASIC_<NAME>_USERNAME and POETRY_HTTP_BASIC_<NAME>_PASSWORD, or leave out `--with-credentials`",
        ),
        _ => None,
    }
}
