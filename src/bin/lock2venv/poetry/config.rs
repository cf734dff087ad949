//! `poetry config`: shows settings, and writes them where Poetry writes them.
//!
//! A setting that lock2venv does not go by is written all the same, with a warning: Poetry may read it one day.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use lock2venv::configuration::{
    Configuration, KNOWN_SETTINGS, KnownSetting, with_setting, without_setting,
};
use lock2venv::project_files::ProjectFiles;
use toml::Value;

use super::arguments::Config;
use crate::context::Context;
use crate::diagnose::Failure;
use crate::print_data;

/// A change of a file of settings.
struct Change<'a> {
    /// In which file.
    file: PathBuf,
    keys: Vec<&'a str>,
    /// Nothing where the setting is to be forgotten.
    value: Option<Value>,
}

pub(super) fn run(arguments: &Config, context: &Context) -> Result<(), Failure> {
    let files = ProjectFiles::read(&context.project_folder).ok();
    let root = files.map_or_else(|| context.working_folder.clone(), |files| files.root);
    let configuration = Configuration::read(&root, context.variables.clone())?;
    if arguments.list {
        return list(&configuration);
    }
    let Some(key) = &arguments.key else {
        return Ok(());
    };
    if arguments.unset && !arguments.values.is_empty() {
        return Err(refused("a value and `--unset` exclude each other"));
    }
    if !arguments.unset && arguments.values.is_empty() {
        return show(key, &configuration);
    }
    let user = |name: &str| {
        let folder = configuration.poetry_folder();
        let folder = folder.ok_or_else(|| refused("there is no home folder for settings"))?;
        Ok::<_, Failure>(folder.join(name))
    };
    let general = if arguments.local {
        root.join("poetry.toml")
    } else {
        user("config.toml")?
    };
    let changes = match key.split_once('.') {
        Some(("http-basic", name)) => credentials(name, arguments, &user("auth.toml")?)?,
        Some(("certificates", name)) => certificate(name, arguments, user("auth.toml")?)?,
        Some(("repositories" | "repo" | "repos", name)) => repository(name, arguments, general)?,
        _ => known(key, arguments, general, context)?,
    };
    changes.iter().try_for_each(Change::carry_out)
}

fn list(configuration: &Configuration) -> Result<(), Failure> {
    let mut lines = Vec::new();
    for known in KNOWN_SETTINGS {
        let effective = configuration.effective(known)?;
        let value = match &effective.value {
            Some(Value::Array(names)) => {
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                json(Some(&Value::String(format!("[{}]", names.join(", ")))))
            }
            value => json(value.as_ref()),
        };
        let is_text = matches!(effective.written, Some(Value::String(_)));
        lines.push(if is_text && effective.written != effective.value {
            let resolved = effective.value.as_ref().and_then(Value::as_str);
            let written = json(effective.written.as_ref());
            format!(
                "{} = {written}  # {}",
                known.name,
                resolved.unwrap_or_default()
            )
        } else {
            format!("{} = {value}", known.name)
        });
    }
    for repository in configuration.repositories()? {
        let url = json(Some(&Value::String(repository.url.to_string())));
        lines.push(format!("repositories.{}.url = {url}", repository.name));
    }
    lines.sort();
    print_data(format!("{}\n", lines.join("\n")).as_bytes())
}

fn show(key: &str, configuration: &Configuration) -> Result<(), Failure> {
    if key.starts_with("http-basic") || key.starts_with("pypi-token") {
        return Err(refused(format!(
            "`{key}` is not shown: it needs a value or `--unset`"
        )));
    }
    let text = if let Some(name) = key.strip_prefix("repositories.") {
        let name = name.strip_suffix(".url").unwrap_or(name);
        let repositories = configuration.repositories()?;
        let found = repositories.iter().find(|known| known.is_named(name));
        let no_such = || refused(format!("no repository `{name}` is set"));
        found.ok_or_else(no_such)?.url.to_string()
    } else {
        let no_such = || refused(format!("there is no setting `{key}`"));
        let known = KnownSetting::find(key).ok_or_else(no_such)?;
        match configuration.effective(known)?.value {
            Some(Value::String(text)) => text,
            value => json(value.as_ref()),
        }
    };
    print_data(format!("{text}\n").as_bytes())
}

/// As Python writes JSON.
fn json(value: Option<&Value>) -> String {
    match value {
        None => "null".to_owned(),
        Some(Value::Array(values)) => {
            let values: Vec<String> = values.iter().map(|value| json(Some(value))).collect();
            format!("[{}]", values.join(", "))
        }
        Some(Value::String(text)) => serde_json::Value::from(text.as_str()).to_string(),
        Some(value) => value.to_string(),
    }
}

fn known<'a>(
    key: &'a str,
    arguments: &Config,
    file: PathBuf,
    context: &Context,
) -> Result<Vec<Change<'a>>, Failure> {
    let known = KnownSetting::find(key).ok_or_else(|| no_such(key))?;
    let value = if arguments.unset {
        None
    } else {
        let text = single(arguments)?;
        let invalid = || refused(format!("`{key}` cannot be `{text}`"));
        Some(known.parse(text).ok_or_else(invalid)?)
    };
    if !known.is_honoured {
        context.warn(&format!(
            "`{key}` is written, but lock2venv does not go by it"
        ));
    }
    let keys = key.split('.').collect();
    Ok(vec![Change { file, keys, value }])
}

fn repository<'a>(
    name: &'a str,
    arguments: &Config,
    file: PathBuf,
) -> Result<Vec<Change<'a>>, Failure> {
    let name = name.strip_suffix(".url").unwrap_or(name);
    if arguments.unset {
        let keys = vec!["repositories", name];
        return Ok(vec![Change {
            file,
            keys,
            value: None,
        }]);
    }
    let value = Some(Value::String(single(arguments)?.to_owned()));
    let keys = vec!["repositories", name, "url"];
    Ok(vec![Change { file, keys, value }])
}

/// They are kept in auth.toml: the keyring is only read.
fn credentials<'a>(
    name: &'a str,
    arguments: &Config,
    file: &Path,
) -> Result<Vec<Change<'a>>, Failure> {
    let change = |key: Option<&'a str>, value: Option<&String>| Change {
        file: file.to_owned(),
        keys: ["http-basic", name].into_iter().chain(key).collect(),
        value: value.map(|value| Value::String(value.clone())),
    };
    match arguments.values.as_slice() {
        [] => Ok(vec![change(None, None)]),
        [username, password] => Ok(vec![
            change(Some("username"), Some(username)),
            change(Some("password"), Some(password)),
        ]),
        [_] => Err(
            refused("a password is needed, too: lock2venv asks for nothing")
                .hint(format!("`poetry config http-basic.{name} USER PASSWORD`")),
        ),
        values => Err(refused(format!(
            "http-basic takes a user name and a password, not {} values",
            values.len()
        ))),
    }
}

fn certificate<'a>(
    name: &'a str,
    arguments: &Config,
    file: PathBuf,
) -> Result<Vec<Change<'a>>, Failure> {
    let split = name
        .rsplit_once('.')
        .filter(|(_, key)| ["cert", "client-cert"].contains(key));
    let no_such = || refused(format!("there is no setting `certificates.{name}`"));
    let (repository, key) = split.ok_or_else(no_such)?;
    let value = if arguments.unset {
        None
    } else {
        Some(match (key, single(arguments)?) {
            ("cert", "true" | "1") => Value::Boolean(true),
            ("cert", "false" | "0") => Value::Boolean(false),
            (_, path) => Value::String(path.to_owned()),
        })
    };
    let keys = vec!["certificates", repository, key];
    Ok(vec![Change { file, keys, value }])
}

fn single(arguments: &Config) -> Result<&str, Failure> {
    match arguments.values.as_slice() {
        [value] => Ok(value),
        _ => Err(refused("one value is needed, not several")),
    }
}

impl Change<'_> {
    /// Changes the file. A new one can be read by its owner alone, as with Poetry.
    fn carry_out(&self) -> Result<(), Failure> {
        let failed = |error: &std::io::Error| Failure::output(&self.file, error);
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::input(&self.file, &error)),
        };
        let changed = match &self.value {
            Some(value) => with_setting(&text, &self.keys, value),
            None => without_setting(&text, &self.keys),
        };
        let Some(changed) = changed else {
            let headline = format!("cannot change `{}`", self.file.display());
            let key = self.keys.join(".");
            let detail = format!("the file is not TOML, or `{key}` cannot be in it");
            return Err(Failure::text(headline)
                .detail(detail)
                .hint("edit it by hand"));
        };
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        let mut options = fs::OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let opened = options.open(&self.file);
        let written = opened.and_then(|mut file| file.write_all(changed.as_bytes()));
        written.map_err(|error| failed(&error))
    }
}

/// In Poetry's words.
/// Refuses a setting that Poetry has not, or that only Poetry writes.
fn no_such(key: &str) -> Failure {
    let of_poetry = ["installer.build-config-settings", "pypi-token"];
    if of_poetry.iter().any(|name| key.starts_with(name)) {
        return refused(format!("lock2venv does not write `{key}`"))
            .hint("set it by Poetry itself, or in the file by hand");
    }
    refused(format!("there is no setting `{key}`"))
}

fn refused(text: impl Into<String>) -> Failure {
    Failure::text(text)
}
