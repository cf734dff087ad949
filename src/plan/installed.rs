//! Whether what is installed is what the lock has.

use std::path::Path;

use serde::Deserialize;

use super::PlanOptions;
use super::choose::{git_url, locked_commit};
use crate::digest::Digest;
use crate::installed::{Installed, InstalledDistribution};
use crate::lock::{Location, Package, Source};
use crate::name::PackageName;
use crate::pyproject::Project;
use crate::url::WrittenUrl;

/// The text of a `direct_url.json` ([direct URL], PEP 610).
///
/// [direct URL]: https://packaging.python.org/en/latest/specifications/direct-url-data-structure/
#[derive(Deserialize)]
struct DirectUrl {
    url: String,
    subdirectory: Option<String>,
    archive_info: Option<ArchiveInfo>,
    dir_info: Option<DirInfo>,
    vcs_info: Option<VcsInfo>,
}

#[derive(Deserialize)]
struct ArchiveInfo {
    hashes: Option<std::collections::BTreeMap<String, String>>,
    hash: Option<String>,
}

#[derive(Deserialize)]
struct DirInfo {
    #[serde(default)]
    editable: bool,
}

#[derive(Deserialize)]
struct VcsInfo {
    vcs: String,
    commit_id: String,
}

/// How what is installed differs from what is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstalledDifference {
    /// It has another version.
    #[error("it has another version")]
    Version,
    /// It is locked from an index, and has a `direct_url.json`.
    #[error("it is not from an index: it has a direct_url.json")]
    Direct,
    /// It is locked from a place of its own, and has no `direct_url.json`.
    #[error("it is from an index: it has no direct_url.json")]
    NotDirect,
    /// Its `direct_url.json` cannot be read.
    #[error("its direct_url.json cannot be read")]
    Unreadable,
    /// It is from another URL or path, or of another kind.
    #[error("it is from another place, as direct_url.json says")]
    Place,
    /// It is from another folder of its repository or archive.
    #[error("it is from another subdirectory, as direct_url.json says")]
    Subdirectory,
    /// It is of another commit.
    #[error("it is of another commit, as direct_url.json says")]
    Commit,
    /// It is of an archive with another digest.
    #[error("it is of another archive, as direct_url.json says")]
    Digest,
    /// It is a link to its sources, and shall be none.
    #[error("it is editable")]
    Editable,
    /// It is no link to its sources, and shall be one.
    #[error("it is not editable")]
    NotEditable,
}

/// Finds the first difference between `installed` and the locked `package`; `None` when it can stay.
///
/// The version has to be the same. What came from an index stays, whichever index it was; what came from a place of its
/// own has to come from there. Beyond what Poetry asks, an archive known by its digest has to have a locked one.
pub fn difference(
    installed: &InstalledDistribution,
    package: &Package,
    is_editable: bool,
) -> Option<InstalledDifference> {
    if installed.version != package.version {
        return Some(InstalledDifference::Version);
    }
    let direct = package
        .resolved_source
        .as_ref()
        .filter(|source| source.location.is_direct_origin());
    match (&installed.direct_url, direct) {
        (None, None) => None,
        (Some(text), Some(source)) => match serde_json::from_str::<DirectUrl>(text) {
            Ok(url) => url.difference(source, package, is_editable),
            Err(_) => Some(InstalledDifference::Unreadable),
        },
        (None, Some(_)) => Some(InstalledDifference::NotDirect),
        (Some(_), None) => Some(InstalledDifference::Direct),
    }
}

/// Finds the distribution that was installed from the project in `folder`.
pub fn installed_from<'a>(installed: &'a Installed, folder: &Path) -> Option<&'a PackageName> {
    let mut distributions = installed.distributions.iter();
    let found = distributions.find(|distribution| {
        let text = distribution.direct_url.as_deref();
        let read = text.and_then(|text| serde_json::from_str::<DirectUrl>(text).ok());
        read.is_some_and(|url| url.dir_info.is_some() && url.is_path(folder))
    });
    found.map(|distribution| &distribution.name)
}

/// Finds the first difference between `installed` and `project` itself. A copy may have been built of sources that were at
/// another place; a link to them has to lead to the project.
pub fn project_difference(
    installed: &InstalledDistribution,
    project: &Project,
    is_editable: bool,
) -> Option<InstalledDifference> {
    if installed.version != project.version {
        return Some(InstalledDifference::Version);
    }
    let text = installed.direct_url.as_deref();
    let Ok(url) = text.map(serde_json::from_str::<DirectUrl>).transpose() else {
        return Some(InstalledDifference::Unreadable);
    };
    let folder = url.filter(DirectUrl::is_editable);
    match (folder, is_editable) {
        (Some(_), false) => Some(InstalledDifference::Editable),
        (None, true) => Some(InstalledDifference::NotEditable),
        (Some(url), true) if !url.is_path(&project.root) => Some(InstalledDifference::Place),
        (Some(_), true) | (None, false) => None,
    }
}

/// Tells whether `installed` can stay.
pub(super) fn is_as_locked(
    installed: &InstalledDistribution,
    package: &Package,
    options: &PlanOptions,
) -> bool {
    difference(installed, package, options.is_editable).is_none()
}

impl DirectUrl {
    fn difference(
        &self,
        source: &Source,
        package: &Package,
        is_editable: bool,
    ) -> Option<InstalledDifference> {
        let is_same_folder =
            part(self.subdirectory.as_deref()) == part(source.subdirectory.as_deref());
        if !is_same_folder {
            return Some(InstalledDifference::Subdirectory);
        }
        match &source.location {
            Location::Index(_) => Some(InstalledDifference::Direct),
            Location::Git(url) if !self.is_at(git_url(package, url)) => {
                Some(InstalledDifference::Place)
            }
            Location::Git(_) => (!self.is_commit_of(source)).then_some(InstalledDifference::Commit),
            Location::Url(url) => self.archive_difference(self.is_at(url), package),
            Location::File(path) => self.archive_difference(self.is_path(path), package),
            Location::Directory(path) => {
                self.folder_difference(path, is_editable && package.is_develop)
            }
        }
    }

    fn archive_difference(
        &self,
        is_at_place: bool,
        package: &Package,
    ) -> Option<InstalledDifference> {
        match &self.archive_info {
            Some(info) if is_at_place => {
                (!info.has_locked_digest(package)).then_some(InstalledDifference::Digest)
            }
            Some(_) | None => Some(InstalledDifference::Place),
        }
    }

    fn folder_difference(&self, path: &Path, is_editable: bool) -> Option<InstalledDifference> {
        let Some(info) = self.dir_info.as_ref().filter(|_| self.is_path(path)) else {
            return Some(InstalledDifference::Place);
        };
        match (info.editable, is_editable) {
            (true, false) => Some(InstalledDifference::Editable),
            (false, true) => Some(InstalledDifference::NotEditable),
            (true, true) | (false, false) => None,
        }
    }

    fn is_editable(&self) -> bool {
        self.dir_info.as_ref().is_some_and(|info| info.editable)
    }

    fn is_commit_of(&self, source: &Source) -> bool {
        let commit = self.vcs_info.as_ref().filter(|info| info.vcs == "git");
        let commit = commit.map(|info| info.commit_id.as_str());
        commit.is_some() && commit == locked_commit(source)
    }

    fn is_at(&self, url: &WrittenUrl) -> bool {
        WrittenUrl::new(&*self.url).without_credentials() == url.without_credentials()
    }

    fn is_path(&self, path: &Path) -> bool {
        let own = url::Url::parse(&self.url)
            .ok()
            .and_then(|url| url.to_file_path().ok());
        own.as_deref() == Some(path)
    }
}

impl ArchiveInfo {
    /// Archives that do not say which digest they had are taken at their word, as Poetry does.
    fn has_locked_digest(&self, package: &Package) -> bool {
        let hashes = self.hashes.iter().flatten();
        let hashes = hashes.map(|(algorithm, hex)| format!("{algorithm}:{hex}"));
        let all: Vec<String> = hashes.chain(self.hash.clone()).collect();
        let mut digests = all.iter().filter_map(|text| Digest::parse(text)).peekable();
        let is_locked = |digest: &Digest| {
            let mut locked = package.files.iter();
            locked.any(|file| Digest::parse(&file.hash).as_ref() == Some(digest))
        };
        digests.peek().is_none() || digests.any(|digest| is_locked(&digest))
    }
}

/// An empty folder name is none.
fn part(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}
