//! What indexes do not have, or do not give.

use lock2venv::index;
use lock2venv::url::Url;

use super::prepare::{REVIEW, locked};
use super::{Failure, count, http};

impl From<index::Error> for Failure {
    fn from(error: index::Error) -> Self {
        use index::Error;
        if let Error::Http(error) = error {
            return error.into();
        }
        let failure = Self::new(&error);
        let failure = match address(&error) {
            Some(url) => failure.details(facts(&error, url)),
            None => failure,
        };
        match error {
            Error::NoPackage {
                index, url, tried, ..
            } => {
                let hidden = http::hidden(&index, &url, tried);
                failure.hint(
                    "if it is on another index, name that as its source in pyproject.toml and run `poetry lock`",
                ).hints(hidden)
            }
            Error::NoFile { .. } | Error::FileGone { .. } => failure.hint(
                "the index no longer offers what was locked: run `poetry lock --regenerate` and review the change",
            ),
            Error::PackageRefused {
                index,
                url,
                tried,
                flaw,
                ..
            } => failure.hint(http::credentials(Some(&index), &url, tried, flaw)),
            Error::FileRefused {
                index,
                url,
                tried,
                flaw,
                ..
            } => failure.hint(http::credentials(index.as_deref(), &url, tried, flaw)),
            Error::Advertised {
                index,
                locked: digests,
                advertised,
                url,
                ..
            } => failure
                .details(locked(&digests))
                .detail(format!("offered   {advertised}"))
                .detail(format!("          by index `{index}`, {url}"))
                .hint(REVIEW),
            Error::NotAPage { .. } => {
                failure.hint("the URL of an index usually ends with `/simple/`")
            }
            _ => failure,
        }
    }
}

/// Returns the URL that the error is about, unless its own lines show it better.
fn address(error: &index::Error) -> Option<&Url> {
    use index::Error;
    match error {
        Error::NoPackage { url, .. }
        | Error::NoFile { url, .. }
        | Error::PackageRefused { url, .. }
        | Error::FileRefused { url, .. }
        | Error::FileGone { url, .. }
        | Error::NotAPage { url, .. }
        | Error::BrokenPage { url, .. }
        | Error::ApiVersion { url, .. }
        | Error::HugePage { url, .. } => Some(url),
        _ => None,
    }
}

/// Says in one line where that was, and what else is known of it.
fn facts(error: &index::Error, url: &Url) -> Vec<String> {
    use index::Error;
    let more = match error {
        Error::PackageRefused { tried, .. } | Error::FileRefused { tried, .. } => {
            http::tried(*tried)
        }
        Error::NoPackage { index, tried, .. } if http::has_variables(index, url) => {
            http::tried(*tried)
        }
        Error::NoFile { n_files, .. } => {
            format!(", which lists {}", count(*n_files, "other file"))
        }
        _ => String::new(),
    };
    vec![format!("{url}{more}")]
}
