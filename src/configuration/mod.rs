//! What the user set: Poetry's settings and the variables of the machine, as values.
//!
//! [`Configuration::parse`] is a pure function of texts and variables; [`Configuration::read`] finds the texts where Poetry has
//! them. A variable beats the project's `poetry.toml`, that beats `auth.toml`, that beats `config.toml`, setting by setting,
//! as in Poetry's `Config`. What `LOCK2VENV_AUTH_FILE` names is like another auth.toml, which beats the user's. Which program asks
//! the keyring is said here; [`crate::http`] runs it. `pypi-token` is for publishing, so nothing here reads it.
//!
//! Passwords are held here. Nothing of a value is in any message or `Debug` text.

mod builds;
mod certificates;
mod change;
mod documents;
mod environments;
mod error;
mod known;
mod network;
mod proxy;
mod repositories;
mod secret_files;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::toml_document::TomlDocument;
use documents::toml_error;
use error::value_error;

pub use crate::plan::PackagePolicy;
pub use builds::BuildSetting;
pub use certificates::{Authorities, Certificates};
pub use change::{with_setting, without_setting};
pub use documents::{Documents, SettingsDocument};
pub use error::Error;
pub use known::{EffectiveSetting, KNOWN_SETTINGS, KnownSetting, SettingKind};
pub use network::ProxySetting;
pub use repositories::{CredentialsOrigin, Repository};

/// Variables that are not Poetry's and that we honour.
const VARIABLES: &[&str] = &[
    "ALL_PROXY",
    "APPDATA",
    "CURL_CA_BUNDLE",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LOCK2VENV_AUTH_FILE",
    "NETRC",
    "NO_PROXY",
    "PATH",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
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
    uses_built_in_authorities: bool,
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
        let in_order = [
            &documents.config,
            &documents.auth,
            &documents.mounted_auth,
            &documents.project,
        ];
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
            uses_built_in_authorities: false,
        })
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

    /// Returns the text of the user's `.netrc`.
    pub fn netrc(&self) -> Option<&str> {
        self.netrc.as_deref()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::PackageName;
    use crate::url::{Url, WrittenUrl};
    use std::time::Duration;

    fn document(text: &str) -> SettingsDocument<'_> {
        let path = Path::new("folder/file.toml");
        SettingsDocument { path, text }
    }

    /// Makes one from the texts of config.toml, auth.toml, poetry.toml, and variables.
    fn configuration(texts: [&str; 3], variables: &[(&str, &str)]) -> Configuration {
        let documents = Documents {
            config: Some(document(texts[0])),
            auth: Some(document(texts[1])),
            project: Some(document(texts[2])),
            ..Documents::default()
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

    #[test]
    fn git_has_the_credentials_of_the_repository_at_that_host_and_path_alone() {
        let configuration = of_variables(&[
            (
                "POETRY_REPOSITORIES_FORGE_URL",
                "https://a.example/acme.git",
            ),
            ("POETRY_HTTP_BASIC_FORGE_USERNAME", "me"),
            ("POETRY_HTTP_BASIC_FORGE_PASSWORD", "hush"),
            ("POETRY_REPOSITORIES_HALF_URL", "https://a.example/half.git"),
            ("POETRY_HTTP_BASIC_HALF_PASSWORD", "hush"),
        ]);
        let check = |url: &str, expected: bool| {
            let found = configuration.git_credentials(&WrittenUrl::new(url));
            assert_eq!(found.unwrap().is_some(), expected, "{url}");
        };
        check("https://a.example/acme.git", true);
        check("http://a.example/acme.git", false);
        check("https://a.example/acme", false);
        check("https://a.example/acme.git/more", false);
        check("https://b.example/acme.git", false);
        check("https://you@a.example/acme.git", false);
        check("https://a.example/half.git", false);
        check("ssh://a.example/acme.git", false);
        check("git@a.example:acme.git", false);
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
            "setting `repositories.a.url` must be a URL"
        );
    }

    #[test]
    fn build_settings_come_from_files_and_variables() {
        let held = configuration(
            [
                "[installer.build-config-settings.Py_yaml]\na = 'x'\nb = ['y', 'z']\n[installer.build-config-settings.two]\na = 'x'",
                "",
                "[installer.build-config-settings.py-yaml]\nc = 'w'",
            ],
            &[
                (
                    "POETRY_INSTALLER_BUILD_CONFIG_SETTINGS_TWO",
                    r#"{"d": ["v"]}"#,
                ),
                (
                    "POETRY_INSTALLER_BUILD_CONFIG_SETTINGS_THREE",
                    r#"{"d": 1}"#,
                ),
            ],
        );
        let found = held.build_config_settings().unwrap();
        let names: Vec<_> = found.keys().map(PackageName::as_str).collect();
        assert_eq!(names, ["py-yaml", "two"]);
        let two = &found[&PackageName::new("two")];
        assert_eq!(two["d"], BuildSetting::Texts(vec!["v".to_owned()]));
        assert_eq!(two.len(), 1);
        let other = configuration(["installer.build-config-settings.a.b = 1", "", ""], &[]);
        assert_eq!(
            other.build_config_settings().unwrap_err().to_string(),
            "setting `installer.build-config-settings.a` must be a table of tables of texts"
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
        let held = held.with_built_in_authorities();
        authorities(&held, None, &Authorities::BuiltIn);
        authorities(&held, Some("a"), &at("/home/me/a.pem"));
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
            "setting `installer.max-workers` must be a whole number"
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
