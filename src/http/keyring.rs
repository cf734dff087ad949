//! The user's keyring, asked by the program `keyring`, which Python's package of that name installs.
//!
//! It is asked only where a server refused what was sent, as the program takes its time, or before what `.netrc` has is sent, as the
//! keyring comes first; and each question once. Asked for are, as by Poetry, the service `poetry-repository-<name>` where the user name is known, then the URL of the repository, then its host.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::configuration::{self, Configuration};
use crate::process::{self, ProgramAnswer};
use crate::url::{Credentials, Url};

/// A keyring may ask its user for a password; more time than that would look like a hang.
const LIMIT: Duration = Duration::from_mins(1);

/// Asks the user's keyring.
pub struct Keyring {
    program: Option<PathBuf>,
    /// How long it may take for one question.
    limit: Duration,
    state: Mutex<State>,
}

/// What came of the questions so far.
#[derive(Default)]
struct State {
    answers: BTreeMap<KeyringQuestion, Option<Credentials>>,
    /// Whether the program did not end in time: it is not asked again.
    is_silent: bool,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyringQuestion {
    /// The name of the repository, if it has one.
    pub name: Option<String>,
    /// The URL of the repository, without credentials.
    pub url: String,
    /// The user name; empty where it is not known.
    pub username: String,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Keyring")
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

impl KeyringQuestion {
    /// Asks for the credentials of the repository at `url`, of which the user name is known or empty.
    pub fn new(name: Option<&str>, url: &Url, username: &str) -> Self {
        Self {
            name: name.map(str::to_owned),
            url: url.without_credentials().expose().to_owned(),
            username: username.to_owned(),
        }
    }

    fn services(&self) -> Vec<String> {
        let own = self.name.as_ref().filter(|_| !self.username.is_empty());
        let own = own.map(|name| format!("poetry-repository-{name}"));
        let (_, rest) = self.url.split_once("://").unwrap_or_default();
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        let all = own.into_iter().chain([self.url.clone(), host.to_owned()]);
        all.filter(|service| !service.is_empty()).collect()
    }
}

impl Keyring {
    /// Finds the program, and runs it not yet.
    ///
    /// # Errors
    ///
    /// [`configuration::Error::Value`].
    pub fn new(configuration: &Configuration) -> Result<Self, configuration::Error> {
        Ok(Self {
            program: configuration.keyring_program()?,
            limit: LIMIT,
            state: Mutex::default(),
        })
    }

    /// Returns what the keyring answered to `question`, if it was asked.
    pub(super) fn remembered(&self, question: &KeyringQuestion) -> Option<Credentials> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.answers.get(question).cloned().flatten()
    }

    /// Asks, unless that was done before, or the program once did not end in time.
    pub fn credentials(&self, question: &KeyringQuestion) -> Option<Credentials> {
        let program = self.program.as_ref()?;
        // Held meanwhile: the threads that start at once all have the same question.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = state.answers.get(question) {
            return known.clone();
        }
        let mut found = None;
        for service in question.services() {
            if found.is_none() && !state.is_silent {
                found = self.ask(program, &service, &question.username, &mut state);
            }
        }
        state.answers.insert(question.clone(), found.clone());
        found
    }

    fn ask(
        &self,
        program: &Path,
        service: &str,
        username: &str,
        state: &mut State,
    ) -> Option<Credentials> {
        let arguments = match username {
            "" => vec!["--mode", "creds", "get", service],
            username => vec!["get", service, username],
        };
        let printed = match process::answer(program, &arguments, self.limit) {
            ProgramAnswer::Printed(printed) => printed,
            ProgramAnswer::Nothing => return None,
            ProgramAnswer::Silent => {
                state.is_silent = true;
                return None;
            }
        };
        match username {
            "" => both(&printed),
            username => credentials(username, printed.lines().next()?),
        }
    }
}

/// Reads a user name and a password, each in a line of its own.
fn both(printed: &str) -> Option<Credentials> {
    let (username, password) = printed.split_once('\n')?;
    credentials(username.trim_end_matches('\r'), password.lines().next()?)
}

fn credentials(username: &str, password: &str) -> Option<Credentials> {
    let held = Credentials {
        username: username.to_owned(),
        password: password.to_owned(),
    };
    (!held.password.is_empty()).then_some(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_those_that_poetry_asks_for() {
        let url = Url::parse("https://u:p@a.example:8443/simple/").unwrap();
        let services = |name, username| KeyringQuestion::new(name, &url, username).services();
        let by_place = ["https://a.example:8443/simple/", "a.example:8443"];
        assert_eq!(services(Some("acme"), ""), by_place);
        assert_eq!(services(None, "me"), by_place);
        let own = services(Some("acme"), "me");
        assert_eq!(own[0], "poetry-repository-acme");
        assert_eq!(own[1..], by_place);
    }

    #[test]
    fn answers_are_lines() {
        let pair = |held: Credentials| (held.username, held.password);
        let expected = Some(("me".to_owned(), "hush ".to_owned()));
        assert_eq!(both("me\nhush \n").map(pair), expected);
        assert_eq!(both("me\n").map(pair), None);
        assert_eq!(both("").map(pair), None);
    }

    #[test]
    fn a_program_that_does_not_end_is_asked_once() {
        let folder = tempfile::tempdir().unwrap();
        let (program, log) = (folder.path().join("keyring"), folder.path().join("log"));
        let text = format!("#!/bin/sh\necho >>'{}'\nexec sleep 600\n", log.display());
        // By a program, or what another thread starts meanwhile holds the file open, and it cannot be run.
        let write = "printf %s \"$1\" >\"$2\" && chmod 755 \"$2\"";
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", write, "sh", &text]).arg(&program);
        assert!(shell.status().unwrap().success());
        let keyring = Keyring {
            program: Some(program),
            limit: Duration::from_secs(1),
            state: Mutex::default(),
        };
        for url in ["https://a.example/simple/", "https://b.example/simple/"] {
            let question = KeyringQuestion::new(None, &Url::parse(url).unwrap(), "");
            assert_eq!(
                keyring.credentials(&question).map(|held| held.username),
                None
            );
        }
        let n_asked = std::fs::read_to_string(log).map_or(0, |log| log.len());
        assert!(n_asked <= 1, "{n_asked}");
    }
}
