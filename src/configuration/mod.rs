//! What the user set: Poetry's settings and the variables of the machine, as values.
//!
//! [`Configuration::parse`] is a pure function of texts and variables; [`Configuration::read`] finds the texts where Poetry has
//! them. A variable beats the project's `poetry.toml`, that beats `auth.toml`, that beats `config.toml`, setting by setting,
//! as in Poetry's `Config`. The keyring is not asked, and `pypi-token` is for publishing, so nothing here reads it.
//!
//! Passwords are held here. Nothing of a value is in any message or `Debug` text.

mod proxy;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use toml::{Table, Value};

use crate::toml_document::TomlDocument;
use crate::url::{Credentials, Url};

pub use crate::plan::PackagePolicy;

/// How long Poetry waits for a connection or for bytes, unless `POETRY_REQUESTS_TIMEOUT` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How often Poetry tries again.
const MAX_RETRIES: u32 = 5;

/// Variables that are not Poetry's and that we honour.
const VARIABLES: &[&str] = &[
    "ALL_PROXY",
    "APPDATA",
    "CURL_CA_BUNDLE",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NETRC",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "XDG_CONFIG_HOME",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Poetry's settings, and variables of the machine that say the same things to every program.
#[derive(Clone, Default)]
pub struct Configuration {
    settings: Table,
    variables: BTreeMap<String, String>,
    netrc: Option<String>,
}

/// A text that holds settings, and where it stands.
#[derive(Clone)]
pub struct Document<'a> {
    /// The file, for messages.
    pub path: &'a Path,
    /// What it holds.
    pub text: &'a str,
}

/// The texts that hold settings.
#[derive(Clone, Default)]
pub struct Documents<'a> {
    /// The user's `config.toml`.
    pub config: Option<Document<'a>>,
    /// The user's `auth.toml`.
    pub auth: Option<Document<'a>>,
    /// The project's `poetry.toml`.
    pub project: Option<Document<'a>>,
    /// The user's `.netrc`.
    pub netrc: Option<&'a str>,
}

/// Why settings could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file is there and cannot be read.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file is not TOML.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong, in the words of the TOML parser; it quotes nothing.
        message: String,
    },
    /// A setting has a value that cannot be meant.
    #[error("setting `{setting}` has to be {expected}")]
    Value {
        /// The setting, such as `installer.max-workers`.
        setting: String,
        /// What it may be.
        expected: &'static str,
    },
}

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
}

impl fmt::Display for CredentialsOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Environment => "environment",
            Self::Configuration => "auth.toml",
            Self::Url => "URL",
            Self::Netrc => "netrc",
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

/// Whom to believe that a server is who it says, and how to show who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Certificates {
    /// The authorities.
    pub authorities: Authorities,
    /// A PEM file with our own certificate and key.
    pub client: Option<PathBuf>,
}

/// The certificate authorities to believe.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Authorities {
    /// Those of the system.
    #[default]
    System,
    /// Those of a PEM file or a folder of them.
    At(PathBuf),
    /// Anyone: `certificates.<name>.cert = false`. The digests of the lock still prove each file.
    Anyone,
}

/// A proxy that a variable names. Not `Debug`: its address may hold a password.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProxySetting {
    /// The variable, such as `HTTPS_PROXY`.
    pub variable: &'static str,
    /// What it says.
    pub address: String,
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Document({})", self.path.display())
    }
}

impl fmt::Debug for Documents<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Documents")
            .field("config", &self.config)
            .field("auth", &self.auth)
            .field("project", &self.project)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Configuration")
            .field("settings", &self.settings.keys().collect::<Vec<_>>())
            .field("variables", &self.variables.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Configuration {
    /// Parses the texts and keeps the variables that matter.
    ///
    /// # Errors
    ///
    /// [`Error::Toml`], with the place.
    pub fn parse(
        documents: &Documents<'_>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let mut settings = Table::new();
        let in_order = [&documents.config, &documents.auth, &documents.project];
        for document in in_order.into_iter().flatten() {
            let parsed = TomlDocument::parse(document.text);
            let parsed = parsed.map_err(|cause| toml_error(document, &cause))?;
            merge(&mut settings, parsed.into_table());
        }
        let is_ours = |name: &str| name.starts_with("POETRY_") || VARIABLES.contains(&name);
        Ok(Self {
            settings,
            variables: variables
                .into_iter()
                .filter(|(name, _)| is_ours(name))
                .collect(),
            netrc: documents.netrc.map(str::to_owned),
        })
    }

    /// Reads `poetry.toml` in `project`, `config.toml` and `auth.toml` in Poetry's folder (`POETRY_CONFIG_DIR`, or by platform),
    /// and the file that `NETRC` names, or `.netrc`, `_netrc` in the home folder. Any of them may be missing.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Toml`].
    pub fn read(
        project: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let bare = Self::parse(&Documents::default(), variables)?;
        let project_path = project.join("poetry.toml");
        let folder = bare.poetry_folder();
        let config_path = folder.as_ref().map(|folder| folder.join("config.toml"));
        let auth_path = folder.as_ref().map(|folder| folder.join("auth.toml"));

        let project_text = read_if_there(Some(&project_path))?;
        let config_text = read_if_there(config_path.as_deref())?;
        let auth_text = read_if_there(auth_path.as_deref())?;
        let netrc = bare.read_netrc();
        let documents = Documents {
            config: document(config_path.as_deref(), config_text.as_deref()),
            auth: document(auth_path.as_deref(), auth_text.as_deref()),
            project: document(Some(&project_path), project_text.as_deref()),
            netrc: netrc.as_deref(),
        };
        Self::parse(&documents, bare.variables)
    }

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
            let url = Url::parse(&text).map_err(|_| value_error(&keys, "an address"))?;
            repositories.push(Repository { name, url });
        }
        Ok(repositories)
    }

    /// Returns what `certificates.<name>` says; where it says nothing, what `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`,
    /// `SSL_CERT_FILE` or `SSL_CERT_DIR` say, in this order. Paths are absolute, or relative to the working directory.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn certificates(&self, name: Option<&str>) -> Result<Certificates, Error> {
        let mut certificates = Certificates {
            authorities: self.default_authorities(),
            client: None,
        };
        let Some(name) = name else {
            return Ok(certificates);
        };
        for half in ["verify", "cert"] {
            let keys = ["certificates", name, half];
            if let Some(Value::Boolean(is_checked)) = self.setting(&keys)
                && self.variable_of(&keys).is_none()
            {
                if !is_checked {
                    certificates.authorities = Authorities::Anyone;
                }
                break;
            }
            if let Some(path) = self.value_text(&keys)?.filter(|path| !path.is_empty()) {
                certificates.authorities = Authorities::At(self.expand(&path));
                break;
            }
        }
        let client = self.value_text(&["certificates", name, "client-cert"])?;
        certificates.client = client
            .filter(|path| !path.is_empty())
            .map(|path| self.expand(&path));
        Ok(certificates)
    }

    /// Returns the folder that `cache-dir` or `POETRY_CACHE_DIR` name: Poetry's own cache.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn cache_dir(&self) -> Result<Option<PathBuf>, Error> {
        let text = self.value_text(&["cache-dir"])?;
        Ok(text
            .filter(|text| !text.is_empty())
            .map(|text| self.expand(&text)))
    }

    /// Returns the folder that `poetry python install` was told to use: `python.installation-dir`, else `python` in
    /// `data-dir`, where one of them is set.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn python_installation_dir(&self) -> Result<Option<PathBuf>, Error> {
        let folder = |keys: &[&str]| {
            let text = self.value_text(keys)?.filter(|text| !text.is_empty());
            Ok(text.map(|text| self.expand(&text)))
        };
        if let Some(own) = folder(&["python", "installation-dir"])? {
            return Ok(Some(own));
        }
        Ok(folder(&["data-dir"])?.map(|data| data.join("python")))
    }

    /// Returns the packages whose wheels are not to be used (`installer.no-binary`).
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn no_binary(&self) -> Result<PackagePolicy, Error> {
        self.policy(&["installer", "no-binary"])
    }

    /// Returns the packages whose source distributions are not to be used (`installer.only-binary`).
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn only_binary(&self) -> Result<PackagePolicy, Error> {
        self.policy(&["installer", "only-binary"])
    }

    /// Returns `installer.max-workers`.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn max_workers(&self) -> Result<Option<usize>, Error> {
        self.number(&["installer", "max-workers"])
    }

    /// Returns how long to wait for a connection, or for the next bytes (`POETRY_REQUESTS_TIMEOUT`, in seconds).
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn timeout(&self) -> Result<Duration, Error> {
        // Poetry reads this from the variable alone.
        let Some(text) = self.variable("POETRY_REQUESTS_TIMEOUT") else {
            return Ok(TIMEOUT);
        };
        let seconds = text
            .trim()
            .parse::<u32>()
            .ok()
            .filter(|seconds| *seconds > 0);
        let seconds = seconds.ok_or_else(|| {
            value_error(&["requests", "timeout"], "a number of seconds, at least 1")
        })?;
        Ok(Duration::from_secs(seconds.into()))
    }

    /// Returns how often a request that failed is made again: 5 times, as Poetry does, or `requests.max-retries` if that is more.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn max_retries(&self) -> Result<u32, Error> {
        let number = self.number(&["requests", "max-retries"])?;
        let number = number.and_then(|number| u32::try_from(number).ok());
        Ok(number.unwrap_or_default().max(MAX_RETRIES))
    }

    /// Returns the proxy for `url`, as `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say, in lower case or upper case.
    pub fn proxy(&self, url: &Url) -> Option<ProxySetting> {
        let by_scheme = match url.scheme() {
            "http" => ["http_proxy", "HTTP_PROXY"],
            "https" => ["https_proxy", "HTTPS_PROXY"],
            _ => return None,
        };
        let names = by_scheme.into_iter().chain(["all_proxy", "ALL_PROXY"]);
        let found = names.filter_map(|variable| {
            let address = self.variable(variable)?.trim().to_owned();
            Some(ProxySetting { variable, address })
        });
        let setting = found.into_iter().next()?;
        let exempt = self
            .variable("no_proxy")
            .or_else(|| self.variable("NO_PROXY"));
        let is_exempt = exempt.is_some_and(|entries| proxy::is_exempt(url, entries));
        (!is_exempt).then_some(setting)
    }

    /// Returns the text of the user's `.netrc`.
    pub fn netrc(&self) -> Option<&str> {
        self.netrc.as_deref()
    }

    fn default_authorities(&self) -> Authorities {
        let names = [
            "REQUESTS_CA_BUNDLE",
            "CURL_CA_BUNDLE",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
        ];
        let path = names.into_iter().find_map(|name| self.variable(name));
        path.map_or(Authorities::System, |path| {
            Authorities::At(self.expand(path))
        })
    }

    fn poetry_folder(&self) -> Option<PathBuf> {
        if let Some(folder) = self.variable("POETRY_CONFIG_DIR") {
            return Some(PathBuf::from(folder));
        }
        let home = self.variable("HOME").map(PathBuf::from);
        let folder = if cfg!(target_os = "macos") {
            home?.join("Library").join("Application Support")
        } else if cfg!(windows) {
            PathBuf::from(self.variable("APPDATA")?)
        } else {
            self.variable("XDG_CONFIG_HOME")
                .map(PathBuf::from)
                .or_else(|| Some(home?.join(".config")))?
        };
        Some(folder.join("pypoetry"))
    }

    /// As requests does: a file that cannot be read says nothing.
    fn read_netrc(&self) -> Option<String> {
        if let Some(path) = self.variable("NETRC") {
            return fs_err::read_to_string(self.expand(path)).ok();
        }
        let home = PathBuf::from(self.variable("HOME")?);
        [".netrc", "_netrc"]
            .into_iter()
            .find_map(|name| fs_err::read_to_string(home.join(name)).ok())
    }

    /// An empty variable says nothing.
    fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Poetry's name for the variable: upper case, `-` as `_`. A shell cannot set one with `.`, so `_` does for that as well.
    fn variable_of(&self, keys: &[&str]) -> Option<&str> {
        let name = format!("POETRY_{}", keys.join("_").to_uppercase().replace('-', "_"));
        let value = self.variables.get(&name);
        value
            .or_else(|| self.variables.get(&name.replace('.', "_")))
            .map(String::as_str)
    }

    /// Returns `virtualenvs.create`, which is true unless told: whether Poetry would make an environment for a project that
    /// has none, and not install into the Python that it runs on.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn creates_environments(&self) -> Result<bool, Error> {
        let keys = ["virtualenvs", "create"];
        let is_true = |text: &str| matches!(text.to_lowercase().as_str(), "true" | "1");
        match (self.variable_of(&keys), self.setting(&keys)) {
            (Some(text), _) => Ok(is_true(text)),
            (None, None) => Ok(true),
            (None, Some(Value::Boolean(creates))) => Ok(*creates),
            (None, Some(Value::String(text))) => Ok(is_true(text)),
            (None, Some(_)) => Err(value_error(&keys, "true or false")),
        }
    }

    fn setting(&self, keys: &[&str]) -> Option<&Value> {
        let (first, rest) = keys.split_first()?;
        let start = self.settings.get(*first)?;
        rest.iter().try_fold(start, |value, key| value.get(key))
    }

    fn text(&self, keys: &[&str]) -> Result<Option<String>, Error> {
        match self.setting(keys) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Integer(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(value_error(keys, "a text")),
        }
    }

    fn value_text(&self, keys: &[&str]) -> Result<Option<String>, Error> {
        match self.variable_of(keys) {
            Some(value) => Ok(Some(value.to_owned())),
            None => self.text(keys),
        }
    }

    fn number(&self, keys: &[&str]) -> Result<Option<usize>, Error> {
        let Some(text) = self.value_text(keys)?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let number = text.trim().parse();
        number
            .map(Some)
            .map_err(|_| value_error(keys, "a whole number"))
    }

    fn policy(&self, keys: &[&str]) -> Result<PackagePolicy, Error> {
        if let Some(text) = self.variable_of(keys) {
            return Ok(PackagePolicy::parse(&text.split(',').collect::<Vec<_>>()));
        }
        let expected = "a list of package names, `:all:` or `:none:`";
        let words: Vec<&str> = match self.setting(keys) {
            None => Vec::new(),
            Some(Value::Boolean(true)) => vec![":all:"],
            Some(Value::Boolean(false)) => vec![":none:"],
            Some(Value::String(text)) => text.split(',').collect(),
            Some(Value::Array(words)) => {
                let words: Option<_> = words.iter().map(Value::as_str).collect();
                words.ok_or_else(|| value_error(keys, expected))?
            }
            Some(_) => return Err(value_error(keys, expected)),
        };
        Ok(PackagePolicy::parse(&words))
    }

    /// Replaces a leading `~`.
    fn expand(&self, text: &str) -> PathBuf {
        let home = self.variable("HOME");
        match (text.strip_prefix('~'), home) {
            (Some(""), Some(home)) => PathBuf::from(home),
            (Some(rest), Some(home)) if rest.starts_with('/') => {
                Path::new(home).join(rest.trim_start_matches('/'))
            }
            _ => PathBuf::from(text),
        }
    }
}

/// Puts `from` over `into`, table by table, as Poetry's `merge_dicts` does.
fn merge(into: &mut Table, from: Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

fn toml_error(document: &Document<'_>, cause: &toml::de::Error) -> Error {
    let offset = cause.span().map_or(0, |span| span.start);
    let before = document.text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Error::Toml {
        path: document.path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        message: cause
            .message()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}

fn value_error(keys: &[&str], expected: &'static str) -> Error {
    Error::Value {
        setting: keys.join("."),
        expected,
    }
}

fn document<'a>(path: Option<&'a Path>, text: Option<&'a str>) -> Option<Document<'a>> {
    let (path, text) = path.zip(text)?;
    Some(Document { path, text })
}

fn read_if_there(path: Option<&Path>) -> Result<Option<String>, Error> {
    let Some(path) = path else { return Ok(None) };
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Io {
            path: path.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::PackageName;

    fn document(text: &str) -> Document<'_> {
        let path = Path::new("folder/file.toml");
        Document { path, text }
    }

    /// Makes one from the texts of config.toml, auth.toml, poetry.toml, and variables.
    fn configuration(texts: [&str; 3], variables: &[(&str, &str)]) -> Configuration {
        let documents = Documents {
            config: Some(document(texts[0])),
            auth: Some(document(texts[1])),
            project: Some(document(texts[2])),
            netrc: None,
        };
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Configuration::parse(&documents, variables).unwrap()
    }

    fn of_variables(variables: &[(&str, &str)]) -> Configuration {
        configuration([""; 3], variables)
    }

    #[track_caller]
    fn credentials(
        configuration: &Configuration,
        name: &str,
        expected: Option<(&str, &str, CredentialsOrigin)>,
    ) {
        let found = configuration.credentials(name).unwrap();
        let found = found
            .as_ref()
            .map(|(held, origin)| (held.username.as_str(), held.password.as_str(), *origin));
        assert_eq!(found, expected);
    }

    const AUTH: &str = r#"http-basic.acme = { username = "me", password = "file" }"#;

    #[test]
    fn variables_beat_files() {
        use CredentialsOrigin::{Configuration as File, Environment};
        let name = "POETRY_HTTP_BASIC_ACME_USERNAME";
        let word = "POETRY_HTTP_BASIC_ACME_PASSWORD";
        credentials(
            &configuration(["", AUTH, ""], &[]),
            "acme",
            Some(("me", "file", File)),
        );
        let both = configuration(["", AUTH, ""], &[(name, "you"), (word, "env")]);
        credentials(&both, "acme", Some(("you", "env", Environment)));
        let one = configuration(["", AUTH, ""], &[(name, "you")]);
        credentials(&one, "acme", Some(("you", "file", Environment)));
        let emptied = configuration(["", AUTH, ""], &[(name, ""), (word, "")]);
        credentials(&emptied, "acme", None);
        credentials(
            &of_variables(&[(word, "token")]),
            "acme",
            Some(("", "token", Environment)),
        );
        credentials(&of_variables(&[]), "acme", None);
    }

    #[test]
    fn names_of_variables_are_upper_case_with_underscores() {
        let held = of_variables(&[("POETRY_HTTP_BASIC_MY_CO_REPO_PASSWORD", "p")]);
        for name in ["my-co.repo", "My_Co-repo", "my.co.repo"] {
            credentials(&held, name, Some(("", "p", CredentialsOrigin::Environment)));
        }
        let exact = of_variables(&[("POETRY_HTTP_BASIC_MY.REPO_PASSWORD", "p")]);
        credentials(
            &exact,
            "my.repo",
            Some(("", "p", CredentialsOrigin::Environment)),
        );
    }

    #[test]
    fn the_project_beats_auth_and_auth_beats_config() {
        let text = |username: &str| format!("http-basic.acme.username = '{username}'");
        let all = configuration([&text("config"), &text("auth"), &text("project")], &[]);
        assert_eq!(
            all.credentials("acme").unwrap().unwrap().0.username,
            "project"
        );
        let two = configuration(
            [&text("config"), &text("auth"), "http-basic.b.username='x'"],
            &[],
        );
        assert_eq!(two.credentials("acme").unwrap().unwrap().0.username, "auth");
    }

    #[test]
    fn repositories_come_from_files_and_variables() {
        let found = configuration(
            ["repositories.Acme.url = 'https://a.example/'", "", ""],
            &[("POETRY_REPOSITORIES_MY_REPO2_URL", "https://b.example/")],
        );
        let found = found.repositories().unwrap();
        let names: Vec<_> = found.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["Acme", "my-repo2"]);
        let broken = of_variables(&[("POETRY_REPOSITORIES_A_URL", "u:secret@x")]);
        let error = broken.repositories().unwrap_err();
        assert_eq!(
            error.to_string(),
            "setting `repositories.a.url` has to be an address"
        );
    }

    #[track_caller]
    fn authorities(configuration: &Configuration, name: Option<&str>, expected: &Authorities) {
        assert_eq!(
            &configuration.certificates(name).unwrap().authorities,
            expected
        );
    }

    #[test]
    fn certificates_of_a_repository_beat_those_of_the_machine() {
        let at = |path: &str| Authorities::At(PathBuf::from(path));
        let held = configuration(
            [
                "certificates.a.cert = '~/a.pem'\ncertificates.b.cert = false\ncertificates.c.verify = 'v.pem'",
                "",
                "",
            ],
            &[
                ("SSL_CERT_FILE", "/s.pem"),
                ("HOME", "/home/me"),
                ("POETRY_CERTIFICATES_D_CERT", "d.pem"),
                ("POETRY_CERTIFICATES_D_CLIENT_CERT", "/d/client.pem"),
            ],
        );
        authorities(&held, Some("a"), &at("/home/me/a.pem"));
        authorities(&held, Some("b"), &Authorities::Anyone);
        authorities(&held, Some("c"), &at("v.pem"));
        authorities(&held, Some("d"), &at("d.pem"));
        authorities(&held, None, &at("/s.pem"));
        authorities(&of_variables(&[]), None, &Authorities::System);
        let bundle = [
            ("SSL_CERT_FILE", "/s.pem"),
            ("REQUESTS_CA_BUNDLE", "/r.pem"),
        ];
        authorities(&of_variables(&bundle), None, &at("/r.pem"));
        let client = held.certificates(Some("d")).unwrap().client;
        assert_eq!(client, Some(PathBuf::from("/d/client.pem")));
    }

    #[test]
    fn numbers_are_checked() {
        let held = of_variables(&[
            ("POETRY_REQUESTS_TIMEOUT", "40"),
            ("POETRY_REQUESTS_MAX_RETRIES", "9"),
            ("POETRY_INSTALLER_MAX_WORKERS", "4"),
        ]);
        assert_eq!(held.timeout().unwrap(), Duration::from_secs(40));
        assert_eq!(held.max_retries().unwrap(), 9);
        assert_eq!(held.max_workers().unwrap(), Some(4));
        let unset = of_variables(&[]);
        assert_eq!(unset.timeout().unwrap(), Duration::from_secs(15));
        assert_eq!(unset.max_retries().unwrap(), 5);
        assert_eq!(unset.max_workers().unwrap(), None);
        let broken = of_variables(&[
            ("POETRY_REQUESTS_TIMEOUT", "soon"),
            ("POETRY_INSTALLER_MAX_WORKERS", "x"),
        ]);
        assert!(broken.timeout().is_err());
        assert_eq!(
            broken.max_workers().unwrap_err().to_string(),
            "setting `installer.max-workers` has to be a whole number"
        );
    }

    #[test]
    fn binary_policies_are_read_in_each_of_their_forms() {
        let lists = configuration(
            [
                "installer.no-binary = ['A', 'b']\ninstaller.only-binary = 'c,d'",
                "",
                "",
            ],
            &[],
        );
        assert!(lists.no_binary().unwrap().covers(&PackageName::new("a")));
        assert!(lists.only_binary().unwrap().covers(&PackageName::new("d")));
        assert_eq!(
            of_variables(&[("POETRY_INSTALLER_NO_BINARY", "true")])
                .no_binary()
                .unwrap(),
            PackagePolicy::All
        );
        assert_eq!(of_variables(&[]).no_binary().unwrap(), PackagePolicy::None);
        assert!(
            configuration(["installer.no-binary = 3", "", ""], &[])
                .no_binary()
                .is_err()
        );
    }

    #[track_caller]
    fn proxy(variables: &[(&str, &str)], url: &str, expected: Option<&str>) {
        let setting = of_variables(variables).proxy(&Url::parse(url).unwrap());
        let address = setting.map(|setting| setting.address);
        assert_eq!(address.as_deref(), expected);
    }

    #[test]
    fn proxies_are_chosen_by_scheme() {
        let both = [
            ("HTTP_PROXY", "http://plain:1"),
            ("https_proxy", "http://tls:1"),
        ];
        proxy(&both, "http://a.example/", Some("http://plain:1"));
        proxy(&both, "https://a.example/", Some("http://tls:1"));
        proxy(&[("HTTP_PROXY", "http://p:1")], "https://a.example/", None);
        proxy(
            &[("ALL_PROXY", "http://p:1")],
            "https://a.example/",
            Some("http://p:1"),
        );
        proxy(
            &[("ALL_PROXY", "http://p:1"), ("NO_PROXY", "a.example")],
            "https://a.example/",
            None,
        );
        proxy(&[("https_proxy", "")], "https://a.example/", None);
    }

    #[test]
    fn broken_toml_is_told_with_its_place() {
        let documents = Documents {
            auth: Some(document("[http-basic]\nä = = 'secret'")),
            ..Documents::default()
        };
        let error = Configuration::parse(&documents, []).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("folder/file.toml:2:"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }

    #[test]
    fn debug_shows_no_value() {
        let held = configuration(
            ["", AUTH, ""],
            &[("POETRY_HTTP_BASIC_A_PASSWORD", "hidden")],
        );
        let text = format!("{held:?}");
        assert!(!text.contains("hidden") && !text.contains("file"), "{text}");
    }

    #[test]
    fn files_are_found_where_poetry_has_them() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs_err::create_dir(place("project")).unwrap();
        fs_err::create_dir(place("settings")).unwrap();
        fs_err::write(place("settings/auth.toml"), AUTH).unwrap();
        fs_err::write(
            place("project/poetry.toml"),
            "http-basic.acme.username = 'p'",
        )
        .unwrap();
        fs_err::write(place(".netrc"), "machine a login b password c").unwrap();
        let variable =
            |name: &str, path: PathBuf| (name.to_owned(), path.to_str().unwrap().to_owned());
        let variables = [
            variable("POETRY_CONFIG_DIR", place("settings")),
            variable("HOME", place("")),
        ];
        let found = Configuration::read(&place("project"), variables).unwrap();
        credentials(
            &found,
            "acme",
            Some(("p", "file", CredentialsOrigin::Configuration)),
        );
        assert_eq!(found.netrc(), Some("machine a login b password c"));
    }
}
