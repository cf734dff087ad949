//! `installer.build-config-settings` for `poetry config`: what build backends are told, by package.

use std::collections::BTreeMap;

use lock2venv::configuration::{BuildSetting, Configuration};
use lock2venv::name::PackageName;
use toml::Value;

use crate::diagnose::Failure;

/// How the keys begin; the name of the package follows.
const START: &str = "installer.build-config-settings";

/// What is told to the backend of a package.
type Settings = BTreeMap<String, BuildSetting>;

/// Reads the package that a key names; an empty one where it names none.
pub(super) fn package(key: &str) -> Option<String> {
    match key.strip_prefix(START)?.strip_prefix('.') {
        Some(name) => Some(PackageName::new(name).to_string()),
        None => Some(String::new()),
    }
}

/// Reads the values of a command line: objects in JSON, with a text or a list of texts for each key.
pub(super) fn parse(values: &[String]) -> Result<Vec<(String, Value)>, Failure> {
    let mut settings = Vec::new();
    for text in values {
        let parsed: Settings = serde_json::from_str(text).map_err(|_| invalid(text))?;
        settings.extend(parsed.into_iter().map(|(key, value)| (key, toml(value))));
    }
    Ok(settings)
}

fn invalid(text: &str) -> Failure {
    Failure::text(format!("`{text}` is not a build config setting"))
        .hint("write an object in JSON, such as '{\"--build-option\": [\"--fast\"]}'")
}

fn toml(setting: BuildSetting) -> Value {
    match setting {
        BuildSetting::Text(text) => Value::String(text),
        BuildSetting::Texts(texts) => Value::Array(texts.into_iter().map(Value::String).collect()),
    }
}

/// Says what is set for a package, as Poetry says it; for an empty name, what is set for all.
pub(super) fn show(package: &str, configuration: &Configuration) -> Result<String, Failure> {
    if package.is_empty() {
        let lines = lines(configuration)?;
        return Ok(if lines.is_empty() {
            "No packages configured with build config settings.".to_owned()
        } else {
            lines.join("\n")
        });
    }
    let settings = configuration.build_config_settings()?;
    Ok(match settings.get(package) {
        None => format!("No build config settings configured for {package}."),
        Some(settings) => {
            let settings: Vec<String> = settings.iter().map(pair).collect();
            format!("{{{}}}", settings.join(", "))
        }
    })
}

/// As Python writes JSON.
fn pair((key, value): (&String, &BuildSetting)) -> String {
    let value = match value {
        BuildSetting::Text(text) => json(text),
        BuildSetting::Texts(texts) => {
            let texts: Vec<String> = texts.iter().map(|text| json(text)).collect();
            format!("[{}]", texts.join(", "))
        }
    };
    format!("{}: {value}", json(key))
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Lists all of them for `--list`.
pub(super) fn list(configuration: &Configuration) -> Result<Vec<String>, Failure> {
    let lines = lines(configuration)?.into_iter();
    Ok(lines.map(|line| format!("{START}.{line}")).collect())
}

fn lines(configuration: &Configuration) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for (package, settings) in configuration.build_config_settings()? {
        for (key, value) in settings {
            let value = match value {
                BuildSetting::Text(text) => json(&text),
                BuildSetting::Texts(texts) => json(&format!("[{}]", texts.join(", "))),
            };
            lines.push(format!("{package}.{key} = {value}"));
        }
    }
    Ok(lines)
}
