//! The place that a dependency names: a repository, a file, a folder or a URL.

use std::path::{Path, PathBuf};

use super::Dependency;
use super::Fields;
use crate::pyproject::git_url::GitUrl;
use crate::pyproject::{Error, FileSystem, PathKind};
use crate::source::{Location, Source};
use crate::url::{WrittenUrl, percent_decode};

pub(super) fn table_source(
    name: &str,
    fields: &dyn Fields,
    root: &Path,
    files: &dyn FileSystem,
) -> Result<Option<Source>, Error> {
    let owned = |key: &str| fields.text(key).map(str::to_owned);
    let subdirectory = owned("subdirectory");
    if let Some(url) = fields.text("git") {
        let url = GitUrl::parse(url)
            .ok_or_else(|| Error::dependency(name, &format!("`{url}` is not a git URL")))?;
        let given = owned("branch").or_else(|| owned("tag"));
        let reference = given.or_else(|| owned("rev"));
        return Ok(Some(git_source(&url, reference, subdirectory)));
    }
    if let Some(path) = fields.text("file") {
        let path = full_path(Path::new(path), root, files);
        return Ok(Some(file_source(path, subdirectory)));
    }
    if let Some(path) = fields.text("path") {
        let path = Path::new(path);
        if files.kind(&root.join(path)) == PathKind::File {
            let path = full_path(path, root, files);
            return Ok(Some(file_source(path, subdirectory)));
        }
        let path = path.join(subdirectory.unwrap_or_default());
        let path = full_path(&path, root, files);
        return Ok(Some(Source::at(Location::Directory(path))));
    }
    let Some(url) = fields.text("url") else {
        return Ok(None);
    };
    url_source(url, subdirectory)
        .map(Some)
        .ok_or_else(|| Error::dependency(name, &format!("{url} does not seem like a valid url")))
}

fn git_source(url: &GitUrl, reference: Option<String>, subdirectory: Option<String>) -> Source {
    let reference = reference.filter(|reference| !reference.is_empty());
    Source {
        reference: Some(reference.unwrap_or_else(|| "HEAD".to_owned())),
        subdirectory,
        ..Source::at(Location::Git(WrittenUrl::new(url.url())))
    }
}

fn file_source(path: PathBuf, subdirectory: Option<String>) -> Source {
    Source {
        subdirectory,
        ..Source::at(Location::File(path))
    }
}

fn url_source(url: &str, subdirectory: Option<String>) -> Option<Source> {
    let (scheme, rest) = url.split_once("://")?;
    let host_length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let is_url = !scheme.is_empty() && host_length > 0;
    is_url.then(|| Source {
        subdirectory,
        ..Source::at(Location::Url(WrittenUrl::new(url)))
    })
}

/// Makes `path` absolute. Only a relative one is resolved, links and all, as poetry-core does.
fn full_path(path: &Path, root: &Path, files: &dyn FileSystem) -> PathBuf {
    if path.is_absolute() {
        return path.components().collect();
    }
    files.resolve(&root.join(path))
}

/// Reads `name @ url`; `None` when the address has no form that Poetry knows.
pub(super) fn from_url(
    name: &str,
    url: &str,
    root: &Path,
    files: &dyn FileSystem,
) -> Option<Result<Dependency, Error>> {
    let scheme = url_scheme(url);
    let without_fragment = url.split('#').next().unwrap_or(url);
    let wheel = wheel_name_and_version(without_fragment);
    let (name, version) = match &wheel {
        Some((wheel_name, version)) => (wheel_name.as_str(), version.as_str()),
        None => (name, "*"),
    };
    let subdirectory = fragment_subdirectory(url);
    let source = match scheme.as_str() {
        "git" => git_source(&GitUrl::parse(without_fragment)?, None, None),
        "http" | "https" => url_source(without_fragment, subdirectory)?,
        "file" => {
            let path = file_url_to_path(without_fragment)?;
            guessed_path_source(&path, root, subdirectory, files)
        }
        scheme if scheme.starts_with("git+") => {
            let git = GitUrl::parse(url)?;
            git_source(&git, git.revision.clone(), git.subdirectory.clone())
        }
        _ => guessed_path_source(Path::new(url), root, None, files),
    };
    let dependency = Dependency::plain(name, version).map(|mut dependency| {
        dependency.source = Some(source);
        dependency.written_constraint = String::from("*");
        dependency.allows_prereleases = Some(true);
        dependency
    });
    Some(dependency)
}

/// Takes a path for a file or a folder by what is there, or else by whether its name has a suffix.
fn guessed_path_source(
    path: &Path,
    root: &Path,
    subdirectory: Option<String>,
    files: &dyn FileSystem,
) -> Source {
    let is_file = match files.kind(&root.join(path)) {
        PathKind::File => true,
        PathKind::Directory => false,
        PathKind::Missing => path.extension().is_some_and(|suffix| !suffix.is_empty()),
    };
    if is_file {
        return file_source(full_path(path, root, files), subdirectory);
    }
    let path = path.join(subdirectory.unwrap_or_default());
    Source::at(Location::Directory(full_path(&path, root, files)))
}

fn url_scheme(url: &str) -> String {
    let Some((scheme, _)) = url.split_once(':') else {
        return String::new();
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if is_scheme {
        scheme.to_ascii_lowercase()
    } else {
        String::new()
    }
}

fn fragment_subdirectory(url: &str) -> Option<String> {
    let (_, rest) = url
        .split_once("#subdirectory=")
        .or_else(|| url.split_once("&subdirectory="))?;
    rest.split('&').next().map(str::to_owned)
}

fn file_url_to_path(url: &str) -> Option<PathBuf> {
    let rest = url.split_once(':')?.1;
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let host_length = rest.find('/').unwrap_or(rest.len());
            let (host, path) = rest.split_at(host_length);
            if !host.is_empty() && host != "localhost" {
                return None;
            }
            path
        }
        None => rest,
    };
    Some(PathBuf::from(percent_decode(path)))
}

/// Reads name and version off the last part of an address that ends in `.whl`.
fn wheel_name_and_version(url: &str) -> Option<(String, String)> {
    let path = url.split('?').next().unwrap_or(url);
    let file = percent_decode(path.trim_end_matches('/').rsplit('/').next()?);
    let stem = file.strip_suffix(".whl")?;
    let mut parts = stem.split('-');
    let name = parts.next()?.to_owned();
    let version = parts.next()?.to_owned();
    Some((name, version))
}
