//! Which URLs, references and commits are handed to git.
//!
//! Taken are `https`, `http`, `ssh`, `git` and `file` URLs, the short form of ssh (`git@host:path`) and absolute paths: all
//! that Poetry takes and git still has. Transports that run a command (`ext::`, `fd::`) and whatever could be read as an option
//! are refused here, before git refuses them too (PYSEC-2022-266, PYSEC-2023-228).

use crate::url::{Credentials, WrittenUrl, percent_decode};

use super::{Error, UrlFault};

const SCHEMES: [&str; 5] = ["https", "http", "ssh", "git", "file"];

/// A URL that git may have.
pub(super) struct Address {
    /// Without user and password where they are secret.
    pub(super) text: String,
    /// Scheme, host and port, for http and https.
    pub(super) origin: Option<String>,
    pub(super) credentials: Option<Credentials>,
    /// Whether it is on this machine.
    pub(super) is_local: bool,
}

impl Address {
    pub(super) fn parse(url: &WrittenUrl) -> Result<Self, Error> {
        let parsed = parse(url);
        parsed.map_err(|fault| Error::Url {
            url: url.clone(),
            fault,
        })
    }
}

fn parse(url: &WrittenUrl) -> Result<Address, UrlFault> {
    let text = url.as_written();
    let text = text.strip_prefix("git+").unwrap_or(text);
    if percent_decode(text).chars().any(char::is_control) {
        return Err(UrlFault::Control);
    }
    if text.starts_with('-') {
        return Err(UrlFault::Option);
    }
    match text.split_once("://") {
        Some(("http" | "https", _)) => parse_http(&WrittenUrl::new(text)),
        Some((scheme, rest)) => parse_other(text, scheme, rest),
        None if text.starts_with('/') => Ok(Address::plain(text, true)),
        None => parse_short(text),
    }
}

fn parse_http(url: &WrittenUrl) -> Result<Address, UrlFault> {
    let parsed = url.parse().map_err(|_| UrlFault::Form)?;
    let host = parsed.host().ok_or(UrlFault::Form)?;
    let port = parsed.port().map(|port| format!(":{port}"));
    let origin = format!("{}://{host}{}", parsed.scheme(), port.unwrap_or_default());
    Ok(Address {
        text: url.without_credentials(),
        origin: Some(origin),
        credentials: parsed.credentials(),
        is_local: false,
    })
}

fn parse_other(text: &str, scheme: &str, rest: &str) -> Result<Address, UrlFault> {
    if !SCHEMES.contains(&scheme) {
        return Err(UrlFault::Transport);
    }
    let authority = percent_decode(rest.split('/').next().unwrap_or_default());
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", &authority));
    if user.contains(':') {
        return Err(UrlFault::Password);
    }
    if user.starts_with('-') || host.starts_with('-') {
        return Err(UrlFault::Option);
    }
    if is_for_shell(user) || is_for_shell(host) {
        return Err(UrlFault::Shell);
    }
    let is_local = scheme == "file";
    if host.is_empty() != is_local {
        return Err(UrlFault::Form);
    }
    Ok(Address::plain(text, is_local))
}

/// Parses `[user@]host:path`, in which the host may be an IPv6 address in brackets.
fn parse_short(text: &str) -> Result<Address, UrlFault> {
    let start = text.find('@').map_or(0, |at| at + 1);
    let colon = if text[start..].starts_with('[') {
        let bracket = text[start..].find("]:");
        bracket.map(|bracket| start + bracket + 1)
    } else {
        text.find(':')
    };
    let colon = colon.ok_or(UrlFault::Transport)?;
    let (host, path) = (&text[..colon], &text[colon + 1..]);
    let (user, name) = host.rsplit_once('@').unwrap_or(("", host));
    // What follows two colons would be an address of what precedes them, a program.
    let is_other = path.is_empty() || path.starts_with(':');
    if name.is_empty() || host.contains('/') || user.contains(':') || is_other {
        return Err(UrlFault::Transport);
    }
    if name.starts_with('-') || path.starts_with('-') {
        return Err(UrlFault::Option);
    }
    if is_for_shell(host) {
        return Err(UrlFault::Shell);
    }
    Ok(Address::plain(text, false))
}

/// Whether a user or host has what OpenSSH refuses in them since version 9.6.
fn is_for_shell(name: &str) -> bool {
    name.contains(|character: char| {
        character.is_whitespace() || "'`\"$;&<>|(){}".contains(character)
    })
}

impl Address {
    fn plain(text: &str, is_local: bool) -> Self {
        Self {
            text: text.to_owned(),
            origin: None,
            credentials: None,
            is_local,
        }
    }
}

/// Checks the name of a commit: 40 digits of SHA-1, or 64 of SHA-256.
pub(super) fn check_commit(commit: &str) -> Result<(), Error> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if matches!(commit.len(), 40 | 64) && commit.bytes().all(is_digit) {
        return Ok(());
    }
    Err(Error::Commit(commit.to_owned()))
}

/// Checks the name of a branch or tag, by the rules of `git check-ref-format`.
pub(super) fn check_reference(reference: &str) -> Result<(), Error> {
    let is_wrong = |character: char| {
        character.is_control() || character.is_whitespace() || "~^:?*[\\".contains(character)
    };
    let is_refused = reference.is_empty()
        || reference.starts_with(['-', '/'])
        || reference.ends_with(['/', '.'])
        || reference.chars().any(is_wrong)
        || ["..", "@{", "//"]
            .iter()
            .any(|part| reference.contains(part));
    if is_refused {
        return Err(Error::Reference(reference.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuses(text: &str, expected: UrlFault) {
        assert_eq!(
            parse(&WrittenUrl::new(text)).err(),
            Some(expected),
            "{text}"
        );
    }

    #[track_caller]
    fn takes(text: &str, expected: &str) {
        let address =
            parse(&WrittenUrl::new(text)).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert_eq!(address.text, expected);
    }

    #[test]
    fn transports_of_poetry_are_taken() {
        takes("https://u:p@a.example/b.git", "https://a.example/b.git");
        takes("https://a.example:8443/b", "https://a.example:8443/b");
        takes("git+https://a.example/b", "https://a.example/b");
        takes(
            "ssh://git@a.example:22/b.git",
            "ssh://git@a.example:22/b.git",
        );
        takes("git@a.example:b/c.git", "git@a.example:b/c.git");
        takes("a.example:b/c.git", "a.example:b/c.git");
        takes("git@[::1]:b/c.git", "git@[::1]:b/c.git");
        takes("[::1]:b/c.git", "[::1]:b/c.git");
        takes("git://a.example/b", "git://a.example/b");
        takes("file:///srv/b.git", "file:///srv/b.git");
        takes("/srv/b.git", "/srv/b.git");
    }

    #[test]
    fn commands_and_options_are_refused() {
        refuses("ext::sh -c touch% /tmp/x", UrlFault::Transport);
        refuses("fd::17", UrlFault::Transport);
        refuses("ext::https://a.example/b", UrlFault::Transport);
        refuses("ext::x]y]:z", UrlFault::Transport);
        refuses("ext::x@[::1]:z", UrlFault::Transport);
        refuses("a@b@[::1]:c", UrlFault::Transport);
        refuses("rsync://a.example/b", UrlFault::Transport);
        refuses("HTTPS://a.example/b", UrlFault::Transport);
        refuses("../b", UrlFault::Transport);
        refuses("", UrlFault::Transport);
        refuses("--upload-pack=touch /tmp/x", UrlFault::Option);
        refuses("-u:x", UrlFault::Option);
        refuses("ssh://-oProxyCommand=x/b", UrlFault::Option);
        refuses("ssh://%2DoProxyCommand=x/b", UrlFault::Option);
        refuses("ssh://-l@a.example/b", UrlFault::Option);
        refuses("git@-oProxyCommand=x:b", UrlFault::Option);
        refuses("git@a.example:-b", UrlFault::Option);
        refuses("https://a.example/b\nc", UrlFault::Control);
        refuses("https://a.example/b%0ac", UrlFault::Control);
        refuses("ssh://u:hush@a.example/b", UrlFault::Password);
        refuses("ssh://$(touch x)@a.example/b", UrlFault::Shell);
        refuses("ssh://a.example;x/b", UrlFault::Shell);
        refuses("ssh://%60x%60/b", UrlFault::Shell);
        refuses("git@`x`:b", UrlFault::Shell);
        refuses("say 'x:b", UrlFault::Shell);
        refuses("say 'x::b", UrlFault::Transport);
        refuses("file://a.example/b", UrlFault::Form);
        refuses("ssh:///b", UrlFault::Form);
    }

    #[test]
    fn names_that_are_options_or_patterns_are_refused() {
        for name in [
            "-f", "--all", "a..b", "a b", "a:b", "*", "a@{1}", "", "/a", "a/",
        ] {
            assert!(check_reference(name).is_err(), "{name}");
        }
        for name in ["main", "v1.0", "feature/a-b", "HEAD", "1.x"] {
            assert!(check_reference(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "main",
            "--upload-pack=x",
            &"a".repeat(39),
            &"A".repeat(40),
        ] {
            assert!(check_commit(name).is_err(), "{name}");
        }
        assert!(check_commit(&"a0".repeat(20)).is_ok());
        assert!(check_commit(&"a0".repeat(32)).is_ok());
    }
}
