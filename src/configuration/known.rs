//! The settings that Poetry knows by name, with what they are unless told ([configuration]).
//!
//! [configuration]: https://python-poetry.org/docs/configuration/#available-settings

use toml::Value;

use super::Configuration;
use super::error::{Error, value_error};

/// A setting of Poetry's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownSetting {
    /// Its name, such as `virtualenvs.create`.
    pub name: &'static str,
    /// What it can be.
    pub kind: SettingKind,
    /// Whether this crate goes by it.
    pub is_honoured: bool,
    /// What it is unless told, as Poetry writes it; empty for nothing.
    default: &'static str,
}

/// What a setting can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// `true`, `false`, `1` or `0`.
    Truth,
    /// A whole number of at least so much.
    Number(i64),
    /// A text.
    Text,
    /// A folder.
    Folder,
    /// Names of packages separated by commas, or `:all:`, `:none:`.
    Packages,
}

/// What a setting is.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectiveSetting {
    /// As a file has it, or as it is unless told: with `{cache-dir}` in it, say. No variable counts.
    pub written: Option<Value>,
    /// What holds, with other settings in the place of their names.
    pub value: Option<Value>,
}

/// Every setting that is no table of names, sorted.
pub const KNOWN_SETTINGS: &[KnownSetting] = &[
    honoured("cache-dir", SettingKind::Folder, "{cache-dir}"),
    honoured("data-dir", SettingKind::Folder, "{data-dir}"),
    other("installer.builtin-uninstall", SettingKind::Truth, "false"),
    honoured("installer.max-workers", SettingKind::Number(1), ""),
    honoured("installer.no-binary", SettingKind::Packages, ""),
    honoured("installer.only-binary", SettingKind::Packages, ""),
    other("installer.parallel", SettingKind::Truth, "true"),
    other("installer.re-resolve", SettingKind::Truth, "false"),
    honoured("keyring.enabled", SettingKind::Truth, "true"),
    honoured(
        "python.installation-dir",
        SettingKind::Folder,
        "{data-dir}/python",
    ),
    honoured("requests.max-retries", SettingKind::Number(0), "0"),
    other("solver.lazy-wheel", SettingKind::Truth, "true"),
    other("solver.min-release-age", SettingKind::Number(0), "0"),
    other("solver.min-release-age-exclude", SettingKind::Packages, ""),
    other(
        "solver.min-release-age-exclude-source",
        SettingKind::Packages,
        "",
    ),
    other("system-git-client", SettingKind::Truth, "false"),
    honoured("virtualenvs.create", SettingKind::Truth, "true"),
    honoured("virtualenvs.in-project", SettingKind::Truth, ""),
    other(
        "virtualenvs.options.always-copy",
        SettingKind::Truth,
        "false",
    ),
    other("virtualenvs.options.no-pip", SettingKind::Truth, "false"),
    other(
        "virtualenvs.options.system-site-packages",
        SettingKind::Truth,
        "false",
    ),
    honoured(
        "virtualenvs.path",
        SettingKind::Folder,
        "{cache-dir}/virtualenvs",
    ),
    other(
        "virtualenvs.prompt",
        SettingKind::Text,
        "{project_name}-py{python_version}",
    ),
    other("virtualenvs.use-poetry-python", SettingKind::Truth, "false"),
];

const fn honoured(name: &'static str, kind: SettingKind, default: &'static str) -> KnownSetting {
    KnownSetting {
        name,
        kind,
        is_honoured: true,
        default,
    }
}

const fn other(name: &'static str, kind: SettingKind, default: &'static str) -> KnownSetting {
    KnownSetting {
        is_honoured: false,
        ..honoured(name, kind, default)
    }
}

impl KnownSetting {
    /// Finds a setting by its name.
    pub fn find(name: &str) -> Option<&'static Self> {
        KNOWN_SETTINGS.iter().find(|known| known.name == name)
    }

    /// Reads what a person typed for it; `None` for what Poetry refuses.
    pub fn parse(&self, text: &str) -> Option<Value> {
        match self.kind {
            SettingKind::Truth => {
                let is_truth = ["true", "false", "1", "0"].contains(&text);
                is_truth.then(|| Value::Boolean(is_true(text)))
            }
            SettingKind::Number(least) => {
                let number = text.trim().parse::<i64>().ok()?;
                (number >= least).then_some(Value::Integer(number))
            }
            SettingKind::Packages => {
                let is_name = |name: &str| {
                    let of_name = |character: char| {
                        character.is_ascii_alphanumeric() || "_-".contains(character)
                    };
                    name.chars().all(of_name)
                };
                let names: Vec<&str> = text.trim().split(',').collect();
                let is_whole = |name: &&str| [":all:", ":none:"].contains(name) && names.len() == 1;
                let are_known = names.iter().all(|name| is_name(name) || is_whole(name));
                are_known.then(|| packages(text))
            }
            SettingKind::Text | SettingKind::Folder => Some(Value::String(text.to_owned())),
        }
    }

    /// Reads what a variable says, which Poetry does not check.
    fn of_variable(&self, text: &str) -> Result<Value, Error> {
        let keys: Vec<&str> = self.name.split('.').collect();
        match self.kind {
            SettingKind::Truth => Ok(Value::Boolean(is_true(text))),
            SettingKind::Number(_) => {
                let number = text.trim().parse().map(Value::Integer);
                number.map_err(|_| value_error(&keys, "a whole number"))
            }
            SettingKind::Packages => Ok(packages(text)),
            SettingKind::Text | SettingKind::Folder => Ok(Value::String(text.to_owned())),
        }
    }

    /// Tells whether it is one of the folders that others are named by.
    fn is_own_folder(&self) -> bool {
        ["cache-dir", "data-dir"].contains(&self.name)
    }

    fn default(&self) -> Option<Value> {
        match self.kind {
            SettingKind::Truth if !self.default.is_empty() => {
                Some(Value::Boolean(self.default == "true"))
            }
            SettingKind::Number(_) => self.default.parse().ok().map(Value::Integer),
            SettingKind::Text | SettingKind::Folder => Some(Value::String(self.default.to_owned())),
            SettingKind::Truth | SettingKind::Packages => None,
        }
    }
}

impl Configuration {
    /// Returns what a setting is here: as a variable says, else a file, else as it is unless told.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn effective(&self, known: &KnownSetting) -> Result<EffectiveSetting, Error> {
        let keys: Vec<&str> = known.name.split('.').collect();
        let written = match self.setting(&keys) {
            Some(value) => Some(value.clone()),
            None if known.is_own_folder() => {
                let folder = self.usual_folder(known.name);
                folder.map(|folder| Value::String(folder.to_string_lossy().into_owned()))
            }
            None => known.default(),
        };
        let set = match self.variable_of(&keys) {
            Some(text) => Some(known.of_variable(text)?),
            None => written.clone(),
        };
        let value = match &set {
            Some(Value::String(text)) => self.resolved(text)?.map(Value::String),
            other => other.clone(),
        };
        Ok(EffectiveSetting { written, value })
    }
}

fn is_true(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "true" | "1")
}

fn packages(text: &str) -> Value {
    let names = match text {
        "true" | "1" => vec![":all:".to_owned()],
        "false" | "0" => vec![":none:".to_owned()],
        names => {
            let names = names.split(',').map(str::trim);
            let names = names.filter(|name| !name.is_empty());
            names
                .map(|name| name.to_lowercase().replace('_', "-"))
                .collect()
        }
    };
    Value::Array(names.into_iter().map(Value::String).collect())
}
