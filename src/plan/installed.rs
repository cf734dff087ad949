//! Whether what is installed is what the lock has.

use std::path::Path;

use serde::Deserialize;

use super::PlanOptions;
use super::choose::{git_url, locked_commit};
use crate::digest::Digest;
use crate::installed::{Installed, InstalledDistribution};
use crate::lock::{Location, Package, Source};
use crate::name::PackageName;
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

/// Tells whether `installed` can stay.
///
/// The version has to be the same. What came from an index stays, whichever index it was; what came from a place of its
/// own has to come from there. Beyond what Poetry asks, an archive known by its digest has to have a locked one.
pub(super) fn is_as_locked(
    installed: &InstalledDistribution,
    package: &Package,
    options: &PlanOptions,
) -> bool {
    if installed.version != package.version {
        return false;
    }
    let direct = package
        .resolved_source
        .as_ref()
        .filter(|source| source.location.is_direct_origin());
    match (&installed.direct_url, direct) {
        (None, None) => true,
        (Some(text), Some(source)) => {
            let read = serde_json::from_str::<DirectUrl>(text);
            read.is_ok_and(|url| url.is_from(source, package, options))
        }
        (None, Some(_)) | (Some(_), None) => false,
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

impl DirectUrl {
    fn is_from(&self, source: &Source, package: &Package, options: &PlanOptions) -> bool {
        let is_same_folder =
            part(self.subdirectory.as_deref()) == part(source.subdirectory.as_deref());
        let is_same_place = match &source.location {
            Location::Index(_) => false,
            Location::Git(url) => self.is_at(git_url(package, url)) && self.is_commit_of(source),
            Location::Url(url) => self.has_locked_digest(package) && self.is_at(url),
            Location::File(path) => self.has_locked_digest(package) && self.is_path(path),
            Location::Directory(path) => {
                let is_editable = self.dir_info.as_ref().map(|info| info.editable);
                is_editable == Some(options.is_editable && package.is_develop) && self.is_path(path)
            }
        };
        is_same_folder && is_same_place
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

    /// Archives that do not say which digest they had are taken at their word, as Poetry does.
    fn has_locked_digest(&self, package: &Package) -> bool {
        let Some(info) = &self.archive_info else {
            return false;
        };
        let hashes = info.hashes.iter().flatten();
        let hashes = hashes.map(|(algorithm, hex)| format!("{algorithm}:{hex}"));
        let all: Vec<String> = hashes.chain(info.hash.clone()).collect();
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
