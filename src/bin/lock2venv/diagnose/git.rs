//! What keeps a repository from being checked out.

use lock2venv::git::{Error, Refusal};
use lock2venv::name::PackageName;

use super::Failure;

/// How Poetry and git learn of credentials.
const CREDENTIALS: &str = "for http and https, name the repository to Poetry, `poetry config repositories.NAME URL`, and set \
    POETRY_HTTP_BASIC_NAME_USERNAME and _PASSWORD; or use a credential helper of git";

impl Failure {
    /// Why the repository of `package` cannot be used.
    pub(super) fn git(package: &PackageName, error: &Error) -> Self {
        let failure = Self::new(error).detail(format!("it is the source of `{package}`"));
        let failure = failure.details(lines_of(error).iter().cloned());
        match hint(error) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// The last lines that git wrote.
fn lines_of(error: &Error) -> &[String] {
    match error {
        Error::Refused { last_lines, .. } | Error::Failed { last_lines, .. } => last_lines,
        _ => &[],
    }
}

pub(super) fn hint(error: &Error) -> Option<&'static str> {
    let hint = match error {
        Error::NoGit => {
            "install it (Debian: `apt-get install git`, Alpine: `apk add git`), or leave the group of the package out"
        }
        Error::TooOld(_) => "install a newer one, or put it first on PATH",
        Error::CommitMissing { .. } => {
            "its branch was rewritten, most likely: run `poetry lock` and review the change"
        }
        Error::Url { .. } => "nothing was asked of it; change it in pyproject.toml and lock again",
        Error::Reference(_) | Error::Commit(_) | Error::Subdirectory { .. } => {
            "run `poetry lock` and review the change"
        }
        Error::Refused {
            url,
            refusal: Refusal::NotFound,
            ..
        } if is_local(&url.to_string()) => {
            "a repository of this machine is always needed: copy it before this step of an image build, or leave its group out"
        }
        Error::Refused { refusal, .. } => return refused(*refusal),
        _ => return None,
    };
    Some(hint)
}

fn is_local(url: &str) -> bool {
    url.starts_with("file:") || url.starts_with('/')
}

fn refused(refusal: Refusal) -> Option<&'static str> {
    let hint = match refusal {
        Refusal::NotFound | Refusal::Unauthorized | Refusal::Forbidden => CREDENTIALS,
        Refusal::Owner => {
            "if you trust it: `git config --global --add safe.directory PATH`, with the path above"
        }
        Refusal::Key => {
            "let ssh have a key that the server knows; in an image build: `RUN --mount=type=ssh`, and `docker build --ssh default`"
        }
        Refusal::HostKey => {
            "add the server to `known_hosts`: `ssh-keyscan HOST >> /etc/ssh/ssh_known_hosts`, and compare the key with the one that it publishes"
        }
        Refusal::NoSsh => {
            "install it (Debian: `apt-get install openssh-client`, Alpine: `apk add openssh-client`)"
        }
        Refusal::Host | Refusal::Unreachable => {
            "git uses HTTPS_PROXY and its own `http.proxy`; `--offline` installs from what the cache has"
        }
        Refusal::Certificate => "GIT_SSL_CAINFO names the certificates that git trusts",
        Refusal::Transport => {
            "a submodule names it; https, http, ssh and git are taken, and local paths in local repositories"
        }
        Refusal::DiskFull => "make room, or name another cache folder: `--cache-dir DIR`",
        _ => return None,
    };
    Some(hint)
}
