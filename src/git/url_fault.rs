//! What can be wrong with the URL of a repository.

/// What is wrong with the URL of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlFault {
    /// It, its user, host or path begins with `-`.
    #[error("it could be read as an option")]
    Option,
    /// It is not of a transport that is taken.
    #[error("it is not an https, http, ssh, git or file URL, `host:path` or an absolute path")]
    Transport,
    /// It holds a line break or another control character.
    #[error("it contains a control character")]
    Control,
    /// It has a password that git would hand on in the open.
    #[error("only http and https URLs may have a password")]
    Password,
    /// Its user or host holds what a shell would run, and ssh gives both to one where `ProxyCommand` names them (CVE-2023-51385).
    #[error("its user or host has a space, or a character that means something to a shell")]
    Shell,
    /// It has no host, or is no URL otherwise.
    #[error("it is not a URL")]
    Form,
}
