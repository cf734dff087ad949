//! What went wrong between this machine and the indexes, and in the cache.

use lock2venv::cache::{self, Mismatch};
use lock2venv::configuration::CredentialsOrigin;
use lock2venv::digest::Digest;
use lock2venv::event::Warning;
use lock2venv::fetch::Error;
use lock2venv::index::{self, TransportError};
use lock2venv::url::{CredentialsFlaw, Url};

use super::{Failure, count, first_of, is_full};

/// Nothing of such a file reaches the environment or the cache.
const REVIEW: &str = "nothing of it was installed; if the index replaced the file, run `poetry lock` and review the change";

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Index(error) => error.into(),
            Error::Mismatch {
                ref place,
                ref source,
                ..
            } => {
                let headline = Self::text(error.to_string());
                let from = format!("{} bytes from {place}", source.n_bytes);
                mismatch(headline, source, &from)
            }
            Error::Unproven { .. } => Self::new(&error).hint(
                "lock again from an index that has better digests: `poetry lock --regenerate`",
            ),
            Error::Offline { missing } => {
                let files = count(missing.len(), "locked file");
                let names = missing.iter().map(|missing| {
                    format!("{} {}: {}", missing.package, missing.version, missing.file)
                });
                let verb = if missing.len() == 1 { "is" } else { "are" };
                Self::text(format!("{files} {verb} not in the cache"))
                    .details(first_of(names))
                    .hint("install once without `--offline`, with the same cache")
            }
            Error::Cache(error) => error.into(),
            Error::Thread(_) => Self::new(&error).hint(super::MORE_THREADS),
            Error::Vanished { .. } => Self::new(&error)
                .hint("another process emptied the cache meanwhile: run the same command again"),
            Error::Several { errors } => {
                let headline = format!("{} files cannot be fetched", errors.len());
                Self::several(headline, errors.into_iter().map(Self::from))
            }
            error => Self::new(&error),
        }
    }
}

/// Shows what was locked and what came, one below the other.
fn mismatch(failure: Failure, mismatch: &Mismatch, from: &str) -> Failure {
    failure
        .details(locked(&mismatch.locked))
        .detail(format!("received  {}", mismatch.received))
        .detail(format!("          {from}"))
        .hint(REVIEW)
}

fn locked(digests: &[Digest]) -> Vec<String> {
    let lines = digests.iter().enumerate().map(|(index, digest)| {
        let label = if index == 0 { "locked" } else { "or" };
        format!("{label:<8}  {digest}")
    });
    first_of(lines)
}

/// Says what to do about a warning, where there is something.
pub(crate) fn hint(warning: &Warning) -> Option<String> {
    let is_of_cache = matches!(
        warning,
        Warning::CacheNotWritten { .. } | Warning::CacheOfAnotherUser { .. }
    );
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    is_of_cache.then(|| {
        format!(
            "give the cache to user {}; a cache mount of an image build: `--mount=type=cache,uid={},gid={},target=DIR`",
            user.as_raw(),
            user.as_raw(),
            group.as_raw()
        )
    })
}

impl From<cache::Error> for Failure {
    fn from(error: cache::Error) -> Self {
        match &error {
            cache::Error::Io { source, .. } if is_full(source) => Self::new(&error),
            cache::Error::Io { .. } | cache::Error::NotAFolder { .. } => Self::new(&error).hint(
                "name another cache folder: `--cache-dir DIR`, or keep nothing: `--no-cache`",
            ),
            cache::Error::NotACache { .. } => Self::new(&error)
                .hint("nothing in it was touched; name the cache's folder: `--cache-dir DIR`")
                .about(&["cache_dir"]),
            cache::Error::Mismatch(found) => {
                let headline = Self::text("a file is not the one that was locked");
                mismatch(headline, found, &format!("{} bytes", found.n_bytes))
            }
            _ => Self::new(&error),
        }
    }
}

impl From<index::Error> for Failure {
    fn from(error: index::Error) -> Self {
        use index::Error;
        let failure = Self::new(&error);
        let failure = match address(&error) {
            Some(url) => failure.details(facts(&error, url)),
            None => failure,
        };
        match error {
            Error::NoPackage { .. } => failure.hint(
                "if it is on another index, name that as its source in pyproject.toml and run `poetry lock`",
            ),
            Error::NoFile { .. } | Error::FileGone { .. } => failure.hint(
                "the index no longer offers what was locked: run `poetry lock --regenerate` and review the change",
            ),
            Error::PackageRefused {
                index,
                url,
                tried,
                flaw,
                ..
            } => failure.hint(credentials(Some(&index), &url, tried, flaw)),
            Error::FileRefused {
                index,
                url,
                tried,
                flaw,
                ..
            } => failure.hint(credentials(index.as_deref(), &url, tried, flaw)),
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
            Error::Transport { source, url, .. } => failure.hints(unreachable(&source, &url)),
            Error::NotAPage { .. } => {
                failure.hint("the address of an index usually ends with `/simple/`")
            }
            Error::Certificates { .. } => failure.hint(
                "SSL_CERT_FILE, REQUESTS_CA_BUNDLE or POETRY_CERTIFICATES_<NAME>_CERT name this file",
            ),
            Error::TooLong { .. } => failure.hint(REVIEW),
            Error::TooLarge { .. } => {
                failure.hint("if it is meant to be that large: `--max-download SIZE`")
            }
            Error::Proxy { .. } => {
                failure.hint("a proxy is written `http://host:port`, `socks5://host:port` or `socks5h://host:port` (which looks names up itself)")
            }
            Error::Configuration(error) => error.into(),
            _ => failure,
        }
    }
}

/// Returns the address that the error is about, unless its own lines show it better.
fn address(error: &index::Error) -> Option<&Url> {
    use index::Error;
    match error {
        Error::NoPackage { url, .. }
        | Error::NoFile { url, .. }
        | Error::PackageRefused { url, .. }
        | Error::FileRefused { url, .. }
        | Error::FileGone { url, .. }
        | Error::Answer { url, .. }
        | Error::Transport { url, .. }
        | Error::NotAPage { url, .. }
        | Error::BrokenPage { url, .. }
        | Error::ApiVersion { url, .. }
        | Error::HugePage { url, .. }
        | Error::Coding { url, .. }
        | Error::GivenAway { url, .. }
        | Error::TooLong { url, .. }
        | Error::TooLarge { url, .. }
        | Error::Redirects { url, .. } => Some(url),
        _ => None,
    }
}

/// Says in one line where that was, and what else is known of it.
fn facts(error: &index::Error, url: &Url) -> Vec<String> {
    use index::Error;
    let more = match error {
        Error::PackageRefused { tried, .. } | Error::FileRefused { tried, .. } => match tried {
            Some(origin) => format!(", credentials tried: {origin}"),
            None => ", no credentials known".to_owned(),
        },
        Error::Answer { n_attempts, .. } | Error::Transport { n_attempts, .. } => {
            format!(", asked {}", times(*n_attempts))
        }
        Error::NoFile { n_files, .. } => {
            format!(", which lists {}", count(*n_files, "other file"))
        }
        _ => String::new(),
    };
    vec![format!("{url}{more}")]
}

fn times(number: u32) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        number => format!("{number} times"),
    }
}

/// Says which variables let one in. An index that stands in for PyPI goes by its host, for which there are none.
fn credentials(
    index: Option<&str>,
    url: &Url,
    tried: Option<CredentialsOrigin>,
    flaw: Option<CredentialsFlaw>,
) -> String {
    let host = url.host().unwrap_or_default();
    let name = index.filter(|name| *name != host && *name != "PyPI");
    if let (Some(origin), Some(flaw)) = (tried, flaw) {
        return odd_credentials(name, origin, flaw);
    }
    let Some(name) = name else {
        return format!(
            "put credentials for `{host}` into the address of the index, or into the file that NETRC names (~/.netrc)"
        );
    };
    let (username, password) = (variable(name, "USERNAME"), variable(name, "PASSWORD"));
    match tried {
        Some(CredentialsOrigin::Environment) => {
            format!("look at {username} and {password}: they were sent")
        }
        _ => format!("set {username} and {password}"),
    }
}

/// Says what is missing, or was sent and hardly meant.
fn odd_credentials(name: Option<&str>, origin: CredentialsOrigin, flaw: CredentialsFlaw) -> String {
    let half = |half: &str, words: &str| match (name, origin) {
        (Some(name), CredentialsOrigin::Environment) => variable(name, half),
        _ => format!("the {words} ({origin})"),
    };
    let (username, password) = (half("USERNAME", "user name"), half("PASSWORD", "password"));
    let spaces = "begins or ends with a line break or a space, which was sent too";
    match flaw {
        CredentialsFlaw::NoUsername => {
            format!("{username} is missing: the password was sent without a user name")
        }
        CredentialsFlaw::NoPassword => {
            format!("{password} is missing: the user name was sent without a password")
        }
        CredentialsFlaw::UsernameSpace => format!("{username} {spaces}"),
        CredentialsFlaw::PasswordSpace => format!("{password} {spaces}"),
    }
}

fn variable(name: &str, half: &str) -> String {
    let name = name.to_uppercase().replace(['-', '.'], "_");
    format!("POETRY_HTTP_BASIC_{name}_{half}")
}

/// Says what may help when there is no whole answer.
fn unreachable(source: &TransportError, url: &Url) -> Vec<String> {
    let cause = source.to_string().to_lowercase();
    let host = url.host().unwrap_or_default();
    let is_untrusted = cause.contains("certificate") || cause.contains("issuer");
    let no_authorities = (is_untrusted && source.lacks_authorities()).then(|| {
        "this system has no certificates, so Mozilla's were used: install its package (`ca-certificates`)"
            .to_owned()
    });
    let hint = if is_untrusted {
        format!(
            "if `{host}` has a certificate of your own authority: SSL_CERT_FILE=<PEM file>, or POETRY_CERTIFICATES_<NAME>_CERT for one source"
        )
    } else if cause.contains("in time") || cause.contains(" came in ") {
        "slow line? POETRY_REQUESTS_TIMEOUT=<seconds>, POETRY_REQUESTS_MAX_RETRIES=<number>"
            .to_owned()
    } else {
        format!(
            "is `{host}` in reach? behind a proxy: HTTPS_PROXY; a mirror of PyPI: `--index-url URL`; with all files in the cache: `--offline`"
        )
    };
    no_authorities.into_iter().chain([hint]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_that_cannot_be_written_is_to_be_given_to_this_user() {
        let warning = Warning::CacheOfAnotherUser {
            path: "/cache".into(),
            owner: 12,
        };
        let user = rustix::process::geteuid().as_raw();
        let hint = hint(&warning).unwrap_or_default();
        assert!(hint.contains(&format!("uid={user},gid=")), "{hint}");
    }
}
