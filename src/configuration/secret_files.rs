//! User names and passwords in files of their own, as Docker, Podman and Kubernetes mount them, and in the user's keyring.

use std::path::{Path, PathBuf};

use toml::Value;

use super::Configuration;
use super::documents::read;
use super::error::{Error, value_error};

/// How the names of such variables begin and end.
const START: &str = "POETRY_HTTP_BASIC_";
const ENDS: [&str; 2] = ["_USERNAME_FILE", "_PASSWORD_FILE"];

impl Configuration {
    /// Reads the files that `POETRY_HTTP_BASIC_<NAME>_PASSWORD_FILE` and `…_USERNAME_FILE` name, as if the variables without
    /// `_FILE` had what they hold. One line break at the end is not part of it, as most editors leave one there.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Twice`].
    pub(super) fn with_secret_files(mut self) -> Result<Self, Error> {
        let is_ours =
            |name: &String| name.starts_with(START) && ENDS.iter().any(|end| name.ends_with(end));
        let names: Vec<String> = self
            .variables
            .keys()
            .filter(|name| is_ours(name))
            .cloned()
            .collect();
        for file_variable in names {
            let Some(path) = self.variable(&file_variable) else {
                continue;
            };
            let variable = file_variable.trim_end_matches("_FILE").to_owned();
            if self.variable(&variable).is_some() {
                return Err(Error::Twice {
                    variable,
                    file_variable,
                });
            }
            let text = read(&self.expand(path))?;
            self.variables.insert(variable, without_line_break(text));
        }
        Ok(self)
    }

    /// Returns the program `keyring` on `PATH`, unless `keyring.enabled` is false.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn keyring_program(&self) -> Result<Option<PathBuf>, Error> {
        let keys = ["keyring", "enabled"];
        let is_true = |text: &str| matches!(text.to_lowercase().as_str(), "true" | "1");
        let is_enabled = match (self.variable_of(&keys), self.setting(&keys)) {
            (Some(text), _) => is_true(text),
            (None, None) => true,
            (None, Some(Value::Boolean(is_enabled))) => *is_enabled,
            (None, Some(Value::String(text))) => is_true(text),
            (None, Some(_)) => return Err(value_error(&keys, "true or false")),
        };
        let folders = self.variable("PATH").unwrap_or_default().split(':');
        let folders = folders.filter(|folder| is_enabled && !folder.is_empty());
        let mut programs = folders.map(|folder| Path::new(folder).join("keyring"));
        Ok(programs.find(|program| program.is_file()))
    }
}

fn without_line_break(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::CredentialsOrigin;

    fn read_with(variables: &[(&str, &str)]) -> Result<Configuration, Error> {
        let folder = tempfile::tempdir().unwrap();
        let variables = variables.iter();
        let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Configuration::read(folder.path(), variables)
    }

    #[test]
    fn secrets_may_be_in_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (username, password) = (file("u", "me\r\n"), file("p", " hush \n\n"));
        let name = "POETRY_HTTP_BASIC_ACME_USERNAME_FILE";
        let word = "POETRY_HTTP_BASIC_ACME_PASSWORD_FILE";
        let auth = file(
            "auth.toml",
            "http-basic.b = {username = 'b', password = 'c'}",
        );
        let found = read_with(&[
            (name, &username),
            (word, &password),
            ("LOCK2VENV_AUTH_FILE", &auth),
        ]);
        let found = found.unwrap();
        let (held, origin) = found.credentials("acme").unwrap().unwrap();
        assert_eq!(
            (held.username.as_str(), held.password.as_str()),
            ("me", " hush \n")
        );
        assert_eq!(origin, CredentialsOrigin::Environment);
        assert_eq!(found.credentials("b").unwrap().unwrap().0.username, "b");

        let twice = read_with(&[(word, &password), ("POETRY_HTTP_BASIC_ACME_PASSWORD", "x")]);
        assert_eq!(
            twice.unwrap_err().to_string(),
            "both `POETRY_HTTP_BASIC_ACME_PASSWORD` and `POETRY_HTTP_BASIC_ACME_PASSWORD_FILE` are set"
        );
        for variable in [word, "LOCK2VENV_AUTH_FILE"] {
            let absent = read_with(&[(variable, "/nowhere/file")]).unwrap_err();
            assert_eq!(absent.to_string(), "cannot read `/nowhere/file`");
            assert!(read_with(&[(variable, "")]).is_ok());
        }
    }

    #[test]
    fn the_keyring_is_a_program_on_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let program = folder.path().join("keyring");
        let find =
            |variables: &[(&str, &str)]| read_with(variables).unwrap().keyring_program().unwrap();
        assert_eq!(find(&[("PATH", path)]), None);
        std::fs::write(&program, "").unwrap();
        assert_eq!(
            find(&[("PATH", &format!("/nowhere::{path}"))]),
            Some(program)
        );
        assert_eq!(
            find(&[("PATH", path), ("POETRY_KEYRING_ENABLED", "false")]),
            None
        );
    }
}
