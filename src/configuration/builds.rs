//! What build backends are told: `installer.build-config-settings`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::error::value_error;
use super::{Configuration, Error};
use crate::name::PackageName;

const KEYS: [&str; 2] = ["installer", "build-config-settings"];

/// How the names of variables begin; the name of the package follows.
const VARIABLE: &str = "POETRY_INSTALLER_BUILD_CONFIG_SETTINGS_";

/// One value of the `config_settings` of a build backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BuildSetting {
    /// One text.
    Text(String),
    /// Several, for a key that is given more than once.
    Texts(Vec<String>),
}

impl Configuration {
    /// Returns what is handed to the backend of each package.
    ///
    /// A variable (`POETRY_INSTALLER_BUILD_CONFIG_SETTINGS_<NAME>`, an object in JSON) replaces all that files say of its
    /// package; one that is no such object says nothing, as with Poetry.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] for a setting in a file that is not a table of texts, or of lists of texts.
    pub fn build_config_settings(
        &self,
    ) -> Result<BTreeMap<PackageName, BTreeMap<String, BuildSetting>>, Error> {
        let expected = "a table of tables of texts";
        let packages = match self.setting(&KEYS) {
            None => &Table::new(),
            Some(value) => value
                .as_table()
                .ok_or_else(|| value_error(&KEYS, expected))?,
        };
        let mut settings = BTreeMap::new();
        for (name, value) in packages {
            let table = value.as_table().and_then(of_table);
            let table = table.ok_or_else(|| value_error(&[KEYS[0], KEYS[1], name], expected))?;
            settings.insert(PackageName::new(name), table);
        }
        for (variable, text) in &self.variables {
            if let Some(name) = variable.strip_prefix(VARIABLE)
                && let Ok(table) = serde_json::from_str(text)
            {
                settings.insert(PackageName::new(name), table);
            }
        }
        Ok(settings)
    }
}

fn of_table(table: &Table) -> Option<BTreeMap<String, BuildSetting>> {
    let settings = table
        .iter()
        .map(|(key, value)| Some((key.clone(), of_value(value)?)));
    settings.collect()
}

fn of_value(value: &Value) -> Option<BuildSetting> {
    if let Some(text) = value.as_str() {
        return Some(BuildSetting::Text(text.to_owned()));
    }
    let texts = value.as_array()?.iter();
    let texts = texts.map(|text| text.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().map(BuildSetting::Texts)
}
