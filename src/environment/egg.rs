//! Distributions of installers older than wheels: `.egg-info` folders and files, `.egg` folders, `.egg-link` files.

use std::path::{Path, PathBuf};

use fs_err as fs;

use super::identity::{legacy_version, of_metadata};
use crate::name::PackageName;
use crate::version::Version;

/// Tells whether `file_name` is that of a distribution of such an installer.
pub(super) fn is_egg(file_name: &str) -> bool {
    let stem = [".egg-info", ".egg-link", ".egg"]
        .iter()
        .find_map(|ending| file_name.strip_suffix(ending));
    stem.is_some_and(|stem| !stem.is_empty())
}

/// Finds name and version of what is at `path`: in its metadata, else in the name of the file.
pub(super) fn identify(path: &Path) -> Option<(PackageName, Version)> {
    let candidates = match path.extension()?.to_str()? {
        "egg-info" => vec![path.join("PKG-INFO"), path.to_owned()],
        "egg" => vec![path.join("EGG-INFO/PKG-INFO")],
        _ => linked(path)?,
    };
    let mut texts = candidates.iter().filter_map(|path| fs::read(path).ok());
    let asked = texts.find_map(|text| of_metadata(&text));
    asked.or_else(|| of_file_name(path.file_stem()?.to_str()?))
}

/// Setuptools has `-` and `_` in names and versions the same, and puts the Python behind: `acme_core-1.0-py3.11`.
fn of_file_name(stem: &str) -> Option<(PackageName, Version)> {
    let (name, rest) = stem.split_once('-')?;
    let version = rest.split_once("-py").map_or(rest, |(version, _)| version);
    Some((PackageName::new(name), legacy_version(version)?))
}

/// Returns the folder that the `.egg-link` at `path` names, which is where the packages of its project are.
pub fn linked_project(path: &Path) -> Option<PathBuf> {
    if path.extension()? != "egg-link" {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    let folder = Path::new(text.lines().next()?.trim());
    folder.is_absolute().then(|| folder.to_owned())
}

/// Returns the folder of metadata of the project that the `.egg-link` at `path` names.
pub fn linked_metadata(path: &Path) -> Option<PathBuf> {
    let first = linked(path)?.into_iter().next()?;
    first.parent().map(Path::to_owned)
}

/// Says of a link to a project what `direct_url.json` says of one today: the project's root is where the second line of the
/// link leads from the folder of its packages.
pub(super) fn direct_url(path: &Path) -> Option<String> {
    let folder = linked_project(path)?;
    let text = fs::read_to_string(path).ok()?;
    let root = text.lines().nth(1).map_or("", str::trim);
    let root = folder.join(root);
    let root = fs::canonicalize(&root).unwrap_or(root);
    let url = url::Url::from_file_path(root).ok()?;
    let direct = serde_json::json!({"url": url.as_str(), "dir_info": {"editable": true}});
    Some(direct.to_string())
}

/// Finds the metadata of the project that a `.egg-link` names.
fn linked(path: &Path) -> Option<Vec<PathBuf>> {
    let folder = linked_project(path)?;
    let is_info = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "egg-info");
    let entries = fs::read_dir(&folder).ok()?.flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_info).collect();
    found.sort_unstable();
    Some(found.iter().map(|info| info.join("PKG-INFO")).collect())
}
