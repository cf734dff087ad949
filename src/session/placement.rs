//! Where Poetry has the environment of a project, by its settings and by what is there ([managing environments]).
//!
//! A session fills the environment that it is given; who stands in for Poetry asks here which one that is. As in Poetry, an active
//! environment goes before `.venv` beside pyproject.toml, and that before one in the folder of all environments, whose name ends in a
//! hash of the project's folder.
//!
//! [managing environments]: https://python-poetry.org/docs/managing-environments/

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use fs_err as fs;
use toml::Value;

use super::{Error, InterpreterLookup};
use crate::configuration::Configuration;
use crate::digest::{Algorithm, Digest};
use crate::pyproject::Project;

/// How many characters of a project's name are part of the environment's.
const MOST_OF_NAME: usize = 42;

/// How many characters of the hash are part of it.
const N_HASH: usize = 8;

/// The place of a project's environment, absolute. Nothing need be there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// The environment that is active, which has a Python.
    Active(PathBuf),
    /// `.venv` beside pyproject.toml.
    InProject(PathBuf),
    /// One of the project's in the folder of all environments (`virtualenvs.path`).
    Central(PathBuf),
    /// There is none: `virtualenvs.create` is false, and Poetry uses the Python that it runs on.
    System,
}

impl Placement {
    /// Finds the place that `poetry install` would fill.
    ///
    /// `active` is what `VIRTUAL_ENV` or `CONDA_PREFIX` name, absolute. The interpreter is looked for where its version is part of the
    /// name alone. `poetry env use` leaves its choice in `envs.toml`, which goes before an active environment.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] for settings that make no sense, [`Error::Interpreter`] where none fits the project.
    pub fn find(
        project: &Project,
        configuration: &Configuration,
        active: Option<&Path>,
        lookup: &InterpreterLookup,
    ) -> Result<Self, Error> {
        let folder = configuration.environments_folder()?;
        let base = base_name(project);
        let chosen = folder
            .as_deref()
            .and_then(|folder| chosen_version(folder, &base));
        let active = active.filter(|active| chosen.is_none() && active.join("bin/python").exists());
        if let Some(active) = active {
            return Ok(Self::Active(active.to_owned()));
        }
        let in_project = configuration.in_project_environments()?;
        let beside = project.root.join(".venv");
        if in_project != Some(false) && beside.is_dir() {
            return Ok(Self::InProject(beside));
        }
        if !configuration.creates_environments()? {
            return Ok(Self::System);
        }
        let Some(folder) = folder else {
            return Ok(Self::InProject(beside));
        };
        let place = |version: &str| folder.join(format!("{base}-py{version}"));
        if let Some(chosen) = chosen.map(|version| place(&version))
            && chosen.exists()
        {
            return Ok(Self::Central(chosen));
        }
        if in_project == Some(true) && in_folder(&folder, &base).is_empty() {
            return Ok(Self::InProject(beside));
        }
        let found = lookup.find(&beside, &project.python_constraint)?;
        let place = place(&found.target.marker_environment.python_version);
        if in_project == Some(true) && !place.exists() {
            return Ok(Self::InProject(beside));
        }
        Ok(Self::Central(place))
    }

    /// Lists the environments of the project that are there, as `poetry env list` does.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`].
    pub fn list(project: &Project, configuration: &Configuration) -> Result<Vec<PathBuf>, Error> {
        let mut found = Vec::new();
        let beside = project.root.join(".venv");
        if configuration.in_project_environments()? != Some(false) && beside.is_dir() {
            found.push(beside);
        }
        if let Some(folder) = configuration.environments_folder()? {
            found.extend(in_folder(&folder, &base_name(project)));
        }
        Ok(found)
    }

    /// Returns the folder of the environment, if there is one to be.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Active(folder) | Self::InProject(folder) | Self::Central(folder) => Some(folder),
            Self::System => None,
        }
    }
}

/// Returns how the names of the project's environments begin: its name and a hash of its folder, links resolved.
fn base_name(project: &Project) -> String {
    let root = fs::canonicalize(&project.root).unwrap_or_else(|_| project.root.clone());
    let name: String = project.name.as_str().chars().take(MOST_OF_NAME).collect();
    let digest = Digest::of(Algorithm::Sha256, root.as_os_str().as_encoded_bytes());
    let hash = URL_SAFE.encode(digest.bytes());
    format!("{name}-{}", &hash[..N_HASH])
}

/// Reads which version of Python `poetry env use` chose. A file that cannot be read chooses none.
fn chosen_version(folder: &Path, base: &str) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("envs.toml")).ok()?;
    let choices: toml::Table = text.parse().ok()?;
    let version = choices.get(base)?.get("minor").and_then(Value::as_str)?;
    Some(version.to_owned())
}

/// Lists the environments in `folder` whose names begin with `base`, sorted.
fn in_folder(folder: &Path, base: &str) -> Vec<PathBuf> {
    let start = format!("{base}-py");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let entries = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&start));
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project_files::Disk;

    /// Poetry 2.5.1 said these.
    #[test]
    fn environments_are_named_as_poetry_names_them() {
        let check = |name: &str, root: &str, expected: &str| {
            let text = format!("[project]\nname = \"{name}\"\nversion = \"1\"\n");
            let project = Project::parse(&text, Path::new(root), &Disk).unwrap();
            assert_eq!(base_name(&project), expected);
        };
        check("Annapurna", "/nowhere/annapurna", "annapurna-emv0sW8V");
        check(
            "a-name-of-more-than-forty-two-characters-which-is-cut",
            "/nowhere/é x",
            "a-name-of-more-than-forty-two-characters-w-EaMIN0oU",
        );
    }
}
