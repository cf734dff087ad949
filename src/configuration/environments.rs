//! Where Poetry has environments, and whether it makes them.

use std::path::{Path, PathBuf};

use toml::Value;

use super::Configuration;
use super::error::{Error, value_error};

/// Poetry's name below the folders of a user.
const NAME: &str = "pypoetry";

/// The folder of environments, unless it is told.
const ENVIRONMENTS: &str = "{cache-dir}/virtualenvs";

impl Configuration {
    /// Returns `virtualenvs.create`, which is true unless told: whether Poetry would make an environment for a project that
    /// has none, and not install into the Python that it runs on.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn creates_environments(&self) -> Result<bool, Error> {
        Ok(self.truth(&["virtualenvs", "create"])?.unwrap_or(true))
    }

    /// Returns `virtualenvs.in-project`: whether the environment is `.venv` beside pyproject.toml; `None` where it is only if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn in_project_environments(&self) -> Result<Option<bool>, Error> {
        self.truth(&["virtualenvs", "in-project"])
    }

    /// Returns `virtualenvs.path`, the folder of all other environments; `None` where nothing is set and there is no home.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn environments_folder(&self) -> Result<Option<PathBuf>, Error> {
        let set = self.value_text(&["virtualenvs", "path"])?;
        let text = self.resolved(set.as_deref().unwrap_or(ENVIRONMENTS))?;
        Ok(text.map(|text| self.expand(&text)))
    }

    /// Puts settings in the place of their names: `{cache-dir}`. `None` where one of them has no value.
    pub(super) fn resolved(&self, text: &str) -> Result<Option<String>, Error> {
        let mut resolved = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                break;
            };
            resolved.push_str(before);
            rest = after;
            match name {
                "cache-dir" | "data-dir" => {
                    let Some(folder) = self.own_folder(name)? else {
                        return Ok(None);
                    };
                    resolved.push_str(&folder.to_string_lossy());
                }
                // It is a name for later, such as that of the project.
                name => resolved.extend(["{", name, "}"]),
            }
        }
        resolved.push_str(rest);
        Ok(Some(resolved))
    }

    /// Returns `cache-dir` or `data-dir`, or what they are unless told: `pypoetry` in the user's folder for such things, by platform.
    pub(super) fn own_folder(&self, name: &str) -> Result<Option<PathBuf>, Error> {
        if let Some(text) = self.value_text(&[name])?.filter(|text| !text.is_empty()) {
            return Ok(Some(self.expand(&text)));
        }
        Ok(self.usual_folder(name))
    }

    /// Returns what `cache-dir` or `data-dir` are unless told.
    pub(super) fn usual_folder(&self, name: &str) -> Option<PathBuf> {
        let home = self.variable("HOME").map(Path::new);
        let (variable, on_macos, elsewhere) = if name == "cache-dir" {
            ("XDG_CACHE_HOME", "Library/Caches", ".cache")
        } else {
            if let Some(folder) = self.variable("POETRY_HOME") {
                return Some(self.expand(folder));
            }
            (
                "XDG_DATA_HOME",
                "Library/Application Support",
                ".local/share",
            )
        };
        let folder = if cfg!(target_os = "macos") {
            home.map(|home| home.join(on_macos))
        } else {
            let named = self.variable(variable).map(PathBuf::from);
            named.or_else(|| Some(home?.join(elsewhere)))
        };
        folder.map(|folder| folder.join(NAME))
    }

    /// Reads what is true or false; in a variable whatever is not `true` or `1` is false, as in Poetry.
    fn truth(&self, keys: &[&str]) -> Result<Option<bool>, Error> {
        let is_true = |text: &str| matches!(text.to_lowercase().as_str(), "true" | "1");
        match (self.variable_of(keys), self.setting(keys)) {
            (Some(text), _) => Ok(Some(is_true(text))),
            (None, None) => Ok(None),
            (None, Some(Value::Boolean(truth))) => Ok(Some(*truth)),
            (None, Some(Value::String(text))) => Ok(Some(is_true(text))),
            (None, Some(_)) => Err(value_error(keys, "true or false")),
        }
    }
}
