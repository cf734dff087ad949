//! Pythons that version managers keep, in the folders where Poetry looks for them (`findpython`).
//!
//! None of them has to be on `PATH`: pyenv puts shims there, which start the versions that are chosen for a folder or for
//! all and no others. Each manager has one folder, which holds one for each Python, named for its version.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;

/// Returns the folders in which version managers keep Pythons, by the environment variables that tell: asdf, pyenv, Rye,
/// uv, and Poetry, whose own setting (`python.installation-dir`) is `poetry` when it has one.
///
/// They need not exist. Paths are as the variables have them, with a leading `~` replaced.
pub fn managed_folders(
    variables: &BTreeMap<String, String>,
    poetry: Option<PathBuf>,
) -> Vec<PathBuf> {
    let value = |name: &str| variables.get(name).filter(|value| !value.is_empty());
    let home = value("HOME").map(PathBuf::from);
    let named = |name: &str| Some(expand(value(name)?, home.as_deref()));
    let at_home = |path: &str| Some(home.as_ref()?.join(path));
    let data = named("XDG_DATA_HOME").or_else(|| at_home(DATA_FOLDER));
    let in_data = |path: &str| Some(data.as_ref()?.join(path));
    let poetry_home = || named("POETRY_HOME").or_else(|| in_data("pypoetry"));
    let folders = [
        (named("ASDF_DATA_DIR").or_else(|| at_home(".asdf")))
            .map(|root| root.join("installs/python")),
        (named("PYENV_ROOT").or_else(|| at_home(".pyenv"))).map(|root| root.join("versions")),
        named("RYE_PY_ROOT").or_else(|| at_home(".rye/py")),
        named("UV_PYTHON_INSTALL_DIR").or_else(|| in_data("uv/python")),
        poetry.or_else(|| Some(poetry_home()?.join("python"))),
    ];
    folders.into_iter().flatten().collect()
}

/// Where programs keep a user's data, below the home folder.
const DATA_FOLDER: &str = if cfg!(target_os = "macos") {
    "Library/Application Support"
} else {
    ".local/share"
};

fn expand(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

/// The Pythons of some folders, the newest version first.
pub(super) struct Managed(Vec<PathBuf>);

impl Managed {
    /// Lists `folders`; what cannot be read holds none.
    pub(super) fn read(folders: &[PathBuf]) -> Self {
        let entries = folders.iter().flat_map(fs::read_dir).flatten().flatten();
        let mut pythons: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        pythons.sort_by_cached_key(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            (
                Reverse(version(&name)),
                is_free_threaded(&name),
                name.into_owned(),
            )
        });
        Self(pythons)
    }

    /// Returns the files that a program `name` can be, in order; some builds lie one folder deeper.
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = PathBuf> {
        let files = self.0.iter().flat_map(move |python| {
            ["bin", "install/bin"].map(|folder| python.join(folder).join(name))
        });
        files.filter(|file| file.is_file())
    }
}

/// The numbers of the version in the name of a folder: `3.12.1`, `cpython-3.12.1-linux-x86_64-gnu`, `cpython@3.12.1`.
///
/// `pypy3.10-7.3.17` has fewer than any `CPython` of the same version, and so comes after it.
fn version(name: &str) -> Vec<u32> {
    let start = name.find(|character: char| character.is_ascii_digit());
    let numbers = &name[start.unwrap_or(name.len())..];
    let numbers = numbers.split(|character: char| !character.is_ascii_digit() && character != '.');
    let numbers = numbers.take(1).flat_map(|numbers| numbers.split('.'));
    numbers.map_while(|number| number.parse().ok()).collect()
}

fn is_free_threaded(name: &str) -> bool {
    name.contains("freethreaded") || name.ends_with('t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn has_version(name: &str, expected: &[u32]) {
        assert_eq!(version(name), expected, "{name}");
    }

    #[test]
    fn folders_are_named_for_versions() {
        has_version("3.12.1", &[3, 12, 1]);
        has_version("3.13.0rc1", &[3, 13, 0]);
        has_version("3.13t", &[3, 13]);
        has_version("cpython-3.12.1-linux-x86_64-gnu", &[3, 12, 1]);
        has_version("cpython@3.12.1", &[3, 12, 1]);
        has_version("pypy3.10-7.3.17", &[3, 10]);
        has_version("miniconda", &[]);
        has_version("3..1", &[3]);
    }

    #[track_caller]
    fn are_in(variables: &[(&str, &str)], expected: [&str; 5]) {
        let variables = variables
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        let folders = managed_folders(&variables.collect(), None);
        assert_eq!(folders, expected.map(PathBuf::from));
    }

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn variables_say_where_managers_keep_theirs() {
        let usual = [
            "/home/me/.asdf/installs/python",
            "/home/me/.pyenv/versions",
            "/home/me/.rye/py",
            "/home/me/.local/share/uv/python",
            "/home/me/.local/share/pypoetry/python",
        ];
        are_in(&[("HOME", "/home/me"), ("PYENV_ROOT", "")], usual);
        are_in(
            &[
                ("HOME", "/home/me"),
                ("ASDF_DATA_DIR", "/asdf"),
                ("PYENV_ROOT", "~/pyenv"),
                ("RYE_PY_ROOT", "/rye"),
                ("XDG_DATA_HOME", "/data"),
                ("POETRY_HOME", "/poetry"),
            ],
            [
                "/asdf/installs/python",
                "/home/me/pyenv/versions",
                "/rye",
                "/data/uv/python",
                "/poetry/python",
            ],
        );
        let setting = Some(PathBuf::from("/own"));
        assert_eq!(
            managed_folders(&BTreeMap::new(), setting),
            [PathBuf::from("/own")]
        );
    }
}
