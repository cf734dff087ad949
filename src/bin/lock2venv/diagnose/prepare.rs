//! What went wrong while files were fetched, and in the cache.

use std::path::Path;

use lock2venv::digest::Digest;
use lock2venv::event::Warning;
use lock2venv::platform::machine;
use lock2venv::platform::removal::is_mounted;
use lock2venv::prepare::{Error, Place};
use lock2venv::store::{self, Mismatch};

use super::{Failure, count, first_of, is_full};

/// Nothing of such a file reaches the environment or the cache.
pub(super) const REVIEW: &str = "nothing of it was installed; if the index replaced the file, run `poetry lock` and review the change";

/// How an install does without the network and the cache.
pub(super) const BRING: &str = "or bring a folder: `lock2venv download --build DIR` where the network is, then `--find-links DIR`";

/// What to do about a file that somebody replaced.
const RESTOCK: &str =
    "nothing of it was installed; remove it, and download it again: `lock2venv download DIR`";

/// How an install does without a wheel that cannot be built.
const LEAVE_OUT: &str =
    "`--no-root` for the project itself, `--no-directory` for directory dependencies";

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let headline = error.to_string();
        match error {
            Error::Index(error) => error.into(),
            Error::Mismatch {
                ref place,
                ref source,
                ..
            } => {
                let headline = Self::text(headline);
                let from = format!("{} bytes from {place}", source.n_bytes);
                let hint = match place {
                    Place::Wheelhouse(_) => RESTOCK,
                    Place::Url(_) | Place::Path(_) => REVIEW,
                };
                mismatch(headline, source, &from).hint(hint)
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
                    .hint(BRING)
            }
            Error::Cache(error) => error.into(),
            Error::Thread(_) => Self::new(&error).hint(super::MORE_THREADS),
            Error::Local { .. } => Self::new(&error).hint(
                "a file dependency is always needed: copy it before this step of an image build, or leave its group out",
            ),
            Error::Git { package, source } => Self::git(&package, &source),
            Error::Configuration(error) => error.into(),
            Error::Build { package, source } => Self::build(&package, *source, LEAVE_OUT),
            Error::SourceBuild { ref source, .. } => Self::source_build(headline, source),
            Error::NeedsBuild { .. } => Self::new(&error).hint(format!(
                "allow that (without `--no-build`), or leave it out: {LEAVE_OUT}"
            )),
            Error::Vanished { .. } => Self::new(&error)
                .hint("another process emptied the cache meanwhile: run the same command again"),
            Error::Several { errors } => {
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
}

pub(super) fn locked(digests: &[Digest]) -> Vec<String> {
    let lines = digests.iter().enumerate().map(|(index, digest)| {
        let label = if index == 0 { "locked" } else { "or" };
        format!("{label:<8}  {digest}")
    });
    first_of(lines)
}

/// Says what to do about a warning, where there is something.
pub(crate) fn hint(warning: &Warning) -> Option<String> {
    if matches!(warning, Warning::Unlisted { .. } | Warning::Unproven { .. }) {
        return Some("`poetry lock --regenerate` adds the files to the lock".to_owned());
    }
    if matches!(warning, Warning::LfsPointers { .. }) {
        return Some("install git-lfs, and install again".to_owned());
    }
    let (Warning::CacheNotWritten { path, .. } | Warning::CacheOfAnotherUser { path, .. }) =
        warning
    else {
        return None;
    };
    let user = machine::user();
    let hint = format!("make user {user} the owner of the cache");
    if !is_on_mount(path) {
        return Some(hint);
    }
    let group = machine::group();
    let mount = format!("--mount=type=cache,uid={user},gid={group},target=DIR");
    Some(format!(
        "{hint}; for a cache mount of an image build: `{mount}`"
    ))
}

/// Tells whether the cache that `path` is in, or the folder that it is in, is where something is mounted, as in the build of
/// an image.
fn is_on_mount(path: &Path) -> bool {
    let mut folders = path.ancestors();
    let cache = folders.find(|folder| store::has_cache(folder));
    let cache = cache.unwrap_or(path);
    let folders = cache.ancestors().take(2);
    let mut below_root = folders.filter(|folder| folder.parent().is_some());
    below_root.any(is_mounted)
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        match &error {
            store::Error::Io { source, .. } if is_full(source) => Self::new(&error),
            store::Error::Io { .. } | store::Error::NotAFolder { .. } => Self::new(&error).hint(
                "name another cache folder: `--cache-dir DIR`, or keep nothing: `--no-cache`",
            ),
            store::Error::NotACache { .. } => Self::new(&error)
                .hint("nothing in it was touched; name the cache's folder: `--cache-dir DIR`")
                .about(&["cache_dir"]),
            store::Error::CacheInUse { .. } => {
                Self::new(&error).hint("nothing was removed; prune when that process has ended")
            }
            store::Error::NoLocks { .. } => Self::new(&error).hint(
                "nobody can tell what is in use there, so nothing was removed; when no lock2venv runs, `lock2venv cache clear` \
                 removes everything",
            ),
            store::Error::Mismatch(found) => {
                let headline = Self::text("a file is not the one that was locked");
                mismatch(headline, found, &format!("{} bytes", found.n_bytes)).hint(REVIEW)
            }
            _ => Self::new(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_that_cannot_be_written_is_to_be_given_to_this_user() {
        let hint = |path: &str| {
            let (path, owner) = (path.into(), 12);
            hint(&Warning::CacheOfAnotherUser { path, owner }).unwrap_or_default()
        };
        let user = machine::user();
        assert_eq!(
            hint("/nowhere/cache"),
            format!("make user {user} the owner of the cache")
        );
        // Something is mounted there on every Linux.
        if is_mounted(Path::new("/proc")) {
            let hint = hint("/proc/cache");
            assert!(hint.contains(&format!("uid={user},gid=")), "{hint}");
        }
    }
}
