//! Repositories and their credentials.

use std::collections::BTreeSet;
use std::fmt;

use toml::Value;

use super::Configuration;
use super::error::{Error, value_error};
use crate::url::{Credentials, Url, WrittenUrl};

/// Where a user name and password were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CredentialsOrigin {
    /// `POETRY_HTTP_BASIC_<NAME>_USERNAME` and `_PASSWORD`.
    Environment,
    /// `http-basic` in Poetry's auth.toml, config.toml or poetry.toml.
    Configuration,
    /// The address itself.
    Url,
    /// The user's `.netrc`.
    Netrc,
    /// The user's keyring.
    Keyring,
}

impl fmt::Display for CredentialsOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Environment => "environment",
            Self::Configuration => "auth.toml",
            Self::Url => "URL",
            Self::Netrc => "netrc",
            Self::Keyring => "keyring",
        })
    }
}

/// A repository that the settings name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: Url,
}

impl Repository {
    /// Tells whether `name` is its name, compared as variables are, which know neither case nor `-` and `.`.
    pub fn is_named(&self, name: &str) -> bool {
        let form = |name: &str| name.to_lowercase().replace(['-', '.'], "_");
        form(&self.name) == form(name)
    }
}

impl Configuration {
    /// Returns what `http-basic` holds for the repository `name`, each half from its first place, with the place of the first
    /// half found.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn credentials(
        &self,
        name: &str,
    ) -> Result<Option<(Credentials, CredentialsOrigin)>, Error> {
        let half = |half: &'static str| -> Result<Option<(String, CredentialsOrigin)>, Error> {
            let keys = ["http-basic", name, half];
            let found = match self.variable_of(&keys) {
                Some(value) => Some((value.to_owned(), CredentialsOrigin::Environment)),
                None => self
                    .text(&keys)?
                    .map(|value| (value, CredentialsOrigin::Configuration)),
            };
            // Poetry takes an empty text for none.
            Ok(found.filter(|(value, _)| !value.is_empty()))
        };
        let (username, password) = (half("username")?, half("password")?);
        let Some(origin) = username.as_ref().or(password.as_ref()).map(|half| half.1) else {
            return Ok(None);
        };
        let value = |half: Option<(String, CredentialsOrigin)>| half.map(|half| half.0);
        let credentials = Credentials {
            username: value(username).unwrap_or_default(),
            password: value(password).unwrap_or_default(),
        };
        Ok(Some((credentials, origin)))
    }

    /// Returns what `http-basic` holds for the git repository at `url`: by the name of the repository of the settings that has
    /// this host and path, both halves. Poetry uses no others for git; what is set for https is not sent by http.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn git_credentials(&self, url: &WrittenUrl) -> Result<Option<Credentials>, Error> {
        let Ok(url) = url.parse() else {
            return Ok(None);
        };
        let is_http = matches!(url.scheme(), "http" | "https");
        if !is_http || url.credentials().is_some() {
            return Ok(None);
        }
        let repositories = self.repositories()?;
        let is_it =
            |own: &&Repository| own.url.may_share_with(&url) && own.url.path() == url.path();
        let Some(repository) = repositories.iter().find(is_it) else {
            return Ok(None);
        };
        let found = self.credentials(&repository.name)?;
        let found = found.map(|(credentials, _)| credentials);
        let is_whole = |held: &Credentials| !held.username.is_empty() && !held.password.is_empty();
        Ok(found.filter(is_whole))
    }

    /// Returns the repositories that `repositories.<name>.url` and `POETRY_REPOSITORIES_<NAME>_URL` name, by name. (Poetry
    /// forgets the former as soon as there is one of the latter, and knows no digits in the latter.)
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn repositories(&self) -> Result<Vec<Repository>, Error> {
        let mut names = BTreeSet::new();
        if let Some(Value::Table(repositories)) = self.settings.get("repositories") {
            names.extend(repositories.keys().cloned());
        }
        for variable in self.variables.keys() {
            let name = variable
                .strip_prefix("POETRY_REPOSITORIES_")
                .and_then(|rest| rest.strip_suffix("_URL"));
            names.extend(name.map(|name| name.to_lowercase().replace('_', "-")));
        }
        let mut repositories = Vec::new();
        for name in names {
            let keys = ["repositories", name.as_str(), "url"];
            let Some(text) = self.value_text(&keys)? else {
                continue;
            };
            let url = Url::parse(&text).map_err(|_| value_error(&keys, "a URL"))?;
            repositories.push(Repository { name, url });
        }
        Ok(repositories)
    }
}
