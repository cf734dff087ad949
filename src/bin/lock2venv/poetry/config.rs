//! `poetry config`: shows settings, and writes them where Poetry writes them.
//!
//! A setting that lock2venv does not go by is written all the same, with a warning: Poetry may read it one day.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use lock2venv::configuration::{
    Configuration, KNOWN_SETTINGS, KnownSetting, Repository, with_setting, without_setting,
};
use lock2venv::project_files::ProjectFiles;
use toml::Value;

use super::arguments::Config;
use super::builds;
use crate::context::Context;
use crate::diagnose::Failure;
use crate::print_data;

/// A change of a file of settings.
struct Change {
    /// In which file.
    file: PathBuf,
    keys: Vec<String>,
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
        Some(("pypi-token", name)) => token(name, arguments, user("auth.toml")?, context)?,
        Some(("repositories" | "repo" | "repos", name)) => {
            repository(name, arguments, general, &configuration)?
        }
        _ if builds::package(key).is_some() => build_settings(key, arguments, &general)?,
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
    lines.extend(builds::list(configuration)?);
    lines.sort_unstable();
    print_data(format!("{}\n", lines.join("\n")).as_bytes())
}

fn show(key: &str, configuration: &Configuration) -> Result<(), Failure> {
    if key.starts_with("http-basic") || key.starts_with("pypi-token") {
        return Err(refused(format!(
            "`{key}` is not shown: it needs a value or `--unset`"
        )));
    }
    let text = if let Some(package) = builds::package(key) {
        builds::show(&package, configuration)?
    } else if let Some(text) = show_repositories(key, configuration)? {
        text
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

/// Shows one repository, or all, as Python prints what Poetry has of them; nothing where another setting is asked for.
fn show_repositories(key: &str, configuration: &Configuration) -> Result<Option<String>, Failure> {
    let (section, name) = match key.split_once('.') {
        Some((section, name)) => (section, Some(name)),
        None => (key, None),
    };
    if !["repositories", "repos", "repo"].contains(&section) {
        return Ok(None);
    }
    let repositories = configuration.repositories()?;
    let printed = |repository: &Repository| format!("{{'url': '{}'}}", repository.url);
    let Some(name) = name else {
        let all = repositories.iter();
        let all = all.map(|repository| format!("'{}': {}", repository.name, printed(repository)));
        let all: Vec<String> = all.collect();
        return Ok(Some(format!("{{{}}}", all.join(", "))));
    };
    let bare = name.strip_suffix(".url");
    let found = known_repository(bare.unwrap_or(name), &repositories)?;
    Ok(Some(match bare {
        Some(_) => found.url.to_string(),
        None => printed(found),
    }))
}

fn known_repository<'a>(
    name: &str,
    repositories: &'a [Repository],
) -> Result<&'a Repository, Failure> {
    let found = repositories.iter().find(|known| known.is_named(name));
    found.ok_or_else(|| refused(format!("no repository `{name}` is set")))
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

fn known(
    key: &str,
    arguments: &Config,
    file: PathBuf,
    context: &Context,
) -> Result<Vec<Change>, Failure> {
    if ["repositories", "repos", "repo"].contains(&key) {
        return Err(refused("all repositories cannot be set or removed at once"));
    }
    let no_such = || refused(format!("there is no setting `{key}`"));
    let known = KnownSetting::find(key).ok_or_else(no_such)?;
    let value = if arguments.unset {
        None
    } else {
        let text = single(arguments)?;
        let invalid = || refused(format!("`{key}` cannot be `{text}`"));
        Some(known.parse(text).ok_or_else(invalid)?)
    };
    if !known.is_honoured {
        warn_of_no_effect(key, context);
    }
    let keys: Vec<&str> = key.split('.').collect();
    Ok(vec![Change::new(file, &keys, value)])
}

fn warn_of_no_effect(key: &str, context: &Context) {
    context.warn(&format!(
        "`{key}` is written, but lock2venv does not go by it"
    ));
}

fn repository(
    name: &str,
    arguments: &Config,
    file: PathBuf,
    configuration: &Configuration,
) -> Result<Vec<Change>, Failure> {
    let name = name.strip_suffix(".url").unwrap_or(name);
    if arguments.unset {
        known_repository(name, &configuration.repositories()?)?;
        return Ok(vec![Change::new(file, &["repositories", name], None)]);
    }
    let value = Value::String(single(arguments)?.to_owned());
    let keys = ["repositories", name, "url"];
    Ok(vec![Change::new(file, &keys, Some(value))])
}

/// A token is for publishing, which is done with Poetry itself; it is kept where Poetry looks.
fn token(
    name: &str,
    arguments: &Config,
    file: PathBuf,
    context: &Context,
) -> Result<Vec<Change>, Failure> {
    let value = if arguments.unset {
        None
    } else {
        warn_of_no_effect(&format!("pypi-token.{name}"), context);
        Some(Value::String(single(arguments)?.to_owned()))
    };
    Ok(vec![Change::new(file, &["pypi-token", name], value)])
}

fn build_settings(key: &str, arguments: &Config, file: &Path) -> Result<Vec<Change>, Failure> {
    let package = builds::package(key).unwrap_or_default();
    if package.is_empty() {
        return Err(refused(format!("`{key}` needs the name of a package")));
    }
    let keys = ["installer", "build-config-settings", package.as_str()];
    if arguments.unset {
        return Ok(vec![Change::new(file.to_owned(), &keys, None)]);
    }
    let settings = builds::parse(&arguments.values)?.into_iter();
    let changes = settings.map(|(name, value)| {
        let keys = [keys.as_slice(), &[name.as_str()]].concat();
        Change::new(file.to_owned(), &keys, Some(value))
    });
    Ok(changes.collect())
}

/// They are kept in auth.toml: the keyring is only read.
fn credentials(name: &str, arguments: &Config, file: &Path) -> Result<Vec<Change>, Failure> {
    let change = |key: Option<&str>, value: Option<&String>| {
        let keys: Vec<&str> = ["http-basic", name].into_iter().chain(key).collect();
        let value = value.map(|value| Value::String(value.clone()));
        Change::new(file.to_owned(), &keys, value)
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

fn certificate(name: &str, arguments: &Config, file: PathBuf) -> Result<Vec<Change>, Failure> {
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
    let keys = ["certificates", repository, key];
    Ok(vec![Change::new(file, &keys, value)])
}

fn single(arguments: &Config) -> Result<&str, Failure> {
    match arguments.values.as_slice() {
        [value] => Ok(value),
        _ => Err(refused("one value is needed, not several")),
    }
}

impl Change {
    fn new(file: PathBuf, keys: &[&str], value: Option<Value>) -> Self {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Self { file, keys, value }
    }

    /// Changes the file. A new one can be read by its owner alone, as with Poetry.
    fn carry_out(&self) -> Result<(), Failure> {
        let failed = |error: &std::io::Error| Failure::output(&self.file, error);
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::input(&self.file, &error)),
        };
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        let changed = match &self.value {
            Some(value) => with_setting(&text, &keys, value),
            None => without_setting(&text, &keys),
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

fn refused(text: impl Into<String>) -> Failure {
    Failure::text(text)
}
