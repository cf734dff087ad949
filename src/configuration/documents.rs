//! The texts that hold settings, and where they are on this machine.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Configuration;
use super::error::Error;

/// A text that holds settings, and where it stands.
#[derive(Clone)]
pub struct SettingsDocument<'a> {
    /// The file, for messages.
    pub path: &'a Path,
    /// What it holds.
    pub text: &'a str,
}

/// The texts that hold settings.
#[derive(Clone, Default)]
pub struct Documents<'a> {
    /// The user's `config.toml`.
    pub config: Option<SettingsDocument<'a>>,
    /// The user's `auth.toml`.
    pub auth: Option<SettingsDocument<'a>>,
    /// What `LOCK2VENV_AUTH_FILE` names, as image builds mount it; it beats `auth`.
    pub mounted_auth: Option<SettingsDocument<'a>>,
    /// The project's `poetry.toml`.
    pub project: Option<SettingsDocument<'a>>,
    /// The user's `.netrc`.
    pub netrc: Option<&'a str>,
}

impl fmt::Debug for SettingsDocument<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SettingsDocument({})", self.path.display())
    }
}

impl fmt::Debug for Documents<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Documents")
            .field("config", &self.config)
            .field("auth", &self.auth)
            .field("mounted_auth", &self.mounted_auth)
            .field("project", &self.project)
            .finish_non_exhaustive()
    }
}

impl Configuration {
    /// Reads `poetry.toml` in `project`, `config.toml` and `auth.toml` in Poetry's folder (`POETRY_CONFIG_DIR`, or by platform),
    /// and the file that `NETRC` names, or `.netrc`, `_netrc` in the home folder. Any of them may be missing. The files that
    /// `LOCK2VENV_AUTH_FILE`, `POETRY_HTTP_BASIC_<NAME>_PASSWORD_FILE` and `…_USERNAME_FILE` name have to be there.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Toml`], [`Error::Twice`].
    pub fn read(
        project: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let bare = Self::parse(&Documents::default(), variables)?.with_secret_files()?;
        let project_path = project.join("poetry.toml");
        let folder = bare.poetry_folder();
        let config_path = folder.as_ref().map(|folder| folder.join("config.toml"));
        let auth_path = folder.as_ref().map(|folder| folder.join("auth.toml"));

        let project_text = read_if_there(Some(&project_path))?;
        let config_text = read_if_there(config_path.as_deref())?;
        let auth_text = read_if_there(auth_path.as_deref())?;
        let mounted_path = bare.variable("LOCK2VENV_AUTH_FILE");
        let mounted_path = mounted_path.map(|path| bare.expand(path));
        let mounted_text = mounted_path.as_deref().map(read).transpose()?;
        let netrc = bare.read_netrc();
        let documents = Documents {
            config: document(config_path.as_deref(), config_text.as_deref()),
            auth: document(auth_path.as_deref(), auth_text.as_deref()),
            mounted_auth: document(mounted_path.as_deref(), mounted_text.as_deref()),
            project: document(Some(&project_path), project_text.as_deref()),
            netrc: netrc.as_deref(),
        };
        Self::parse(&documents, bare.variables)
    }

    /// Returns the folder of `config.toml` and `auth.toml` (`POETRY_CONFIG_DIR`, or by platform); `None` without a home.
    pub fn poetry_folder(&self) -> Option<PathBuf> {
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
}

pub(super) fn document<'a>(
    path: Option<&'a Path>,
    text: Option<&'a str>,
) -> Option<SettingsDocument<'a>> {
    let (path, text) = path.zip(text)?;
    Some(SettingsDocument { path, text })
}

pub(super) fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Io {
        path: path.to_owned(),
        source,
    })
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

pub(super) fn toml_error(document: &SettingsDocument<'_>, cause: &toml::de::Error) -> Error {
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
