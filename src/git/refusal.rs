//! Why a server or this machine refused, as git's messages say it (in English: `LC_ALL=C`).

/// Why a server or this machine refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such repository, or none that these credentials may see.
    #[error("there is no such repository, or it is hidden from these credentials")]
    NotFound,
    /// It is on this machine, and another user's.
    #[error("it belongs to another user of this machine")]
    Owner,
    /// Credentials are wanted, or others (401).
    #[error("it requires credentials, or different ones")]
    Unauthorized,
    /// The credentials do not suffice (403).
    #[error("access is forbidden")]
    Forbidden,
    /// The ssh server takes none of the keys.
    #[error("it accepts none of the ssh keys")]
    Key,
    /// The key of the ssh server is not known, or another than is known.
    #[error("its ssh host key is not known")]
    HostKey,
    /// The name of the host cannot be resolved.
    #[error("its host cannot be resolved")]
    Host,
    /// It does not answer, or no longer.
    #[error("it does not answer")]
    Unreachable,
    /// Its certificate is not accepted.
    #[error("its certificate is not accepted")]
    Certificate,
    /// A submodule is of a transport that is not allowed.
    #[error("a transport is not allowed")]
    Transport,
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// There is no ssh program.
    #[error("there is no ssh program")]
    NoSsh,
}

/// Parts of messages in lower case. Earlier ones count first: later ones follow from them.
const MESSAGES: &[(&str, Refusal)] = &[
    ("no space left on device", Refusal::DiskFull),
    ("disk quota exceeded", Refusal::DiskFull),
    ("dubious ownership", Refusal::Owner),
    ("cannot run ssh", Refusal::NoSsh),
    ("ssh: not found", Refusal::NoSsh),
    ("host key verification failed", Refusal::HostKey),
    ("permission denied (publickey", Refusal::Key),
    ("permission denied (password", Refusal::Key),
    ("permission denied (keyboard", Refusal::Key),
    ("could not resolve host", Refusal::Host),
    ("unable to look up", Refusal::Host),
    ("transport '", Refusal::Transport),
    ("ssl certificate", Refusal::Certificate),
    ("certificate verif", Refusal::Certificate),
    ("server certificate", Refusal::Certificate),
    ("ssl routines", Refusal::Certificate),
    ("returned error: 401", Refusal::Unauthorized),
    ("authentication failed", Refusal::Unauthorized),
    ("could not read username", Refusal::Unauthorized),
    ("could not read password", Refusal::Unauthorized),
    ("returned error: 403", Refusal::Forbidden),
    ("returned error: 404", Refusal::NotFound),
    ("repository not found", Refusal::NotFound),
    ("not found: ", Refusal::NotFound),
    ("does not appear to be a git repository", Refusal::NotFound),
    (
        "access denied or repository not exported",
        Refusal::NotFound,
    ),
    ("' not found", Refusal::NotFound),
    ("does not exist", Refusal::NotFound),
    ("connection refused", Refusal::Unreachable),
    ("connection timed out", Refusal::Unreachable),
    ("connection reset", Refusal::Unreachable),
    ("failed to connect", Refusal::Unreachable),
    ("timed out", Refusal::Unreachable),
    ("operation too slow", Refusal::Unreachable),
    ("network is unreachable", Refusal::Unreachable),
    ("no route to host", Refusal::Unreachable),
];

impl Refusal {
    pub(super) fn recognize(lines: &[String]) -> Option<Self> {
        let text = lines.join("\n").to_ascii_lowercase();
        let mut messages = MESSAGES.iter();
        let found = messages.find(|(message, _)| text.contains(message));
        found.map(|(_, refusal)| *refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(line: &str, expected: Option<Refusal>) {
        assert_eq!(Refusal::recognize(&[line.to_owned()]), expected, "{line}");
    }

    #[test]
    fn messages_are_recognized() {
        is("remote: Repository not found.", Some(Refusal::NotFound));
        is(
            "fatal: repository 'http://127.0.0.1:1/a/' not found",
            Some(Refusal::NotFound),
        );
        is(
            "fatal: detected dubious ownership in repository at '/srv/acme/.git'",
            Some(Refusal::Owner),
        );
        is(
            "git@github.com: Permission denied (publickey).",
            Some(Refusal::Key),
        );
        is("Host key verification failed.", Some(Refusal::HostKey));
        is(
            "fatal: could not read Username for 'https://a.example': terminal prompts disabled",
            Some(Refusal::Unauthorized),
        );
        is(
            "fatal: transport 'ext' not allowed",
            Some(Refusal::Transport),
        );
        is(
            "error: Server does not allow request for unadvertised object a1",
            None,
        );
        is("fatal: couldn't find remote ref refs/heads/x", None);
    }
}
