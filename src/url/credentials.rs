//! User names and passwords.

use std::fmt;

/// A user name and a password; neither is ever printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name; may be empty, as some indexes want a token for a password and nothing else.
    pub username: String,
    /// The password; may be empty, as some indexes want a token for a user name and nothing else.
    pub password: String,
}

/// What is odd about credentials, and may be why a server refuses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CredentialsFlaw {
    /// There is no user name.
    NoUsername,
    /// There is no password.
    NoPassword,
    /// The user name begins or ends with a line break or a space.
    UsernameSpace,
    /// The password begins or ends with a line break or a space.
    PasswordSpace,
}

impl Credentials {
    /// Says what is odd; an index may want it nevertheless.
    pub fn flaw(&self) -> Option<CredentialsFlaw> {
        let has_space = |text: &str| text.trim() != text;
        if has_space(&self.password) {
            Some(CredentialsFlaw::PasswordSpace)
        } else if has_space(&self.username) {
            Some(CredentialsFlaw::UsernameSpace)
        } else if self.username.is_empty() {
            Some(CredentialsFlaw::NoUsername)
        } else if self.password.is_empty() {
            Some(CredentialsFlaw::NoPassword)
        } else {
            None
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials(***)")
    }
}
