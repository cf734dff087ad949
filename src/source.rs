//! Where a package comes from when an index is not all there is to say: the `source` of a lock entry, or a dependency that
//! names a repository, a URL or a path.
//!
//! Poetry compares such sources to find the lock entry that a dependency means, so the comparison lives here too.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::url::WrittenUrl;

/// The `[package.source]` of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What kind of place it is, with its URL or path.
    pub location: Location,
    /// The name of the index (legacy), or the revision asked for (git).
    pub reference: Option<String>,
    /// The revision that was locked (git).
    pub resolved_reference: Option<String>,
    /// The folder of the project inside the repository or archive.
    pub subdirectory: Option<String>,
}

/// The place that a [`Source`] names: as written, or as resolved (then paths are absolute and git URLs normal).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// An index other than PyPI (`legacy`).
    Index(WrittenUrl),
    /// A git repository.
    Git(WrittenUrl),
    /// One archive.
    Url(WrittenUrl),
    /// A local archive.
    File(PathBuf),
    /// A local folder.
    Directory(PathBuf),
}

impl Location {
    /// Makes the place of a source of the type `word`, a word of locks, at `text`; `None` for a type that Poetry does not know.
    pub fn from_words(word: &str, text: &str) -> Option<Self> {
        match word {
            "legacy" => Some(Self::Index(WrittenUrl::new(text))),
            "git" => Some(Self::Git(WrittenUrl::new(text))),
            "url" => Some(Self::Url(WrittenUrl::new(text))),
            "file" => Some(Self::File(text.into())),
            "directory" => Some(Self::Directory(text.into())),
            _ => None,
        }
    }

    /// Returns the word that locks use for this type.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Index(_) => "legacy",
            Self::Git(_) => "git",
            Self::Url(_) => "url",
            Self::File(_) => "file",
            Self::Directory(_) => "directory",
        }
    }

    /// Tells whether packages of this kind are found without an index.
    pub fn is_direct_origin(&self) -> bool {
        match self {
            Self::Index(_) => false,
            Self::Git(_) | Self::Url(_) | Self::File(_) | Self::Directory(_) => true,
        }
    }

    /// Returns the URL of an index.
    pub fn index(&self) -> Option<&WrittenUrl> {
        match self {
            Self::Index(url) => Some(url),
            Self::Git(_) | Self::Url(_) | Self::File(_) | Self::Directory(_) => None,
        }
    }

    /// Returns the path of a file or folder.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Directory(path) => Some(path),
            Self::Index(_) | Self::Git(_) | Self::Url(_) => None,
        }
    }

    /// Returns the URL or path as Poetry's `source_url` has it, secrets included.
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Index(url) | Self::Git(url) | Self::Url(url) => Cow::Borrowed(url.as_written()),
            Self::File(path) | Self::Directory(path) => path.to_string_lossy(),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(url) | Self::Git(url) | Self::Url(url) => url.fmt(formatter),
            Self::File(path) | Self::Directory(path) => path.display().fmt(formatter),
        }
    }
}

impl Source {
    /// Makes a source that says nothing but its place.
    pub fn at(location: Location) -> Self {
        Self {
            location,
            reference: None,
            resolved_reference: None,
            subdirectory: None,
        }
    }

    /// Tells whether `self` and `other` are one place, as Poetry compares them.
    ///
    /// Kind, URL or path, and subdirectory have to be equal. When both revisions are locked and equal, nothing else counts.
    /// Otherwise both or neither have to name a revision, and one of the two names may be the beginning of the other.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let is_same_place = self.location.word() == other.location.word()
            && self.location.text() == other.location.text()
            && filled(self.subdirectory.as_ref()) == filled(other.subdirectory.as_ref());
        is_same_place && self.has_same_revision_as(other)
    }

    fn has_same_revision_as(&self, other: &Self) -> bool {
        let both = |part: fn(&Self) -> Option<&String>| (filled(part(self)), filled(part(other)));
        let locked = both(|source| source.resolved_reference.as_ref());
        let named = both(|source| source.reference.as_ref());
        if let (Some(one), Some(two)) = locked {
            if one == two {
                return true;
            }
            if named != (None, None) {
                return false;
            }
        }
        match named {
            (None, None) => true,
            (Some(one), Some(two)) => one.starts_with(two) || two.starts_with(one),
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

/// Takes an empty text for none, as Poetry does.
fn filled(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

/// Tells whether two packages or dependencies come from one place; having no source is a place too.
pub fn are_same(one: Option<&Source>, other: Option<&Source>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => one.is_same_as(other),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(reference: Option<&str>, resolved_reference: Option<&str>) -> Source {
        let url = WrittenUrl::new("https://git.example/demo.git");
        Source {
            reference: reference.map(str::to_owned),
            resolved_reference: resolved_reference.map(str::to_owned),
            ..Source::at(Location::Git(url))
        }
    }

    #[track_caller]
    fn same(one: &Source, other: &Source, expected: bool) {
        assert_eq!(one.is_same_as(other), expected);
        assert_eq!(other.is_same_as(one), expected);
    }

    #[test]
    fn references_may_be_short_forms_of_each_other() {
        same(&git(Some("abc"), None), &git(Some("abcdef"), None), true);
        same(&git(Some("abc"), None), &git(Some("main"), None), false);
        same(&git(Some("abc"), None), &git(None, None), false);
        same(&git(None, None), &git(None, None), true);
    }

    #[test]
    fn locked_revisions_decide_where_both_are_known() {
        same(
            &git(Some("main"), Some("1")),
            &git(Some("dev"), Some("1")),
            true,
        );
        same(
            &git(Some("main"), Some("1")),
            &git(Some("main"), Some("2")),
            false,
        );
        same(
            &git(Some("main"), Some("1")),
            &git(Some("main"), None),
            true,
        );
    }

    #[test]
    fn an_empty_subdirectory_is_none() {
        let mut other = git(None, None);
        other.subdirectory = Some(String::new());
        same(&git(None, None), &other, true);
        other.subdirectory = Some("python".to_owned());
        same(&git(None, None), &other, false);
    }
}
