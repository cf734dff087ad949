//! Simple pages, as JSON (PEP 691) or HTML (PEP 503).
//!
//! Read for the few files that are wanted, nothing is built of a page but their entries: a page has thousands of files and may
//! have megabytes. Read as a whole, everything that it says is kept. See the
//! [simple repository API](https://packaging.python.org/en/latest/specifications/simple-repository-api/).

mod fields;
mod html;
mod json;
mod json_detail;

use crate::digest::Digest;

pub use self::html::{parse as parse_html, parse_detail as parse_html_detail};
pub use self::json::{parse as parse_json, parse_version as parse_json_version};
pub use self::json_detail::parse as parse_json_detail;

/// One file of a page, as the page writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The file's name.
    pub file: String,
    /// Relative to the base of the page, or to the page's own URL.
    pub address: String,
    /// The digests that the page claims, of those that prove something.
    pub digests: Vec<Digest>,
    /// The size in bytes.
    pub n_bytes: Option<u64>,
    /// Why the file was withdrawn; may be empty.
    pub yanked: Option<String>,
    /// When the file was uploaded.
    pub upload_time: Option<String>,
}

/// What a page says of the wanted files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The wanted files, in the order of the page; a name may occur twice.
    pub entries: Vec<Entry>,
    /// How many files the page lists, wanted or not.
    pub n_files: usize,
    /// The URL that others are relative to, if the page names one.
    pub base: Option<String>,
    /// The version of the API, if the page names one.
    pub version: Option<String>,
}

/// How many files a page may list that is read as a whole: many times what the largest projects of PyPI have. A file that is listed in
/// ten bytes takes hundreds here.
pub const MAX_FILES: usize = 200_000;

/// Everything that a page says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// All files that have a name and a URL, in the order of the page.
    pub entries: Vec<DetailEntry>,
    /// The names of the files that have no URL.
    pub without_url: Vec<String>,
    /// The URL that others are relative to, if the page names one.
    pub base: Option<String>,
    /// The version of the API, if the page names one.
    pub version: Option<String>,
    /// The status of the project.
    pub status: ProjectStatus,
    /// Why the project has this status.
    pub status_reason: Option<String>,
}

impl Detail {
    /// Tells whether the page lists more than [`MAX_FILES`] files; not all are here then.
    pub fn has_too_many_files(&self) -> bool {
        self.entries.len() + self.without_url.len() > MAX_FILES
    }
}

/// Everything that a page says of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DetailEntry {
    /// What is said of wanted files too.
    pub entry: Entry,
    /// The supported Python versions, as the page writes them (PEP 503).
    pub requires_python: Option<String>,
    /// Whether the metadata of the file can be fetched by itself.
    pub core_metadata: Option<CoreMetadata>,
    /// Where the provenance of the file is (PEP 740), as the page writes it.
    pub provenance: Option<String>,
    /// The algorithms of digests that prove nothing or are not known here, such as `md5`.
    pub other_algorithms: Vec<String>,
}

/// The metadata of a wheel beside it, at its URL with `.metadata` at the end of the path (PEP 658 and 714).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoreMetadata {
    /// The digests of the metadata that the page claims, of those that prove something.
    pub digests: Vec<Digest>,
}

/// The [status of a project](https://packaging.python.org/en/latest/specifications/project-status-markers/) (PEP 792).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ProjectStatus {
    /// Nothing else is said.
    #[default]
    Active,
    /// No new files are expected.
    Archived,
    /// The project is considered unsafe, such as malware.
    Quarantined,
    /// The project is obsolete.
    Deprecated,
    /// Something that the standard does not know.
    Other(String),
}

impl ProjectStatus {
    fn parse(text: &str) -> Self {
        match text.trim() {
            "active" => Self::Active,
            "archived" => Self::Archived,
            "quarantined" => Self::Quarantined,
            "deprecated" => Self::Deprecated,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Returns its word in the standard.
    pub fn word(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
            Self::Quarantined => "quarantined",
            Self::Deprecated => "deprecated",
            Self::Other(other) => other,
        }
    }

    /// Returns what may be shown of it.
    pub(super) fn shown(self, show: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::Other(other) => Self::Other(show(&other)),
            known @ (Self::Active | Self::Archived | Self::Quarantined | Self::Deprecated) => known,
        }
    }
}

#[cfg(test)]
mod support {
    use std::collections::BTreeSet;

    use super::*;

    pub(super) const SHA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    pub(super) fn wanted() -> BTreeSet<&'static str> {
        BTreeSet::from(["a-1.whl", "torch-1+cpu.whl"])
    }

    /// Prints each entry: address, number of digests, size, yanked.
    pub(super) fn shown(page: &Page) -> Vec<String> {
        let entries = page.entries.iter().map(|entry| {
            let size = entry
                .n_bytes
                .map_or("-".to_owned(), |size| size.to_string());
            let yanked = entry.yanked.as_deref().unwrap_or("-");
            format!("{} {} {size} {yanked}", entry.address, entry.digests.len())
        });
        entries.collect()
    }
}
